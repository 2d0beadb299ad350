//! Hosts that are spared, nodes that share the work, the loop that never sleeps towards anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use entity::{PollOutcome, SourceStatus};
use feedgraph::clock::Clock;
use feedgraph::store::Pause;
use tokio_util::sync::CancellationToken;

use super::{HOUR, Node, START, feed};
use crate::support::{Item, Page, Publisher, eventually, rss, within};

#[derive(Default)]
struct Crowd {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// A publisher that counts how many requests it has at once.
pub struct Crowded {
    pub origin: String,
    crowd: Arc<Crowd>,
}

impl Crowded {
    pub async fn start() -> Self {
        let crowd = Arc::new(Crowd::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new()
            .route("/{name}", get(answer))
            .with_state(Arc::clone(&crowd));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin, crowd }
    }

    /// The most requests that it ever had at once.
    pub fn most(&self) -> usize {
        self.crowd.most.load(Ordering::SeqCst)
    }
}

async fn answer(State(crowd): State<Arc<Crowd>>) -> String {
    let now = crowd.now.fetch_add(1, Ordering::SeqCst) + 1;
    crowd.most.fetch_max(now, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(2)).await;
    crowd.now.fetch_sub(1, Ordering::SeqCst);
    let items = [Item::new("a", "2026-11-20T10:00:00Z")];
    rss("F", "https://blog.example/", &items)
}

on_each_database! {
    async fn a_host_that_asks_for_rest_gets_it(database: Database) {
        let node = Node::start(&database).await;
        let (busy, idle) = (Publisher::start().await, Publisher::start().await);
        busy.set("/a", Page::status(429).header("retry-after", "7200"));
        busy.set("/b", feed(&["b"]));
        idle.set("/c", feed(&["c"]));
        let first = node.follow(&busy.url("/a")).await;
        assert_eq!(node.poll().await.failed, 1);
        let second = node.follow(&busy.url("/b")).await;
        node.follow(&idle.url("/c")).await;
        let report = node.poll().await;
        assert_eq!((report.polled, report.changed), (1, 1));
        assert!(busy.seen("/b").is_empty());
        node.clock.set(START.plus_seconds(2 * HOUR));
        assert_eq!(node.poll().await.changed, 1);
        assert_eq!(node.titles(second).await, ["b"]);
        let reason = node.state(first).await.reason;
        assert_eq!(reason, "Again after 2 hours: it failed (too many requests).");
    }

    async fn two_nodes_share_the_work_and_double_none(database: Database) {
        let clock = Clock::manual(START);
        let one = Node::named(&database, "one", clock.clone()).await;
        let two = Node::named(&database, "two", clock).await;
        let mut publishers = Vec::new();
        for number in 0..40 {
            let publisher = Publisher::start().await;
            publisher.set("/feed", feed(&[&format!("entry {number}")]).after(Duration::from_millis(30)));
            one.follow(&publisher.url("/feed")).await;
            publishers.push(publisher);
        }
        let (first, second) = tokio::join!(one.poll(), two.poll());
        assert_eq!(first.polled + second.polled, 40);
        assert!(first.polled > 0 && second.polled > 0, "{first:?} {second:?}");
        for publisher in publishers {
            assert_eq!(publisher.seen_all().len(), 1);
        }
    }

    async fn a_late_write_of_a_node_taken_for_dead_is_refused(database: Database) {
        let clock = Clock::manual(START);
        let dead = Node::named(&database, "dead", clock.clone()).await;
        let publisher = Publisher::start().await;
        let slow = feed(&["old"]).after(Duration::from_secs(2));
        publisher.set_sequence("/feed", vec![slow, feed(&["new"])]);
        let source = dead.follow(&publisher.url("/feed")).await;
        let poller = dead.poller.clone();
        let late = tokio::spawn(async move { poller.visit_now(source).await });
        let claimed = || async {
            let state = dead.state(source).await;
            state.claimed_by.filter(|node| node == "dead")
        };
        eventually("the first node's claim", claimed).await;
        // Nobody else may take it as long as the lease runs.
        let alive = Node::named(&database, "alive", clock).await;
        assert_eq!(alive.poller.visit_now(source).await.unwrap(), None);
        alive.clock.advance(301_000);
        // The publisher has the first request in hand once it has handed out the first page.
        let took_over = || async { alive.poller.visit_now(source).await.unwrap() };
        let visited = eventually("the second node's visit", took_over).await;
        assert_eq!(visited.summary.added, 1);
        let refused = within("the first node's visit", late).await.unwrap().unwrap();
        assert_eq!(refused, None);
        assert_eq!(alive.titles(source).await.len(), 1);
        assert_eq!(alive.attempts(source).await.len(), 1);
    }

    async fn the_loop_polls_what_becomes_due_and_ends_when_told(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one"]));
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (poller, stop) = (node.poller.clone(), stop.clone());
            async move { poller.run(stop).await }
        });
        let source = node.follow(&publisher.url("/feed")).await;
        node.poller.wake();
        let stored = || async { node.titles(source).await.first().cloned() };
        eventually("the first poll", stored).await;
        publisher.set("/feed", feed(&["one", "two"]));
        node.clock.advance(25 * HOUR * 1000);
        let stored = || async { node.titles(source).await.get(1).cloned() };
        eventually("the second poll", stored).await;
        stop.cancel();
        within("the loop's end", running).await.unwrap();
    }

    async fn stopping_gives_back_what_was_not_read(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one"]).after(Duration::from_mins(1)));
        let source = node.follow(&publisher.url("/feed")).await;
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (poller, stop) = (node.poller.clone(), stop.clone());
            async move { poller.run(stop).await }
        });
        let claimed = || async { node.state(source).await.claimed_by };
        eventually("a claim", claimed).await;
        stop.cancel();
        within("the loop's end", running).await.unwrap();
        let state = node.state(source).await;
        assert_eq!((state.claimed_by, state.next_poll_at), (None, Some(START)));
        assert!(node.attempts(source).await.is_empty());
    }

    async fn a_paused_source_is_polled_only_when_asked(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one"]));
        let source = node.follow(&publisher.url("/feed")).await;
        node.store.set_paused(source, Pause::Pause, START).await.unwrap();
        assert_eq!(node.poll().await.polled, 0);
        let visited = node.poller.visit_now(source).await.unwrap().unwrap();
        assert_eq!(visited.attempt.outcome, PollOutcome::Changed);
        assert_eq!(node.source(source).await.status, SourceStatus::Paused);
        assert_eq!(node.state(source).await.next_poll_at, None);
    }
}
