//! What an operation costs, in rows. In: a checked operation and its variables, coerced. Out: how many rows it may
//! read at most, as the schema's shapes tell: a page costs its size times what is asked of each row, a list without a
//! size what lists of its kind usually have, an object one row, a count five, a value nothing. Each fragment is
//! looked at once. Must not know: what was really read.

use std::collections::HashMap;

use apollo_compiler::ast::Value;
use apollo_compiler::executable::{
    ExecutableDocument, Field, Operation, OperationType, Selection, SelectionSet,
};
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema};

/// Rows of a page whose size is not given, and the most of one.
const USUAL_PAGE: u64 = 20;
const MOST_PAGE: u64 = 100;
/// Items of a list that has no size, where its name does not say better.
const USUAL_LIST: u64 = 10;
const LISTS: [(&str, u64); 8] = [
    ("authors", 2),
    ("enclosures", 1),
    ("runs", 20),
    ("planets", 2),
    ("recent", 50),
    ("revisions", 20),
    ("duplicates", 20),
    ("newestTitles", 1),
];
/// Entries of a run of one source: those of a day are in about twenty of them.
const IN_RUN: u64 = 5;
/// Rows that counting stands for, and writing, and looking words up.
const COUNT: u64 = 5;
const WRITE: u64 = 10;
const SEARCH: u64 = 20;
/// Texts that lie apart from their rows.
const APART: [&str; 2] = ["content", "contentText"];

/// The price of an operation, at least 1.
#[must_use]
pub fn price(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
    variables: &JsonMap,
) -> u64 {
    let mut walk = Walk {
        schema,
        document,
        variables,
        known: HashMap::new(),
    };
    let sum = walk.set(&operation.selection_set).of(1);
    let writes = match operation.operation_type {
        OperationType::Mutation => {
            let fields = u64::try_from(operation.selection_set.selections.len());
            fields.unwrap_or(u64::MAX).saturating_mul(WRITE)
        }
        OperationType::Query | OperationType::Subscription => 0,
    };
    sum.saturating_add(writes).max(1)
}

/// What a selection set costs: once, and for each item of the page that it is about.
#[derive(Clone, Copy, Default)]
struct Cost {
    once: u64,
    each: u64,
}

impl Cost {
    const fn and(self, other: Self) -> Self {
        Self {
            once: self.once.saturating_add(other.once),
            each: self.each.saturating_add(other.each),
        }
    }

    const fn of(self, items: u64) -> u64 {
        self.once.saturating_add(self.each.saturating_mul(items))
    }
}

struct Walk<'a> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    variables: &'a JsonMap,
    known: HashMap<&'a Name, Cost>,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Cost {
        let mut sum = Cost::default();
        for selection in &set.selections {
            let cost = match selection {
                Selection::Field(field) => self.field(set, field),
                Selection::InlineFragment(inline) => self.set(&inline.selection_set),
                Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
            };
            sum = sum.and(cost);
        }
        sum
    }

    fn fragment(&mut self, name: &'a Name) -> Cost {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Cost::default();
        };
        let cost = self.set(&fragment.selection_set);
        self.known.insert(name, cost);
        cost
    }

    fn field(&mut self, parent: &SelectionSet, field: &'a Field) -> Cost {
        let once = |once| Cost { once, each: 0 };
        if !self.is_composite(field) || parent.ty.starts_with("__") || field.name.starts_with("__")
        {
            return once(own(field));
        }
        let inside = self.set(&field.selection_set);
        let ty = field.definition.ty.inner_named_type();
        let row = u64::from(!is_wrapping(ty));
        if field.definition.ty.is_list() {
            let each = inside.of(1).saturating_add(row);
            if parent.ty.ends_with("Connection") {
                return Cost { once: 0, each };
            }
            return once(each.saturating_mul(self.items(parent, field)));
        }
        let whole = inside.of(self.page(field)).saturating_add(row);
        once(whole.saturating_add(own(field)))
    }

    fn is_composite(&self, field: &Field) -> bool {
        let ty = self
            .schema
            .types
            .get(field.definition.ty.inner_named_type());
        !matches!(
            ty,
            None | Some(ExtendedType::Scalar(_) | ExtendedType::Enum(_))
        )
    }

    /// Rows of the page that a connection is.
    fn page(&self, field: &Field) -> u64 {
        let size = ["first", "last"]
            .iter()
            .find_map(|name| self.number(field, name));
        size.unwrap_or(USUAL_PAGE).clamp(1, MOST_PAGE)
    }

    /// Items of a plain list.
    fn items(&self, parent: &SelectionSet, field: &Field) -> u64 {
        if let Some(ids) = self.length(field, "ids") {
            return ids;
        }
        if let Some(first) = self.number(field, "first") {
            return first.clamp(1, MOST_PAGE);
        }
        if parent.ty == "SourceRun" {
            return IN_RUN;
        }
        let known = LISTS.iter().find(|(name, _)| *name == field.name.as_str());
        known.map_or(USUAL_LIST, |(_, items)| *items)
    }

    fn number(&self, field: &Field, name: &str) -> Option<u64> {
        match &**argument(field, name)? {
            Value::Int(number) => Some(u64::try_from(number.try_to_i32().ok()?).unwrap_or(0)),
            Value::Variable(name) => self.variables.get(name.as_str())?.as_u64(),
            _ => None,
        }
    }

    fn length(&self, field: &Field, name: &str) -> Option<u64> {
        let length = match &**argument(field, name)? {
            Value::List(items) => items.len(),
            Value::Variable(name) => match self.variables.get(name.as_str())? {
                JsonValue::Array(items) => items.len(),
                _ => 1,
            },
            _ => 1,
        };
        u64::try_from(length).ok()
    }
}

