//! What one client may do to others, and who may know what: rates, live connections, prices, the schema, documents
//! that are only named. Over every transport.

use std::net::IpAddr;

use entity::Role;
use feedgraph::http::HttpSettings;
use futures::{SinkExt as _, StreamExt as _};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::support::{TestApp, eventually, within};
use crate::tiny::Tiny;

const STRICT: &str = "application/graphql-response+json";
const HERE: &str = "203.0.113.7";
const THERE: &str = "198.51.100.9";

/// A server behind a proxy on this machine.
fn behind_proxy() -> HttpSettings {
    HttpSettings {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..HttpSettings::default()
    }
}

async fn post(tiny: &Tiny, from: &str, path: &str, accept: &str, document: &str) -> Response {
    let request = tiny
        .ask(Method::POST, path)
        .header("content-type", "application/json")
        .header("accept", accept)
        .header("x-forwarded-for", from)
        .body(json!({"query": document}).to_string());
    within("an answer", request.send()).await.unwrap()
}

async fn code(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let code = body["errors"][0]["extensions"]["code"].as_str();
    (status, code.unwrap_or_default().to_owned())
}

type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// A socket, or the status that refused it.
async fn socket(tiny: &Tiny, from: &str) -> Result<Socket, u16> {
    let url = format!("{}/graphql/ws", tiny.url.replace("http", "ws"));
    let mut request = url.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert(
        "sec-websocket-protocol",
        "graphql-transport-ws".parse().unwrap(),
    );
    headers.insert("x-forwarded-for", from.parse().unwrap());
    match within("a socket", connect_async(request)).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

async fn say(socket: &mut Socket, message: Value) {
    socket
        .send(Message::text(message.to_string()))
        .await
        .unwrap();
}

/// The next message of a type.
async fn hear(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let message = within("a message", socket.next()).await.unwrap().unwrap();
        let message: Value = serde_json::from_str(message.to_text().unwrap()).unwrap_or_default();
        if message["type"] == kind {
            return message;
        }
    }
}

