//! Answers that many get, through the front door: never stale after a change, never one's own to another, and not
//! sent again to who has them.

use std::collections::BTreeSet;

use entity::Role;
use feedgraph::http::HttpSettings;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{Client, Editor, Item, Page, Publisher, TestApp, eventually, rss};
use crate::tiny::Tiny;

/// All that an anonymous client may see and an editor may change.
const PORTRAIT: &str = "{ planets { nodes { slug title description link ownerName updatedAt links { title }
        sources { totalCount nodes { id } } entries { totalCount nodes { title } } } }
    sources { nodes { id title feedUrl siteUrl status tags planets { slug } } }
    entries { nodes { id title tags authors { name } } } authors { nodes { name } } tags { nodes { name entryCount } } }";

/// Mutations after which an answer that was kept must be another at once.
const CHANGING: &[&str] = &[
    "addSource",
    "updateSource",
    "pauseSource",
    "resumeSource",
    "refreshSource",
    "createPlanet",
    "updatePlanet",
    "addSourcesToPlanet",
    "removeSourcesFromPlanet",
    "removePlanet",
    "removeEntry",
    "removeSource",
];

/// The same for those whose work goes on behind the answer: at once when the job says that it is done.
const WORKING: &[&str] = &["importSubscriptions", "refreshSources"];

/// Mutations that change what is shown to everyone, each tried where it is at home: `ruling`, `proposing`, `accounts`.
const ELSEWHERE: &[&str] = &[
    "setRules",
    "restoreEntry",
    "proposeSource",
    "approveProposal",
    "declineProposal",
    "updateAuthor",
    "mergeAuthors",
];

/// Mutations that change nothing that is shown to everyone.
const PRIVATE: &[&str] = &[
    "createWebhook",
    "updateWebhook",
    "removeWebhook",
    "rotateWebhookSecret",
    "replayWebhookDeliveries",
    "signIn",
    "refreshSession",
    "signOut",
    "discoverFeeds",
    "cancelJob",
    "markEntries",
    "markAllRead",
    "createUser",
    "updateUser",
    "removeUser",
    "changePassword",
    "createApiToken",
    "revokeApiToken",
];

fn mutations() -> BTreeSet<String> {
    let sdl = feedgraph::graphql::sdl();
    let root = sdl
        .split("\ntype Mutation {\n")
        .nth(1)
        .expect("a root of writing");
    let root = root.split("\n}\n").next().expect("its end");
    let field = |line: &str| {
        let name = line.strip_prefix("  ")?;
        let end = name.find(['(', ':'])?;
        let name = &name[..end];
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
        is_name.then(|| name.to_owned())
    };
    root.lines().filter_map(field).collect()
}

#[test]
fn every_mutation_is_known_to_change_what_all_see_or_not() {
    let known: BTreeSet<String> = CHANGING
        .iter()
        .chain(WORKING)
        .chain(ELSEWHERE)
        .chain(PRIVATE)
        .map(|name| (*name).to_owned())
        .collect();
    let unknown: Vec<String> = mutations().difference(&known).cloned().collect();
    assert_eq!(
        unknown,
        Vec::<String>::new(),
        "say in tests/it/caching.rs which kind it is, and try it there"
    );
}

async fn get(client: &Client, query: &str, headers: &[(&str, &str)]) -> Response {
    let mut url: reqwest::Url = format!("{}/graphql", client.origin)
        .parse()
        .expect("an address");
    url.query_pairs_mut().append_pair("query", query);
    let mut request = client.http.get(url).header("accept", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(token) = &client.token {
        request = request.bearer_auth(token);
    }
    request.send().await.expect("an answer")
}

fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get_all(name).iter();
    let texts: Vec<&str> = value.map(|value| value.to_str().expect("text")).collect();
    texts.join(", ")
}

/// Makes sure that the portrait is kept, changes something, and looks at once whether it shows.
struct Watching<'a> {
    app: &'a Editor,
    tried: BTreeSet<String>,
}

