//! Polling, from a due source to what is stored: on both databases, with a clock moved by hand.

mod afar;
mod conditions;
mod failures;
mod led;
mod resting;
mod sharing;

use std::time::Duration;

use entity::{Millis, PollErrorKind, SourceId, SourceStatus, poll_attempt, poll_state, source};
use feedgraph::clock::Clock;
use feedgraph::fetch::{FetchSettings, Fetcher};
use feedgraph::poll::{PollReport, PollSettings, Poller};
use feedgraph::store::{AddSource, NewSource, Store, StoreSettings};
use tokio_util::sync::CancellationToken;

use crate::support::{Database, Item, Page, Publisher, rss};

/// Monday, 2026-11-23 04:00 UTC.
pub const START: Millis = Millis(1_795_406_400_000);
pub const HOUR: i64 = 3_600;
pub const DAY: i64 = 24 * HOUR;

/// A node that polls, and its clock.
pub struct Node {
    pub store: Store,
    pub poller: Poller,
    pub clock: Clock,
}

impl Node {
    pub async fn start(database: &Database) -> Self {
        Self::named(database, "one", Clock::manual(START)).await
    }

    /// A node that shares the database, and perhaps the clock, with others.
    pub async fn named(database: &Database, name: &str, clock: Clock) -> Self {
        let store = Store::open(&StoreSettings::new(&database.url))
            .await
            .unwrap();
        let fetcher = Fetcher::new(FetchSettings {
            allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
            idle_timeout: Duration::from_secs(2),
            ..FetchSettings::default()
        })
        .unwrap();
        let settings = PollSettings {
            host_spacing: Duration::ZERO,
            ..PollSettings::default()
        };
        let poller = Poller::new(
            store.clone(),
            fetcher,
            clock.clone(),
            settings,
            name.to_owned(),
        );
        Self {
            store,
            poller,
            clock,
        }
    }

    pub async fn follow(&self, url: &str) -> SourceId {
        let new = NewSource::new(url, self.clock.now());
        match self.store.add_source(&new).await.unwrap() {
            AddSource::Added(written) => written.row.id,
            AddSource::AlreadyThere(row) => panic!("there already: {row:?}"),
        }
    }

    /// Polls whatever is due now.
    pub async fn poll(&self) -> PollReport {
        let never = CancellationToken::new();
        self.poller.poll_due_once(&never, |_| {}).await.unwrap()
    }

    /// Moves the clock to the next due time and polls.
    pub async fn poll_next(&self, source: SourceId) -> PollReport {
        self.clock
            .set(self.state(source).await.next_poll_at.unwrap());
        self.poll().await
    }

    pub async fn state(&self, source: SourceId) -> poll_state::Model {
        let mut found = self.store.poll_states_of(&[source]).await.unwrap();
        found.remove(&source).unwrap()
    }

    pub async fn source(&self, source: SourceId) -> source::Model {
        let mut found = self.store.sources_by_ids(&[source]).await.unwrap();
        found.remove(&source).unwrap()
    }

    /// Titles of the stored entries, in the order of the alphabet.
    pub async fn titles(&self, source: SourceId) -> Vec<String> {
        let sources = [source];
        let newest = self.store.newest_entries_of_sources(&sources, 100).await;
        let entries = newest.unwrap().remove(&source).unwrap_or_default();
        let mut titles: Vec<String> = entries.into_iter().map(|entry| entry.title).collect();
        titles.sort_unstable();
        titles
    }

    /// Attempts, newest first.
    pub async fn attempts(&self, source: SourceId) -> Vec<poll_attempt::Model> {
        let mut found = self.store.attempts_of(&[source], 50).await.unwrap();
        found.remove(&source).unwrap_or_default()
    }

    /// How the source is doing and why, as an editor sees it.
    pub async fn troubles(&self, source: SourceId) -> (SourceStatus, Option<PollErrorKind>, i32) {
        let state = self.state(source).await;
        let status = self.source(source).await.status;
        (status, state.last_error_kind, state.consecutive_failures)
    }
}

