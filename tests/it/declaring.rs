//! A planet as a file: planned, applied in one go, and not at odds with the API.

use std::fmt::Write as _;

use entity::Role;
use serde_json::{Value, json};

use crate::support::program::{Ended, run};
use crate::support::{Client, Database, TestApp, only_refusal};

const FILE: &str = r#"
[[planet]]
slug = "snakes"
title = "Snakes everywhere"
description = "All of them."
link = "https://snakes.example/"
owner = "Zoë"
links = [{ group = "Sisters", title = "Rust", url = "https://rust.example/" }]
rules = [{ action = "drop", field = "title", pattern = "(?i)sponsored", note = "no ads" }]

[[source]]
url = "https://one.example/feed"
title = "One"
site = "https://one.example/"
tags = ["a", "b c"]
planets = ["snakes"]
min_interval_seconds = 900
max_interval_seconds = 86400
max_age_days = 30
keep = ["python"]
rules = [{ action = "keep", field = "language", pattern = "^en" }]

[[source]]
url = "https://two.example/feed"
planets = ["snakes"]
paused = true
"#;

async fn command(database: &Database, arguments: &[&str]) -> Ended {
    let all = [arguments, &["--database", &database.url, "--log", "warn"]].concat();
    run(database.folder(), &all).await
}

async fn apply(database: &Database, text: &str) -> Ended {
    std::fs::write(database.folder().join("planet.toml"), text).expect("a file");
    command(database, &["apply", "planet.toml"]).await
}

async fn export(database: &Database) -> String {
    let ended = command(database, &["export", "--as", "toml"]).await;
    assert!(ended.success, "{}", ended.stderr);
    ended.stdout
}

async fn planet(client: &Client) -> Value {
    let document = "{ planet(slug: \"snakes\") { id title description link ownerName managedBy links { group title url }
        rules { action field pattern note }
        sources { nodes { id title feedUrl siteUrl status tags managedBy rules { action field pattern } } } } }";
    client.query(document, json!({})).await["planet"].take()
}

