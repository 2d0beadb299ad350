//! The schema over a test's database, without any door. In: feeds as text, documents. Out: stored
//! entries, answers as JSON. Feeds go the real way from their bytes to the store, only nothing fetches.

use std::pin::Pin;
use std::time::Duration;

use async_graphql::{Request, Response};
use entity::{Millis, PollOutcome, Role, SessionId, SourceId, SourceStatus, UserId};
use feedgraph::auth::{Auth, AuthSettings, Principal, Proof};
use feedgraph::clock::Clock;
use feedgraph::fetch::{self, FetchSettings, Fetcher, Validators};
use feedgraph::graphql::{self, GraphqlSettings, Schema, Services};
use feedgraph::poll::{PollSettings, Poller};
use feedgraph::publish::{self, Bell};
use feedgraph::store::{
    AddSource, Attempt, HubNews, Lease, NewPlanet, NewSource, NextState, PackedBody, Reading,
    Store, StoreSettings, VisitRecord, WritePlanet,
};
use feedgraph::{normalize, parse};
use futures::{Stream, StreamExt};
use serde_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Database, Item, rss, within};

/// 2024-03-29T12:00:00Z, when all of these tests begin.
pub const NOON: Millis = Millis(1_711_713_600_000);

/// A running schema; what runs beside it ends with the value.
pub struct Graph {
    /// The rows.
    pub store: Store,
    /// Moved by hand.
    pub clock: Clock,
    /// The schema.
    pub schema: Schema,
    bell: Bell,
    _running: DropGuard,
}

/// A poller that nobody has set to work.
fn poller(store: &Store, clock: &Clock) -> Poller {
    fetch::init();
    let fetcher = Fetcher::new(FetchSettings::default()).unwrap();
    let (store, clock) = (store.clone(), clock.clone());
    Poller::new(
        store,
        fetcher,
        clock,
        PollSettings::default(),
        "test".to_owned(),
    )
}

/// Answers of a subscription.
pub type Answers = Pin<Box<dyn Stream<Item = Value> + Send>>;

impl Graph {
    /// The schema over a database, as after a start of the program.
    pub async fn open(database: &Database) -> Self {
        let store = Store::open(&StoreSettings::new(&database.url))
            .await
            .unwrap();
        store.migrate().await.unwrap();
        let (bell, clock) = (Bell::new(), Clock::manual(NOON));
        let shutdown = CancellationToken::new();
        tokio::spawn(publish::follow(
            store.clone(),
            bell.clone(),
            // Longer than any test: what counts statements must not count those of the timer.
            Duration::from_mins(10),
            shutdown.clone(),
        ));
        let auth = Auth::new(store.clone(), clock.clone(), AuthSettings::default()).unwrap();
        let services = Services {
            store: store.clone(),
            bell: bell.clone(),
            clock: clock.clone(),
            poller: poller(&store, &clock),
            auth: auth.into(),
            settings: GraphqlSettings::default(),
        };
        Self {
            schema: graphql::build(services),
            store,
            clock,
            bell,
            _running: shutdown.drop_guard(),
        }
    }

    /// The answer to a document, errors and all.
    pub async fn execute(&self, request: impl Into<Request>) -> Response {
        self.schema
            .execute(graphql::begin(request.into(), &self.bell))
            .await
    }

    /// The data that a document gets; there must be no error.
    pub async fn ask(&self, request: impl Into<Request>) -> Value {
        let answer = self.execute(request).await;
        assert_eq!(answer.errors, Vec::new());
        answer.data.into_json().unwrap()
    }

    /// The code of the first error that a document gets; there must be one.
    pub async fn refusal(&self, request: impl Into<Request>) -> String {
        code(&serde_json::to_value(self.execute(request).await).unwrap())
    }

    /// Begins a subscription.
    pub fn subscribe(&self, request: impl Into<Request>) -> Answers {
        let request = graphql::begin(request.into(), &self.bell);
        let answers = self.schema.execute_stream(request);
        Box::pin(answers.map(|answer| serde_json::to_value(answer).unwrap()))
    }

