//! Failures, back-off, death, redirects.

use std::time::Duration;

use entity::{PollErrorKind, SourceStatus};

use super::{DAY, HOUR, Node, feed, wait};
use crate::support::{Page, Publisher};

on_each_database! {
    async fn failures_wait_longer_and_a_success_ends_them(database: Database) {
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one"]).etag("\"1\""));
        let node = Node::start(&database).await;
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        publisher.set("/feed", Page::status(500));
        for (count, hours) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 24), (7, 24)] {
            node.poll_next(source).await;
            let expected = (SourceStatus::Failing, Some(PollErrorKind::HttpStatus), count);
            assert_eq!(node.troubles(source).await, expected);
            let allowed = hours * HOUR..=hours * HOUR * 5 / 4;
            let waited = wait(&node, source).await;
            assert!(allowed.contains(&waited), "{waited} is not in {allowed:?}");
        }
        let state = node.state(source).await;
        let message = "the server answered 500 Internal Server Error";
        assert_eq!(state.last_error_message.as_deref(), Some(message));
        assert_eq!(
            state.reason,
            "Again after 1 day: it failed 7 times in a row (the server has a fault)."
        );
        publisher.set("/feed", feed(&["one"]).etag("\"1\""));
        node.poll_next(source).await;
        assert_eq!(node.troubles(source).await, (SourceStatus::Active, None, 0));
        let last = publisher.seen("/feed").pop().unwrap();
        assert_eq!(last.header("if-none-match"), Some("\"1\""));
    }

    async fn bodies_that_are_broken_or_no_feed_lose_nothing(database: Database) {
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one", "two"]).etag("\"1\""));
        let node = Node::start(&database).await;
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        publisher.set("/feed", Page::html("<html><body>Be right back</body></html>").etag("\"2\""));
        node.poll_next(source).await;
        let expected = (SourceStatus::Failing, Some(PollErrorKind::NotAFeed), 1);
        assert_eq!(node.troubles(source).await, expected);
        publisher.set("/feed", Page::rss("").etag("\"3\""));
        node.poll_next(source).await;
        assert_eq!(node.troubles(source).await.2, 2);
        assert_eq!(node.titles(source).await, ["one", "two"]);
        // What could not be read is not taken for read.
        let etag = node.state(source).await.etag;
        assert_eq!(etag.as_deref(), Some(&b"\"1\""[..]));
    }

    async fn gone_is_the_end(database: Database) {
        let publisher = Publisher::start().await;
        publisher.set("/feed", Page::status(410));
        let node = Node::start(&database).await;
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        assert_eq!(node.source(source).await.status, SourceStatus::Dead);
        let state = node.state(source).await;
        assert_eq!(state.next_poll_at, None);
        assert_eq!(
            state.reason,
            "Not again: the publisher says that it is gone for good (410)."
        );
        node.clock.advance(365 * DAY * 1000);
        assert_eq!(node.poll().await.polled, 0);
        // An editor may still ask, and a feed that is back is followed again.
        publisher.set("/feed", feed(&["one"]));
        let visited = node.poller.visit_now(source).await.unwrap().unwrap();
        assert_eq!(visited.summary.added, 1);
        assert_eq!(node.source(source).await.status, SourceStatus::Active);
    }

    async fn months_of_failure_end_in_monthly_tries(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        let source = node.follow(&publisher.url("/missing")).await;
        node.poll().await;
        node.clock.advance(91 * DAY * 1000);
        node.poll().await;
        assert_eq!(node.source(source).await.status, SourceStatus::Dead);
        assert!((30 * DAY..=38 * DAY).contains(&wait(&node, source).await));
        publisher.set("/missing", feed(&["one"]));
        node.poll_next(source).await;
        assert_eq!(node.troubles(source).await, (SourceStatus::Active, None, 0));
    }

    async fn a_permanent_redirect_is_believed_after_days(database: Database) {
        let publisher = Publisher::start().await;
        publisher.set("/old", Page::redirect(301, "/new"));
        publisher.set("/new", feed(&["one"]));
        let node = Node::start(&database).await;
        let source = node.follow(&publisher.url("/old")).await;
        node.poll().await;
        assert!(node.state(source).await.findings.contains("MOVED"));
        for _ in 0..9 {
            node.poll_next(source).await;
        }
        let row = node.source(source).await;
        assert_eq!(row.feed_url, publisher.url("/new"));
        assert_eq!(node.titles(source).await, ["one"]);
        let asked_before = publisher.seen("/old").len();
        node.poll_next(source).await;
        assert_eq!(publisher.seen("/old").len(), asked_before);
        // The old URL stays an alias.
        let again = feedgraph::store::NewSource::new(publisher.url("/old"), node.clock.now());
        let answer = node.store.add_source(&again).await.unwrap();
        assert!(matches!(answer, feedgraph::store::AddSource::AlreadyThere(row) if row.id == source));
    }

    async fn a_temporary_redirect_is_never_kept(database: Database) {
        let publisher = Publisher::start().await;
        publisher.set("/old", Page::redirect(302, "/new"));
        publisher.set("/new", feed(&["one"]));
        let node = Node::start(&database).await;
        let source = node.follow(&publisher.url("/old")).await;
        node.poll().await;
        for _ in 0..9 {
            node.poll_next(source).await;
        }
        assert_eq!(node.source(source).await.feed_url, publisher.url("/old"));
    }

    async fn when_nothing_answers_nobody_is_blamed(database: Database) {
        let node = Node::start(&database).await;
        let mut sources = Vec::new();
        for number in 0..20 {
            // Twenty hosts that no resolver knows.
            let url = format!("http://host-{number}.invalid/feed");
            sources.push(node.follow(&url).await);
        }
        node.poll().await;
        for source in &sources {
            assert_eq!(node.attempts(*source).await.len(), 1);
            // Those that failed before it was seen are pardoned.
            let (status, _, failures) = node.troubles(*source).await;
            assert_eq!((status, failures), (SourceStatus::Active, 0));
            let waited = wait(&node, *source).await;
            assert!((299..=600).contains(&waited), "{waited}");
        }
    }

    async fn a_slow_visit_does_not_hold_up_the_others(database: Database) {
        let node = Node::start(&database).await;
        let (slow, fast) = (Publisher::start().await, Publisher::start().await);
        slow.set("/feed", feed(&["slow"]).after(Duration::from_secs(1)));
        fast.set("/feed", feed(&["fast"]));
        node.follow(&slow.url("/feed")).await;
        let fast_one = node.follow(&fast.url("/feed")).await;
        let never = tokio_util::sync::CancellationToken::new();
        let mut first = None;
        let polled = node.poller.poll_due_once(&never, |progress| {
            first.get_or_insert(progress.visited.source_id);
        });
        polled.await.unwrap();
        assert_eq!(first, Some(fast_one));
    }
}
