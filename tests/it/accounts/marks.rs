//! Readers' marks through the front door.

use entity::Role;
use serde_json::{Value, json};

use crate::support::{Client, Item, Page, Publisher, TestApp, only_refusal, refusals, rss, text};

const MARK: &str = "mutation($input: MarkEntriesInput!) { markEntries(input: $input) {
    changedCount entries { id viewerState { read starred readAt starredAt } } userErrors { path code message } } }";
const ALL: &str = "mutation($filter: EntryFilter, $before: DateTime!) { markAllRead(filter: $filter, seenBefore: $before) {
    changedCount entries { id } userErrors { path code message } } }";

async fn unread(client: &Client, filter: Value) -> Value {
    let document = "query($filter: EntryFilter) { viewer { unreadCount(filter: $filter) } }";
    client.query(document, json!({"filter": filter})).await["viewer"]["unreadCount"].clone()
}

async fn titles(client: &Client, filter: Value) -> Vec<String> {
    let document = "query($filter: EntryFilter) { entries(first: 100, filter: $filter) { totalCount nodes { title } } }";
    let data = client.query(document, json!({"filter": filter})).await;
    let titles: Vec<String> = data["entries"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| text(&node["title"]))
        .collect();
    assert_eq!(data["entries"]["totalCount"], titles.len());
    titles
}

async fn mark(client: &Client, input: Value) -> Value {
    client.query(MARK, json!({"input": input})).await["markEntries"].clone()
}

/// A program with two blogs of three entries each.
async fn with_blogs(app: &TestApp, publisher: &Publisher) -> (Client, Vec<String>) {
    let editor = app.client_as(Role::Editor).await;
    for name in ["one", "two"] {
        let items = ["a", "b", "c"]
            .map(|item| Item::new(&format!("{name}-{item}"), "2024-03-01T10:00:00Z"));
        publisher.set(
            &format!("/{name}"),
            Page::rss(rss(name, "http://blog.example/", &items)),
        );
        let added = editor.query("mutation($url: URL!) { addSource(input: {url: $url}) { source { id } userErrors { message } } }", json!({"url": publisher.url(&format!("/{name}"))})).await;
        assert_eq!(added["addSource"]["userErrors"], json!([]));
    }
    let data = editor
        .query(
            "{ sources(orderBy: TITLE_ASC) { nodes { id } } }",
            json!({}),
        )
        .await;
    let sources = data["sources"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| text(&node["id"]))
        .collect();
    (editor, sources)
}

async fn ids(client: &Client) -> Vec<String> {
    let data = client
        .query(
            "{ entries(first: 100, orderBy: SEEN_ASC) { nodes { id } } }",
            json!({}),
        )
        .await;
    data["entries"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| text(&node["id"]))
        .collect()
}

