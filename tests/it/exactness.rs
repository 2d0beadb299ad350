//! Exactness under load: while visits are stored, entries change and entries go, many clients page, ask for changes, and
//! hold subscriptions that are cut at random. Each must end with an exact copy, told of every change once. A few of
//! each as a rule; `FEEDGRAPH_TEST_LOAD=full` makes it 20 writers and 50 clients.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use entity::EntryId;
use feedgraph::store::{EntryFilter, EntryOrder, Slice, Store};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::storing::made;
use crate::support::{Client, Database, Kind, TestApp, run_on, within};

const CHANGE: &str = "__typename ... on EntryAdded { cursor entry { id title } }
    ... on EntryUpdated { cursor entry { id title } } ... on EntryRemoved { cursor entryId }
    ... on SourceAdded { cursor } ... on SourceUpdated { cursor } ... on SourceRemoved { cursor }";
const PAGE: &str = "query($after: String) { changeCursor entries(first: 20, after: $after) {
    nodes { id title } pageInfo { hasNextPage endCursor } } }";
/// Stored after everything else.
const END: &str = "the end";

#[derive(Clone, Copy)]
struct Size {
    writers: usize,
    visits: usize,
    clients: usize,
    /// How long all clients together may take to hear of the end.
    patience: Duration,
}

fn size() -> Size {
    if std::env::var_os("FEEDGRAPH_TEST_LOAD").is_some_and(|value| value == "full") {
        return Size {
            writers: 20,
            visits: 25,
            clients: 50,
            patience: Duration::from_mins(10),
        };
    }
    Size {
        writers: 4,
        visits: 5,
        clients: 10,
        patience: Duration::from_mins(1),
    }
}

/// What a client holds.
#[derive(Default)]
struct Held {
    entries: HashMap<String, String>,
    told: HashSet<String>,
    cursor: String,
}

impl Held {
    fn apply(&mut self, change: &Value) {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        if let Some(cursor) = change["cursor"].as_str() {
            assert!(self.told.insert(cursor.to_owned()), "told twice: {change}");
            cursor.clone_into(&mut self.cursor);
        }
        match change["__typename"].as_str() {
            Some("EntryAdded" | "EntryUpdated") => {
                let entry = &change["entry"];
                self.entries
                    .insert(text(&entry["id"]), text(&entry["title"]));
            }
            Some("EntryRemoved") => {
                self.entries.remove(&text(&change["entryId"]));
            }
            _ => {}
        }
    }

    fn is_complete(&self) -> bool {
        self.entries.values().any(|title| title == END)
    }
}

fn any<T>(of: &[T]) -> &T {
    &of[rand::random_range(0..of.len())]
}

/// Asks for changes, page by page, until the end is among them.
async fn sync(nodes: &[Client], held: &mut Held) {
    let document = format!(
        "query($after: String) {{ changes(after: $after, first: 30) {{ edges {{ node {{ {CHANGE} }} }} pageInfo {{ endCursor }} }} }}"
    );
    while !held.is_complete() {
        let data = any(nodes)
            .query(&document, json!({"after": held.cursor}))
            .await;
        for edge in data["changes"]["edges"].as_array().expect("edges") {
            held.apply(&edge["node"]);
        }
        if let Some(end) = data["changes"]["pageInfo"]["endCursor"].as_str() {
            end.clone_into(&mut held.cursor);
        }
    }
}