impl Watching<'_> {
    async fn portrait(&self) -> Value {
        let anyone = &self.app.app.client;
        let first = anyone.query(PORTRAIT, json!({})).await;
        assert_eq!(anyone.query(PORTRAIT, json!({})).await, first);
        first
    }

    async fn change(&mut self, name: &str, arguments: &str) -> Value {
        let before = self.portrait().await;
        let data = self.ask(name, arguments).await;
        assert_ne!(
            self.app.app.client.query(PORTRAIT, json!({})).await,
            before,
            "{name}"
        );
        data
    }

    /// The same for what goes on behind the answer: it shows as soon as the job says that it is done.
    async fn work(&mut self, name: &str, arguments: &str) {
        let before = self.portrait().await;
        self.tried.insert(name.to_owned());
        let document =
            format!("mutation {{ {name}{arguments} {{ job {{ id }} userErrors {{ message }} }} }}");
        let data = self.app.edit(&document, json!({})).await;
        let job = data[name]["job"]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{data}"));
        self.app.finished_job(job).await;
        assert_ne!(
            self.app.app.client.query(PORTRAIT, json!({})).await,
            before,
            "{name}"
        );
    }

    async fn ask(&mut self, name: &str, arguments: &str) -> Value {
        self.tried.insert(name.to_owned());
        let document =
            format!("mutation {{ {name}({arguments}) {{ __typename userErrors {{ message }} }} }}");
        let data = self.app.edit(&document, json!({})).await;
        assert_eq!(data[name]["userErrors"], json!([]), "{name}");
        data
    }

    fn has_tried(&self, all: &[&str]) {
        let tried: BTreeSet<&str> = self.tried.iter().map(String::as_str).collect();
        assert_eq!(tried, all.iter().copied().collect());
    }

    async fn id(&self, what: &str) -> String {
        let data = self
            .app
            .app
            .client
            .query(&format!("{{ {what} {{ nodes {{ id }} }} }}"), json!({}))
            .await;
        let field = what.split('(').next().expect("a name");
        data[field]["nodes"][0]["id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }
}

fn feed(publisher: &Publisher, path: &str, entries: &[&str]) {
    let items: Vec<Item> = entries
        .iter()
        .map(|id| Item::new(id, "2024-03-01T10:00:00Z").by("Ann"))
        .collect();
    publisher.set(path, Page::rss(rss(path, "http://blog.example/", &items)));
}

on_each_database! {
    async fn what_an_editor_changes_shows_at_once(database: Database) {
        let app = Editor::start(&database).await;
        let publisher = Publisher::start().await;
        feed(&publisher, "/one", &["a", "b"]);
        let mut watching = Watching { app: &app, tried: BTreeSet::new() };

        let url = publisher.url("/one");
        watching.change("addSource", &format!("input: {{url: {url:?}}}")).await;
        let source = watching.id("sources").await;
        watching.change("updateSource", &format!("input: {{id: {source:?}, title: \"Mine\"}}")).await;
        watching.change("updateSource", &format!("input: {{id: {source:?}, tags: [\"new\"]}}")).await;
        watching.change("pauseSource", &format!("id: {source:?}")).await;
        watching.change("resumeSource", &format!("id: {source:?}")).await;
        feed(&publisher, "/one", &["a", "b", "d"]);
        watching.change("refreshSource", &format!("id: {source:?}")).await;
        watching.change("createPlanet", "input: {slug: \"p\", title: \"P\"}").await;
        let planet = watching.id("planets(last: 1)").await;
        watching.change("updatePlanet", &format!("input: {{id: {planet:?}, title: \"Q\"}}")).await;
        watching.change("updatePlanet", &format!("input: {{id: {planet:?}, links: [{{group: \"g\", title: \"t\", url: \"http://l.example/\"}}]}}")).await;
        let both = format!("planetId: {planet:?}, sourceIds: [{source:?}]");
        watching.change("addSourcesToPlanet", &both).await;
        watching.change("removeSourcesFromPlanet", &both).await;
        watching.change("removePlanet", &format!("id: {planet:?}")).await;
        let entry = watching.id("entries").await;
        watching.change("removeEntry", &format!("id: {entry:?}")).await;

        watching.change("removeSource", &format!("id: {source:?}")).await;
        watching.has_tried(CHANGING);
    }

    async fn what_a_job_changes_shows_at_once(database: Database) {
        let app = Editor::alive(&database).await;
        let publisher = Publisher::start().await;
        feed(&publisher, "/one", &["a", "b"]);
        let mut watching = Watching { app: &app, tried: BTreeSet::new() };
        let list = publisher.url("/one");
        watching.work("importSubscriptions", &format!("(input: {{document: {list:?}}})")).await;
        feed(&publisher, "/one", &["a", "b", "c"]);
        watching.work("refreshSources", "").await;
        watching.has_tried(WORKING);
    }

    async fn what_the_janitor_drops_shows_at_once(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        feed(&publisher, "/one", &["a", "b"]);
        app.follow(&publisher.url("/one")).await;
        app.poll().await;
        let query = "{ server { changesKeptSince } changes { edges { cursor } } }";
        let before = app.client.query(query, json!({})).await;
        let now = app.clock.now();
        app.app.parts().store.trim_changes(now.plus_seconds(1)).await.unwrap();
        assert_ne!(app.client.query(query, json!({})).await, before);
    }

    async fn who_has_an_answer_is_not_sent_it_again_and_nothing_is_read_for_it(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        feed(&publisher, "/one", &["a", "b"]);
        app.follow(&publisher.url("/one")).await;
        app.poll().await;
        let query = "{ entries { nodes { title source { title } } } }";
        let first = get(&app.client, query, &[]).await;
        let tag = header(&first, "etag");
        assert!(tag.starts_with('"') && tag.len() > 20, "{tag}");
        assert_eq!(header(&first, "cache-control"), "public, max-age=0, must-revalidate");
        let vary = header(&first, "vary");
        assert!(["accept", "authorization", "accept-encoding"].iter().all(|name| vary.contains(name)), "{vary}");
        let text = first.text().await.unwrap();

        let store = &app.app.parts().store;
        // A look at the change log that happens by itself may fall into the first try.
        eventually("an answer without a statement", || async {
            let before = store.statements();
            let again = get(&app.client, query, &[("if-none-match", &tag)]).await;
            assert_eq!((again.status(), header(&again, "etag")), (StatusCode::NOT_MODIFIED, tag.clone()));
            assert_eq!(again.text().await.unwrap(), "");
            let whole = get(&app.client, query, &[("if-none-match", "\"other\"")]).await;
            assert_eq!(whole.text().await.unwrap(), text);
            (store.statements() == before).then_some(())
        }).await;

        feed(&publisher, "/one", &["a", "b", "c"]);
        app.poll_again().await;
        let changed = get(&app.client, query, &[("if-none-match", &tag)]).await;
        assert_eq!(changed.status(), StatusCode::OK);
        assert_ne!(header(&changed, "etag"), tag);
    }

    async fn each_coding_has_a_tag_of_its_own(database: Database) {
        let app = TestApp::start(&database).await;
        let query = "{ __schema { types { name description } } }";
        let mut tags = BTreeSet::new();
        let mut sizes = Vec::new();
        for coding in ["identity", "gzip", "br"] {
            let response = get(&app.client, query, &[("accept-encoding", coding)]).await;
            let expected = if coding == "identity" { "" } else { coding };
            assert_eq!(header(&response, "content-encoding"), expected);
            let tag = header(&response, "etag");
            let again = get(&app.client, query, &[("accept-encoding", coding), ("if-none-match", &tag)]).await;
            assert_eq!((again.status(), header(&again, "etag")), (StatusCode::NOT_MODIFIED, tag.clone()));
            tags.insert(tag);
            sizes.push(response.bytes().await.unwrap().len());
        }
        assert_eq!(tags.len(), 3);
        assert!(sizes[1] < sizes[0] / 2 && sizes[2] < sizes[1], "{sizes:?}");
    }

    async fn nothing_of_one_viewer_reaches_another(database: Database) {
        let app = TestApp::start(&database).await;
        app.follow("http://127.0.0.1:1/feed").await;
        let editor = app.client_as(Role::Editor).await;
        let reader = app.client_as(Role::Reader).await;
        let who = "{ viewer { user { username } } }";
        let polling = "{ sources { nodes { title polling { reason } } } }";
        let mixed = "{ planet { title } sources { nodes { id } } viewer { user { username } } }";
        for _ in 0..3 {
            for (client, name) in [(&editor, json!("a-editor")), (&app.client, Value::Null), (&reader, json!("a-reader"))] {
                for query in [who, mixed] {
                    let answer = client.query(query, json!({})).await;
                    assert_eq!(answer["viewer"]["user"]["username"], name);
                    let response = get(client, query, &[]).await;
                    assert_eq!((header(&response, "cache-control"), header(&response, "etag")), ("private, no-store".to_owned(), String::new()));
                    let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
                    assert_eq!(answer["data"]["viewer"]["user"]["username"], name);
                }
                let answer = client.query(polling, json!({})).await;
                let sees = !answer["sources"]["nodes"][0]["polling"].is_null();
                assert_eq!(sees, name == "a-editor", "{name}");
                let code = client.execute("{ jobs { totalCount } }", json!({})).await;
                assert_eq!(code.get("errors").is_none(), name == "a-editor", "{code}");
            }
        }
        let public = "{ planet { title } }";
        let answer = app.client.query(public, json!({})).await;
        assert_eq!(reader.query(public, json!({})).await, answer);
        let response = get(&reader, public, &[]).await;
        assert_eq!((header(&response, "cache-control"), header(&response, "etag")), ("private, no-store".to_owned(), String::new()));
    }

    async fn answers_with_errors_and_to_posts_are_kept_by_nobody(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        for (query, tagged) in [("{hello}", true), ("{lost}", false), ("{broken}", false), ("{nope}", false)] {
            let response = tiny.ask(Method::GET, &format!("/graphql?query={query}")).send().await.unwrap();
            assert_eq!(response.headers().contains_key("etag"), tagged, "{query}");
            assert_eq!(header(&response, "cache-control") == "private, no-store", !tagged, "{query}");
        }
        let response = tiny.post("", &json!({"query": "{hello}"})).await;
        assert_eq!((header(&response, "etag"), header(&response, "cache-control")), (String::new(), "private, no-store".to_owned()));
    }
}
