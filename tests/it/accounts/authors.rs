//! What editors say of authors, and that polls leave it so.

use entity::Role;
use serde_json::{Value, json};

use crate::support::{Client, Page, Publisher, TestApp, only_refusal, refusals, text};

const UPDATE: &str = "mutation($input: UpdateAuthorInput!) { updateAuthor(input: $input) {
    author { id name url avatarUrl } userErrors { path code message } } }";
const MERGE: &str = "mutation($into: ID!, $from: [ID!]!) { mergeAuthors(into: $into, from: $from) {
    author { id name entries(first: 10) { totalCount nodes { title } } sources { title } } userErrors { path code message } } }";
const AUTHORS: &str = "{ authors(first: 10) { nodes { id name entries(first: 10) { totalCount nodes { title } } sources { title } } } }";

fn feed(items: &[(&str, &[&str])]) -> String {
    let item = |(title, authors): &(&str, &[&str])| {
        let authors: Vec<String> = authors
            .iter()
            .map(|name| format!("<author><name>{name}</name></author>"))
            .collect();
        let authors = authors.concat();
        format!(
            "<entry><id>urn:{title}</id><title>{title}</title><updated>2024-03-01T10:00:00Z</updated>{authors}</entry>"
        )
    };
    let items = items.iter().map(item).collect::<Vec<_>>().concat();
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:f</id><title>Blog</title><updated>2024-03-01T10:00:00Z</updated>{items}</feed>"
    )
}

struct Blog {
    app: TestApp,
    publisher: Publisher,
    editor: Client,
    source: String,
}

impl Blog {
    async fn start(database: &crate::support::Database) -> Self {
        let app = TestApp::start(database).await;
        let publisher = Publisher::start().await;
        let editor = app.client_as(Role::Editor).await;
        let mut blog = Self {
            app,
            publisher,
            editor,
            source: String::new(),
        };
        blog.publish(&[
            ("one", &["Ann"]),
            ("two", &["A. Smith", "Ann"]),
            ("three", &["Bob"]),
        ]);
        let added = blog.editor.query("mutation($url: URL!) { addSource(input: {url: $url}) { source { id } userErrors { message } } }", json!({"url": blog.publisher.url("/feed")})).await;
        blog.source = text(&added["addSource"]["source"]["id"]);
        blog
    }

    fn publish(&self, items: &[(&str, &[&str])]) {
        self.publisher.set("/feed", Page::atom(feed(items)));
    }

    async fn poll(&self) {
        self.app.clock.advance(60_000);
        let polled = self.editor.query("mutation($id: ID!) { refreshSource(id: $id) { attempt { outcome message } userErrors { message } } }", json!({"id": self.source})).await;
        assert_eq!(
            polled["refreshSource"]["attempt"]["outcome"], "CHANGED",
            "{polled}"
        );
    }

    async fn author(&self, name: &str) -> Value {
        let data = self.editor.query(AUTHORS, json!({})).await;
        let found = data["authors"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|author| author["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}: {data}")).clone()
    }

    async fn count(&self, name: &str) -> Value {
        self.author(name).await["entries"]["totalCount"].clone()
    }

    async fn names_of(&self, title: &str) -> Value {
        let data = self
            .editor
            .query(
                "{ entries(first: 20) { nodes { title authors { name } } } }",
                json!({}),
            )
            .await;
        let entry = data["entries"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["title"] == title)
            .unwrap()
            .clone();
        entry["authors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|author| author["name"].clone())
            .collect()
    }

    async fn changes(&self, after: &Value) -> Vec<String> {
        let data = self.editor.query("query($after: String) { changes(first: 100, after: $after) { edges { node { __typename
            ... on EntryUpdated { entry { title authors { name } } } ... on SourceUpdated { source { title } } } } } }", json!({"after": after})).await;
        let mut kinds: Vec<String> = data["changes"]["edges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| {
                let node = &edge["node"];
                format!(
                    "{} {}",
                    text(&node["__typename"]),
                    node["entry"]["title"].as_str().unwrap_or_default()
                )
            })
            .collect();
        kinds.sort();
        kinds
    }

    async fn cursor(&self) -> Value {
        self.editor.query("{ changeCursor }", json!({})).await["changeCursor"].clone()
    }
}

