//! How sources and planets are doing, as everyone sees it.

use serde_json::{Value, json};

use crate::support::{Editor, Item, Page, Publisher, rss};

const STATUS: &str =
    "query($id: ID!) { node(id: $id) { ... on Source { status statusSince statusReason } } }";
const HEALTH: &str =
    "{ planet { health { newestEntryAt oldestOverduePollAt sourcesByStatus { status count } } } }";

on_each_database! {
    async fn a_blogger_is_told_where_a_post_is(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/a", Page::rss(rss("A", "http://blog.example/", &[Item::new("one", "2025-12-01T10:00:00Z")])));
        let add = "mutation($url: URL!) { addSource(input: {url: $url}) { source { id } } }";
        let data = app.edit(add, json!({"url": publisher.url("/a")})).await;
        let id = data["addSource"]["source"]["id"].clone();
        let everyone = &app.app.client;
        let data = everyone.query(STATUS, json!({"id": id})).await;
        assert_eq!(data["node"], json!({"status": "ACTIVE", "statusSince": "2026-01-01T00:00:00Z",
            "statusReason": "It is read regularly, last on 1 January 2026, 00:00 UTC, without trouble."}));
        let counts = |active: i64, failing: i64, paused: i64, dead: i64| json!([
            {"status": "ACTIVE", "count": active}, {"status": "FAILING", "count": failing},
            {"status": "PAUSED", "count": paused}, {"status": "DEAD", "count": dead}]);
        let data = everyone.query(HEALTH, json!({})).await;
        assert_eq!(data["planet"]["health"], json!({"newestEntryAt": "2025-12-01T10:00:00Z",
            "oldestOverduePollAt": null, "sourcesByStatus": counts(1, 0, 0, 0)}));
        let pause = "mutation($id: ID!) { pauseSource(id: $id) { source { statusSince } } }";
        app.app.advance_seconds(60);
        let data = app.edit(pause, json!({"id": id})).await;
        assert_eq!(data["pauseSource"]["source"]["statusSince"], "2026-01-01T00:01:00Z");
        let data = everyone.query(STATUS, json!({"id": id})).await;
        assert_eq!(data["node"]["statusReason"], "An editor of this server has paused it. What was published meanwhile appears once it is resumed.");
        let resume = "mutation($id: ID!) { resumeSource(id: $id) { source { id } } }";
        app.edit(resume, json!({"id": id})).await;
        publisher.set("/a", Page::status(503));
        let mut seen = Value::Null;
        for _ in 0..20 {
            app.app.poll_again().await;
            seen = everyone.query(STATUS, json!({"id": id})).await["node"].take();
            if seen["status"] == "FAILING" { break; }
        }
        assert_eq!(seen["status"], "FAILING");
        let reason = seen["statusReason"].as_str().expect("words");
        assert!(reason.contains("its server answers with the status 503. It is tried again"), "{reason}");
        let data = everyone.query(HEALTH, json!({})).await;
        assert_eq!(data["planet"]["health"]["sourcesByStatus"], counts(0, 1, 0, 0));
        assert_eq!(data["planet"]["health"]["oldestOverduePollAt"], Value::Null);
        app.app.advance_seconds(60 * 24 * 60 * 60);
        let data = everyone.query(HEALTH, json!({})).await;
        assert!(data["planet"]["health"]["oldestOverduePollAt"].is_string(), "{data}");
    }
}
