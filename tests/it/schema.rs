//! The schema: its file is up to date, it offers what the contract asks for, and everything is described.

use std::collections::BTreeSet;
use std::path::Path;

use apollo_compiler::Schema;
use apollo_compiler::ast::{FieldDefinition, InputValueDefinition};
use apollo_compiler::schema::ExtendedType;
use feedgraph::graphql;

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says so in the environment"
)]
fn schema_graphql_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let fresh = graphql::sdl();
    if std::env::var("UPDATE_SCHEMA").is_ok_and(|value| value == "1") {
        std::fs::write(&file, &fresh).expect("schema.graphql is written");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == fresh,
        "schema.graphql is stale: run UPDATE_SCHEMA=1 cargo test schema_graphql"
    );
}

#[test]
fn everything_of_the_contract_is_offered() {
    let one_of = "directive @oneOf on INPUT_OBJECT\n";
    let contract = parse(&format!(
        "{one_of}{}",
        include_str!("../fixtures/contract.graphql")
    ));
    let offered = parse(&graphql::sdl());
    let mut missing = Vec::new();
    for (name, wanted) in contract.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
        match offered.types.get(name) {
            None => missing.push(format!("type {name}")),
            Some(ours) => compare(wanted, ours, &mut missing),
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn everything_is_described() {
    let offered = parse(&graphql::sdl());
    let mut bare = Vec::new();
    for (name, ty) in offered.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
        note(ty.description().is_some(), name.to_string(), &mut bare);
        for field in fields(ty) {
            let place = format!("{name}.{}", field.name);
            note(field.description.is_some(), place.clone(), &mut bare);
            for argument in &field.arguments {
                let place = format!("{place}({}:)", argument.name);
                note(argument.description.is_some(), place, &mut bare);
            }
        }
        for field in inputs(ty) {
            note(
                field.description.is_some(),
                format!("{name}.{}", field.name),
                &mut bare,
            );
        }
        if let ExtendedType::Enum(ty) = ty {
            for (value, definition) in &ty.values {
                note(
                    definition.description.is_some(),
                    format!("{name}.{value}"),
                    &mut bare,
                );
            }
        }
    }
    assert_eq!(bare, Vec::<String>::new(), "these have no description");
}

#[test]
fn nullable_fields_do_not_take_their_parents_with_them() {
    // async-graphql 8.0.0-rc.5 nulls the parent when a resolver's `Result<Option<T>>` fails, so resolvers
    // give `Option<Result<T>>`; and its own error type shows the inside of whatever is put into it.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/graphql");
    let mut wrong = Vec::new();
    look(&folder, &mut wrong);
    assert_eq!(wrong, Vec::<String>::new());
}

fn look(folder: &Path, wrong: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            look(&path, wrong);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a source file");
        let mut resolvers = false;
        let mut signature = String::new();
        for line in text.lines() {
            if line.starts_with("#[Object") || line.starts_with("#[ComplexObject") {
                resolvers = true;
            } else if line == "}" {
                resolvers = false;
            }
            if line.contains("async_graphql::Result") {
                wrong.push(format!("{}: {line}", path.display()));
            }
            if !resolvers {
                continue;
            }
            if line.starts_with("    async fn ") || line.starts_with("    fn ") {
                signature.clear();
            }
            signature.push_str(line.trim());
            if line.ends_with('{') && signature.contains("-> Result<Option<") {
                wrong.push(format!(
                    "{}: {}",
                    path.display(),
                    std::mem::take(&mut signature)
                ));
            }
        }
    }
}

fn note(described: bool, place: String, bare: &mut Vec<String>) {
    if !described {
        bare.push(place);
    }
}

fn parse(sdl: &str) -> Schema {
    Schema::parse_and_validate(sdl, "schema.graphql")
        .expect("a valid schema")
        .into_inner()
}

fn fields(ty: &ExtendedType) -> Vec<&FieldDefinition> {
    match ty {
        ExtendedType::Object(ty) => ty.fields.values().map(|field| &***field).collect(),
        ExtendedType::Interface(ty) => ty.fields.values().map(|field| &***field).collect(),
        _ => Vec::new(),
    }
}

fn inputs(ty: &ExtendedType) -> Vec<&InputValueDefinition> {
    match ty {
        ExtendedType::InputObject(ty) => ty.fields.values().map(|field| &***field).collect(),
        _ => Vec::new(),
    }
}

/// What of `wanted` is missing in `ours`, or different, or asks for more than clients know of.
fn compare(wanted: &ExtendedType, ours: &ExtendedType, missing: &mut Vec<String>) {
    let name = wanted.name();
    let same_kind = std::mem::discriminant(wanted) == std::mem::discriminant(ours);
    note(same_kind, format!("{name} of the same kind"), missing);
    let members = |ty: &ExtendedType| -> BTreeSet<String> {
        match ty {
            ExtendedType::Enum(ty) => ty.values.keys().map(ToString::to_string).collect(),
            ExtendedType::Union(ty) => ty
                .members
                .iter()
                .map(|member| member.name.to_string())
                .collect(),
            ExtendedType::Object(ty) => ty
                .implements_interfaces
                .iter()
                .map(ToString::to_string)
                .collect(),
            _ => BTreeSet::new(),
        }
    };
    for member in members(wanted).difference(&members(ours)) {
        missing.push(format!("{name}: {member}"));
    }
    for field in fields(wanted) {
        let place = format!("{name}.{}", field.name);
        match fields(ours)
            .into_iter()
            .find(|ours| ours.name == field.name)
        {
            None => missing.push(place),
            Some(ours) => {
                note(
                    ours.ty == field.ty,
                    format!("{place}: {}", field.ty),
                    missing,
                );
                let wanted: Vec<_> = field.arguments.iter().map(|argument| &**argument).collect();
                let ours: Vec<_> = ours.arguments.iter().map(|argument| &**argument).collect();
                arguments(&place, &wanted, &ours, missing);
            }
        }
    }
    arguments(name, &inputs(wanted), &inputs(ours), missing);
    let one_of = |ty: &ExtendedType| ty.directives().has("oneOf");
    note(
        one_of(wanted) == one_of(ours),
        format!("{name} @oneOf"),
        missing,
    );
    let url = |ty: &ExtendedType| {
        let directive = ty.directives().get("specifiedBy");
        directive.map(|directive| directive.arguments.clone())
    };
    note(
        url(wanted) == url(ours),
        format!("{name} @specifiedBy"),
        missing,
    );
}

fn arguments(
    place: &str,
    wanted: &[&InputValueDefinition],
    ours: &[&InputValueDefinition],
    missing: &mut Vec<String>,
) {
    for wanted in wanted {
        let place = format!("{place}({}: {})", wanted.name, wanted.ty);
        match ours.iter().find(|ours| ours.name == wanted.name) {
            None => missing.push(place),
            Some(ours) => {
                note(ours.ty == wanted.ty, place.clone(), missing);
                let default = |value: &InputValueDefinition| value.default_value.clone();
                note(
                    default(ours) == default(wanted),
                    format!("{place} with its default"),
                    missing,
                );
            }
        }
    }
    for ours in ours.iter().filter(|ours| ours.is_required()) {
        let known = wanted.iter().any(|wanted| wanted.name == ours.name);
        note(known, format!("{place} without {}", ours.name), missing);
    }
}
