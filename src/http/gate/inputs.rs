//! No input object names a field twice (GraphQL, 5.6.3), which neither implementation looks at. In: a
//! document. Out: nothing, or where it does. Must not know: types.

use std::collections::HashSet;

use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, Directive, Document, Selection, Value};
use apollo_compiler::response::GraphQLError;

use crate::graphql::Code;
use crate::http::refusal::{Problem, Refusal};

/// Looks at every literal of the document.
///
/// # Errors
/// The first input object that names a field twice.
pub fn check(document: &Document) -> Result<(), Refusal> {
    let repeated = document.definitions.iter().find_map(in_definition);
    let Some((name, place)) = repeated else {
        return Ok(());
    };
    let message = format!("An input object names the field `{name}` twice.");
    let error = GraphQLError::new(&message, place.location(), &document.sources);
    let mut problem = Problem::new(Code::GraphqlValidationFailed, message);
    problem.locations = super::locations(&error);
    Err(Refusal::of_document(vec![problem]))
}

/// Whether the document asks for the schema, wherever.
#[must_use]
pub fn introspects(document: &Document) -> bool {
    document
        .definitions
        .iter()
        .any(|definition| match definition {
            Definition::OperationDefinition(operation) => asks(&operation.selection_set),
            Definition::FragmentDefinition(fragment) => asks(&fragment.selection_set),
            _ => false,
        })
}

fn asks(selections: &[Selection]) -> bool {
    selections.iter().any(|selection| match selection {
        Selection::Field(field) => {
            ["__schema", "__type"].contains(&field.name.as_str()) || asks(&field.selection_set)
        }
        Selection::InlineFragment(inline) => asks(&inline.selection_set),
        Selection::FragmentSpread(_) => false,
    })
}

type Found<'a> = Option<(&'a str, &'a Node<Value>)>;

fn in_definition(definition: &Definition) -> Found<'_> {
    match definition {
        Definition::OperationDefinition(operation) => {
            let mut variables = operation.variables.iter();
            let in_variables = variables.find_map(|variable| {
                let default = variable.default_value.as_ref().and_then(in_value);
                default.or_else(|| in_directives(&variable.directives))
            });
            in_variables
                .or_else(|| in_directives(&operation.directives))
                .or_else(|| in_selections(&operation.selection_set))
        }
        Definition::FragmentDefinition(fragment) => {
            in_directives(&fragment.directives).or_else(|| in_selections(&fragment.selection_set))
        }
        _ => None,
    }
}

fn in_selections(selections: &[Selection]) -> Found<'_> {
    selections.iter().find_map(|selection| match selection {
        Selection::Field(field) => {
            let mut arguments = field.arguments.iter();
            arguments
                .find_map(|argument| in_value(&argument.value))
                .or_else(|| in_directives(&field.directives))
                .or_else(|| in_selections(&field.selection_set))
        }
        Selection::InlineFragment(inline) => {
            in_directives(&inline.directives).or_else(|| in_selections(&inline.selection_set))
        }
        Selection::FragmentSpread(spread) => in_directives(&spread.directives),
    })
}

fn in_directives(directives: &[Node<Directive>]) -> Found<'_> {
    let mut arguments = directives.iter().flat_map(|found| &found.arguments);
    arguments.find_map(|argument| in_value(&argument.value))
}

fn in_value(value: &Node<Value>) -> Found<'_> {
    match &**value {
        Value::List(values) => values.iter().find_map(in_value),
        Value::Object(fields) => {
            let mut seen = HashSet::new();
            fields.iter().find_map(|(name, value)| {
                if seen.insert(name) {
                    in_value(value)
                } else {
                    Some((name.as_str(), value))
                }
            })
        }
        _ => None,
    }
}
