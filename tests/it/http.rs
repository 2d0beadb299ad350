//! GraphQL over HTTP, through the front door: methods, forms, statuses, parameters, and the files beside.

use std::time::Duration;

use feedgraph::http::HttpSettings;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::within;
use crate::tiny::Tiny;

const STRICT: &str = "application/graphql-response+json";
const LEGACY: &str = "application/json";

async fn body(response: Response) -> Value {
    let text = response.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

fn code(body: &Value) -> &str {
    body["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
}

on_each_database! {
    async fn each_form_has_its_statuses(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let check = async |accept: &str, request: Value, status: u16, expected: &str| {
            let response = tiny.post(accept, &request).await;
            let got = response.status().as_u16();
            let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
            let body = body(response).await;
            assert_eq!((got, code(&body)), (status, expected), "{accept} {request} {body}");
            let form = if accept == STRICT { STRICT } else { LEGACY };
            assert_eq!(kind, format!("{form}; charset=utf-8"));
            let executed = expected.is_empty() || matches!(expected, "NOT_FOUND");
            assert_eq!(body.get("data").is_some(), executed, "{body}");
        };
        for (request, strict, legacy, expected) in [
            (json!({"query": "{ hello }"}), 200, 200, ""),
            (json!({"query": "{ lost hello }"}), 200, 200, "NOT_FOUND"),
            (json!({"query": "{"}), 400, 200, "GRAPHQL_PARSE_FAILED"),
            (json!({"query": "{ nope }"}), 400, 200, "GRAPHQL_VALIDATION_FAILED"),
            (json!({"query": "query A { hello } query B { hello }"}), 400, 200, "BAD_REQUEST"),
            (json!({"query": "{ hello }", "operationName": "A"}), 400, 200, "BAD_REQUEST"),
            (json!({"query": "query($a: Int!) { add(a: $a, b: 1) }"}), 400, 200, "INVALID_ARGUMENT"),
            (json!({"query": "{ secret }"}), 401, 200, "UNAUTHENTICATED"),
            (json!({"query": 7}), 400, 400, "BAD_REQUEST"),
            (json!([{"query": "{ hello }"}]), 400, 400, "BAD_REQUEST"),
        ] {
            check(STRICT, request.clone(), strict, expected).await;
            check(LEGACY, request, legacy, expected).await;
        }
    }

    async fn the_insides_stay_inside(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let broken = tiny.query("{ broken }").await;
        assert_eq!((code(&broken), &broken["data"]), ("INTERNAL", &Value::Null));
        assert!(!broken.to_string().contains("secret"), "{broken}");
        let boom = tiny.post(STRICT, &json!({"query": "{ boom }"})).await;
        assert_eq!(boom.status(), 500);
        let boom = body(boom).await;
        assert_eq!(code(&boom), "INTERNAL");
        assert!(!boom.to_string().contains("boom"), "{boom}");
    }

    async fn operations_are_executed(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let request = json!({
            "query": "query A($a: Int!) { add(a: $a, b: 2) } query B { hello }",
            "operationName": "A",
            "variables": {"a": 40},
        });
        let cost = json!({"cost": {"price": 1, "maximum": 100_000}});
        assert_eq!(body(tiny.post("", &request).await).await, json!({"data": {"add": 42}, "extensions": cost}));
        let get = tiny.ask(Method::GET, "/graphql?query=query(%24n%3AString)%7Bhello(name%3A%24n)%7D&variables=%7B%22n%22%3A%22a%22%7D");
        assert_eq!(body(get.send().await.unwrap()).await["data"], json!({"hello": "hello a"}));
        assert_eq!(tiny.query(r#"{ hello(name: "\ud83c\udfc3") }"#).await["data"]["hello"], "hello 🏃");
    }

    async fn methods_types_and_sizes_are_bounded(database: Database) {
        let settings = HttpSettings { body_bytes: 10_000, ..HttpSettings::default() };
        let tiny = Tiny::start(&database, settings).await;
        for (method, allow) in [(Method::PUT, "GET, POST"), (Method::DELETE, "GET, POST"), (Method::PATCH, "GET, POST")] {
            let response = tiny.ask(method, "/graphql").send().await.unwrap();
            assert_eq!(response.status(), 405);
            assert_eq!(response.headers()["allow"], allow);
        }
        let get = tiny.ask(Method::GET, "/graphql?query=mutation%7Btouch%7D").send().await.unwrap();
        assert_eq!((get.status().as_u16(), get.headers()["allow"].to_str().unwrap()), (405, "POST"));
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/graphql", "application/json; charset=latin1"] {
            let request = tiny.ask(Method::POST, "/graphql").header("content-type", kind).body(r#"{"query":"{hello}"}"#);
            assert_eq!(request.send().await.unwrap().status(), 415, "{kind}");
        }
        let none = tiny.post("text/html", &json!({"query": "{ hello }"})).await;
        assert_eq!(none.status(), 406);
        let big = tiny.post("", &json!({"query": "{ hello }", "variables": {"x": "y".repeat(20_000)}})).await;
        assert_eq!(big.status(), 413);
        let sub = tiny.post(LEGACY, &json!({"query": "subscription { quiet }"})).await;
        assert_eq!(sub.status(), 406);
    }

    async fn what_takes_too_long_is_given_up(database: Database) {
        let settings = HttpSettings { query_timeout: Duration::from_millis(50), ..HttpSettings::default() };
        let tiny = Tiny::start(&database, settings).await;
        let slow = tiny.post(STRICT, &json!({"query": "{ slow }"})).await;
        assert_eq!(slow.status(), 503);
        assert_eq!(code(&body(slow).await), "TIMEOUT");
    }

    async fn introspection_as_clients_send_it_passes(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        for document in [include_str!("introspection/full.graphql"), include_str!("introspection/old.graphql")] {
            let result = tiny.query(document).await;
            assert_eq!(result.get("errors"), None, "{result}");
            assert!(result["data"]["__schema"]["types"].as_array().unwrap().len() > 5);
        }
    }

    async fn files_are_served_with_tags(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        for (path, kind) in [
            ("/graphiql", "text/html; charset=utf-8"),
            ("/graphiql/graphiql.js", "text/javascript; charset=utf-8"),
            ("/graphiql/graphiql.css", "text/css; charset=utf-8"),
            ("/schema.graphql", "text/plain; charset=utf-8"),
        ] {
            let response = tiny.ask(Method::GET, path).send().await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
            assert_eq!(response.headers()["content-type"], kind);
            assert_eq!(response.headers()["x-content-type-options"], "nosniff");
            let tag = response.headers()["etag"].clone();
            let again = tiny.ask(Method::GET, path).header("if-none-match", tag).send().await.unwrap();
            assert_eq!(again.status(), 304, "{path}");
        }
        for path in ["/", "/graphiql/other.js", "/graphiql/..%2fmod.rs", "/graphql/other"] {
            let response = tiny.ask(Method::GET, path).send().await.unwrap();
            assert_eq!(response.status(), 404, "{path}");
        }
        assert_eq!(tiny.ask(Method::GET, "/healthz").send().await.unwrap().status(), 200);
        let ready = tiny.ask(Method::GET, "/readyz").send().await.unwrap();
        assert_eq!(ready.status(), 200);
        assert_eq!(body(ready).await, json!({"ready": true, "database": true}));
        tiny.store.close().await.ok();
        let ready = tiny.ask(Method::GET, "/readyz").send().await.unwrap();
        assert_eq!(ready.status(), 503);
        assert_eq!(body(ready).await, json!({"ready": false, "database": false,
            "reasons": {"database": "the database does not answer"}}));
    }

    async fn other_origins_read_only_with_leave(database: Database) {
        let settings = HttpSettings { cors_origins: vec!["https://reader.example".into()], ..HttpSettings::default() };
        let tiny = Tiny::start(&database, settings).await;
        let preflight = async |origin: &'static str| {
            let request = tiny.ask(Method::OPTIONS, "/graphql")
                .header("origin", origin)
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "content-type,authorization");
            let response = request.send().await.unwrap();
            response.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(preflight("https://reader.example").await.as_deref(), Some("https://reader.example"));
        assert_eq!(preflight("https://evil.example").await, None);
    }

    async fn answers_are_compressed_and_numbered(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        for how in ["gzip", "br"] {
            let request = tiny.ask(Method::GET, "/graphql?query=%7Blong%7D").header("accept-encoding", how);
            let response = request.header("x-request-id", "abc-123_x").send().await.unwrap();
            assert_eq!(response.headers()["x-request-id"], "abc-123_x");
            assert_eq!(response.headers()["content-encoding"], how);
            assert!(response.bytes().await.unwrap().len() < 500);
        }
        let read = body(tiny.ask(Method::GET, "/graphql?query=%7Blong%7D").send().await.unwrap()).await;
        assert_eq!(read["data"]["long"].as_str().unwrap().len(), 21_000);
        let odd = tiny.ask(Method::GET, "/healthz").header("x-request-id", "a b").send().await.unwrap();
        assert_eq!(odd.headers()["x-request-id"].len(), 16);
    }

    async fn stopping_lets_open_requests_finish(database: Database) {
        let settings = HttpSettings { query_timeout: Duration::from_millis(400), ..HttpSettings::default() };
        let tiny = Tiny::start(&database, settings).await;
        let body = json!({"query": "{ slow }"});
        let (answer, ()) = tokio::join!(tiny.post(STRICT, &body), async {
            within("the request's begin", tiny.slow_begun.notified()).await;
            tiny.stop.cancel();
        });
        assert_eq!(answer.status(), 503);
        within("the server's end", tiny.served).await.unwrap();
    }
}
