//! `feedgraph demo`: within seconds there is a planet that lives, without the internet.

use serde_json::json;

use crate::support::program::Running;
use crate::support::{Client, eventually};

#[tokio::test]
async fn the_demo_has_entries_and_new_ones_arrive_live() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "demo",
        "--every",
        "1",
        "--listen",
        "127.0.0.1:0",
        "--log",
        "warn",
    ];
    let mut demo = Running::start(folder.path(), &arguments);
    let graphiql = demo.says("GraphiQL").await;
    let password = demo.says("user admin, password ").await;
    let client = Client::anonymous(graphiql.trim_end_matches("/graphiql"));

    let mut live = client
        .subscribe(
            "subscription { entryAdded { entry { title source { title } } } }",
            json!({}),
        )
        .await;
    eventually("all eight blogs to be read", async || {
        let data = client
            .query(
                "{ planet { sources { totalCount } entries { totalCount } } }",
                json!({}),
            )
            .await;
        let entries = data["planet"]["entries"]["totalCount"].as_i64()?;
        (data["planet"]["sources"]["totalCount"] == 8 && entries >= 40).then_some(())
    })
    .await;
    let event = live.next().await;
    assert!(event["entryAdded"]["entry"]["title"].is_string(), "{event}");
    client.sign_in("admin", &password).await;

    assert!(demo.end_with("TERM").await);
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 0, "the demo leaves nothing behind");
}
