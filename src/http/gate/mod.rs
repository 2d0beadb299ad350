//! The gate that every document of every transport goes through before it is executed. In: a document's
//! text. Out: the document, parsed and known to fit the schema and the limits, or a refusal. A second
//! implementation of GraphQL looks first, because async-graphql's own checks follow fragments without a
//! memory and can be kept busy for minutes by a document of a kilobyte. Must not know: transports.

mod inputs;
mod limits;
mod price;

use std::sync::Arc;

use apollo_compiler::ast;
use apollo_compiler::executable::{ExecutableDocument, OperationType, Selection};
use apollo_compiler::parser::Parser;
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{Schema, parser::SourceMap};
use async_graphql::parser::types as parsed;
use moka::sync::Cache;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

pub use limits::Limits;

use super::refusal::{Location, MAX_ERRORS, Problem, Refusal};
use crate::graphql::Code;

/// Checks documents, each once while it is remembered.
pub struct Gate {
    schema: Arc<Valid<Schema>>,
    limits: Limits,
    passed: Cache<[u8; 32], Arc<Passed>>,
    /// Bounds how many documents are looked at together, so that a flood of them leaves the processors
    /// to the answers of documents that have passed.
    looking: Semaphore,
}

/// A document that has passed.
pub struct Passed {
    /// A hash of its text.
    pub key: [u8; 32],
    document: Valid<ExecutableDocument>,
    parsed: parsed::ExecutableDocument,
    schema: Arc<Valid<Schema>>,
    limits: Limits,
    introspects: bool,
}

/// The root field of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootField {
    /// Its name in the schema.
    pub name: String,
    /// Its argument `after`.
    pub after: After,
}

/// Where the value of `after` comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// There is none.
    Nowhere,
    /// From a variable that serves nothing else.
    Variable(String),
    /// It is part of the document.
    Document,
}

/// The schema's text does not describe a valid schema.
#[derive(Debug, thiserror::Error)]
#[error("the schema is not valid: {0}")]
pub struct InvalidSchema(String);

impl Gate {
    /// Makes a gate for the schema that `sdl` describes; `remembered` bytes of documents are kept.
    ///
    /// # Errors
    /// When a second implementation of GraphQL finds fault with the schema.
    pub fn new(sdl: &str, limits: Limits, remembered: u64) -> Result<Self, InvalidSchema> {
        let mut schema = Schema::parse(sdl, "schema.graphql")
            .map_err(|error| InvalidSchema(error.errors.to_string()))?;
        know_one_of(&mut schema);
        let schema = schema
            .validate()
            .map_err(|error| InvalidSchema(error.errors.to_string()))?;
        let passed = Cache::builder()
            .max_capacity(remembered)
            // A parsed document takes about twenty times its text.
            .weigher(|_, passed: &Arc<Passed>| passed.weight())
            .build();
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            schema: Arc::new(schema),
            limits,
            passed,
            looking: Semaphore::new(workers),
        })
    }

    /// Lets a document through, or says what is wrong with it.
    ///
    /// # Errors
    /// The document cannot be parsed, does not fit the schema, or goes over a limit.
    pub async fn pass(self: &Arc<Self>, text: &str) -> Result<Arc<Passed>, Refusal> {
        if text.len() > self.limits.bytes {
            let limit = self.limits.bytes;
            return Err(Refusal::of_limit(format!(
                "The document is longer than {limit} bytes; pass long texts as variables."
            )));
        }
        let key: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        if let Some(passed) = self.passed.get(&key) {
            return Ok(passed);
        }
        let _turn = self.looking.acquire().await;
        let (gate, text) = (Arc::clone(self), text.to_owned());
        let looked = tokio::task::spawn_blocking(move || gate.look(&text, key)).await;
        let passed = Arc::new(looked.map_err(|error| {
            tracing::error!(error = %error, "document check failed");
            Refusal::internal()
        })??);
        self.passed.insert(key, Arc::clone(&passed));
        Ok(passed)
    }

    fn look(&self, text: &str, key: [u8; 32]) -> Result<Passed, Refusal> {
        let mut parser = Parser::new()
            .token_limit(self.limits.tokens)
            .recursion_limit(self.limits.nesting);
        let ast = parser
            .parse_ast(text, "document")
            .map_err(|error| refuse(&error.errors, Code::GraphqlParseFailed))?;
        let document = ast
            .to_executable(&self.schema)
            .map_err(|error| refuse(&error.errors, Code::GraphqlValidationFailed))?;
        limits::check(&document, &self.limits)?;
        inputs::check(&ast)?;
        let document = document
            .validate(&self.schema)
            .map_err(|error| refuse(&error.errors, Code::GraphqlValidationFailed))?;
        Ok(Passed {
            key,
            parsed: parse_again(text, &document)?,
            document,
            schema: Arc::clone(&self.schema),
            limits: self.limits,
            introspects: inputs::introspects(&ast),
        })
    }
}

