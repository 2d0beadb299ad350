//! Hostile requests, over every transport: each is refused quickly and in the specification's shape, and
//! others are served meanwhile.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use feedgraph::http::HttpSettings;
use futures::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::support::within;
use crate::tiny::Tiny;

const LIMIT: &str = "LIMIT_EXCEEDED";
const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";
const UNPARSABLE: &str = "GRAPHQL_PARSE_FAILED";

fn repeated(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        let _ = write!(text, "{} ", one(n));
        text
    })
}

/// Documents, with the code that refuses each.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn attacks() -> Vec<(&'static str, String, &'static str)> {
    let spread = |n| format!("fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1);
    let nested = |n| {
        let next = n + 1;
        format!("fragment F{n} on Query {{ a: me {{ ...F{next} }} b: me {{ ...F{next} }} }}")
    };
    let chain = |n| format!("fragment F{n} on Query {{ me {{ ...F{} }} }}", n + 1);
    let circle =
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    vec![
        (
            "fragment bomb",
            format!(
                "{{ ...F0 }} {} fragment F40 on Query {{ hello }}",
                repeated(40, spread)
            ),
            LIMIT,
        ),
        (
            "nested bomb",
            format!(
                "{{ ...F0 }} {} fragment F30 on Query {{ hello }}",
                repeated(30, nested)
            ),
            LIMIT,
        ),
        (
            "long chain",
            format!(
                "{{ ...F0 }} {} fragment F200 on Query {{ hello }}",
                repeated(200, chain)
            ),
            LIMIT,
        ),
        (
            "fragment circle",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }".into(),
            INVALID,
        ),
        (
            "own circle",
            "{ ...A } fragment A on Query { me { ...A } }".into(),
            INVALID,
        ),
        (
            "depth",
            format!("{{ {} hello {} }}", "me {".repeat(20), "}".repeat(20)),
            LIMIT,
        ),
        ("deep brackets", "{".repeat(10_000), LIMIT),
        (
            "deep lists",
            format!("{{ hello(name: {}) }}", "[".repeat(5_000)),
            LIMIT,
        ),
        (
            "aliases",
            format!("{{ {} }}", repeated(100, |n| format!("a{n}: hello"))),
            LIMIT,
        ),
        (
            "aliases in fragments",
            format!(
                "{{ {} }} fragment F on Query {{ a: hello b: hello c: hello }}",
                repeated(11, |_| "...F".into())
            ),
            LIMIT,
        ),
        (
            "directives",
            format!(
                "{{ hello {} }}",
                repeated(60, |_| "@include(if: true)".into())
            ),
            LIMIT,
        ),
        (
            "root fields",
            format!("{{ {} }}", repeated(30, |_| "hello".into())),
            LIMIT,
        ),
        (
            "mutations",
            format!("mutation {{ {} }}", repeated(10, |_| "touch".into())),
            LIMIT,
        ),
        ("tokens", format!("{{ {} }}", "hello ".repeat(9_000)), LIMIT),
        ("introspection circle", circle.into(), LIMIT),
        (
            "unknown fields",
            format!("{{ {} }}", repeated(600, |n| format!("nope{n}"))),
            INVALID,
        ),
        (
            "conflicts",
            format!(
                "{{ {} }}",
                repeated(15, |n| format!("x: add(a: {n}, b: 1)"))
            ),
            INVALID,
        ),
        (
            "long name",
            format!("{{ {} }}", "n".repeat(50_000)),
            INVALID,
        ),
        (
            "control characters",
            "{ hello(name: \"\u{0}\u{1}\n\") }".into(),
            UNPARSABLE,
        ),
        ("unfinished string", "{ hello(name: \"x".into(), UNPARSABLE),
        (
            "nothing but a comment",
            format!("#{}", "x".repeat(50_000)),
            UNPARSABLE,
        ),
    ]
}

