//! A signed-in editor of a running program. In: documents. Out: data, refusals as data, finished jobs.

use entity::Role;
use serde_json::{Value, json};

use super::app::Builder;
use super::{Client, Database, TestApp, eventually};

/// An editor and the program.
pub struct Editor {
    pub app: TestApp,
    pub client: Client,
}

/// A refusal: its path joined by dots, its code, its message.
pub type Refused = (String, String, String);

impl Editor {
    /// On a database, with a clock and a poller that move only when told.
    pub async fn start(database: &Database) -> Self {
        Self::of(TestApp::on(database)).await
    }

    /// On a database, with the machine's clock and a poller at work.
    pub async fn alive(database: &Database) -> Self {
        Self::of(TestApp::on(database).alive()).await
    }

    async fn of(builder: Builder) -> Self {
        let app = builder.start().await;
        let client = app.client_as(Role::Editor).await;
        Self { app, client }
    }

    /// The data of a document that must succeed.
    pub async fn edit(&self, document: &str, variables: Value) -> Value {
        self.client.query(document, variables).await
    }

    /// Follows a feed outside any planet and gives the source's id.
    pub async fn follow(&self, url: &str) -> String {
        let document = "mutation($url: URL!) { addSource(input: {url: $url, planetSlugs: []}) {
            source { id } userErrors { message } } }";
        let data = self.edit(document, json!({"url": url})).await;
        assert_eq!(data["addSource"]["userErrors"], json!([]));
        text(&data["addSource"]["source"]["id"])
    }

    /// A job once it has ended.
    pub async fn finished_job(&self, id: &str) -> Value {
        let document = "query($id: ID!) { node(id: $id) { ... on Job {
            status total done added alreadyThere failed finishedAt
            failures(first: 100) { totalCount nodes { url title code message } } } } }";
        eventually("the job's end", || async {
            let mut data = self.edit(document, json!({"id": id})).await;
            let job = data["node"].take();
            (!job["finishedAt"].is_null()).then_some(job)
        })
        .await
    }
}

/// What a payload refuses.
pub fn refusals(payload: &Value) -> Vec<Refused> {
    let errors = payload["userErrors"]
        .as_array()
        .expect("a list of user errors");
    let refused = |error: &Value| {
        let path = error["path"].as_array().expect("a path");
        let path: Vec<String> = path.iter().map(text).collect();
        (
            path.join("."),
            text(&error["code"]),
            text(&error["message"]),
        )
    };
    errors.iter().map(refused).collect()
}

/// The path and code of the only refusal in a payload.
pub fn only_refusal(payload: &Value) -> (String, String) {
    let mut refused = refusals(payload);
    assert_eq!(refused.len(), 1, "{refused:?}");
    let (path, code, _) = refused.remove(0);
    (path, code)
}

/// How many items a job has, and how they ended: total, done, added, already there, failed.
pub fn counts(job: &Value) -> [i64; 5] {
    ["total", "done", "added", "alreadyThere", "failed"]
        .map(|name| job[name].as_i64().expect("a count"))
}

/// A JSON string.
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}