/// A feed with entries of these names.
pub fn feed(names: &[&str]) -> Page {
    let items: Vec<Item> = names
        .iter()
        .map(|name| Item::new(name, "2026-11-20T10:00:00Z").titled(name))
        .collect();
    Page::rss(rss("A feed", "https://blog.example/", &items))
}

/// Seconds from the clock to the next poll.
pub async fn wait(node: &Node, source: SourceId) -> i64 {
    let next = node.state(source).await.next_poll_at.unwrap();
    next.since(node.clock.now()) / 1000
}

on_each_database! {
    async fn what_is_due_is_polled_and_stored_once(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one", "two"]));
        let source = node.follow(&publisher.url("/feed")).await;
        let report = node.poll().await;
        assert_eq!((report.polled, report.changed, report.added), (1, 1, 2));
        assert_eq!(node.titles(source).await, ["one", "two"]);
        assert_eq!(node.source(source).await.title, "A feed");
        assert_eq!(node.poll().await, PollReport::default());
        let state = node.state(source).await;
        assert!(state.reason.starts_with("Every "), "{}", state.reason);
        assert!((HOUR..=DAY).contains(&state.interval_seconds));
        assert!((HOUR..=DAY).contains(&wait(&node, source).await));
    }

    async fn a_source_is_polled_when_it_is_due_and_not_before(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one"]));
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        let due = node.state(source).await.next_poll_at.unwrap();
        node.clock.set(due.plus_millis(-1));
        assert_eq!(node.poll().await.polled, 0);
        node.clock.set(due);
        assert_eq!(node.poll().await.polled, 1);
        // A clock that jumps back or far ahead makes neither a storm nor a standstill.
        node.clock.set(START.plus_seconds(-365 * DAY));
        assert_eq!(node.poll().await.polled, 0);
        node.clock.set(START.plus_seconds(365 * DAY));
        assert_eq!(node.poll().await.polled, 1);
        assert_eq!(node.poll().await.polled, 0);
    }

    async fn those_that_wait_longest_come_first(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        for (path, minutes) in [("/c", 30), ("/a", 0), ("/b", 10)] {
            publisher.set(path, feed(&["one"]));
            let mut new = NewSource::new(publisher.url(path), START);
            new.next_poll_at = Some(START.plus_seconds(minutes * 60));
            node.store.add_source(&new).await.unwrap();
        }
        node.clock.advance(3_600_000);
        let mut order = Vec::new();
        let never = CancellationToken::new();
        let one_by_one = PollSettings {
            concurrency: 1,
            host_spacing: Duration::ZERO,
            ..PollSettings::default()
        };
        let fetcher = Fetcher::new(FetchSettings {
            allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
            ..FetchSettings::default()
        });
        let poller = Poller::new(
            node.store.clone(),
            fetcher.unwrap(),
            node.clock.clone(),
            one_by_one,
            "slow".to_owned(),
        );
        let polling = poller.poll_due_once(&never, |progress| {
            assert_eq!(progress.due, 3);
            order.push(progress.done);
        });
        polling.await.unwrap();
        assert_eq!(order, [1, 2, 3]);
        let paths: Vec<String> = publisher.seen_all().into_iter().map(|seen| seen.path).collect();
        assert_eq!(paths, ["/a", "/b", "/c"]);
    }

    async fn entries_are_added_and_updated_and_never_doubled(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one", "two"]));
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        let items = [
            Item::new("one", "2026-11-20T10:00:00Z").titled("one, again"),
            Item::new("two", "2026-11-20T10:00:00Z").titled("two"),
            Item::new("three", "2026-11-21T10:00:00Z").titled("three"),
        ];
        publisher.set("/feed", Page::rss(rss("A feed", "https://blog.example/", &items)));
        let report = node.poll_next(source).await;
        assert_eq!((report.added, report.updated), (1, 1));
        assert_eq!(node.titles(source).await, ["one, again", "three", "two"]);
    }
}
