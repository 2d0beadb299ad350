//! Writing a file. In: what is stored. Out: TOML that declares it. Pure.

use std::fmt::Write as _;

use toml::{Table, Value};

use crate::store::{Declared, DeclaredPlanet, DeclaredSource, NewRule, rule_words};

/// Writes everything; what has its default is left out.
#[must_use]
pub fn write(declared: &Declared) -> String {
    let mut text =
        String::from("# Planets, sources, links and rules, as `feedgraph apply` takes them.\n");
    let planets = declared.planets.iter().map(|one| ("planet", planet(one)));
    let sources = declared.sources.iter().map(|one| ("source", source(one)));
    for (name, table) in planets.chain(sources) {
        text.push_str("\n[[");
        text.push_str(name);
        text.push_str("]]\n");
        for (key, value) in table {
            // A value writes itself in one line, inner tables too.
            // Writing to a string does not fail.
            let _ = writeln!(text, "{key} = {value}");
        }
    }
    text
}

fn planet(planet: &DeclaredPlanet) -> Vec<(&'static str, Value)> {
    let links = planet.links.iter().map(|link| {
        let mut table = Table::new();
        put(&mut table, "group", &link.group);
        put(&mut table, "title", &link.title);
        put(&mut table, "url", &link.url);
        Value::Table(table)
    });
    let mut rows = vec![
        ("slug", Value::from(planet.slug.clone())),
        ("title", planet.title.clone().into()),
    ];
    option(&mut rows, "description", planet.description.clone());
    option(&mut rows, "link", planet.link.clone());
    option(&mut rows, "owner", planet.owner_name.clone());
    list(&mut rows, "links", links.collect());
    list(&mut rows, "rules", rules(&planet.rules));
    rows
}

fn source(source: &DeclaredSource) -> Vec<(&'static str, Value)> {
    let texts = |texts: &[String]| texts.iter().cloned().map(Value::from).collect();
    let mut rows = vec![("url", Value::from(source.feed_url.clone()))];
    option(&mut rows, "title", source.title.clone());
    option(&mut rows, "site", source.site_url.clone());
    list(&mut rows, "tags", texts(&source.tags));
    list(&mut rows, "planets", texts(&source.planets));
    option(
        &mut rows,
        "min_interval_seconds",
        source.min_interval_seconds,
    );
    option(
        &mut rows,
        "max_interval_seconds",
        source.max_interval_seconds,
    );
    option(&mut rows, "max_age_days", source.max_age_days);
    list(&mut rows, "keep", texts(&source.keep));
    list(&mut rows, "drop", texts(&source.drop));
    list(&mut rows, "rules", rules(&source.rules));
    option(&mut rows, "paused", source.paused);
    rows
}

fn rules(rules: &[NewRule]) -> Vec<Value> {
    let rules = rules.iter().map(|rule| {
        let (action, field) = rule_words(rule.action, rule.field);
        let mut table = Table::new();
        put(&mut table, "action", action);
        put(&mut table, "field", field);
        put(&mut table, "pattern", &rule.pattern);
        if let Some(note) = &rule.note {
            put(&mut table, "note", note);
        }
        Value::Table(table)
    });
    rules.collect()
}

fn put(table: &mut Table, key: &str, text: &str) {
    table.insert(key.to_owned(), text.into());
}

fn option<T: Into<Value>>(
    rows: &mut Vec<(&'static str, Value)>,
    key: &'static str,
    value: Option<T>,
) {
    rows.extend(value.map(|value| (key, value.into())));
}

fn list(rows: &mut Vec<(&'static str, Value)>, key: &'static str, values: Vec<Value>) {
    if !values.is_empty() {
        rows.push((key, Value::Array(values)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declare::read;
    use crate::store::NewLink;
    use entity::{RuleAction, RuleField};

    #[test]
    fn what_is_written_is_read_again() {
        let odd = "\"quoted\" 'too' \\ Łukasz 🪐".to_owned();
        let rule = NewRule {
            action: RuleAction::Keep,
            field: RuleField::Tag,
            pattern: r#"^"a\.b'$"#.to_owned(),
            note: Some(odd.clone()),
        };
        let declared = Declared {
            planets: vec![DeclaredPlanet {
                slug: "p".to_owned(),
                title: odd.clone(),
                description: Some("Two\nlines and \"\"\" quotes".to_owned()),
                link: Some("https://p.example/".to_owned()),
                owner_name: Some(odd.clone()),
                links: vec![NewLink {
                    group: odd.clone(),
                    title: odd.clone(),
                    url: "https://a.example/?b=1#c".to_owned(),
                }],
                rules: vec![rule.clone()],
            }],
            sources: vec![
                DeclaredSource {
                    feed_url: "https://a.example/feed".to_owned(),
                    ..DeclaredSource::default()
                },
                DeclaredSource {
                    feed_url: "https://b.example/feed".to_owned(),
                    title: Some(odd.clone()),
                    site_url: Some("https://b.example/".to_owned()),
                    tags: vec![odd],
                    planets: vec!["p".to_owned(), "q".to_owned()],
                    min_interval_seconds: Some(900),
                    max_interval_seconds: Some(9_000),
                    max_age_days: Some(30),
                    keep: vec![r"\bpython\b".to_owned()],
                    drop: vec!["a|b".to_owned()],
                    rules: vec![rule],
                    paused: Some(true),
                },
            ],
        };
        assert_eq!(read(&write(&declared)).unwrap(), declared);
    }
}
