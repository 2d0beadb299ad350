//! What becomes of entries that publishers change, move, double and take back: through the front door, from a local
//! publisher to the API, on both databases.

mod alike;
mod command;
mod edits;
mod identity;
mod order;
mod people;
mod rereading;
mod retracting;
mod steady;

use std::fmt::Write as _;

use entity::{Role, SourceId};
use feedgraph::poll::PollReport;
use serde_json::{Value, json};

use crate::support::{Database, Page, Publisher, TestApp};

/// An entry as a publisher writes it; what is empty is left out.
#[derive(Clone, Debug, Default)]
pub struct Post {
    pub id: String,
    pub link: String,
    pub title: String,
    pub published: String,
    pub updated: String,
    pub html: String,
    pub more: String,
}

impl Post {
    /// A post with a page, a date and a text of its own.
    pub fn new(name: &str) -> Self {
        Self {
            id: format!("tag:blog.example,2025:{name}"),
            link: format!("https://blog.example/{name}"),
            title: format!("All about {name}"),
            published: "2025-06-01T10:00:00Z".to_owned(),
            html: format!("<p>Here is what there is to say about {name}.</p>"),
            ..Self::default()
        }
    }

    /// The same with some parts changed.
    pub fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut post = self.clone();
        change(&mut post);
        post
    }
}

/// An Atom feed.
pub fn atom(posts: &[Post]) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
        <feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:at=\"http://purl.org/atompub/tombstones/1.0\">\
        <id>tag:blog.example,2025:feed</id><title>A blog</title><link href=\"https://blog.example/\"/>\n"
        .to_owned();
    for post in posts {
        text.push_str("<entry>");
        for (element, value) in [
            ("id", &post.id),
            ("title", &post.title),
            ("published", &post.published),
            ("updated", &post.updated),
        ] {
            if !value.is_empty() {
                write!(text, "<{element}>{}</{element}>", escape(value)).expect("text");
            }
        }
        if !post.link.is_empty() {
            write!(text, "<link href=\"{}\"/>", escape(&post.link)).expect("text");
        }
        let html = escape(&post.html);
        writeln!(
            text,
            "<content type=\"html\">{html}</content>{}</entry>",
            post.more
        )
        .expect("text");
    }
    text + "</feed>\n"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The program, and a publisher that it follows.
pub struct World {
    pub app: TestApp,
    pub publisher: Publisher,
}

/// What clients see of all entries.
const EVERYTHING: &str = "{ entries(first: 100) { nodes {
    id guid url title summary content publishedAt dateQuality updatedAt firstSeenAt authors { name url } tags
    revisions { title url content } } } }";

impl World {
    pub async fn start(database: &Database) -> Self {
        Self {
            app: TestApp::start(database).await,
            publisher: Publisher::start().await,
        }
    }

    /// Follows the feed at a path, which answers `body`, and reads it.
    pub async fn follow(&self, path: &str, body: String) -> SourceId {
        self.publisher.set(path, Page::atom(body));
        let source = self.app.follow(&self.publisher.url(path)).await;
        self.app.poll().await;
        source
    }

    /// The feed answers `body` from now on, and is read.
    pub async fn read(&self, path: &str, body: String) -> PollReport {
        self.publisher.set(path, Page::atom(body));
        self.app.poll_again().await
    }

    pub async fn ask(&self, document: &str) -> Value {
        self.app.client.query(document, json!({})).await
    }

    /// All entries, as clients see them.
    pub async fn entries(&self) -> Vec<Value> {
        let mut answer = self.ask(EVERYTHING).await;
        match answer["entries"]["nodes"].take() {
            Value::Array(nodes) => nodes,
            other => panic!("{other}"),
        }
    }

    /// One field of all entries, in their order.
    pub async fn all(&self, field: &str) -> Vec<String> {
        let entries = self.entries().await;
        let text = |entry: &Value| entry[field].as_str().unwrap_or("null").to_owned();
        entries.iter().map(text).collect()
    }

    /// What the change log tells of entries, oldest first.
    pub async fn told(&self) -> Vec<String> {
        let answer = self
            .ask("{ changes(first: 100) { edges { node { __typename } } } }")
            .await;
        let edges = answer["changes"]["edges"].as_array().expect("a list");
        let names = edges.iter().map(|edge| {
            edge["node"]["__typename"]
                .as_str()
                .expect("a name")
                .to_owned()
        });
        names.filter(|name| name.starts_with("Entry")).collect()
    }

    /// What was found in the feed as last read: codes with their counts.
    pub async fn findings(&self) -> Vec<(String, i64)> {
        let editor = self.app.client_as(Role::Editor).await;
        let answer = editor
            .query(
                "{ sources { nodes { polling { findings { code count } } } } }",
                json!({}),
            )
            .await;
        let findings = answer["sources"]["nodes"][0]["polling"]["findings"].clone();
        let findings = findings.as_array().expect("a list").iter();
        findings
            .map(|finding| {
                (
                    finding["code"].as_str().unwrap().to_owned(),
                    finding["count"].as_i64().unwrap(),
                )
            })
            .collect()
    }
}