on_each_database! {
    async fn a_file_is_applied_in_one_go_and_once(database: Database) {
        std::fs::write(database.folder().join("planet.toml"), FILE).expect("a file");
        let planned = command(&database, &["apply", "planet.toml", "--dry-run"]).await;
        assert!(planned.success, "{}", planned.stderr);
        assert!(planned.stdout.contains("+ planet snakes\n+ source https://one.example/feed\n"), "{}", planned.stdout);
        let nothing = export(&database).await;
        assert!(!nothing.contains("[["), "a dry run changes nothing: {nothing}");
        let applied = apply(&database, FILE).await;
        assert!(applied.success, "{}", applied.stderr);
        assert!(applied.stdout.ends_with(&planned.stdout.replace("would be", "were")), "{}", applied.stdout);
        let again = apply(&database, FILE).await;
        assert_eq!(again.stdout, "Nothing to do: everything is as the file says.\n");

        let app = TestApp::start(&database).await;
        let client = app.client_as(Role::Editor).await;
        let shown = planet(&client).await;
        assert_eq!(shown["managedBy"], "FILE");
        assert_eq!(shown["ownerName"], "Zoë");
        assert_eq!(shown["rules"], json!([{"action": "DROP", "field": "TITLE", "pattern": "(?i)sponsored", "note": "no ads"}]));
        let nodes = &shown["sources"]["nodes"];
        assert_eq!((&nodes[0]["title"], &nodes[0]["status"], &nodes[0]["tags"]), (&json!("One"), &json!("ACTIVE"), &json!(["a", "b c"])));
        assert_eq!((&nodes[1]["title"], &nodes[1]["status"]), (&json!("two.example"), &json!("PAUSED")));
        app.stop().await;

        // What the file changes is changed, what it has no more goes, and what editors made stays.
        let changed = FILE.replace("Snakes everywhere", "Snakes").replace("tags = [\"a\", \"b c\"]\n", "")
            .split("[[source]]\nurl = \"https://two").next().unwrap().to_owned();
        let ended = apply(&database, &changed).await;
        assert_eq!(ended.stdout, "~ planet snakes: title\n~ source https://one.example/feed: tags\n\
            - source https://two.example/feed\n3 things were changed.\n", "{}", ended.stderr);
        let again = apply(&database, &changed).await;
        assert_eq!(again.stdout, "Nothing to do: everything is as the file says.\n");
        let ended = apply(&database, "").await;
        assert_eq!(ended.stdout, "- source https://one.example/feed\n- planet snakes\n2 things were changed.\n");
    }

    async fn five_hundred_sources_twice_then_exported_wiped_and_applied(database: Database) {
        let mut file = String::from("[[planet]]\nslug = \"many\"\ntitle = \"Many\"\n");
        for number in 0..500 {
            write!(file, "\n[[source]]\nurl = \"https://blog{number}.example/feed?a={number}\"\ntitle = \"Blog {number}\"\n\
                tags = [\"t{}\"]\nplanets = [\"many\"]\n", number % 7).expect("text");
        }
        let first = apply(&database, &file).await;
        assert!(first.success, "{}", first.stderr);
        assert!(first.stdout.ends_with("1001 things were changed.\n"), "{}", first.stdout.lines().last().unwrap_or_default());
        let second = apply(&database, &file).await;
        assert_eq!(second.stdout, "Nothing to do: everything is as the file says.\n");
        let exported = export(&database).await;
        let wiped = apply(&database, "").await;
        assert!(wiped.stdout.ends_with("501 things were changed.\n"));
        assert!(!export(&database).await.contains("[["));
        let back = apply(&database, &exported).await;
        assert!(back.success, "{}", back.stderr);
        assert_eq!(export(&database).await, exported);
    }

    async fn the_api_leaves_alone_what_a_file_owns(database: Database) {
        assert!(apply(&database, FILE).await.success);
        let app = TestApp::start(&database).await;
        let client = app.client_as(Role::Editor).await;
        let shown = planet(&client).await;
        let (planet, source) = (shown["id"].clone(), shown["sources"]["nodes"][0]["id"].clone());
        for (document, field, path) in [
            ("mutation($s: ID!) { updateSource(input: {id: $s, title: \"x\"}) { userErrors { path code message } } }", "updateSource", "input.id"),
            ("mutation($s: ID!) { removeSource(id: $s) { userErrors { path code message } } }", "removeSource", "id"),
            ("mutation($p: ID!) { updatePlanet(input: {id: $p, title: \"x\"}) { userErrors { path code message } } }", "updatePlanet", "input.id"),
            ("mutation($p: ID!) { removePlanet(id: $p) { userErrors { path code message } } }", "removePlanet", "id"),
            ("mutation($p: ID!) { setRules(input: {planetId: $p, rules: []}) { userErrors { path code message } } }", "setRules", "input.planetId"),
            ("mutation($p: ID!) { addSourcesToPlanet(planetId: $p, sourceIds: []) { userErrors { path code message } } }", "addSourcesToPlanet", "planetId"),
            ("mutation { importSubscriptions(input: {document: \"https://x.example/\", planetSlug: \"snakes\"}) { userErrors { path code message } } }", "importSubscriptions", "input.planetSlug"),
        ] {
            let mut variables = json!({});
            if document.contains("$p") { variables["p"] = planet.clone(); }
            if document.contains("$s") { variables["s"] = source.clone(); }
            let data = client.query(document, variables).await;
            assert_eq!(only_refusal(&data[field]), (path.to_owned(), "MANAGED_BY_FILE".to_owned()), "{field}");
        }
        let again = { app.stop().await; apply(&database, FILE).await };
        assert_eq!(again.stdout, "Nothing to do: everything is as the file says.\n", "nothing is half changed");
    }

    async fn wrong_files_change_nothing(database: Database) {
        for (text, said) in [
            ("[[planet]]\nslug = \"a\"\ntitle = \"A\"\n[[planet]]\nslug = \"a\"\ntitle = \"B\"\n",
             "planet.toml, line 5: the planet \"a\" is in line 2 already"),
            ("[[source]]\nurl = \"https://a.example/\"\nplanets = [\"none\"]\n",
             "problem: https://a.example/ is in planet none, which there is not"),
            ("[[source]]\nurl = \"nowhere\"\n", "planet.toml, line 2: "),
            ("[[source]]\nurl = \"https://a.example/\"\nfoo = 1\n", "planet.toml, line 3: unknown field `foo`"),
            ("[[planet]]\nslug = \"a\"\ntitle = \"A\"\nrules = [\n  { action = \"drop\", field = \"tag\", pattern = \"(\" },\n]\n",
             "planet.toml, line 5: The rule"),
        ] {
            let ended = apply(&database, text).await;
            assert!(!ended.success, "{text}");
            assert!(ended.stderr.contains(said), "{said}\n{}", ended.stderr);
        }
        assert!(!export(&database).await.contains("[["));
        let missing = command(&database, &["apply", "none.toml"]).await;
        assert!(missing.stderr.contains("none.toml cannot be read"), "{}", missing.stderr);
    }
}