impl Passed {
    /// The kind of the operation to execute.
    ///
    /// # Errors
    /// No operation has that name; or none is named, and there are several.
    pub fn kind(&self, operation_name: Option<&str>) -> Result<OperationType, Refusal> {
        let operation = self.document.operations.get(operation_name);
        operation.map(|found| found.operation_type).map_err(|_| {
            let message = operation_name.map_or_else(
                || "The document has several operations: say which one by `operationName`.".into(),
                |name| format!("The document has no operation `{name}`."),
            );
            Refusal::of_document(vec![Problem::new(Code::BadRequest, message)])
        })
    }

    /// Checks the values given for the operation's variables, and gives them as the operation sees them: with
    /// defaults, in the order of the document, and without those that it does not know.
    ///
    /// # Errors
    /// A required variable has no value, or a value is not of its variable's type; or there are too many values.
    pub fn coerce_variables(
        &self,
        operation_name: Option<&str>,
        values: &Map<String, Value>,
    ) -> Result<JsonMap, Refusal> {
        let Ok(operation) = self.document.operations.get(operation_name) else {
            return Ok(JsonMap::new());
        };
        if operation.variables.is_empty() {
            return Ok(JsonMap::new());
        }
        let most = self.limits.values;
        if values.values().map(count).sum::<usize>() > most {
            return Err(Refusal::of_limit(format!(
                "Variables may hold at most {most} values."
            )));
        }
        let values: JsonMap = serde_json::from_value(Value::Object(values.clone()))
            .map_err(|_| Refusal::bad_request("The variables cannot be read."))?;
        apollo_compiler::request::coerce_variable_values(&self.schema, operation, &values)
            .map(Valid::into_inner)
            .map_err(|error| {
                let mut problem = Problem::new(Code::InvalidArgument, error.message().to_string());
                problem.locations = locations(&error.to_graphql_error(&self.document.sources));
                Refusal::of_document(vec![problem])
            })
    }

    /// The root field of a subscription, when it stands in the operation itself, and where its `after` comes from.
    #[must_use]
    pub fn root_field(&self, operation_name: Option<&str>) -> Option<RootField> {
        let operation = self.document.operations.get(operation_name).ok()?;
        let Some(Selection::Field(field)) = operation.selection_set.selections.first() else {
            return None;
        };
        let after = field.arguments.iter().find(|one| one.name == "after");
        let after = match after.map(|one| one.value.as_ref()) {
            None | Some(ast::Value::Null) => After::Nowhere,
            Some(ast::Value::Variable(name)) if self.is_used_once(name) => {
                After::Variable(name.to_string())
            }
            Some(_) => After::Document,
        };
        Some(RootField {
            name: field.name.to_string(),
            after,
        })
    }

    /// Whether a variable stands once in the document beside where it is declared.
    fn is_used_once(&self, name: &str) -> bool {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let text = self.document.to_string();
        let variables = text.split('$').skip(1);
        let uses = variables.filter(|rest| rest.split(|c| !is_part(c)).next() == Some(name));
        uses.count() == 2
    }

