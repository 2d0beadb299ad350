//! A client of the API. In: GraphQL documents. Out: their answers as JSON, and live events.

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::within;

/// A client, signed in or not.
#[derive(Clone, Debug)]
pub struct Client {
    pub http: reqwest::Client,
    /// Of the server, without a path.
    pub origin: String,
    pub token: Option<String>,
}

impl Client {
    /// One that is not signed in.
    pub fn anonymous(origin: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            http: reqwest::Client::new(),
            origin: origin.to_owned(),
            token: None,
        }
    }

    /// The same with an access token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// Executes a document and gives the whole answer.
    pub async fn execute(&self, document: &str, variables: Value) -> Value {
        let body = json!({"query": document, "variables": variables});
        let mut request = self
            .http
            .post(format!("{}/graphql", self.origin))
            .header("content-type", "application/json")
            .header("accept", "application/graphql-response+json")
            .body(body.to_string());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = within("an answer", request.send())
            .await
            .expect("an answer");
        let text = response.text().await.expect("a body");
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"))
    }

    /// Executes a document that must succeed, and gives its data.
    pub async fn query(&self, document: &str, variables: Value) -> Value {
        let mut answer = self.execute(document, variables).await;
        assert!(answer.get("errors").is_none(), "{document}\n{answer:#}");
        answer["data"].take()
    }

    /// Executes a document that must fail, and gives the code of its first error.
    pub async fn code(&self, document: &str, variables: Value) -> String {
        let answer = self.execute(document, variables).await;
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        code.unwrap_or_else(|| panic!("no code: {answer:#}"))
            .to_owned()
    }

    /// Signs in and gives the client that may do what the account may.
    pub async fn sign_in(&self, username: &str, password: &str) -> Self {
        let data = self
            .query(
                "mutation($u: String!, $p: String!) { signIn(input: {username: $u, password: $p}) {
                    session { accessToken } userErrors { code message } } }",
                json!({"u": username, "p": password}),
            )
            .await;
        let token = data["signIn"]["session"]["accessToken"].as_str();
        self.with_token(token.unwrap_or_else(|| panic!("not signed in: {data:#}")))
    }

    /// Subscribes over a WebSocket, with the graphql-transport-ws protocol.
    pub async fn subscribe(&self, document: &str, variables: Value) -> Live {
        let address = format!("{}/graphql/ws", self.origin.replacen("http", "ws", 1));
        let mut request = address.into_client_request().expect("an address");
        let protocol = "graphql-transport-ws".parse().expect("a header");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let connected = within("a WebSocket", connect_async(request)).await;
        let mut live = Live {
            socket: connected.expect("a WebSocket").0,
        };
        let payload = match &self.token {
            Some(token) => json!({"Authorization": format!("Bearer {token}")}),
            None => json!({}),
        };
        live.send(json!({"type": "connection_init", "payload": payload}))
            .await;
        assert_eq!(live.message().await["type"], "connection_ack");
        let payload = json!({"query": document, "variables": variables});
        live.send(json!({"id": "1", "type": "subscribe", "payload": payload}))
            .await;
        live
    }
}

/// An open subscription.
pub struct Live {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Live {
    /// The next event's data; fails when there is none, or an error instead.
    pub async fn next(&mut self) -> Value {
        let mut message = self.message().await;
        assert_eq!(message["type"], "next", "{message:#}");
        let payload = message["payload"].take();
        assert!(payload.get("errors").is_none(), "{payload:#}");
        payload["data"].clone()
    }

    /// The next message that is no ping.
    pub async fn message(&mut self) -> Value {
        loop {
            let message = within("an event", self.socket.next()).await;
            let message = message.expect("an open socket").expect("a message");
            let Message::Text(text) = message else {
                assert!(!message.is_close(), "the server closed: {message:?}");
                continue;
            };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if message["type"] == "ping" {
                self.send(json!({"type": "pong"})).await;
            } else if message["type"] != "pong" {
                return message;
            }
        }
    }

    /// Waits until the server closes the socket, whatever comes before; the code that it closes with.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("the socket is gone without a word: {other:?}"),
            }
        }
    }

    async fn send(&mut self, message: Value) {
        let message = Message::text(message.to_string());
        within("sending", self.socket.send(message))
            .await
            .expect("an open socket");
    }
}