on_each_database! {
    async fn marks_are_each_readers_own(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        let (editor, sources) = with_blogs(&app, &publisher).await;
        let reader = app.client_as(Role::Reader).await;
        let ids = ids(&reader).await;
        assert_eq!((unread(&reader, Value::Null).await, ids.len()), (json!(6), 6));
        let marked = mark(&reader, json!({"ids": [ids[0], ids[1], ids[0]], "read": true, "starred": true})).await;
        assert_eq!((&marked["changedCount"], refusals(&marked)), (&json!(2), vec![]));
        let state = &marked["entries"][0]["viewerState"];
        assert_eq!((&state["read"], &state["starred"]), (&json!(true), &json!(true)));
        assert_eq!((&state["readAt"], &state["starredAt"]), (&state["starredAt"], &state["readAt"]));
        assert!(state["readAt"].is_string());
        assert_eq!(mark(&reader, json!({"ids": [ids[0]], "read": true})).await["changedCount"], 0, "it is so already");
        assert_eq!(unread(&reader, Value::Null).await, 4);
        assert_eq!(unread(&reader, json!({"sourceIds": [sources[0]]})).await, 1);
        assert_eq!(unread(&reader, json!({"sourceIds": [sources[1]]})).await, 3);
        assert_eq!(unread(&reader, json!({"planet": "planet"})).await, 4);
        assert_eq!(unread(&editor, Value::Null).await, 6, "not the others'");
        assert_eq!(titles(&reader, json!({"starred": true})).await.len(), 2);
        assert_eq!(titles(&reader, json!({"unread": true})).await.len(), 4);
        assert_eq!(titles(&reader, json!({"unread": false, "starred": true, "sourceIds": [sources[0]]})).await.len(), 2);
        assert_eq!(titles(&reader, json!({"unread": true, "starred": true})).await.len(), 0);
        mark(&reader, json!({"ids": [ids[0]], "read": false, "starred": false})).await;
        assert_eq!((titles(&reader, json!({"starred": true})).await.len(), unread(&reader, Value::Null).await), (1, json!(5)));
        let seen = "{ entries(first: 6) { nodes { viewerState { read } } } }";
        assert!(app.client.query(seen, json!({})).await["entries"]["nodes"][0]["viewerState"].is_null());
        for filter in [json!({"unread": true}), json!({"starred": false})] {
            let code = app.client.code("query($f: EntryFilter) { entries(filter: $f) { totalCount } }", json!({"f": filter})).await;
            assert_eq!(code, "UNAUTHENTICATED");
        }
    }

    async fn wrong_ids_mark_nothing(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        with_blogs(&app, &publisher).await;
        let reader = app.client_as(Role::Reader).await;
        let good = ids(&reader).await[0].clone();
        for (wrong, code) in [("entry:999999", "NOT_FOUND"), ("source:1", "INVALID_VALUE"), ("", "INVALID_VALUE"), ("entry:1e3", "INVALID_VALUE")] {
            let refused = mark(&reader, json!({"ids": [good, wrong], "read": true})).await;
            assert_eq!(only_refusal(&refused), ("input.ids.1".to_owned(), code.to_owned()), "{wrong}");
            assert_eq!((&refused["changedCount"], unread(&reader, Value::Null).await), (&json!(0), json!(6)));
        }
        let many: Vec<&String> = std::iter::repeat_n(&good, 1_001).collect();
        assert_eq!(only_refusal(&mark(&reader, json!({"ids": many, "read": true})).await), ("input.ids".to_owned(), "TOO_LONG".to_owned()));
        assert_eq!(mark(&reader, json!({"ids": [], "read": true})).await["changedCount"], 0);
        let code = reader.code(ALL, json!({"filter": {"planet": "no-such"}, "before": "2024-03-01T00:00:00Z"})).await;
        assert_eq!(code, "INVALID_ARGUMENT");
    }

    async fn all_is_read_but_what_came_since(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        let (editor, sources) = with_blogs(&app, &publisher).await;
        let reader = app.client_as(Role::Reader).await;
        app.clock.advance(60_000);
        let loaded = editor.query("mutation { updateSource(input: {id: \"source:999\"}) { userErrors { code } } }", json!({})).await;
        assert_eq!(loaded["updateSource"]["userErrors"][0]["code"], "NOT_FOUND");
        let before = chrono::DateTime::from_timestamp_millis(app.clock.now().0).unwrap().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        app.clock.advance(60_000);
        let items = ["a", "b", "c", "d"].map(|item| Item::new(&format!("one-{item}"), "2024-03-01T10:00:00Z"));
        publisher.set("/one", Page::rss(rss("one", "http://blog.example/", &items)));
        editor.query("mutation($id: ID!) { refreshSource(id: $id) { attempt { added } userErrors { message } } }", json!({"id": sources[0]})).await;
        assert_eq!(unread(&reader, Value::Null).await, 7);
        let all = async |filter: Value| reader.query(ALL, json!({"filter": filter, "before": before})).await["markAllRead"].clone();
        let first = all(json!({"sourceIds": [sources[1]]})).await;
        assert_eq!(first, json!({"changedCount": 3, "entries": [], "userErrors": []}));
        assert_eq!(all(Value::Null).await["changedCount"], 3);
        assert_eq!(all(Value::Null).await["changedCount"], 0);
        assert_eq!(titles(&reader, json!({"unread": true})).await, ["Title of one-d"], "what came since stays unread");
        let state = reader.query("{ entries(first: 1, filter: {unread: false}) { nodes { viewerState { read readAt } } } }", json!({})).await;
        assert!(state["entries"]["nodes"][0]["viewerState"]["readAt"].is_string(), "{state}");
        editor.query("mutation($id: ID!) { removeSource(id: $id) { removedId } }", json!({"id": sources[1]})).await;
        assert_eq!(unread(&reader, Value::Null).await, 1);
        let gone = ids(&reader).await[0].clone();
        editor.query("mutation($id: ID!) { removeEntry(id: $id) { removedId } }", json!({"id": gone})).await;
        assert_eq!(unread(&reader, Value::Null).await, 1);
        assert_eq!(titles(&reader, json!({"unread": false})).await.len(), 2);
    }
}