/// Reads all pages, again and again while entries come, then asks for what came since the last time.
async fn page(nodes: &[Client], held: &mut Held) {
    loop {
        let mut after = Value::Null;
        *held = Held::default();
        loop {
            let data = any(nodes).query(PAGE, json!({"after": after})).await;
            if after.is_null() {
                data["changeCursor"]
                    .as_str()
                    .expect("a cursor")
                    .clone_into(&mut held.cursor);
            }
            for node in data["entries"]["nodes"].as_array().expect("nodes") {
                let (id, title) = (
                    node["id"].as_str().expect("an id"),
                    node["title"].as_str().expect("a title"),
                );
                let known = held.entries.insert(id.to_owned(), title.to_owned());
                assert_eq!(known, None, "the same entry on two pages");
            }
            if data["entries"]["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = data["entries"]["pageInfo"]["endCursor"].clone();
        }
        // The last of several passes goes on with what changed meanwhile.
        if held.entries.len() > 30 {
            return sync(nodes, held).await;
        }
    }
}

/// Holds a WebSocket, drops it after a few events, and goes on elsewhere.
async fn socket(nodes: &[Client], held: &mut Held) {
    let document =
        format!("subscription($after: String) {{ changes(after: $after) {{ {CHANGE} }} }}");
    while !held.is_complete() {
        let mut live = any(nodes)
            .subscribe(&document, json!({"after": held.cursor}))
            .await;
        for _ in 0..rand::random_range(1..40) {
            held.apply(&live.next().await["changes"]);
            if held.is_complete() {
                return;
            }
        }
    }
}

/// The same with server-sent events.
async fn events(nodes: &[Client], held: &mut Held) {
    let document =
        format!("subscription($from: String) {{ changes(after: $from) {{ {CHANGE} }} }}");
    while !held.is_complete() {
        let client = any(nodes);
        let body = json!({"query": document, "variables": {"from": held.cursor}}).to_string();
        let request = client
            .http
            .post(format!("{}/graphql/stream", client.origin))
            .body(body);
        let request = request
            .header("content-type", "application/json")
            .header("accept", "text/event-stream");
        let mut response = within("a stream", request.send()).await.expect("a stream");
        let mut left = rand::random_range(1..40);
        let mut text = String::new();
        while left > 0 && !held.is_complete() {
            let chunk = within("an event", response.chunk())
                .await
                .expect("a chunk")
                .expect("it goes on");
            text.push_str(std::str::from_utf8(&chunk).expect("text"));
            while let Some((event, rest)) = text.split_once("\n\n") {
                if let Some((_, data)) = event.split_once("data: ") {
                    let data: Value = serde_json::from_str(data).expect("JSON");
                    held.apply(&data["data"]["changes"]);
                    left -= 1;
                }
                text = rest.to_owned();
            }
        }
    }
}

async fn client(number: usize, nodes: Vec<Client>, start: String) -> Held {
    let mut held = Held {
        cursor: start,
        ..Held::default()
    };
    match number % 5 {
        0 => sync(&nodes, &mut held).await,
        1 => page(&nodes, &mut held).await,
        2 => events(&nodes, &mut held).await,
        _ => socket(&nodes, &mut held).await,
    }
    held
}

/// Stores visits of a source of its own: new entries, changed ones, and now and then one goes.
async fn writer(store: Store, number: usize, visits: usize) {
    let source = made::source(&store, &format!("https://{number}.example/feed"))
        .await
        .id;
    for visit in 0..visits {
        let at = made::START.plus_seconds(i64::try_from(visit).expect("few") * 60);
        let entries = (0..=visit * 3 + 2).map(|entry| {
            let guid = format!("{number}-{entry}");
            let mut draft = made::dated(&guid, at.plus_seconds(-3_600));
            let version = if entry % 4 == visit % 4 { visit } else { 0 };
            draft.title = format!("{guid} as of {version}");
            draft.content_hash = made::key(&draft.title);
            draft
        });
        made::read(&store, source, at, entries.collect()).await;
        if visit % 3 == 2 {
            let filter = EntryFilter {
                source_ids: Some(vec![source]),
                ..EntryFilter::default()
            };
            let page = store
                .list_entries(&filter, EntryOrder::PublishedDesc, &Slice::first(1))
                .await;
            let id: EntryId = page.expect("a page").rows[0].id;
            store.remove_entry(id, at).await.expect("a store");
        }
    }
}

async fn truth(node: &Client) -> HashMap<String, String> {
    let mut held = Held::default();
    let mut after = Value::Null;
    loop {
        let data = node.query(PAGE, json!({"after": after})).await;
        for node in data["entries"]["nodes"].as_array().expect("nodes") {
            let (id, title) = (
                node["id"].as_str().expect("an id"),
                node["title"].as_str().expect("a title"),
            );
            held.entries.insert(id.to_owned(), title.to_owned());
        }
        if data["entries"]["pageInfo"]["hasNextPage"] == false {
            return held.entries;
        }
        after = data["entries"]["pageInfo"]["endCursor"].clone();
    }
}

async fn every_client_ends_with_an_exact_copy(database: &Database, nodes: usize) {
    let size = size();
    let mut apps = Vec::new();
    for _ in 0..nodes {
        apps.push(TestApp::start(database).await);
    }
    let asked: Vec<Client> = apps.iter().map(|app| app.client.clone()).collect();
    let start = asked[0].query("{ changeCursor }", json!({})).await["changeCursor"]
        .as_str()
        .expect("a cursor")
        .to_owned();
    let clients: Vec<_> = (0..size.clients)
        .map(|number| tokio::spawn(client(number, asked.clone(), start.clone())))
        .collect();
    let stores: Arc<[Store]> = apps
        .iter()
        .map(|app| app.app.parts().store.clone())
        .collect();
    let writers = (0..size.writers)
        .map(|number| tokio::spawn(writer(stores[number % nodes].clone(), number, size.visits)));
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("a writer");
    }
    let last = made::source(&stores[0], "https://last.example/feed")
        .await
        .id;
    let mut end = made::dated("end", made::START);
    END.clone_into(&mut end.title);
    made::read(&stores[0], last, made::START.plus_seconds(9_000), vec![end]).await;

    let ends = timeout(size.patience, futures::future::join_all(clients)).await;
    let ends = ends.expect("every client hears of the end in time");
    let copies: Vec<Held> = ends.into_iter().map(|end| end.expect("a client")).collect();
    let truth = truth(&asked[0]).await;
    assert!(
        truth.len() > size.writers * size.visits * 2,
        "{} entries",
        truth.len()
    );
    for (number, held) in copies.iter().enumerate() {
        assert_eq!(held.entries, truth, "client {number}");
    }
    for app in apps {
        app.stop().await;
    }
}

on_each_database! {
    async fn under_load_every_client_ends_with_an_exact_copy(database: Database) {
        every_client_ends_with_an_exact_copy(&database, 1).await;
    }
}

#[test]
fn over_two_nodes_every_client_ends_with_an_exact_copy() {
    run_on(Kind::Postgres, async |database: Database| {
        every_client_ends_with_an_exact_copy(&database, 2).await;
    });
}
