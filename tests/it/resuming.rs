//! A live client of the whole program that is cut off, and a server that is restarted: each entry comes
//! exactly once.

use serde_json::{Value, json};

use crate::support::{Item, Live, Page, Publisher, TestApp, rss};

const ADDED: &str =
    "subscription($after: String) { entryAdded(after: $after) { cursor entry { title } } }";

fn publish(publisher: &Publisher, count: usize) {
    let items: Vec<Item> = (0..count)
        .map(|n| {
            let id = format!("e{n}");
            Item::new(&id, &format!("2025-03-{:02}T10:00:00Z", n + 1)).titled(&id)
        })
        .collect();
    publisher.set(
        "/feed",
        Page::rss(rss("Feed", "https://blog.example/", &items)),
    );
}

/// Takes so many entries; gives their titles and leaves the last one's cursor.
async fn take(live: &mut Live, count: usize, cursor: &mut Value) -> Vec<String> {
    let mut titles = Vec::new();
    for _ in 0..count {
        let added = live.next().await["entryAdded"].take();
        titles.push(added["entry"]["title"].as_str().unwrap().to_owned());
        *cursor = added["cursor"].clone();
    }
    titles
}

fn titles(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|n| format!("e{n}")).collect()
}

on_each_database! {
    async fn each_entry_comes_once_over_a_cut_and_a_restart(database: Database) {
        let publisher = Publisher::start().await;
        publish(&publisher, 1);
        let app = TestApp::start(&database).await;
        app.follow(&publisher.url("/feed")).await;
        app.poll().await;
        let head = app.client.query("{ changeCursor }", json!({})).await;
        let mut cursor = head["changeCursor"].clone();

        let mut live = app.client.subscribe(ADDED, json!({"after": cursor})).await;
        publish(&publisher, 3);
        app.poll_again().await;
        let mut got = take(&mut live, 2, &mut cursor).await;
        drop(live);
        publish(&publisher, 5);
        app.poll_again().await;
        let mut live = app.client.subscribe(ADDED, json!({"after": cursor})).await;
        got.extend(take(&mut live, 1, &mut cursor).await);
        publish(&publisher, 6);
        app.poll_again().await;
        let clock = app.clock.clone();
        app.stop().await;

        let app = TestApp::on(&database).clock(clock).start().await;
        publish(&publisher, 7);
        app.poll_again().await;
        let mut live = app.client.subscribe(ADDED, json!({"after": cursor})).await;
        got.extend(take(&mut live, 3, &mut cursor).await);
        // Whatever came twice would come before this one.
        publish(&publisher, 8);
        app.poll_again().await;
        got.extend(take(&mut live, 1, &mut cursor).await);
        got.sort();
        assert_eq!(got, titles(1..8));
        app.stop().await;
    }
}