fn sha(document: &str) -> String {
    let bytes = Sha256::digest(document.as_bytes());
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

on_each_database! {
    async fn a_client_that_asks_too_much_waits_and_others_do_not(database: Database) {
        let settings = HttpSettings { rows_per_minute: 3, ..behind_proxy() };
        let tiny = Tiny::start(&database, settings).await;
        for _ in 0..3 {
            assert_eq!(post(&tiny, HERE, "/graphql", STRICT, "{ hello }").await.status(), 200);
        }
        let refused = post(&tiny, HERE, "/graphql", "application/json", "{ hello }").await;
        assert_eq!(refused.headers()["retry-after"], "20");
        assert_eq!(code(refused).await, (429, "RATE_LIMITED".into()));
        let streams = [("/graphql", "multipart/mixed"), ("/graphql/stream", "text/event-stream"), ("/graphql", STRICT)];
        for (path, accept) in streams {
            let refused = post(&tiny, HERE, path, accept, "{ hello }").await;
            assert_eq!(code(refused).await, (429, "RATE_LIMITED".into()), "{path} {accept}");
        }
        let mut live = socket(&tiny, HERE).await.unwrap();
        say(&mut live, json!({"type": "connection_init"})).await;
        say(&mut live, json!({"type": "subscribe", "id": "a", "payload": {"query": "{ hello }"}})).await;
        assert_eq!(hear(&mut live, "error").await["payload"][0]["extensions"]["code"], "RATE_LIMITED");
        assert_eq!(post(&tiny, THERE, "/graphql", STRICT, "{ hello }").await.status(), 200);
        // What a client writes before its own address counts for nothing.
        let forged = format!("{THERE}, {HERE}");
        assert_eq!(post(&tiny, &forged, "/graphql", STRICT, "{ hello }").await.status(), 429);
        tiny.clock.advance(20_000);
        assert_eq!(post(&tiny, HERE, "/graphql", STRICT, "{ hello }").await.status(), 200);
        // An account has its own share, from wherever it asks.
        let token = tiny.token("ann", Role::Reader).await;
        for n in 0..4 {
            let from = IpAddr::from([192, 0, 2, n]).to_string();
            let request = tiny.ask(Method::POST, "/graphql").header("content-type", "application/json");
            let request = request.header("x-forwarded-for", from).bearer_auth(&token).body(r#"{"query":"{hello}"}"#);
            let status = request.send().await.unwrap().status().as_u16();
            assert_eq!(status, if n < 3 { 200 } else { 429 });
        }
    }

    async fn one_address_holds_so_many_live_connections(database: Database) {
        let settings = HttpSettings { live_per_address: 2, ..behind_proxy() };
        let tiny = Tiny::start(&database, settings).await;
        let first = socket(&tiny, HERE).await.unwrap();
        let stream = post(&tiny, HERE, "/graphql/stream", "text/event-stream", "subscription { quiet }").await;
        assert_eq!(stream.status(), 200);
        assert_eq!(socket(&tiny, HERE).await.err(), Some(429));
        for (path, accept) in [("/graphql/stream", "text/event-stream"), ("/graphql", "multipart/mixed")] {
            let refused = post(&tiny, HERE, path, accept, "subscription { quiet }").await;
            assert!(refused.headers().contains_key("retry-after"));
            assert_eq!(code(refused).await, (429, "RATE_LIMITED".into()), "{path}");
        }
        // Queries hold nothing, and other addresses have their own.
        assert_eq!(post(&tiny, HERE, "/graphql", STRICT, "{ hello }").await.status(), 200);
        assert!(socket(&tiny, THERE).await.is_ok());
        drop(first);
        drop(stream);
        eventually("a seat is free again", || async { socket(&tiny, HERE).await.ok() }).await;
    }

    async fn the_schema_can_be_kept_for_editors(database: Database) {
        let settings = HttpSettings { introspection: false, graphiql: false, ..HttpSettings::default() };
        let tiny = Tiny::start(&database, settings).await;
        let reader = tiny.token("ann", Role::Reader).await;
        let editor = tiny.token("bob", Role::Editor).await;
        let hidden = "query { ...F } fragment F on Query { me { hello } __schema { queryType { name } } }";
        for document in ["{ __schema { queryType { name } } }", "{ __type(name: \"Query\") { name } }", hidden] {
            let ask = async |token: Option<&str>| {
                let mut request = tiny.ask(Method::POST, "/graphql").header("content-type", "application/json").header("accept", STRICT);
                if let Some(token) = token {
                    request = request.bearer_auth(token);
                }
                request.body(json!({"query": document}).to_string()).send().await.unwrap()
            };
            assert_eq!(code(ask(None).await).await.1, "FORBIDDEN", "{document}");
            assert_eq!(code(ask(Some(&reader)).await).await.1, "FORBIDDEN", "{document}");
            assert_eq!(code(ask(Some(&editor)).await).await, (200, String::new()), "{document}");
        }
        assert_eq!(tiny.query("{ __typename hello }").await["data"]["__typename"], "Query");
        for path in ["/graphiql", "/graphiql/graphiql.js", "/schema.graphql"] {
            assert_eq!(tiny.ask(Method::GET, path).send().await.unwrap().status(), 404, "{path}");
        }
        let schema = tiny.ask(Method::GET, "/schema.graphql").bearer_auth(&editor).send().await.unwrap();
        assert_eq!(schema.status(), 200);
    }

    async fn documents_can_be_named_by_their_hash(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let document = "query Q($n: String) { hello(name: $n) }";
        let named = |query: Option<&str>, hash: &str| {
            let mut body = json!({"variables": {"n": "you"}, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash}}});
            if let Some(query) = query {
                body["query"] = query.into();
            }
            body
        };
        let hash = sha(document);
        assert_eq!(code(tiny.post(STRICT, &named(None, &hash)).await).await, (400, "PERSISTED_QUERY_NOT_FOUND".into()));
        let old = tiny.post("application/json", &named(None, &hash)).await;
        assert_eq!(old.headers()["cache-control"], "private, no-store");
        assert_eq!(code(old).await, (200, "PERSISTED_QUERY_NOT_FOUND".into()));
        assert_eq!(code(tiny.post(STRICT, &named(Some("{ hello }"), &hash)).await).await, (400, "PERSISTED_QUERY_HASH_MISMATCH".into()));
        assert_eq!(code(tiny.post(STRICT, &named(None, &hash)).await).await.1, "PERSISTED_QUERY_NOT_FOUND");
        assert_eq!(tiny.post(STRICT, &named(Some(document), &hash)).await.status(), 200);
        let answer = tiny.post(STRICT, &named(None, &hash)).await.text().await.unwrap();
        assert!(answer.contains("hello you"), "{answer}");
        let extensions = format!("%7B%22persistedQuery%22%3A%7B%22version%22%3A1%2C%22sha256Hash%22%3A%22{hash}%22%7D%7D");
        let get = tiny.ask(Method::GET, &format!("/graphql?extensions={extensions}&variables=%7B%22n%22%3A%22there%22%7D"));
        assert!(get.send().await.unwrap().text().await.unwrap().contains("hello there"));
        let mut live = Box::pin(socket(&tiny, HERE)).await.unwrap();
        say(&mut live, json!({"type": "connection_init"})).await;
        say(&mut live, json!({"type": "subscribe", "id": "a", "payload": named(None, &hash)})).await;
        assert_eq!(hear(&mut live, "next").await["payload"]["data"]["hello"], "hello you");
        for (extensions, expected) in [
            (json!({"persistedQuery": 7}), "BAD_REQUEST"),
            (json!({"persistedQuery": {"version": 2, "sha256Hash": hash}}), "BAD_REQUEST"),
            (json!({"persistedQuery": {"version": 1}}), "BAD_REQUEST"),
        ] {
            let body = json!({"extensions": extensions});
            assert_eq!(code(tiny.post(STRICT, &body).await).await, (400, expected.into()), "{body}");
        }
    }

    async fn operations_too_dear_are_refused_with_their_price(database: Database) {
        let app = TestApp::start(&database).await;
        let dear = "{ sources(first: 100) { nodes { entries(first: 100) { nodes { source { entries(first: 100) { nodes { id } } } } } } } }";
        let answer = app.client.execute(dear, json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("1020100") && message.contains("100000"), "{message}");
        let many = json!({"ids": vec!["x"; 6_000]});
        let document = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        assert_eq!(app.client.code(document, many).await, "LIMIT_EXCEEDED");
    }

    async fn parts_of_foreign_pages_get_nothing(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let get = |site: &str, mode: &str| {
            tiny.ask(Method::GET, "/graphql?query=%7Bhello%7D").header("sec-fetch-site", site).header("sec-fetch-mode", mode)
        };
        assert_eq!(code(get("cross-site", "no-cors").send().await.unwrap()).await, (403, "FORBIDDEN".into()));
        let asked = get("cross-site", "no-cors").header("apollo-require-preflight", "true");
        assert_eq!(asked.send().await.unwrap().status(), 200);
        for (site, mode) in [("cross-site", "cors"), ("same-origin", "no-cors"), ("none", "navigate")] {
            assert_eq!(get(site, mode).send().await.unwrap().status(), 200, "{site} {mode}");
        }
    }
}
