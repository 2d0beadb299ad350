//! How much one document may ask for. In: a parsed document. Out: nothing, or what goes over which limit.
//! Each fragment is walked once and remembered, so the cost is that of the text, however often fragments
//! spread each other. Must not know: values of variables, rows.

use std::collections::HashMap;

use apollo_compiler::executable::{
    Directive, ExecutableDocument, Field, Operation, OperationType, Selection, SelectionSet,
};
use apollo_compiler::{Name, Node};

use crate::http::refusal::Refusal;

/// The limits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the document.
    pub bytes: usize,
    /// Tokens of the document.
    pub tokens: usize,
    /// How deep brackets nest.
    pub nesting: usize,
    /// Levels of fields.
    pub depth: u32,
    /// Fields and fragments selected, each fragment counted wherever it is spread.
    pub selections: u32,
    /// Fields renamed, likewise.
    pub aliases: u32,
    /// Directives, likewise.
    pub directives: u32,
    /// Fields of the operation itself.
    pub root_fields: u32,
    /// Fields of a mutation itself; they run one after another.
    pub root_mutations: u32,
    /// Lists of the schema inside lists of the schema.
    pub introspection: u32,
    /// Rows that an operation may ask for.
    pub rows: u64,
    /// Values in all its variables.
    pub values: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 100_000,
            tokens: 2_000,
            nesting: 64,
            depth: 15,
            selections: 5_000,
            aliases: 30,
            directives: 50,
            root_fields: 20,
            root_mutations: 5,
            introspection: 3,
            rows: 100_000,
            values: 5_000,
        }
    }
}

/// Looks at every operation of the document, executed or not.
///
/// # Errors
/// The first limit that an operation goes over.
pub fn check(document: &ExecutableDocument, limits: &Limits) -> Result<(), Refusal> {
    let mut walk = Walk {
        document,
        known: HashMap::new(),
    };
    for operation in document.operations.iter() {
        let mut sums = walk.set(&operation.selection_set);
        sums.directives = sums.directives.saturating_add(own_directives(operation));
        compare(operation, sums, limits)?;
    }
    Ok(())
}

fn compare(operation: &Operation, sums: Sums, limits: &Limits) -> Result<(), Refusal> {
    let roots = match operation.operation_type {
        OperationType::Mutation => limits.root_mutations,
        OperationType::Query | OperationType::Subscription => limits.root_fields,
    };
    let table = [
        (sums.depth, limits.depth, "levels deep"),
        (sums.selections, limits.selections, "selections large"),
        (sums.aliases, limits.aliases, "aliases long"),
        (sums.directives, limits.directives, "directives long"),
        (sums.roots, roots, "root fields wide"),
        (
            sums.lists,
            limits.introspection,
            "nested lists of introspection deep",
        ),
    ];
    match table.into_iter().find(|(have, most, _)| have > most) {
        Some((_, most, what)) => Err(Refusal::of_limit(format!(
            "An operation may be at most {most} {what}, with its fragments put in."
        ))),
        None => Ok(()),
    }
}

fn own_directives(operation: &Operation) -> u32 {
    let variables = operation.variables.iter();
    let of_variables = variables.map(|variable| count(&variable.directives));
    of_variables.fold(count(&operation.directives), u32::saturating_add)
}

fn count(directives: &[Node<Directive>]) -> u32 {
    u32::try_from(directives.len()).unwrap_or(u32::MAX)
}

/// What a selection set comes to with its fragments put in.
#[derive(Clone, Copy, Default)]
struct Sums {
    depth: u32,
    selections: u32,
    aliases: u32,
    directives: u32,
    /// Fields at the top of the set.
    roots: u32,
    lists: u32,
}

impl Sums {
    /// Both, side by side.
    fn and(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            roots: self.roots.saturating_add(other.roots),
            lists: self.lists.max(other.lists),
        }
    }

    /// One selection more, with its directives.
    fn plus(mut self, directives: &[Node<Directive>]) -> Self {
        self.selections = self.selections.saturating_add(1);
        self.directives = self.directives.saturating_add(count(directives));
        self
    }
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    /// What each fragment comes to; nothing while it is being walked, so a cycle ends (validation
    /// refuses it afterwards).
    known: HashMap<&'a Name, Sums>,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Sums {
        let mut sums = Sums::default();
        for selection in &set.selections {
            sums = sums.and(self.selection(set, selection));
        }
        sums
    }

    fn selection(&mut self, set: &'a SelectionSet, selection: &'a Selection) -> Sums {
        match selection {
            Selection::Field(field) => self.field(set, field),
            Selection::InlineFragment(inline) => {
                self.set(&inline.selection_set).plus(&inline.directives)
            }
            Selection::FragmentSpread(spread) => self
                .fragment(&spread.fragment_name)
                .plus(&spread.directives),
        }
    }

    fn field(&mut self, set: &SelectionSet, field: &'a Field) -> Sums {
        let mut sums = self.set(&field.selection_set);
        sums = sums.plus(&field.directives);
        sums.depth = sums.depth.saturating_add(1);
        sums.roots = 1;
        sums.aliases = sums
            .aliases
            .saturating_add(u32::from(field.alias.is_some()));
        let of_schema = set.ty.starts_with("__") && field.definition.ty.is_list();
        sums.lists = sums.lists.saturating_add(u32::from(of_schema));
        sums
    }

    fn fragment(&mut self, name: &'a Name) -> Sums {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Sums::default();
        };
        self.known.insert(name, Sums::default());
        let mut sums = self.set(&fragment.selection_set);
        sums.directives = sums.directives.saturating_add(count(&fragment.directives));
        self.known.insert(name, sums);
        sums
    }
}
