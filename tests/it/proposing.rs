//! Proposals: anyone proposes, editors decide, the proposer follows what becomes of it.

use entity::Role;
use serde_json::{Value, json};

use crate::support::{Client, Item, Page, Publisher, TestApp, only_refusal, rss};

const PROPOSE: &str = "mutation($input: ProposeSourceInput!) { proposeSource(input: $input) {
    proposal { id feedUrl title state preview { entryCount newestTitles } } token followedAs { id }
    userErrors { path code message } } }";
const APPROVE: &str =
    "mutation($id: ID!, $slugs: [String!]) { approveProposal(id: $id, planetSlugs: $slugs) {
    proposal { state source { feedUrl planets { slug } } } userErrors { path code message } } }";
const DECLINE: &str =
    "mutation($id: ID!, $reason: String!) { declineProposal(id: $id, reason: $reason) {
    proposal { state reason } userErrors { path code message } } }";
const FOLLOW: &str =
    "query($token: String!) { proposal(token: $token) { state reason source { title } } }";

async fn propose(client: &Client, url: &str) -> Value {
    let input = json!({"url": url, "note": "Mine."});
    client.query(PROPOSE, json!({"input": input})).await["proposeSource"].take()
}

fn publish(publisher: &Publisher, path: &str) {
    let items = [Item::new("one", "2025-12-01T10:00:00Z")];
    publisher.set(
        path,
        Page::rss(rss(&format!("Blog {path}"), "http://blog.example/", &items)),
    );
}

on_each_database! {
    async fn a_proposal_is_looked_at_approved_or_declined_and_followed_by_its_token(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        publish(&publisher, "/a");
        publish(&publisher, "/b");
        let editor = app.client_as(Role::Editor).await;
        let made = propose(&app.client, &publisher.url("/a")).await;
        assert_eq!(made["userErrors"], json!([]), "{made}");
        let proposal = &made["proposal"];
        assert_eq!((&proposal["title"], &proposal["state"]), (&json!("Blog /a"), &json!("PENDING")));
        assert_eq!(proposal["preview"], json!({"entryCount": 1, "newestTitles": ["Title of one"]}));
        let token = made["token"].as_str().expect("a token");
        assert!(token.len() >= 43, "it cannot be guessed");
        assert_eq!(app.client.query("{ sources { totalCount } }", json!({})).await["sources"]["totalCount"], 0);
        let again = propose(&app.client, &publisher.url("/a")).await;
        assert_eq!(only_refusal(&again), ("input.url".to_owned(), "ALREADY_EXISTS".to_owned()));

        let data = editor.query("{ proposals(state: PENDING) { totalCount nodes { id note } } }", json!({})).await;
        assert_eq!(data["proposals"]["totalCount"], 1);
        let id = data["proposals"]["nodes"][0]["id"].clone();
        let data = editor.query(APPROVE, json!({"id": id, "slugs": ["planet"]})).await;
        assert_eq!(data["approveProposal"], json!({"userErrors": [], "proposal": {"state": "APPROVED",
            "source": {"feedUrl": publisher.url("/a"), "planets": [{"slug": "planet"}]}}}));
        let seen = app.client.query(FOLLOW, json!({"token": token})).await;
        assert_eq!(seen["proposal"], json!({"state": "APPROVED", "reason": null, "source": {"title": "Blog /a"}}));
        let data = editor.query(APPROVE, json!({"id": id})).await;
        assert_eq!(only_refusal(&data["approveProposal"]), ("id".to_owned(), "ALREADY_EXISTS".to_owned()));
        let followed = propose(&app.client, &publisher.url("/a")).await;
        assert_eq!(only_refusal(&followed).1, "ALREADY_EXISTS");
        assert!(followed["followedAs"]["id"].is_string(), "{followed}");

        let made = propose(&app.client, &publisher.url("/b")).await;
        let id = made["proposal"]["id"].clone();
        let data = editor.query(DECLINE, json!({"id": id, "reason": " "})).await;
        assert_eq!(only_refusal(&data["declineProposal"]), ("reason".to_owned(), "INVALID_VALUE".to_owned()));
        editor.query(DECLINE, json!({"id": id, "reason": "Off topic."})).await;
        let seen = app.client.query(FOLLOW, json!({"token": made["token"]})).await;
        assert_eq!(seen["proposal"], json!({"state": "DECLINED", "reason": "Off topic.", "source": null}));
        let seen = app.client.query(FOLLOW, json!({"token": "guessed"})).await;
        assert_eq!(seen["proposal"], Value::Null);
    }

    async fn wrong_and_too_many_proposals_are_refused(database: Database) {
        let app = TestApp::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/page", Page::html("<title>x</title>"));
        for (url, code) in [
            ("http://10.0.0.1/feed", "FORBIDDEN_ADDRESS"),
            ("http://[::ffff:169.254.169.254]/feed", "FORBIDDEN_ADDRESS"),
            (publisher.url("/page").as_str(), "NOT_A_FEED"),
            (publisher.url("/none").as_str(), "UNREACHABLE"),
        ] {
            let made = propose(&app.client, url).await;
            assert_eq!(only_refusal(&made), ("input.url".to_owned(), code.to_owned()), "{url}");
        }
        for (input, path, code) in [
            (json!({"url": "nowhere"}), "input.url", "INVALID_URL"),
            (json!({"url": "https://a.example/", "note": "x".repeat(1_001)}), "input.note", "TOO_LONG"),
            (json!({"url": "https://a.example/", "planetSlug": "none"}), "input.planetSlug.0", "NOT_FOUND"),
        ] {
            let data = app.client.query(PROPOSE, json!({"input": input})).await;
            assert_eq!(only_refusal(&data["proposeSource"]), (path.to_owned(), code.to_owned()), "{input}");
        }
        publish(&publisher, "/a");
        assert_eq!(propose(&app.client, &publisher.url("/a")).await["userErrors"], json!([]));
        let sixth = propose(&app.client, &publisher.url("/a")).await;
        assert_eq!(only_refusal(&sixth), ("input".to_owned(), "RATE_LIMITED".to_owned()));
        app.advance_seconds(3_600);
        assert_eq!(only_refusal(&propose(&app.client, &publisher.url("/a")).await).1, "ALREADY_EXISTS");
    }

    async fn a_server_may_take_no_proposals(database: Database) {
        let app = TestApp::on(&database).config(|config| config.proposals = false).start().await;
        let refused = propose(&app.client, "https://a.example/feed").await;
        assert_eq!(only_refusal(&refused), ("input".to_owned(), "INVALID_VALUE".to_owned()));
    }
}