fn code(errors: &Value) -> String {
    errors[0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn assert_shaped(name: &str, errors: &Value) {
    let errors = errors
        .as_array()
        .unwrap_or_else(|| panic!("{name}: {errors}"));
    assert!(
        (1..=20).contains(&errors.len()),
        "{name}: {} errors",
        errors.len()
    );
    for error in errors {
        let message = error["message"].as_str().unwrap();
        assert!(message.len() < 2_000, "{name}: {message}");
    }
}

async fn over_http(tiny: &Tiny, path: &str, accept: &str, document: &str) -> Value {
    let request = tiny
        .ask(Method::POST, path)
        .header("content-type", "application/json")
        .header("accept", accept)
        .body(json!({"query": document}).to_string());
    let text = request.send().await.unwrap().text().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body.get("data"), None);
    body["errors"].clone()
}

async fn over_websocket(tiny: &Tiny, document: &str) -> Value {
    let url = format!("{}/graphql/ws", tiny.url.replace("http", "ws"));
    let mut request = url.into_client_request().unwrap();
    let protocol = "graphql-transport-ws".parse().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = connect_async(request).await.unwrap();
    let begin = json!({"type": "connection_init"});
    socket.send(Message::text(begin.to_string())).await.unwrap();
    let subscribe = json!({"type": "subscribe", "id": "a", "payload": {"query": document}});
    socket
        .send(Message::text(subscribe.to_string()))
        .await
        .unwrap();
    loop {
        let message = within("an error", socket.next()).await.unwrap().unwrap();
        let message: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
        if message["type"] == "error" {
            return message["payload"].clone();
        }
    }
}

/// Sends bytes as they are, and reads what comes back.
async fn raw(tiny: &Tiny, bytes: &[u8]) -> String {
    let address = tiny.url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let mut answer = vec![0; 4_096];
    let read = within("an answer", socket.read(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

on_each_database! {
    async fn documents_are_refused_on_every_transport(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        for (name, document, expected) in attacks() {
            let began = Instant::now();
            let refusals = [
                over_http(&tiny, "/graphql", "application/json", &document).await,
                over_http(&tiny, "/graphql", "multipart/mixed, application/graphql-response+json", &document).await,
                over_http(&tiny, "/graphql/stream", "text/event-stream", &document).await,
                over_websocket(&tiny, &document).await,
            ];
            let took = began.elapsed();
            for errors in &refusals {
                assert_shaped(name, errors);
                assert_eq!(code(errors), expected, "{name}: {errors}");
            }
            assert!(took < Duration::from_secs(4), "{name}: {took:?} for all four");
        }
    }

    async fn others_are_served_meanwhile(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let attacks = attacks();
        let flood = futures::future::join_all((0..100).map(|n| {
            let (_, document, _) = &attacks[n % attacks.len()];
            over_http(&tiny, "/graphql", "application/json", document)
        }));
        let served = async {
            for _ in 0..20 {
                let began = Instant::now();
                assert_eq!(tiny.query("{ hello }").await["data"]["hello"], "hello world");
                assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
            }
        };
        tokio::join!(flood, served);
    }

    async fn broken_bodies_are_bad_requests(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let variables = format!("{{\"query\":\"{{hello}}\",\"variables\":{{\"a\":{deep}}}}}");
        for body in [
            b"".to_vec(), b"{".to_vec(), b"null".to_vec(), b"\"x\"".to_vec(), b"{\"query\":\"\xff\xfe\"}".to_vec(),
            b"\xef\xbb\xbf{\"query\":\"{hello}\"}".to_vec(), br#"{"query":"\ud800"}"#.to_vec(), br#"{"query":1e999}"#.to_vec(),
            deep.into_bytes(), variables.into_bytes(), b"[]".to_vec(), br#"[{"query":"{hello}"},{"query":"{hello}"}]"#.to_vec(),
        ] {
            let shown: String = String::from_utf8_lossy(&body).chars().take(40).collect();
            let request = tiny.ask(Method::POST, "/graphql").header("content-type", "application/json").body(body);
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 400, "{shown}");
            let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
            assert_shaped(&shown, &body["errors"]);
            assert_eq!(code(&body["errors"]), "BAD_REQUEST", "{shown}");
        }
    }

    async fn what_a_foreign_page_can_send_does_nothing(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let body = r#"{"query":"mutation{touch}"}"#;
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain; charset=application/json"] {
            for path in ["/graphql", "/graphql/stream"] {
                let request = tiny.ask(Method::POST, path).header("content-type", kind).header("accept", "*/*").body(body);
                assert_eq!(request.send().await.unwrap().status(), 415, "{kind} {path}");
            }
        }
        for path in ["/graphql", "/graphql/stream"] {
            let url = format!("{path}?query=mutation%7Btouch%7D");
            for method in [Method::GET, Method::HEAD] {
                let response = tiny.ask(method, &url).header("accept", "*/*").send().await.unwrap();
                assert_eq!(response.status(), 405);
            }
        }
    }

    async fn slow_and_oversized_requests_are_cut(database: Database) {
        let settings = HttpSettings { body_timeout: Duration::from_millis(200), body_bytes: 5_000, ..HttpSettings::default() };
        let tiny = Tiny::start(&database, settings).await;
        let head = |length: usize| format!("POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        let slow = raw(&tiny, format!("{}{{\"query\"", head(100)).as_bytes()).await;
        assert!(slow.starts_with("HTTP/1.1 408"), "{slow}");
        let big = raw(&tiny, head(1_000_000_000).as_bytes()).await;
        assert!(big.starts_with("HTTP/1.1 413"), "{big}");
        let chunked = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        let endless = format!("{chunked}{}", format!("400\r\n{}\r\n", "x".repeat(1_024)).repeat(10));
        let endless = raw(&tiny, endless.as_bytes()).await;
        assert!(endless.starts_with("HTTP/1.1 413"), "{endless}");
        let long = raw(&tiny, format!("GET /graphql?{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(500_000)).as_bytes()).await;
        assert!(long.starts_with("HTTP/1.1 4"), "{long}");
        let headers = "a: b\r\n".repeat(1_000);
        let many = raw(&tiny, format!("GET /graphql HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes()).await;
        assert!(many.starts_with("HTTP/1.1 431"), "{many}");
        assert_eq!(tiny.query("{ hello }").await["data"]["hello"], "hello world");
    }
}