fn argument<'a>(field: &'a Field, name: &str) -> Option<&'a Node<Value>> {
    let mut arguments = field.arguments.iter();
    arguments
        .find(|argument| argument.name == name)
        .map(|argument| &argument.value)
}

/// Types that hold rows and are none.
fn is_wrapping(ty: &Name) -> bool {
    ["Connection", "Edge", "PageInfo"]
        .iter()
        .any(|end| ty.ends_with(end))
}

/// What a field costs by itself.
fn own(field: &Field) -> u64 {
    match field.name.as_str() {
        "totalCount" => COUNT,
        "search" => SEARCH,
        "tags" => 1,
        name if APART.contains(&name) => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, variables: &serde_json::Value, expected: u64) {
        let schema = Schema::parse_and_validate(crate::graphql::sdl(), "schema.graphql").unwrap();
        let document = ExecutableDocument::parse_and_validate(&schema, query, "document").unwrap();
        let operation = document.operations.get(None).unwrap();
        let variables: JsonMap = serde_json::from_value(variables.clone()).unwrap();
        assert_eq!(
            price(&schema, &document, operation, &variables),
            expected,
            "{query}"
        );
    }

    #[test]
    fn pages_cost_their_rows() {
        let none = serde_json::json!({});
        check("{ __typename }", &none, 1);
        check("{ entries { nodes { title } } }", &none, 20);
        check("{ entries(first: 50) { nodes { title } } }", &none, 50);
        check(
            "{ entries(last: 7) { edges { cursor node { title } } totalCount } }",
            &none,
            12,
        );
        check(
            "{ entries(first: 50) { nodes { title content source { title } authors { name } } } }",
            &none,
            250,
        );
        check(
            "{ entries(first: 10) { nodes { title } edges { node { id } } } }",
            &none,
            20,
        );
        check(
            "{ entries(first: 1000000) { nodes { title } } }",
            &none,
            100,
        );
        check(
            "{ planet { title entries(first: 5) { nodes { title } } } }",
            &none,
            6,
        );
        check(
            "{ search(query: \"a\", first: 5) { edges { snippet node { title } } } }",
            &none,
            25,
        );
        check("{ nodes(ids: [\"a\", \"b\", \"c\"]) { id } }", &none, 3);
    }

    #[test]
    fn variables_and_fragments_count() {
        let query = "query($n: Int, $ids: [ID!]!) { entries(first: $n) { ...F } nodes(ids: $ids) { id } } \
            fragment F on EntryConnection { nodes { ...E } } fragment E on Entry { title source { title } }";
        check(query, &serde_json::json!({"n": 30, "ids": ["a", "b"]}), 62);
        check(query, &serde_json::json!({"ids": []}), 40);
        let deep = "{ sources(first: 100) { nodes { entries(first: 100) { nodes { source { entries(first: 100) { nodes { id } } } } } } } }";
        check(
            deep,
            &serde_json::json!({}),
            100 * (1 + 100 * (1 + 1 + 100)),
        );
    }
}
