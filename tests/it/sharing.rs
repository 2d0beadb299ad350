//! Subscriptions that many share: an event costs the same however many are told of it, and each is told from its own
//! place in the change log.

use entity::Role;
use serde_json::{Value, json};

use crate::support::{Client, Item, Live, Page, Publisher, TestApp, rss};

const ADDED: &str = "subscription($after: String) { entryAdded(after: $after) { cursor entry { title source { title } } } }";

fn publish(publisher: &Publisher, count: usize) {
    let items: Vec<Item> = (0..count)
        .map(|n| Item::new(&format!("e{n}"), "2025-03-01T10:00:00Z").titled(&format!("e{n}")))
        .collect();
    publisher.set(
        "/feed",
        Page::rss(rss("Feed", "https://blog.example/", &items)),
    );
}

/// The titles of the next entries.
async fn take(live: &mut Live, count: usize) -> Vec<String> {
    let mut titles = Vec::new();
    for _ in 0..count {
        let title = live.next().await["entryAdded"]["entry"]["title"].take();
        titles.push(title.as_str().expect("a title").to_owned());
    }
    titles.sort();
    titles
}

async fn cursor(client: &Client) -> Value {
    client.query("{ changeCursor }", json!({})).await["changeCursor"].take()
}

on_each_database! {
    async fn an_event_is_executed_once_for_all_who_asked_the_same(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        publish(&publisher, 1);
        app.follow(&publisher.url("/feed")).await;
        app.poll().await;
        let start = cursor(&app.client).await;
        let statements = || app.app.parts().store.statements();
        let mut clients = Vec::new();
        let mut costs = Vec::new();
        // Alone, then with twenty more.
        for (round, more) in [1, 20].into_iter().enumerate() {
            for _ in 0..more {
                let mut live = app.client.subscribe(ADDED, json!({"after": start})).await;
                take(&mut live, round).await;
                clients.push(live);
            }
            let before = statements();
            publish(&publisher, round + 2);
            app.poll_again().await;
            for live in &mut clients {
                assert_eq!(take(live, 1).await, [format!("e{}", round + 1)]);
            }
            costs.push(statements() - before);
        }
        // What a look at the change log that happens by itself, and each one's last look before joining, may add.
        assert!(costs[1] <= costs[0] + 25, "{costs:?}");
    }

    async fn each_is_told_from_its_own_place(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        publish(&publisher, 1);
        app.follow(&publisher.url("/feed")).await;
        app.poll().await;
        let start = cursor(&app.client).await;
        let mut now = app.client.subscribe(ADDED, json!({})).await;
        let mut first = app.client.subscribe(ADDED, json!({"after": start})).await;
        // Whoever is told of it now has begun before.
        crate::support::eventually("all have begun", || async {
            publish(&publisher, 2);
            (app.poll_again().await.added == 1).then_some(())
        }).await;
        assert_eq!(take(&mut first, 1).await, ["e1"]);
        let middle = cursor(&app.client).await;
        publish(&publisher, 4);
        app.poll_again().await;
        let mut second = app.client.subscribe(ADDED, json!({"after": middle})).await;
        let mut late = app.client.subscribe(ADDED, json!({"after": start})).await;
        assert_eq!(take(&mut first, 2).await, ["e2", "e3"]);
        assert_eq!(take(&mut second, 2).await, ["e2", "e3"]);
        assert_eq!(take(&mut late, 3).await, ["e1", "e2", "e3"]);
        publish(&publisher, 5);
        app.poll_again().await;
        for live in [&mut first, &mut second, &mut late] {
            assert_eq!(take(live, 1).await, ["e4"]);
        }
        let told = take(&mut now, 1).await;
        assert!(told[0].starts_with('e') && told[0] != "e0", "{told:?}");
    }

    async fn what_only_editors_see_reaches_only_editors(database: Database) {
        let app = TestApp::start(&database).await;
        let editor = app.client_as(Role::Editor).await;
        let start = cursor(&app.client).await;
        let document = "subscription($after: String) { changes(after: $after) { ... on SourceAdded { source { feedUrl polling { reason } } } } }";
        let mut all = Vec::new();
        for client in [&app.client, &editor, &app.client, &editor] {
            all.push(client.subscribe(document, json!({"after": start})).await);
        }
        for url in ["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"] {
            app.follow(url).await;
            for (number, live) in all.iter_mut().enumerate() {
                let source = live.next().await["changes"]["source"].take();
                assert_eq!(source["feedUrl"], url);
                assert_eq!(source["polling"].is_null(), number % 2 == 0, "{source}");
            }
        }
    }

    async fn a_subscription_that_cannot_begin_says_why(database: Database) {
        let app = TestApp::start(&database).await;
        for (variables, code) in [(json!({"after": "rubbish"}), "INVALID_CURSOR"), (json!({}), "INVALID_ARGUMENT")] {
            let document = if code == "INVALID_ARGUMENT" {
                "subscription { entryAdded(filter: {planet: \"nowhere\"}) { cursor } }"
            } else {
                ADDED
            };
            for _ in 0..2 {
                let message = app.client.subscribe(document, variables.clone()).await.message().await;
                if message["type"] == "error" {
                    assert_eq!(message["payload"][0]["extensions"]["code"], code);
                } else {
                    assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], code, "{message}");
                }
            }
        }
    }
}
