//! Importing lists of subscriptions, through the front door.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::{
    Editor, Item, Page, Publisher, TestApp, counts, eventually, only_refusal, rss,
};

const IMPORT: &str =
    "mutation($input: ImportSubscriptionsInput!) { importSubscriptions(input: $input) {
    job { id status total done } userErrors { path code message } } }";

fn feed(title: &str) -> String {
    rss(
        title,
        "http://blog.example/",
        &[Item::new("a", "2024-03-01T10:00:00Z")],
    )
}

/// One line more than a list may have.
fn many_lines() -> String {
    let mut lines = String::new();
    for number in 0..10_001 {
        writeln!(lines, "http://a.example/{number}").unwrap();
    }
    lines
}

/// Imports a list and waits for the job's end.
async fn import(app: &Editor, input: Value) -> Value {
    let data = app.edit(IMPORT, json!({"input": input})).await;
    assert_eq!(data["importSubscriptions"]["userErrors"], json!([]));
    let id = data["importSubscriptions"]["job"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    app.finished_job(&id).await
}

async fn sources(app: &Editor) -> Value {
    let text = "{ sources(orderBy: CREATED_DESC) { nodes { feedUrl title status tags planets { slug } entries { totalCount } } } }";
    app.edit(text, json!({})).await["sources"]["nodes"].clone()
}

on_each_database! {
    async fn every_feed_of_a_list_is_followed_and_the_rest_is_reported(database: Database) {
        let app = Editor::alive(&database).await;
        app.edit("mutation { createPlanet(input: {slug: \"p\", title: \"P\"}) { planet { id } } }", json!({})).await;
        let publisher = Publisher::start().await;
        publisher.set("/one", Page::rss(feed("One")));
        publisher.set("/two", Page::rss(feed("Two")));
        publisher.set("/page", Page::html("<p>no feed</p>"));
        app.follow(&publisher.url("/two")).await;
        let document = format!(
            "<opml version=\"2.0\"><body><outline text=\"Blogs\">
             <outline text=\"Zoë &amp; co\" xmlUrl=\"{one}\"/>
             <outline text=\"Known\" xmlUrl=\"{two}\"/>
             <outline text=\"Again\" xmlUrl=\"{one}/\"/>
             <outline text=\"Broken\" xmlUrl=\"not a url\"/>
             <outline text=\"Dead\" xmlUrl=\"{dead}\"/>
             <outline text=\"Page\" xmlUrl=\"{page}\"/></outline></body></opml>",
            one = publisher.url("/one"), two = publisher.url("/two"),
            dead = publisher.url("/dead"), page = publisher.url("/page"),
        );
        let job = import(&app, json!({"document": document, "planetSlug": "p"})).await;
        assert_eq!(job["status"], "DONE");
                assert_eq!(counts(&job), [6, 6, 1, 2, 3]);
        let failures: Vec<(&str, &str)> = job["failures"]["nodes"].as_array().expect("a list").iter()
            .map(|one| (one["title"].as_str().unwrap_or_default(), one["code"].as_str().expect("a code"))).collect();
        assert_eq!(failures, [("", "INVALID_URL"), ("Dead", "UNREACHABLE"), ("Page", "NOT_A_FEED")]);
        let sources = sources(&app).await;
        let listed: Vec<(&str, &str)> = sources.as_array().expect("a list").iter()
            .map(|one| (one["title"].as_str().expect("a title"), one["status"].as_str().expect("a status"))).collect();
        assert_eq!(listed, [("Page", "FAILING"), ("Dead", "FAILING"), ("Zoë & co", "ACTIVE"), ("Two", "ACTIVE")]);
        assert!(sources.as_array().expect("a list").iter().all(|one| one["planets"] == json!([{"slug": "p"}])));
        assert_eq!(sources[2]["tags"], json!(["Blogs"]));
        assert_eq!(sources[2]["entries"]["totalCount"], 1);
    }

    async fn a_dry_run_only_counts(database: Database) {
        let app = Editor::alive(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/two", Page::rss(feed("Two")));
        app.follow(&publisher.url("/two")).await;
        let document = format!("{}\n{}\nnonsense\n", publisher.url("/one"), publisher.url("/two"));
        let job = import(&app, json!({"document": document, "dryRun": true})).await;
                assert_eq!(counts(&job), [3, 3, 1, 1, 1]);
        assert_eq!(job["failures"]["nodes"], json!([{"url": "nonsense", "title": null, "code": "INVALID_URL",
            "message": "Line 3: \"nonsense\" is not an absolute http or https URL."}]));
        assert_eq!(sources(&app).await.as_array().expect("a list").len(), 1);
        assert_eq!(publisher.seen("/one").len(), 0);
    }

    async fn what_is_no_list_is_refused(database: Database) {
        let app = Editor::alive(&database).await;
        for (input, path, code) in [
            (json!({"document": ""}), "input.document", "MALFORMED_DOCUMENT"),
            (json!({"document": "{\"a\": 1}"}), "input.document", "MALFORMED_DOCUMENT"),
            (json!({"document": "<html><body>x</body></html>"}), "input.document", "MALFORMED_DOCUMENT"),
            (json!({"document": "http://a.example/", "format": "OPML"}), "input.document", "MALFORMED_DOCUMENT"),
            (json!({"document": "http://a.example/", "planetSlug": "nowhere"}), "input.planetSlug", "NOT_FOUND"),
            (json!({"document": "#".repeat((5 << 20) + 1)}), "input.document", "TOO_LONG"),
            (json!({"document": many_lines()}),
                "input.document", "TOO_LONG"),
        ] {
            let data = app.edit(IMPORT, json!({"input": input})).await;
            assert_eq!(only_refusal(&data["importSubscriptions"]), (path.to_owned(), code.to_owned()));
            assert_eq!(data["importSubscriptions"]["job"], Value::Null);
        }
        let data = app.edit("{ jobs { totalCount } }", json!({})).await;
        assert_eq!(data["jobs"]["totalCount"], 0);
    }

    async fn an_import_goes_on_after_a_restart(database: Database) {
        let publisher = Publisher::start().await;
        let slow = std::time::Duration::from_millis(300);
        let mut document = String::new();
        for number in 0..40 {
            let path = format!("/feed{number}");
            publisher.set(&path, Page::rss(feed(&path)).after(slow));
            writeln!(document, "{} \"~Feed {number}\"", publisher.url(&path)).unwrap();
        }
        let app = Editor::alive(&database).await;
        let data = app.edit(IMPORT, json!({"input": {"document": document}})).await;
        let id = data["importSubscriptions"]["job"]["id"].as_str().expect("an id").to_owned();
        eventually("a first item", || async {
            let job = app.edit("query($id: ID!) { node(id: $id) { ... on Job { done } } }", json!({"id": id})).await;
            (job["node"]["done"].as_i64()? > 0).then_some(())
        })
        .await;
        let token = app.client.token.clone().expect("a token");
        app.app.stop().await;
        let app = TestApp::on(&database).alive().start().await;
        let client = app.client.with_token(&token);
        let app = Editor { app, client };
        let job = app.finished_job(&id).await;
        assert_eq!(counts(&job), [40, 40, 40, 0, 0]);
        let data = app.edit("{ sources { totalCount } entries { totalCount } }", json!({})).await;
        assert_eq!(data, json!({"sources": {"totalCount": 40}, "entries": {"totalCount": 40}}));
    }
}
