//! The shape of the tree, as CONTRIBUTING.md has it: which part may know which, how files begin, how long
//! they may be. In: the sources. Out: every breach, with file and line.

use std::fs;
use std::path::{Path, PathBuf};

/// Parts that may use each part of `src`; a part may always use itself, and everyone `clock`.
const KNOWN_BY: &[(&str, &[&str])] = &[
    ("app", &["cli"]),
    ("auth", &["app", "cli", "demo", "graphql", "http"]),
    ("cli", &[]),
    ("config", &["app", "cli", "telemetry"]),
    ("declare", &["cli"]),
    ("demo", &["app", "cli"]),
    (
        "fetch",
        &[
            "app",
            "follow",
            "graphql",
            "hooks",
            "icons",
            "jobs",
            "normalize",
            "poll",
            "store",
            "websub",
        ],
    ),
    ("follow", &["app", "cli", "declare", "graphql", "jobs"]),
    ("graphql", &["app", "cli", "http"]),
    ("hooks", &["app", "graphql"]),
    ("http", &["app"]),
    ("icons", &["app", "http"]),
    ("jobs", &["app", "cli", "graphql"]),
    ("metrics", &["app", "http", "poll", "websub"]),
    (
        "normalize",
        &["auth", "follow", "graphql", "jobs", "poll", "store"],
    ),
    (
        "parse",
        &[
            "app",
            "cli",
            "follow",
            "graphql",
            "icons",
            "jobs",
            "normalize",
            "poll",
            "starter",
            "websub",
        ],
    ),
    (
        "poll",
        &["app", "cli", "follow", "graphql", "icons", "jobs", "websub"],
    ),
    (
        "publish",
        &[
            "app", "cli", "follow", "graphql", "hooks", "http", "jobs", "poll",
        ],
    ),
    ("render", &["cli", "http"]),
    ("starter", &["app", "cli"]),
    (
        "store",
        &[
            "app", "auth", "cli", "declare", "follow", "graphql", "hooks", "http", "icons", "jobs",
            "poll", "publish", "websub",
        ],
    ),
    ("telemetry", &["cli"]),
    ("websub", &["app", "http"]),
];

/// Crates and words that only some files may use. A folder ends with a slash.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("sea_orm", &["src/store/", "entity/", "migration/"]),
    ("sqlx", &["src/store/", "src/publish/", "tests/it/support/"]),
    ("reqwest", &["src/fetch/", "tests/"]),
    (
        "feed_rs",
        &["src/parse/", "src/normalize/", "benches/read.rs"],
    ),
    ("async_graphql", &["src/graphql/", "src/http/", "tests/"]),
    ("axum", &["src/http/", "src/demo/", "tests/"]),
    ("prometheus", &["src/metrics/"]),
    ("clap", &["src/cli/"]),
    ("indicatif", &["src/cli/"]),
    (
        "std::env",
        &["src/config/", "src/cli/", "tests/", "benches/"],
    ),
];

/// What no file of the program may say.
const FORBIDDEN: &[(&str, &str)] = &[
    ("todo!(", "finish it"),
    ("unimplemented!(", "finish it"),
    ("#[ignore", "run it or remove it"),
    ("cursor_by(", "it scans; compare row values instead"),
    (
        ".offset(",
        "pages are keyset pages; only one bounded range may be cut so",
    ),
    (
        "::<Principal>",
        "ask graphql::viewer, which leaves a mark: see there",
    ),
    (
        "::<Caller>",
        "ask graphql::viewer, which leaves a mark: see there",
    ),
    ("#[allow(clippy", "use #[expect(…, reason = \"…\")]"),
];

/// Where something forbidden is right, and said to be so there.
const EXCEPTIONS: &[(&str, &str)] = &[
    (".offset(", "src/store/ingest/state.rs"),
    ("::<Principal>", "src/graphql/viewer.rs"),
    ("::<Caller>", "src/graphql/viewer.rs"),
];

const MOST_LINES: usize = 400;

struct Source {
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folders: &[&str]) -> Vec<Source> {
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut sources = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder");
            open.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let inside = path.strip_prefix(root()).expect("below the root");
            let text = fs::read_to_string(&path).expect("text");
            let path = inside.to_string_lossy().into_owned();
            sources.push(Source { path, text });
        }
    }
    assert!(!sources.is_empty(), "there are sources in {folders:?}");
    sources
}

