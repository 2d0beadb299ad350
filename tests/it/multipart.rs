//! Subscriptions over multipart, as Apollo Client reads them, through the front door.

use std::time::Duration;

use feedgraph::http::HttpSettings;
use reqwest::Response;
use serde_json::{Value, json};

use crate::support::within;
use crate::tiny::Tiny;

const APOLLO: &str = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9";

async fn open(tiny: &Tiny, document: &str) -> Response {
    within("a stream", tiny.post(APOLLO, &json!({"query": document}))).await
}

/// The JSON of each part, read as Apollo Client does: everything between two boundaries, after its head.
fn parts(text: &str) -> Vec<Value> {
    let between = text.split("\r\n--graphql");
    let bodies = between.filter_map(|part| part.split_once("\r\n\r\n"));
    bodies
        .map(|(_, body)| serde_json::from_str(body).unwrap())
        .collect()
}

on_each_database! {
    async fn results_come_as_payloads(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let response = open(&tiny, "subscription { count(to: 2) }").await;
        assert_eq!(
            response.headers()["content-type"],
            "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\""
        );
        let text = response.text().await.unwrap();
        assert!(text.ends_with("\r\n--graphql--\r\n"), "{text}");
        assert_eq!(
            parts(&text),
            [json!({"payload": {"data": {"count": 1}}}), json!({"payload": {"data": {"count": 2}}})]
        );
    }

    async fn single_answers_stay_json(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let response = open(&tiny, "{ hello }").await;
        assert_eq!(response.headers()["content-type"], "application/graphql-response+json; charset=utf-8");
        let refused = open(&tiny, "subscription { nope }").await;
        assert_eq!(refused.status(), 400);
        assert_eq!(refused.headers()["content-type"], "application/graphql-response+json; charset=utf-8");
    }

    async fn an_error_is_a_payload_too(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let text = open(&tiny, "subscription { refused }").await.text().await.unwrap();
        let parts = parts(&text);
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0]["payload"]["errors"][0]["extensions"]["code"], "CURSOR_EXPIRED");
    }

    async fn a_quiet_stream_beats_and_ends_with_the_server(database: Database) {
        let settings = HttpSettings { heartbeat: Duration::from_millis(50), ..HttpSettings::default() };
        let tiny = Tiny::start(&database, settings).await;
        let mut response = open(&tiny, "subscription { quiet }").await;
        let mut text = String::new();
        while let Some(bytes) = within("a chunk", response.chunk()).await.unwrap() {
            text.push_str(std::str::from_utf8(&bytes).unwrap());
            if text.contains("\r\n\r\n{}\r\n--graphql") {
                tiny.stop.cancel();
            }
        }
        let parts = parts(&text);
        assert_eq!(parts[0], json!({"payload": {"data": {"quiet": 1}}}));
        assert_eq!(parts[1], json!({}));
        let last = parts.last().unwrap();
        assert_eq!((&last["payload"], &last["errors"][0]["extensions"]["code"]), (&Value::Null, &json!("UNAVAILABLE")));
        within("the server's end", tiny.served).await.unwrap();
    }
}
