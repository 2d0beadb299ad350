//! A hub in the test, a publisher that names it, and a program that both can reach.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use entity::SourceId;
use feedgraph::websub::Subscriber;
use reqwest::Response;
use ring::hmac;
use url::Url;

use crate::support::{Database, Item, Page, Publisher, TestApp, rss};

pub const PUBLIC: &str = "https://planet.example/base/";

pub type Asked = Vec<HashMap<String, String>>;

#[derive(Clone)]
struct Shared {
    asked: Arc<Mutex<Asked>>,
    status: Arc<Mutex<u16>>,
}

/// A hub that notes what it is asked; everything else it does when told.
pub struct Hub {
    pub url: String,
    shared: Shared,
}

impl Hub {
    pub async fn start() -> Self {
        let shared = Shared {
            asked: Arc::default(),
            status: Arc::new(Mutex::new(202)),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hub", listener.local_addr().unwrap());
        let router = axum::Router::new()
            .route("/hub", post(note))
            .route(
                "/moved",
                post(async || (StatusCode::TEMPORARY_REDIRECT, [("location", "/hub")])),
            )
            .with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    pub fn asked(&self) -> Asked {
        self.shared.asked.lock().unwrap().clone()
    }

    pub fn answer(&self, status: u16) {
        *self.shared.status.lock().unwrap() = status;
    }
}

async fn note(
    State(shared): State<Shared>,
    Form(form): Form<HashMap<String, String>>,
) -> StatusCode {
    shared.asked.lock().unwrap().push(form);
    StatusCode::from_u16(*shared.status.lock().unwrap()).unwrap()
}

/// A program that can be pushed to, a publisher with a hub, and the source, read once.
pub struct Scene {
    pub app: TestApp,
    pub subscriber: Subscriber,
    pub hub: Hub,
    pub publisher: Publisher,
    pub source: SourceId,
}

impl Scene {
    pub async fn start(database: &Database) -> Self {
        let public: Url = PUBLIC.parse().unwrap();
        let app = TestApp::on(database)
            .config(|config| config.public_url = Some(public.clone()))
            .start()
            .await;
        let parts = app.app.parts();
        let subscriber = Subscriber::new(
            parts.store.clone(),
            parts.poller.clone(),
            app.clock.clone(),
            public,
        );
        let (hub, publisher) = (Hub::start().await, Publisher::start().await);
        let scene = Self {
            source: app.follow(&publisher.url("/feed")).await,
            app,
            subscriber,
            hub,
            publisher,
        };
        scene.publish(&["one"]);
        scene.app.poll().await;
        scene
    }

    pub fn topic(&self) -> String {
        self.publisher.url("/topic")
    }

    /// The feed, which names its hub and topic.
    pub fn feed(&self, names: &[&str]) -> String {
        let items: Vec<Item> = names
            .iter()
            .map(|name| Item::new(name, "2025-12-30T10:00:00Z").titled(name))
            .collect();
        let links = format!(
            "<channel xmlns:atom=\"http://www.w3.org/2005/Atom\"><atom:link rel=\"hub\" href=\"{}\"/>\
             <atom:link rel=\"self\" href=\"{}\"/>",
            self.hub.url,
            self.topic(),
        );
        rss("A feed", "https://blog.example/", &items).replacen("<channel>", &links, 1)
    }

    pub fn publish(&self, names: &[&str]) {
        self.publisher.set("/feed", Page::rss(self.feed(names)));
    }

    pub async fn ask_hubs(&self) {
        self.subscriber.ask_all().await.unwrap();
    }

    pub async fn row(&self) -> Option<entity::subscription::Model> {
        self.app
            .app
            .parts()
            .store
            .subscription_of(self.source)
            .await
            .unwrap()
    }

    /// The callback, on the address at which the test's program listens.
    pub async fn callback(&self) -> String {
        format!(
            "{}/websub/{}",
            self.app.origin,
            self.row().await.unwrap().callback_key
        )
    }

    pub async fn verify(&self, parameters: &[(&str, &str)]) -> (u16, String) {
        let url = Url::parse_with_params(&self.callback().await, parameters).unwrap();
        let response = reqwest::get(url).await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Asks the hub, which confirms for a time.
    pub async fn subscribe(&self, lease: &str) {
        self.ask_hubs().await;
        let topic = self.topic();
        let confirmed = self
            .verify(&[
                ("hub.mode", "subscribe"),
                ("hub.topic", &topic),
                ("hub.challenge", "abc"),
                ("hub.lease_seconds", lease),
            ])
            .await;
        assert_eq!(confirmed, (200, "abc".to_owned()));
    }

    pub async fn push_signed(&self, body: &str, signature: Option<String>) -> Response {
        let mut request = reqwest::Client::new()
            .post(self.callback().await)
            .header("content-type", "application/rss+xml")
            .body(body.to_owned());
        if let Some(signature) = signature {
            request = request.header("x-hub-signature", signature);
        }
        request.send().await.unwrap()
    }

    pub async fn push(&self, names: &[&str]) -> u16 {
        let body = self.feed(names);
        let signature = signature(&self.row().await.unwrap().secret, &body);
        self.push_signed(&body, Some(signature))
            .await
            .status()
            .as_u16()
    }

    pub async fn titles(&self) -> Vec<String> {
        let newest = self
            .app
            .app
            .parts()
            .store
            .newest_entries_of_sources(&[self.source], 50)
            .await;
        let entries = newest.unwrap().remove(&self.source).unwrap_or_default();
        let mut titles: Vec<String> = entries.into_iter().map(|entry| entry.title).collect();
        titles.sort_unstable();
        titles
    }

    pub async fn state(&self) -> entity::poll_state::Model {
        let mut states = self
            .app
            .app
            .parts()
            .store
            .poll_states_of(&[self.source])
            .await
            .unwrap();
        states.remove(&self.source).unwrap()
    }

    /// Moves the clock to the next due time and polls.
    pub async fn poll_next(&self) {
        self.app.clock.set(self.state().await.next_poll_at.unwrap());
        assert_eq!(self.app.poll().await.polled, 1);
    }
}

pub fn signature(secret: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signed = hmac::sign(&key, body.as_bytes());
    let mut header = "sha256=".to_owned();
    for byte in signed.as_ref() {
        write!(header, "{byte:02x}").unwrap();
    }
    header
}
