//! Hosts that redirects lead to: they too may ask for rest, and are left alone then.

use feedgraph::fetch::host_key;

use super::{DAY, HOUR, Node, START, feed};
use crate::support::{Page, Publisher};

const BUSY: &str = "7200";

on_each_database! {
    async fn the_host_that_a_redirect_leads_to_rests_and_not_the_one_that_leads(database: Database) {
        let node = Node::start(&database).await;
        let (door, target) = (Publisher::start().await, Publisher::start().await);
        target.set("/feed", Page::status(429).header("retry-after", BUSY));
        door.set("/led", Page::redirect(302, &target.url("/feed")));
        door.set("/own", feed(&["one"]));
        let led = node.follow(&door.url("/led")).await;
        node.poll().await;
        let rest = async |url: &str| node.store.rest_of_host(&host_key(url), START).await.unwrap();
        assert_eq!(rest(&target.url("/")).await, Some(START.plus_seconds(2 * HOUR)));
        assert_eq!(rest(&door.url("/")).await, None);
        node.follow(&door.url("/own")).await;
        node.follow(&target.url("/other")).await;
        let report = node.poll().await;
        assert_eq!((report.polled, report.changed), (1, 1));
        assert_eq!(target.seen_all().len(), 1);

        target.set("/feed", feed(&["two"]));
        node.clock.set(START.plus_seconds(DAY));
        node.poll().await;
        assert_eq!(node.titles(led).await, ["two"]);
    }

    async fn a_host_at_rest_is_not_asked_where_a_redirect_leads_to_it(database: Database) {
        let node = Node::start(&database).await;
        let (door, target) = (Publisher::start().await, Publisher::start().await);
        target.set("/feed", Page::status(503).header("retry-after", BUSY));
        node.follow(&target.url("/feed")).await;
        node.poll().await;
        assert_eq!(target.seen_all().len(), 1);
        target.set("/feed", feed(&["one"]));
        // Another node has it from the database.
        let other = Node::named(&database, "two", node.clock.clone()).await;
        for (node, path) in [(&node, "/feed"), (&other, "/feed?2")] {
            door.set(path, Page::redirect(302, &target.url("/feed")));
            let led = node.follow(&door.url(path)).await;
            node.poll().await;
            assert_eq!(target.seen_all().len(), 1);
            let attempt = node.attempts(led).await.remove(0);
            assert_eq!(attempt.http_status, Some(302));
            let message = "not asked: the server that a redirect leads to wants to be left alone for a while";
            assert_eq!(attempt.message.as_deref(), Some(message));
            assert!(node.state(led).await.next_poll_at >= Some(START.plus_seconds(2 * HOUR)));
        }
        node.clock.set(START.plus_seconds(DAY));
        assert_eq!(node.poll().await.changed, 3);
    }

    async fn a_host_is_well_again_that_answers_with_a_redirect(database: Database) {
        let node = Node::start(&database).await;
        let (door, target) = (Publisher::start().await, Publisher::start().await);
        door.set("/feed", Page::status(429).header("retry-after", BUSY));
        let source = node.follow(&door.url("/feed")).await;
        node.poll().await;
        door.set("/feed", Page::redirect(302, &target.url("/feed")));
        target.set("/feed", Page::status(429).header("retry-after", BUSY));
        node.clock.set(START.plus_seconds(DAY));
        node.poll().await;
        let now = node.clock.now();
        assert_eq!(node.store.host_rests_until(source, now).await.unwrap(), None);
        let target = host_key(&target.url("/"));
        assert_eq!(node.store.rest_of_host(&target, now).await.unwrap(), Some(now.plus_seconds(2 * HOUR)));
    }
}