/// Lines of the program that are no comments, with their numbers; unit tests may know more.
fn code(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(source.text.lines());
    let program = lines.take_while(|(_, line)| !line.starts_with("mod tests {"));
    program.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Whether a word stands in a line as a whole word.
fn says(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

fn report(what: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{what}:\n{}", breaches.join("\n"));
}

/// The part of `src` that a file is in: its first folder or its own name.
fn part_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let first = inside.split('/').next()?;
    Some(first.trim_end_matches(".rs"))
}

/// The parts that a line names as `crate::part`, also within braces.
fn parts_named(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        let is_name = |character: char| character.is_alphanumeric() || character == '_';
        let within = match rest.strip_prefix('{') {
            Some(inside) => inside.split(',').map(str::trim).collect(),
            None => vec![rest],
        };
        for name in within {
            let end = name.find(|character| !is_name(character));
            found.push(&name[..end.unwrap_or(name.len())]);
        }
    }
    found
}

#[test]
fn arrows_point_one_way() {
    let mut breaches = Vec::new();
    for source in sources(&["src"]) {
        let Some(own) = part_of(&source.path) else {
            continue;
        };
        if ["lib", "main"].contains(&own) {
            continue;
        }
        for (line, text) in code(&source) {
            for named in parts_named(text) {
                let known_by = KNOWN_BY.iter().find(|(part, _)| *part == named);
                let may = known_by.is_none_or(|(_, parts)| parts.contains(&own)) || named == own;
                if !may {
                    breaches.push(format!(
                        "{}:{line}: {own} must not know {named}",
                        source.path
                    ));
                }
            }
        }
    }
    report("a part knows what it must not", &breaches);
}

#[test]
fn every_part_has_its_place_in_the_list_of_arrows() {
    let mut breaches = Vec::new();
    for source in sources(&["src"]) {
        let own = part_of(&source.path).expect("below src").to_owned();
        let is_listed = KNOWN_BY.iter().any(|(part, _)| *part == own);
        if !is_listed && !["lib", "main", "clock"].contains(&own.as_str()) {
            breaches.push(source.path);
        }
    }
    report("a part is in no list of arrows", &breaches);
}

#[test]
fn crates_stay_in_their_parts() {
    let mut breaches = Vec::new();
    for source in sources(&["src", "entity/src", "migration/src", "tests/it"]) {
        if source.path == "tests/it/layering.rs" {
            continue;
        }
        for (word, places) in ONLY_IN {
            if places.iter().any(|place| source.path.starts_with(place)) {
                continue;
            }
            for (line, _) in code(&source).filter(|(_, text)| says(text, word)) {
                breaches.push(format!("{}:{line}: {word}", source.path));
            }
        }
    }
    report("a crate is used outside its part", &breaches);
}

#[test]
fn nothing_forbidden_is_written() {
    let mut breaches = Vec::new();
    for source in sources(&["src", "entity/src", "migration/src"]) {
        for (line, text) in code(&source) {
            for (words, instead) in FORBIDDEN {
                let is_exception = EXCEPTIONS.contains(&(words, source.path.as_str()));
                if text.contains(words) && !is_exception {
                    breaches.push(format!("{}:{line}: {words}: {instead}", source.path));
                }
            }
        }
    }
    report("something forbidden is written", &breaches);
}

#[test]
fn every_file_begins_with_what_it_is_and_is_short() {
    let mut breaches = Vec::new();
    for source in sources(&["src", "entity/src", "migration/src", "tests/it"]) {
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            breaches.push(format!(
                "{}: {lines} lines, more than {MOST_LINES}",
                source.path
            ));
        }
        if !source.text.starts_with("//! ") {
            breaches.push(format!("{}: does not begin with //!", source.path));
        }
    }
    report("a file has no head or is too long", &breaches);
}

#[test]
fn words_and_parts_are_found_in_lines() {
    assert!(says("use axum::Router;", "axum"));
    assert!(!says("use async_graphql_axum::x;", "axum"));
    assert_eq!(
        parts_named("use crate::{store, poll::Poller};"),
        ["store", "poll"]
    );
    assert_eq!(parts_named("let a = crate::fetch::get();"), ["fetch"]);
}
