//! The graphql-sse protocol's distinct connections mode, through the front door.

use std::io::ErrorKind;
use std::time::Duration;

use feedgraph::http::HttpSettings;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::{eventually, within};
use crate::tiny::Tiny;

async fn open(tiny: &Tiny, document: &str) -> Response {
    let request = tiny
        .ask(Method::POST, "/graphql/stream")
        .header("content-type", "application/json")
        .header("accept", "text/event-stream")
        .body(json!({"query": document}).to_string());
    within("a stream", request.send()).await.unwrap()
}

/// The text until `enough` is in it, or the end.
async fn text_until(response: &mut Response, enough: &str) -> String {
    let mut text = String::new();
    while !text.contains(enough) {
        match within("a chunk", response.chunk()).await.unwrap() {
            Some(bytes) => text.push_str(std::str::from_utf8(&bytes).unwrap()),
            None => break,
        }
    }
    text
}

on_each_database! {
    async fn events_come_until_the_operation_is_complete(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let response = open(&tiny, "subscription { count(to: 2) }").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        assert_eq!(
            response.text().await.unwrap(),
            ":\n\nevent: next\ndata: {\"data\":{\"count\":1}}\n\nevent: next\ndata: {\"data\":{\"count\":2}}\n\nevent: complete\ndata:\n\n"
        );
        let response = open(&tiny, "mutation { touch }").await;
        assert!(response.text().await.unwrap().contains("{\"data\":{\"touch\":1},"));
        let get = tiny.ask(Method::GET, "/graphql/stream?query=%7Bhello%7D").header("accept", "text/event-stream");
        assert!(get.send().await.unwrap().text().await.unwrap().contains("hello world"));
        let there = tiny.post("text/event-stream", &json!({"query": "subscription { count(to: 1) }"})).await;
        assert!(there.text().await.unwrap().ends_with("event: complete\ndata:\n\n"));
    }

    async fn what_is_refused_is_no_stream(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let response = open(&tiny, "{ nope }").await;
        assert_eq!(response.status(), 400);
        let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
        let get = tiny.ask(Method::GET, "/graphql/stream?query=mutation%7Btouch%7D").header("accept", "text/event-stream");
        assert_eq!(get.send().await.unwrap().status(), 405);
        let json = tiny.ask(Method::GET, "/graphql/stream?query=%7Bhello%7D").header("accept", "application/json");
        assert_eq!(json.send().await.unwrap().status(), 406);
        assert_eq!(tiny.ask(Method::PUT, "/graphql/stream").send().await.unwrap().status(), 405);
        let refused = open(&tiny, "subscription { refused }").await.text().await.unwrap();
        assert!(refused.contains("event: next\ndata: {\"errors\":[{\"message\":\"start over\""), "{refused}");
        assert!(refused.ends_with("event: complete\ndata:\n\n"));
    }

    async fn a_quiet_stream_is_kept_open_and_ends_with_the_server(database: Database) {
        let settings = HttpSettings { heartbeat: Duration::from_millis(50), ..HttpSettings::default() };
        let tiny = Tiny::start(&database, settings).await;
        let mut response = open(&tiny, "subscription { quiet }").await;
        let text = text_until(&mut response, "\"quiet\":1}}\n\n:\n\n").await;
        assert!(text.starts_with(":\n\nevent: next\n"), "{text}");
        tiny.stop.cancel();
        let rest = text_until(&mut response, "complete").await;
        assert!(!rest.contains("complete"), "{rest}");
        within("the server's end", tiny.served).await.unwrap();
    }

    async fn who_stops_reading_is_let_go(database: Database) {
        let settings = HttpSettings { write_timeout: Duration::from_millis(200), ..HttpSettings::default() };
        let tiny = Tiny::start(&database, settings).await;
        let mut stream = TcpStream::connect(tiny.url.trim_start_matches("http://")).await.unwrap();
        let body = json!({"query": "subscription { flood }"}).to_string();
        let head = format!("POST /graphql/stream HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        // Nothing is read; once the server has let go, nothing more can be sent to it.
        eventually("the server's end of the connection", || async {
            let sent = stream.try_write(b"x");
            sent.err().filter(|error| error.kind() != ErrorKind::WouldBlock)
        }).await;
    }
}