    /// What the operation costs, in rows.
    ///
    /// # Errors
    /// It is more than one operation may.
    pub fn price(&self, operation_name: Option<&str>, variables: &JsonMap) -> Result<u64, Refusal> {
        let Ok(operation) = self.document.operations.get(operation_name) else {
            return Ok(1);
        };
        let price = price::price(&self.schema, &self.document, operation, variables);
        let most = self.limits.rows;
        if price > most {
            return Err(Refusal::of_limit(format!(
                "This operation may read {price} rows; one may read at most {most}. Ask for shorter pages, or for \
                 fewer lists inside lists."
            )));
        }
        Ok(price)
    }

    /// Whether it asks for the schema anywhere.
    #[must_use]
    pub const fn introspects(&self) -> bool {
        self.introspects
    }

    /// The document as async-graphql executes it.
    #[must_use]
    pub fn parsed(&self) -> parsed::ExecutableDocument {
        self.parsed.clone()
    }

    fn weight(&self) -> u32 {
        let text: usize = texts(&self.document.sources);
        u32::try_from(text.saturating_mul(20)).unwrap_or(u32::MAX)
    }
}

/// The values in a value.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(count).sum::<usize>() + 1,
        Value::Object(fields) => fields.values().map(count).sum::<usize>() + 1,
        _ => 1,
    }
}

fn texts(sources: &SourceMap) -> usize {
    sources.values().map(|file| file.source_text().len()).sum()
}

/// Reads the text a second time, with the parser of the executor. Where that refuses what is right (a
/// surrogate pair in a string), it is given the document as the first parser writes it.
fn parse_again(
    text: &str,
    document: &ExecutableDocument,
) -> Result<parsed::ExecutableDocument, Refusal> {
    async_graphql::parser::parse_query(text)
        .or_else(|_| async_graphql::parser::parse_query(document.to_string()))
        .map_err(|_| {
            Refusal::of_document(vec![Problem::new(
                Code::GraphqlParseFailed,
                "The document uses syntax that this server does not know.",
            )])
        })
}

/// apollo-compiler does not know `@oneOf` yet, and with it `__Type.isOneOf`, which clients ask for.
fn know_one_of(schema: &mut Schema) {
    use apollo_compiler::schema::{Component, FieldDefinition};
    use apollo_compiler::{ast, name};
    if let Some(ExtendedType::Object(object)) = schema.types.get_mut("__Type") {
        let field = FieldDefinition {
            description: None,
            name: name!("isOneOf"),
            arguments: Vec::new(),
            ty: ast::Type::Named(name!("Boolean")),
            directives: ast::DirectiveList::default(),
        };
        object
            .make_mut()
            .fields
            .insert(name!("isOneOf"), Component::new(field));
    }
}

/// Once a limit of the parser is reached, what else it found is of no use.
fn refuse(errors: &DiagnosticList, code: Code) -> Refusal {
    let mut problems = Vec::new();
    for diagnostic in errors.iter() {
        if problems.len() < MAX_ERRORS {
            problems.push(problem(code, &diagnostic.unstable_to_json_compat()));
        }
        if diagnostic.error.to_string().contains("limit reached") {
            let limit = diagnostic.unstable_to_json_compat();
            return Refusal::of_document(vec![problem(Code::LimitExceeded, &limit)]);
        }
    }
    Refusal::of_document(problems)
}

fn problem(code: Code, error: &apollo_compiler::response::GraphQLError) -> Problem {
    let mut problem = Problem::new(code, error.message.clone());
    problem.locations = locations(error);
    problem
}

fn locations(error: &apollo_compiler::response::GraphQLError) -> Vec<Location> {
    let places = error.locations.iter().map(|place| Location {
        line: place.line,
        column: place.column,
    });
    places.collect()
}

#[cfg(test)]
mod tests;
