//! The graphql-transport-ws protocol, through the front door.

use std::time::Duration;

use entity::Role;
use feedgraph::http::HttpSettings;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::within;
use crate::tiny::Tiny;

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(tiny: &Tiny) -> Self {
        Self::open_with(tiny, Some("graphql-transport-ws"), None).await
    }

    async fn open_with(tiny: &Tiny, protocol: Option<&str>, token: Option<&str>) -> Self {
        let url = format!("{}/graphql/ws", tiny.url.replace("http", "ws"));
        let mut request = url.into_client_request().unwrap();
        let headers = request.headers_mut();
        if let Some(protocol) = protocol {
            headers.insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        if let Some(token) = token {
            headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        let (socket, _) = within("a socket", connect_async(request)).await.unwrap();
        Self(socket)
    }

    /// One that can hold little of what it has not read, so that its server soon has to wait.
    async fn narrow(tiny: &Tiny) -> Self {
        let address = tiny.url.strip_prefix("http://").unwrap();
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(8 * 1024).unwrap();
        let stream = socket.connect(address.parse().unwrap()).await.unwrap();
        let url = format!("ws://{address}/graphql/ws");
        let mut request = url.into_client_request().unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let opened = tokio_tungstenite::client_async(request, MaybeTlsStream::Plain(stream));
        let (socket, _) = within("a socket", opened).await.unwrap();
        Self(socket)
    }

    async fn begun(tiny: &Tiny) -> Self {
        Self::begin(Self::open(tiny).await).await
    }

    async fn begin(mut socket: Self) -> Self {
        socket.say(json!({"type": "connection_init"})).await;
        assert_eq!(socket.hear().await, json!({"type": "connection_ack"}));
        socket
    }

    async fn say(&mut self, message: Value) {
        self.say_text(&message.to_string()).await;
    }

    async fn say_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, document: &str) {
        self.say(json!({"type": "subscribe", "id": id, "payload": {"query": document}}))
            .await;
    }

    async fn hear(&mut self) -> Value {
        loop {
            match within("a message", self.0.next()).await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("not a text: {other:?}"),
            }
        }
    }

    /// Waits until a close with a code has come, and reads nothing: pings stay unanswered.
    async fn unread_code(&self, code: u16) {
        let MaybeTlsStream::Plain(stream) = self.0.get_ref() else {
            panic!("TLS in a test");
        };
        let wanted = code.to_be_bytes();
        let mut seen = [0; 256];
        within("an unread close", async {
            loop {
                let length = stream.peek(&mut seen).await.unwrap();
                if seen[..length].windows(2).any(|pair| pair == wanted) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// The close code, whatever comes before it.
    async fn code(&mut self) -> u16 {
        loop {
            match within("a close", self.0.next()).await.unwrap().unwrap() {
                Message::Close(Some(frame)) => return frame.code.into(),
                Message::Close(None) => panic!("closed without a code"),
                _ => {}
            }
        }
    }
}

fn quick() -> HttpSettings {
    HttpSettings {
        init_timeout: Duration::from_millis(200),
        heartbeat: Duration::from_millis(200),
        write_timeout: Duration::from_millis(500),
        ..HttpSettings::default()
    }
}

on_each_database! {
    async fn operations_run_side_by_side(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let mut socket = Socket::begun(&tiny).await;
        socket.subscribe("a", "subscription { quiet }").await;
        assert_eq!(socket.hear().await, json!({"id": "a", "type": "next", "payload": {"data": {"quiet": 1}}}));
        socket.subscribe("b", "subscription { count(to: 2) }").await;
        for n in 1..=2 {
            assert_eq!(socket.hear().await, json!({"id": "b", "type": "next", "payload": {"data": {"count": n}}}));
        }
        assert_eq!(socket.hear().await, json!({"id": "b", "type": "complete"}));
        socket.subscribe("b", "mutation { touch }").await;
        let next = socket.hear().await;
        assert_eq!((&next["id"], &next["type"], &next["payload"]["data"]), (&json!("b"), &json!("next"), &json!({"touch": 1})));
        assert_eq!(next["payload"]["extensions"]["cost"]["price"], 10);
        assert_eq!(socket.hear().await, json!({"id": "b", "type": "complete"}));
        socket.say(json!({"type": "complete", "id": "a"})).await;
        socket.say(json!({"type": "complete", "id": "never"})).await;
        socket.subscribe("a", "{ hello }").await;
        assert_eq!(socket.hear().await["payload"]["data"]["hello"], "hello world");
    }

    async fn what_is_not_executed_is_an_error_message(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let mut socket = Socket::begun(&tiny).await;
        for (document, code) in [
            ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("subscription { refused }", "CURSOR_EXPIRED"),
            ("subscription { secretQuiet }", "UNAUTHENTICATED"),
            ("subscription { count }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ boom }", "INTERNAL"),
            ("{ me { me { me { me { me { me { me { me { me { me { me { me { me { me { me { me { hello } } } } } } } } } } } } } } } } }", "LIMIT_EXCEEDED"),
        ] {
            socket.subscribe("x", document).await;
            let message = socket.hear().await;
            assert_eq!(message["type"], "error", "{document}: {message}");
            assert_eq!(message["payload"][0]["extensions"]["code"], code, "{document}");
        }
        socket.subscribe("x", "subscription { bomb }").await;
        assert_eq!(socket.hear().await["payload"]["data"]["bomb"], 1);
        assert_eq!(socket.hear().await["payload"][0]["extensions"]["code"], "INTERNAL");
        socket.subscribe("x", "{ hello }").await;
        assert_eq!(socket.hear().await["type"], "next");
    }

    async fn pings_are_answered(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let mut socket = Socket::open(&tiny).await;
        socket.say(json!({"type": "ping", "payload": {"a": 1}})).await;
        assert_eq!(socket.hear().await, json!({"type": "pong", "payload": {"a": 1}}));
        socket.say(json!({"type": "pong"})).await;
        socket.say(json!({"type": "ping"})).await;
        assert_eq!(socket.hear().await, json!({"type": "pong"}));
    }

    async fn every_breach_has_its_code(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        for wrong in ["{", "[]", "{}", "null", r#"{"type":"start"}"#, r#"{"type":"subscribe","id":"a"}"#, r#"{"type":"complete"}"#, r#"{"type":"connection_init","payload":3}"#] {
            let mut socket = Socket::open(&tiny).await;
            socket.say_text(wrong).await;
            assert_eq!(socket.code().await, 4400, "{wrong}");
        }
        let mut socket = Socket::begun(&tiny).await;
        socket.0.send(Message::Binary(Bytes::from_static(b"x"))).await.unwrap();
        assert_eq!(socket.code().await, 4400);

        let mut socket = Socket::open(&tiny).await;
        socket.subscribe("a", "{ hello }").await;
        assert_eq!(socket.code().await, 4401);

        let mut socket = Socket::open_with(&tiny, None, None).await;
        assert_eq!(socket.code().await, 4406);

        let mut socket = Socket::begun(&tiny).await;
        socket.subscribe("a", "subscription { quiet }").await;
        socket.subscribe("a", "subscription { quiet }").await;
        assert_eq!(socket.code().await, 4409);

        let mut socket = Socket::begun(&tiny).await;
        socket.say(json!({"type": "connection_init"})).await;
        assert_eq!(socket.code().await, 4429);
    }

    async fn silence_has_its_codes(database: Database) {
        let tiny = Tiny::start(&database, quick()).await;
        let mut socket = Socket::open(&tiny).await;
        assert_eq!(socket.code().await, 4408);

        // A client that reads answers pings; this one does not read.
        let mut socket = Socket::begun(&tiny).await;
        socket.unread_code(4499).await;
        assert_eq!(socket.code().await, 4499);

        let mut socket = Socket::begun(&tiny).await;
        for _ in 0..3 {
            let ping = within("a ping", socket.0.next()).await.unwrap().unwrap();
            assert!(matches!(ping, Message::Ping(_)), "{ping:?}");
            socket.0.flush().await.unwrap();
        }
        socket.subscribe("a", "{ hello }").await;
        assert_eq!(socket.hear().await["type"], "next");
    }

    async fn a_slow_reader_is_closed_in_order(database: Database) {
        let settings = HttpSettings { heartbeat: Duration::from_mins(1), ..quick() };
        let patience = settings.write_timeout;
        let tiny = Tiny::start(&database, settings).await;
        let mut socket = Socket::begin(Socket::narrow(&tiny).await).await;
        socket.subscribe("a", "subscription { flood }").await;
        // Once all buffers on the way are full it is out of patience soon. Others are served all the while.
        let full = within("full buffers, and the end of patience", async {
            let (mut made, mut since) = (0, std::time::Instant::now());
            while since.elapsed() < patience * 2 {
                assert_eq!(tiny.query("{ hello }").await["data"]["hello"], "hello world");
                if tiny.flood.made() > made {
                    (made, since) = (tiny.flood.made(), std::time::Instant::now());
                }
            }
            made
        })
        .await;
        let mut read = 0;
        let code = loop {
            assert!(read <= full, "more than lay in buffers: it goes on");
            match within("the end", socket.0.next()).await {
                Some(Ok(Message::Text(text))) => {
                    let _: Value = serde_json::from_str(&text).unwrap();
                    read += 1;
                }
                Some(Ok(Message::Close(frame))) => break frame.unwrap().code.into(),
                Some(Ok(_)) => {}
                other => panic!("{other:?} after {read}"),
            }
        };
        assert_eq!((code, read > 1), (4499_u16, true));
    }

    async fn operations_are_bounded(database: Database) {
        let settings = HttpSettings { operations_per_socket: 2, ..HttpSettings::default() };
        let tiny = Tiny::start(&database, settings).await;
        let mut socket = Socket::begun(&tiny).await;
        for id in ["a", "b"] {
            socket.subscribe(id, "subscription { quiet }").await;
            assert_eq!(socket.hear().await["type"], "next");
        }
        socket.subscribe("c", "{ hello }").await;
        let message = socket.hear().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("c")));
        assert_eq!(message["payload"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
        let big = "x".repeat(300_000);
        socket.0.send(Message::text(big)).await.unwrap();
        let ended = within("the end", socket.0.next()).await;
        assert!(!matches!(ended, Some(Ok(Message::Text(_)))), "{ended:?}");
    }

    async fn stopping_says_goodbye(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let mut socket = Socket::begun(&tiny).await;
        socket.subscribe("a", "subscription { quiet }").await;
        assert_eq!(socket.hear().await["type"], "next");
        tiny.stop.cancel();
        assert_eq!(socket.code().await, 1001);
        drop(socket);
        within("the server's end", tiny.served).await.unwrap();
    }

    async fn a_token_is_checked_when_the_connection_begins_and_ends_it_when_it_expires(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let token = tiny.token("anna", Role::Reader).await;
        for payload in [json!({"Authorization": "Bearer nonsense"}), json!({"authorization": "x"})] {
            let mut socket = Socket::open(&tiny).await;
            socket.say(json!({"type": "connection_init", "payload": payload})).await;
            assert_eq!(socket.code().await, 4403);
        }
        let mut by_header = Socket::open_with(&tiny, Some("graphql-transport-ws"), Some(&token)).await;
        by_header.say(json!({"type": "connection_init"})).await;
        let mut by_payload = Socket::open(&tiny).await;
        by_payload.say(json!({"type": "connection_init", "payload": {"authorization": format!("Bearer {token}")}})).await;
        let mut idle = Socket::open(&tiny).await;
        idle.say(json!({"type": "connection_init", "payload": {"authorization": token}})).await;
        assert_eq!(idle.hear().await["type"], "connection_ack");
        for socket in [&mut by_header, &mut by_payload] {
            assert_eq!(socket.hear().await["type"], "connection_ack");
            socket.subscribe("a", "subscription { secretQuiet }").await;
            assert_eq!(socket.hear().await["payload"]["data"]["secretQuiet"], 1);
        }
        tiny.clock.advance(15 * 60 * 1_000);
        assert_eq!(by_header.code().await, 4403);
        assert_eq!(by_payload.code().await, 4403);
        idle.subscribe("a", "{ hello }").await;
        assert_eq!(idle.code().await, 4403);
    }

    async fn the_forerunner_is_spoken_with_those_who_offer_both(database: Database) {
        let tiny = Tiny::start(&database, HttpSettings::default()).await;
        let mut socket = Socket::open_with(&tiny, Some("graphql-ws, graphql-transport-ws"), None).await;
        socket.say(json!({"type": "connection_init", "payload": {}})).await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket.say(json!({"type": "start", "id": "a", "payload": {"query": "subscription { quiet }"}})).await;
        assert_eq!(socket.hear().await, json!({"id": "a", "type": "data", "payload": {"data": {"quiet": 1}}}));
        socket.say(json!({"type": "stop", "id": "a"})).await;
        socket.say(json!({"type": "start", "id": "a", "payload": {"query": "subscription { refused }"}})).await;
        assert_eq!(socket.hear().await["type"], "error");
        let mut only_former = Socket::open_with(&tiny, Some("graphql-transport-ws"), None).await;
        only_former.say(json!({"type": "connection_init"})).await;
        only_former.say(json!({"type": "start", "id": "a", "payload": {"query": "{ hello }"}})).await;
        assert_eq!(only_former.code().await, 4400);
    }
}
