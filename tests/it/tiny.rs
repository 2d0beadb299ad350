//! The real doors in front of a schema of a few fields that behave in known ways. In: settings. Out: a
//! server on loopback and a client. What the doors do does not depend on what the schema says.
#![allow(clippy::unused_async, reason = "async-graphql wants resolvers so")]
#![allow(clippy::diverging_sub_expression, reason = "a resolver that panics")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_graphql::{Context, Object, Schema, Subscription};
use axum::Router;
use entity::{Millis, Role};
use feedgraph::auth::{Auth, AuthSettings, SignIn, password};
use feedgraph::clock::Clock;
use feedgraph::graphql::needs::Needs;
use feedgraph::graphql::{Code, Fault};
use feedgraph::http::{Door, Drain, Engine, Frame, Health, HttpSettings};
use feedgraph::metrics::Metrics;
use feedgraph::store::{NewUser, Store, StoreSettings};
use futures::stream::{self, Stream, StreamExt as _};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::support::Database;

/// The time at which every test begins.
pub const START: Millis = Millis(1_750_000_000_000);

pub struct Query;

const fn a_lie() -> bool {
    false
}

#[Object]
impl Query {
    /// Says hello.
    async fn hello(&self, name: Option<String>) -> String {
        format!("hello {}", name.as_deref().unwrap_or("world"))
    }

    /// Adds.
    async fn add(&self, a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    /// Takes a minute, and tells that it begins.
    async fn slow(&self, context: &Context<'_>) -> i32 {
        context.data_unchecked::<Arc<Notify>>().notify_one();
        sleep(Duration::from_mins(1)).await;
        1
    }

    /// Panics.
    async fn boom(&self) -> i32 {
        assert!(a_lie(), "boom");
        1
    }

    /// Fails inside.
    async fn broken(&self) -> Result<i32, Fault> {
        Err(Fault::internal(&std::io::Error::other("/etc/secret")))
    }

    /// Fails, and is nullable.
    async fn lost(&self) -> Option<Result<i32, Fault>> {
        Some(Err(Fault::new(Code::NotFound, "there is none")))
    }

    /// Its own children.
    async fn me(&self) -> Query {
        Query
    }

    /// For the signed in.
    #[graphql(guard = "Needs(Role::Reader)")]
    async fn secret(&self, ctx: &Context<'_>) -> Result<i64, Fault> {
        Needs(Role::Reader)
            .of(ctx)
            .map(|principal| principal.user_id.0)
    }

    /// Long.
    async fn long(&self) -> String {
        "all work and no play ".repeat(1_000)
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    /// Does something.
    async fn touch(&self) -> i32 {
        1
    }
}

/// How many items of `flood` were made.
#[derive(Clone, Default)]
pub struct Flood(Arc<AtomicU64>);

impl Flood {
    /// Until now.
    pub fn made(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

pub struct Ticks;

#[Subscription]
impl Ticks {
    /// Counts, and ends.
    async fn count(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=to)
    }

    /// Goes on for ever, as fast as it is read, and counts how often.
    async fn flood(&self, context: &Context<'_>) -> impl Stream<Item = String> {
        let Flood(made) = context.data_unchecked::<Flood>().clone();
        stream::repeat("x".repeat(10_000)).inspect(move |_| {
            made.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// One at once, and then nothing.
    async fn quiet(&self) -> impl Stream<Item = i32> {
        stream::iter([1]).chain(stream::pending())
    }

    /// For the signed in: one at once, and then nothing.
    #[graphql(guard = "Needs(Role::Reader)")]
    async fn secret_quiet(&self) -> impl Stream<Item = i32> {
        stream::iter([1]).chain(stream::pending())
    }

    /// Does not begin.
    async fn refused(&self) -> Result<stream::Empty<i32>, Fault> {
        Err(Fault::new(Code::CursorExpired, "start over"))
    }

    /// Panics after the first.
    async fn bomb(&self) -> impl Stream<Item = i32> {
        stream::iter([1, 2]).map(|n| {
            assert!(n == 1, "boom");
            n
        })
    }
}

/// A server.
pub struct Tiny {
    /// Where it is, without a slash at the end.
    pub url: String,
    /// Its clock.
    pub clock: Clock,
    /// Its database.
    pub store: Store,
    /// Its accounts.
    pub auth: Arc<Auth>,
    /// Stops it.
    pub stop: CancellationToken,
    /// Ends when it has stopped.
    pub served: JoinHandle<()>,
    /// Notified when the field `slow` begins.
    pub slow_begun: Arc<Notify>,
    /// How far the field `flood` is.
    pub flood: Flood,
    client: Client,
}

impl Tiny {
    /// With these settings, on this database.
    pub async fn start(database: &Database, settings: HttpSettings) -> Self {
        let store = Store::open(&StoreSettings::new(&database.url))
            .await
            .unwrap();
        let clock = Clock::manual(START);
        let auth = Auth::new(store.clone(), clock.clone(), AuthSettings::default()).unwrap();
        let auth = Arc::new(auth);
        let slow_begun = Arc::new(Notify::new());
        let schema = Schema::build(Query, Mutation, Ticks);
        let flood = Flood::default();
        let schema = schema.data(Arc::clone(&slow_begun)).data(flood.clone());
        let schema = schema.finish();
        let stop = CancellationToken::new();
        let drain = Drain::on(stop.clone());
        let patience = settings.patience();
        let asked = store.clone();
        let door = Door::new(Frame {
            engine: Engine::new(schema.clone(), schema.sdl()),
            auth: Arc::clone(&auth),
            clock: clock.clone(),
            health: Health::default().asking("database", move || {
                let store = asked.clone();
                let gone = |_| "the database does not answer".to_owned();
                Box::pin(async move { store.ping().await.map_err(gone) })
            }),
            settings,
            drain: drain.clone(),
            metrics: Metrics::default(),
        })
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = feedgraph::http::router(door, Router::new());
        let served = tokio::spawn(feedgraph::http::serve(listener, router, drain, patience));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().unwrap();
        Self {
            url,
            clock,
            store,
            auth,
            stop,
            served,
            slow_begun,
            flood,
            client,
        }
    }

    /// A request to a path.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// A document by POST; `accept` may be empty.
    pub async fn post(&self, accept: &str, body: &Value) -> Response {
        let mut request = self
            .ask(Method::POST, "/graphql")
            .header("content-type", "application/json")
            .body(body.to_string());
        if !accept.is_empty() {
            request = request.header("accept", accept);
        }
        request.send().await.unwrap()
    }

    /// The result of a document, as JSON.
    pub async fn query(&self, document: &str) -> Value {
        let response = self
            .post("application/json", &json!({"query": document}))
            .await;
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }

    /// An access token of a new account.
    pub async fn token(&self, name: &str, role: Role) -> String {
        let password = "correct horse battery";
        let user = NewUser {
            username: name.into(),
            password_hash: password::hash(password).unwrap(),
            role,
            at: START,
        };
        self.store.create_user(&user).await.unwrap().unwrap();
        match self.auth.sign_in(name, password, None).await.unwrap() {
            SignIn::Granted(issued) => issued.access_token,
            other => panic!("{other:?}"),
        }
    }
}