    /// Follows a feed that has these items already; gives the source's key.
    pub async fn follow(&self, title: &str, items: &[Item]) -> SourceId {
        let url = feed_url(title);
        let mut source = NewSource::new(url.clone(), self.clock.now());
        source.first = Some(self.record(title, items));
        match self.store.add_source(&source).await.unwrap() {
            AddSource::Added(written) => written.row.id,
            AddSource::AlreadyThere(row) => panic!("{} is there", row.feed_url),
        }
    }

    /// Visits a source whose feed has these items now.
    pub async fn visit(&self, source: SourceId, title: &str, items: &[Item]) {
        let lease = Lease {
            now: self.clock.now(),
            node: "test",
            seconds: 60,
        };
        let claim = self
            .store
            .claim_source(source, &lease)
            .await
            .unwrap()
            .unwrap();
        let record = self.record(title, items);
        self.store
            .record_visit(&claim, &record)
            .await
            .unwrap()
            .unwrap();
    }

    /// Makes a planet.
    pub async fn planet(&self, slug: &str, sources: &[SourceId]) -> entity::PlanetId {
        let planet = NewPlanet {
            slug: slug.to_owned(),
            title: format!("Planet {slug}"),
            description: None,
            link: None,
            owner_name: None,
            links: Vec::new(),
            source_ids: sources.to_vec(),
            at: self.clock.now(),
        };
        match self.store.create_planet(&planet).await.unwrap() {
            WritePlanet::Written(written) => written.row.id,
            other => panic!("{other:?}"),
        }
    }

    fn record(&self, title: &str, items: &[Item]) -> VisitRecord {
        let site = format!("https://{}.example.org/", host(title));
        let bytes = rss(title, &site, items).into_bytes();
        let document = parse::read(&bytes, None, &parse::Limits::default()).unwrap();
        let draft = normalize::feed(document, &feed_url(title).parse().unwrap());
        let at = self.clock.now();
        VisitRecord {
            at,
            attempt: Attempt {
                outcome: PollOutcome::Changed,
                http_status: Some(200),
                duration_ms: 12,
                bytes: i64::try_from(bytes.len()).unwrap(),
                message: None,
                error: None,
            },
            reading: Some(Reading {
                draft,
                body_hash: parse::body_hash(&bytes),
                body: PackedBody::pack(&bytes, None, &feed_url(title), usize::MAX),
            }),
            state: state(at),
        }
    }
}

fn state(at: Millis) -> NextState {
    NextState {
        status: SourceStatus::Active,
        next_poll_at: Some(at.plus_seconds(3600)),
        reason: "in an hour".to_owned(),
        interval_seconds: 3600,
        validators: Validators::default(),
        consecutive_failures: 0,
        first_failed_at: None,
        rhythm: normalize::Rhythm::default(),
        redirect_url: None,
        redirect_since: None,
        moved_to: None,
        rest_host: None,
        resume_host: false,
        hub: HubNews::Unknown,
        findings: None,
    }
}

/// Where [`Graph::follow`] says that a feed is.
pub fn feed_url(title: &str) -> String {
    format!("https://{}.example.org/feed.xml", host(title))
}

fn host(title: &str) -> String {
    let word = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = title.chars().map(word).collect();
    name.trim_matches('-').to_owned()
}

/// A request by an account of a role, which need not exist.
pub fn by(role: Role, document: &str) -> Request {
    Request::new(document).data(Principal {
        user_id: UserId(1),
        username: "somebody".to_owned(),
        role,
        proof: Proof::Session(SessionId(1)),
        expires_at: NOON.plus_seconds(900),
    })
}

/// The code of an answer's first error.
pub fn code(answer: &Value) -> String {
    let code = answer["errors"][0]["extensions"]["code"].as_str();
    code.unwrap_or_else(|| panic!("no error with a code: {answer}"))
        .to_owned()
}

/// The next answer of a subscription.
pub async fn next(answers: &mut Answers) -> Value {
    within("an answer of a subscription", answers.next())
        .await
        .expect("it goes on")
}