on_each_database! {
    async fn an_editors_words_of_an_author_outlast_polls(database: Database) {
        let blog = Blog::start(&database).await;
        let id = text(&blog.author("Ann").await["id"]);
        let cursor = blog.cursor().await;
        let update = async |input: Value| blog.editor.query(UPDATE, json!({"input": input})).await["updateAuthor"].clone();
        let changed = update(json!({"id": id, "name": " Ann  Smith ", "url": "https://ann.example/"})).await;
        assert_eq!(changed["author"], json!({"id": id, "name": "Ann Smith", "url": "https://ann.example/", "avatarUrl": null}));
        assert_eq!(blog.changes(&cursor).await, ["EntryUpdated one", "EntryUpdated two", "SourceUpdated "]);
        blog.publish(&[("one", &["Ann"]), ("two", &["Ann"]), ("three", &["Bob"]), ("four", &["Ann"])]);
        blog.poll().await;
        assert_eq!((blog.count("Ann Smith").await, blog.names_of("four").await), (json!(3), json!(["Ann Smith"])));
        let cursor = blog.cursor().await;
        assert_eq!(refusals(&update(json!({"id": id, "name": "Ann Smith"})).await), []);
        assert_eq!(blog.changes(&cursor).await, Vec::<String>::new(), "nothing changed");
        assert_eq!(update(json!({"id": id, "url": null})).await["author"]["url"], Value::Null);
        for (input, path, code) in [
            (json!({"id": id, "name": ""}), "input.name", "INVALID_VALUE"), (json!({"id": id, "name": null}), "input.name", "INVALID_VALUE"),
            (json!({"id": id, "name": "n".repeat(201)}), "input.name", "TOO_LONG"), (json!({"id": id, "url": "javascript:x"}), "input.url", "INVALID_URL"),
            (json!({"id": "author:99999", "name": "x"}), "input.id", "NOT_FOUND"), (json!({"id": "user:1", "name": "x"}), "input.id", "INVALID_VALUE"),
        ] {
            assert_eq!(only_refusal(&update(input).await), (path.to_owned(), code.to_owned()));
        }
    }

    async fn merged_authors_are_one_also_after_polls(database: Database) {
        let blog = Blog::start(&database).await;
        let (ann, smith, bob) = (text(&blog.author("Ann").await["id"]), text(&blog.author("A. Smith").await["id"]), text(&blog.author("Bob").await["id"]));
        let merge = async |into: &str, from: Value| blog.editor.query(MERGE, json!({"into": into, "from": from})).await["mergeAuthors"].clone();
        let cursor = blog.cursor().await;
        let merged = merge(&ann, json!([smith])).await;
        assert_eq!(merged["author"]["entries"]["totalCount"], 2, "{merged}");
        assert_eq!(merged["author"]["entries"]["nodes"].as_array().unwrap().len(), 2);
        assert_eq!(blog.names_of("two").await, json!(["Ann"]), "named once");
        assert_eq!(blog.changes(&cursor).await, ["EntryUpdated two", "SourceUpdated "]);
        let former = blog.editor.query("query($id: ID!) { author(id: $id) { id name } }", json!({"id": smith})).await;
        assert_eq!(former["author"], json!({"id": ann, "name": "Ann"}));
        blog.publish(&[("one", &["Ann"]), ("two", &["A. Smith", "Ann"]), ("three", &["Bob", "A. Smith"]), ("four", &["A. Smith"])]);
        blog.poll().await;
        assert_eq!((blog.count("Ann").await, blog.names_of("four").await, blog.names_of("three").await), (json!(4), json!(["Ann"]), json!(["Bob", "Ann"])));
        let cursor = blog.cursor().await;
        let again = merge(&ann, json!([smith, smith])).await;
        assert_eq!((refusals(&again), blog.changes(&cursor).await), (vec![], vec![]), "idempotent");
        assert_eq!(refusals(&merge(&bob, json!([ann])).await), []);
        let all = blog.author("Bob").await;
        assert_eq!((&all["entries"]["totalCount"], &all["sources"]), (&json!(4), &json!([{"title": "Blog"}])));
        let authors = blog.editor.query("{ authors { totalCount } }", json!({})).await;
        assert_eq!(authors["authors"]["totalCount"], 1);
        blog.publish(&[("five", &["A. Smith"]), ("six", &["Ann"])]);
        blog.poll().await;
        assert_eq!((blog.count("Bob").await, blog.names_of("five").await), (json!(6), json!(["Bob"])), "names lead on");
        for (into, from, path, code) in [
            (bob.as_str(), json!([bob]), "from.0", "INVALID_VALUE"), (bob.as_str(), json!(["author:99999"]), "from.0", "NOT_FOUND"),
            (bob.as_str(), json!([smith, "entry:1"]), "from.1", "INVALID_VALUE"), ("author:99999", json!([bob]), "into", "NOT_FOUND"),
            ("x", json!([bob]), "into", "INVALID_VALUE"),
        ] {
            assert_eq!(only_refusal(&merge(into, from).await), (path.to_owned(), code.to_owned()));
        }
        let removed = blog.editor.query("mutation($id: ID!) { removeSource(id: $id) { removedId } }", json!({"id": blog.source})).await;
        assert_eq!(removed["removeSource"]["removedId"], blog.source);
        let authors = blog.editor.query("{ authors { totalCount } }", json!({})).await;
        assert_eq!(authors["authors"]["totalCount"], 0, "counters came out right");
    }
}
