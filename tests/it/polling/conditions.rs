//! Conditional requests, documents that did not change, and what publishers ask for.

use entity::PollOutcome;

use super::{DAY, HOUR, Node, feed, wait};
use crate::support::{Item, Page, Publisher, rss};

const ETAG: &str = "W/\"a-\\b; 'c'\"";
const DATE: &str = "Fri, 20 Nov 2026 10:00:00 GMT";

on_each_database! {
    async fn validators_are_sent_back_exactly_over_restarts_too(database: Database) {
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one"]).etag(ETAG).last_modified(DATE));
        let node = Node::start(&database).await;
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        let report = node.poll_next(source).await;
        assert_eq!((report.polled, report.unchanged), (1, 1));
        let clock = node.clock.clone();
        drop(node);
        let node = Node::named(&database, "restarted", clock).await;
        node.poll_next(source).await;
        let seen = publisher.seen("/feed");
        assert_eq!(seen[0].header("if-none-match"), None);
        for asked in &seen[1..] {
            assert_eq!(asked.header("if-none-match"), Some(ETAG));
            assert_eq!(asked.header("if-modified-since"), Some(DATE));
            assert_eq!(asked.status, 304);
        }
        let attempt = node.attempts(source).await.remove(0);
        assert_eq!(attempt.outcome, PollOutcome::Unchanged);
        assert_eq!((attempt.http_status, attempt.bytes), (Some(304), 0));
    }

    async fn a_304_renews_validators_one_by_one(database: Database) {
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one"]).etag("\"1\"").last_modified(DATE));
        let node = Node::start(&database).await;
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        let later = "Sat, 21 Nov 2026 10:00:00 GMT";
        publisher.set("/feed", feed(&["one"]).etag("\"1\"").last_modified(later));
        node.poll_next(source).await;
        node.poll_next(source).await;
        let seen = publisher.seen("/feed");
        assert_eq!(seen[2].header("if-none-match"), Some("\"1\""));
        assert_eq!(seen[2].header("if-modified-since"), Some(later));
    }

    async fn an_equal_body_is_no_change_and_renews_validators(database: Database) {
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one"]).etag("\"1\""));
        let node = Node::start(&database).await;
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        let before = node.store.head().await.unwrap().revision;
        publisher.set("/feed", feed(&["one"]).etag("\"2\""));
        let report = node.poll_next(source).await;
        assert_eq!((report.polled, report.unchanged), (1, 1));
        assert_eq!(node.store.head().await.unwrap().revision, before);
        assert_eq!(node.state(source).await.etag.as_deref(), Some(&b"\"2\""[..]));
        assert_eq!(publisher.seen("/feed")[1].status, 200);
    }

    async fn a_new_document_takes_the_validators_of_the_old_one_away(database: Database) {
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one"]).etag("\"1\"").last_modified(DATE));
        let node = Node::start(&database).await;
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        publisher.set("/feed", feed(&["one", "two"]).etag("\"2\""));
        node.poll_next(source).await;
        node.poll_next(source).await;
        let last = publisher.seen("/feed").pop().unwrap();
        assert_eq!(last.header("if-none-match"), Some("\"2\""));
        assert_eq!(last.header("if-modified-since"), None);
    }

    async fn what_the_publisher_asks_for_counts_on_a_304_too(database: Database) {
        let publisher = Publisher::start().await;
        let fresh = |hours: i64| {
            let page = feed(&["one"]).etag("\"1\"");
            page.header("cache-control", &format!("max-age={}", hours * HOUR))
        };
        publisher.set("/feed", fresh(22));
        let node = Node::start(&database).await;
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        assert!((22 * HOUR..=25 * HOUR).contains(&wait(&node, source).await));
        publisher.set("/feed", fresh(1_000));
        node.poll_next(source).await;
        assert!((DAY..=27 * HOUR).contains(&wait(&node, source).await));
        assert_eq!(publisher.seen("/feed")[1].status, 304);
        let reason = node.state(source).await.reason;
        assert_eq!(reason, "Every 1 day: the server says that it stays fresh so long.");
    }

    async fn what_the_feed_asks_for_counts_on_a_304_too(database: Database) {
        let publisher = Publisher::start().await;
        let asking = "<channel><ttl>1440</ttl>";
        let items = [Item::new("one", "2026-11-20T10:00:00Z")];
        let plain = rss("A feed", "https://blog.example/", &items);
        let page = Page::rss(plain.replace("<channel>", asking));
        publisher.set("/feed", page.etag("\"1\""));
        let node = Node::start(&database).await;
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        for status in [200, 304] {
            assert_eq!(publisher.seen("/feed").pop().unwrap().status, status);
            assert!((DAY..=27 * HOUR).contains(&wait(&node, source).await));
            node.poll_next(source).await;
        }
    }

    async fn validators_go_only_to_the_address_that_gave_them(database: Database) {
        let publisher = Publisher::start().await;
        publisher.set("/feed", Page::redirect(302, "/first"));
        publisher.set("/first", feed(&["one"]).etag("\"1\"").last_modified(DATE));
        publisher.set("/second", feed(&["two"]).etag("\"1\"").last_modified(DATE));
        let node = Node::start(&database).await;
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        assert_eq!(node.poll_next(source).await.unchanged, 1);
        let asked = publisher.seen("/first").pop().unwrap();
        assert_eq!((asked.header("if-none-match"), asked.status), (Some("\"1\""), 304));
        publisher.set("/feed", Page::redirect(302, "/second"));
        // What the first says of its document would make the second say that it has not changed.
        assert_eq!(node.poll_next(source).await.unchanged, 0);
        assert_eq!(node.titles(source).await, ["one", "two"]);
        assert_eq!(node.poll_next(source).await.unchanged, 1);
        let conditions: Vec<_> = publisher.seen("/second").iter().map(|asked| asked.status).collect();
        assert_eq!(conditions, [200, 304]);
        for asked in publisher.seen("/feed") {
            assert_eq!(asked.header("if-none-match"), None);
            assert_eq!(asked.header("if-modified-since"), None);
        }
    }

    async fn an_equal_body_from_another_address_is_asked_for_with_what_that_gave(database: Database) {
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one"]).etag("\"1\"").last_modified(DATE));
        let node = Node::start(&database).await;
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        publisher.set("/feed", Page::redirect(302, "/new"));
        publisher.set("/new", feed(&["one"]).etag("\"2\""));
        for _ in 0..2 {
            assert_eq!(node.poll_next(source).await.unchanged, 1);
        }
        let seen = publisher.seen("/new");
        assert_eq!(seen[0].header("if-none-match"), None);
        assert_eq!(seen[1].header("if-none-match"), Some("\"2\""));
        assert_eq!(seen[1].header("if-modified-since"), None);
    }
}
