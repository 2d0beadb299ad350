//! Hosts that ask for rest: one probe resumes them; bodies that break off; what is known is not asked for again.

use std::time::Duration;

use entity::{PollErrorKind, SourceStatus};
use feedgraph::poll::Discovered;
use feedgraph::store::NewSource;
use url::Url;

use super::{DAY, HOUR, Node, START, feed};
use crate::fetching::raw_server;
use crate::support::{Item, Page, Publisher, rss};

const PATHS: [&str; 6] = ["/a", "/b", "/c", "/d", "/e", "/f"];

async fn six_sources(node: &Node, publisher: &Publisher) {
    for path in PATHS {
        node.follow(&publisher.url(path)).await;
    }
}

fn answer_all(publisher: &Publisher, page: &Page) {
    for path in PATHS {
        publisher.set(path, page.clone());
    }
}

on_each_database! {
    async fn one_probe_resumes_a_host(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        answer_all(&publisher, &Page::status(429).header("retry-after", "7200"));
        six_sources(&node, &publisher).await;
        node.poll().await;
        // Two may ask at once, so two may be told.
        let asked = publisher.seen_all().len();
        assert!((1..=2).contains(&asked), "{asked}");
        for hours in [2, 4] {
            node.clock.set(START.plus_seconds(hours * HOUR - 1));
            assert_eq!(node.poll().await.polled, 0);
            node.clock.set(START.plus_seconds(hours * HOUR));
            let before = publisher.seen_all().len();
            node.poll().await;
            assert_eq!(publisher.seen_all().len(), before + 1);
        }
        answer_all(&publisher, &feed(&["one"]));
        node.clock.set(START.plus_seconds(10 * DAY));
        assert_eq!(node.poll().await.changed, 6);
        // It is as any other host again.
        assert_eq!(node.store.host_rests_until(entity::SourceId(1), START).await.unwrap(), None);
    }

    async fn silence_is_no_answer_to_a_probe(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/a", Page::status(503).header("retry-after", "3600"));
        let busy = node.follow(&publisher.url("/a")).await;
        node.poll().await;
        let until = node.store.host_rests_until(busy, START).await.unwrap();
        assert_eq!(until, Some(START.plus_seconds(HOUR)));
        // Nothing listens there any more.
        drop(publisher);
        node.clock.set(START.plus_seconds(2 * HOUR));
        node.poll().await;
        assert_eq!(node.store.host_rests_until(busy, START).await.unwrap(), until);
    }

    async fn a_date_and_nonsense_in_retry_after_are_understood(database: Database) {
        let node = Node::start(&database).await;
        let soon = "HTTP/1.1 429 No\r\nretry-after: Mon, 23 Nov 2026 04:30:00 GMT\r\ncontent-length: 0\r\n\r\n";
        let soon = raw_server(vec![soon.as_bytes().to_vec()], Duration::ZERO).await;
        let source = node.follow(&soon).await;
        let publisher = Publisher::start().await;
        publisher.set("/a", Page::status(429).header("retry-after", "whenever"));
        let vague = node.follow(&publisher.url("/a")).await;
        node.poll().await;
        let rest = async |source| node.store.host_rests_until(source, START).await.unwrap();
        assert_eq!(rest(source).await, Some(START.plus_seconds(1_800)));
        assert_eq!(rest(vague).await, Some(START.plus_seconds(900)));
    }

    async fn a_document_that_breaks_off_is_a_failure(database: Database) {
        let node = Node::start(&database).await;
        let whole = rss("A feed", "https://blog.example/", &[
            Item::new("one", "2026-11-20T10:00:00Z"),
            Item::new("two", "2026-11-20T10:00:00Z"),
        ]);
        // Without a length, a connection that breaks looks like the end. One breaks between two items.
        for cut in [whole.len() - 30, whole.find("</item>").unwrap() + 7] {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\netag: \"1\"\r\n\r\n";
            let answer = format!("{head}{}", &whole[..cut]);
            let origin = raw_server(vec![answer.into_bytes()], Duration::ZERO).await;
            let source = node.follow(&origin).await;
            node.poll().await;
            let expected = (SourceStatus::Failing, Some(PollErrorKind::Connect), 1);
            assert_eq!(node.troubles(source).await, expected);
            assert_eq!(node.state(source).await.etag, None);
            assert!(node.titles(source).await.is_empty());
        }
    }

    async fn a_document_without_an_end_is_asked_for_again(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        let whole = rss("A feed", "https://blog.example/", &[
            Item::new("one", "2026-11-20T10:00:00Z").titled("one"),
            Item::new("two", "2026-11-20T10:00:00Z").titled("two"),
        ]);
        let cut = &whole[..whole.find("</item>").unwrap() + 7];
        publisher.set("/feed", Page::rss(cut).etag("\"1\""));
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        assert_eq!(node.titles(source).await, ["one"]);
        assert!(node.state(source).await.findings.contains("TRUNCATED"));
        assert_eq!(node.poll_next(source).await.unchanged, 1);
        assert_eq!(node.state(source).await.etag, None);
        publisher.set("/feed", Page::rss(whole).etag("\"1\""));
        node.poll_next(source).await;
        assert_eq!(node.titles(source).await, ["one", "two"]);
        assert_eq!(node.state(source).await.etag.as_deref(), Some(&b"\"1\""[..]));
    }

    async fn where_a_feed_says_that_it_moved_is_only_told(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        let plain = rss("A feed", "https://blog.example/", &[Item::new("one", "2026-11-20T10:00:00Z")]);
        let hint = "<channel xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\">\
            <itunes:new-feed-url>https://new.example/feed</itunes:new-feed-url>";
        publisher.set("/feed", Page::rss(plain.replace("<channel>", hint)));
        let source = node.follow(&publisher.url("/feed")).await;
        for _ in 0..6 {
            node.clock.advance(2 * DAY * 1000);
            node.poll().await;
        }
        assert_eq!(node.source(source).await.feed_url, publisher.url("/feed"));
        let findings = node.state(source).await.findings;
        assert!(findings.contains("moved to https://new.example/feed"), "{findings}");
    }

    async fn a_move_onto_another_source_merges_nothing(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/new", feed(&["one"]));
        publisher.set("/old", Page::redirect(301, "/new"));
        let new = node.follow(&publisher.url("/new")).await;
        let old = node.follow(&publisher.url("/old")).await;
        for _ in 0..6 {
            node.clock.advance(2 * DAY * 1000);
            node.poll().await;
        }
        assert_eq!(node.source(old).await.feed_url, publisher.url("/old"));
        assert_eq!(node.source(new).await.feed_url, publisher.url("/new"));
        assert!(node.state(old).await.findings.contains("MOVED"));
        assert_eq!(node.titles(old).await, ["one"]);
    }

    async fn a_feed_that_is_followed_is_not_fetched_to_look_at_it(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one"]).etag("\"1\""));
        publisher.set("/", Page::html("<html><head><link rel=alternate type='application/rss+xml' href='/feed'></head></html>"));
        let source = node.follow(&publisher.url("/feed")).await;
        node.poll().await;
        for path in ["/", "/feed"] {
            let url = Url::parse(&publisher.url(path)).unwrap();
            let found = node.poller.preview(&url, None).await.unwrap().unwrap();
            assert!(matches!(&found[..], [Discovered::Followed(row)] if row.id == source), "{path}");
        }
        assert_eq!(publisher.seen("/feed").len(), 1);
    }

    async fn what_was_read_at_a_new_address_is_its_first_visit(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/old", feed(&["one"]).etag("\"1\""));
        publisher.set("/new", feed(&["one", "two"]).etag("\"2\""));
        let source = node.follow(&publisher.url("/old")).await;
        node.poll().await;
        let url = Url::parse(&publisher.url("/new")).unwrap();
        let found = node.poller.preview(&url, Some(source)).await.unwrap().unwrap();
        let [Discovered::New(candidate)] = &found[..] else { panic!("{found:?}") };
        let changes = feedgraph::store::SourceChanges {
            feed_url: Some(candidate.feed_url.to_string()),
            ..Default::default()
        };
        node.store.update_source(source, &changes, node.clock.now()).await.unwrap();
        let visited = node.poller.adopt(source, candidate).await.unwrap().unwrap();
        assert_eq!(visited.summary.added, 1);
        node.poll_next(source).await;
        let seen = publisher.seen("/new");
        assert_eq!((seen.len(), seen[1].status), (2, 304));
    }

    async fn a_host_that_many_lead_to_has_no_more_than_its_share(database: Database) {
        let node = Node::start(&database).await;
        let crowded = super::sharing::Crowded::start().await;
        let doors = futures::future::join_all((0..12).map(|_| Publisher::start())).await;
        for (number, door) in doors.iter().enumerate() {
            let to = format!("{}/{number}", crowded.origin);
            door.set("/feed", Page::redirect(302, &to));
            node.follow(&door.url("/feed")).await;
        }
        assert_eq!(node.poll().await.changed, 12);
        assert!(crowded.most() <= 2, "{}", crowded.most());
    }

    async fn a_thousand_feeds_of_one_host_wait_for_each_other_alone(database: Database) {
        let node = Node::start(&database).await;
        let crowded = super::sharing::Crowded::start().await;
        for number in 0..1_000 {
            let url = format!("{}/{number}", crowded.origin);
            node.store.add_source(&NewSource::new(url, START)).await.unwrap();
        }
        let others = futures::future::join_all((0..8).map(|_| Publisher::start())).await;
        let mut elsewhere = Vec::new();
        for other in &others {
            other.set("/feed", feed(&["one"]));
            elsewhere.push(node.follow(&other.url("/feed")).await);
        }
        // A part of them shows it; all would take a minute.
        let enough = tokio_util::sync::CancellationToken::new();
        let mut order = Vec::new();
        let polled = node.poller.poll_due_once(&enough, |progress| {
            order.push(progress.visited.source_id);
            if order.len() >= 150 {
                enough.cancel();
            }
        });
        polled.await.unwrap();
        assert_eq!(crowded.most(), 2);
        let last = order.iter().rposition(|id| elsewhere.contains(id)).unwrap();
        assert!(last < 100, "another host's feed was number {last}");
    }
}
