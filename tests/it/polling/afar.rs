//! Looking at an address before it is followed.

use entity::{PollErrorKind, SourceStatus};
use feedgraph::fetch::Failure;
use feedgraph::poll::{Candidate, Discovered, Wanted};
use feedgraph::store::{AddSource, NewSource};
use url::Url;

use super::{Node, START, feed};
use crate::support::{Page, Publisher};

fn url(publisher: &Publisher, path: &str) -> Url {
    Url::parse(&publisher.url(path)).unwrap()
}

/// The new feeds that are found.
async fn look(node: &Node, url: &Url) -> Result<Vec<Candidate>, Failure> {
    let found = node.poller.preview(url, None).await.unwrap()?;
    let new = found.into_iter().filter_map(|one| match one {
        Discovered::New(candidate) => Some(*candidate),
        Discovered::Followed(_) => None,
    });
    Ok(new.collect())
}

on_each_database! {
    async fn a_feed_is_its_own_candidate(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one", "two"]));
        let found = look(&node, &url(&publisher, "/feed")).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].feed_url.as_str(), publisher.url("/feed"));
        assert_eq!(found[0].draft.feed.title.as_deref(), Some("A feed"));
        assert_eq!(found[0].draft.entries.len(), 2);
    }

    async fn a_page_leads_to_its_feeds_best_first(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/", Page::html(
            "<html><head>\
             <link rel=alternate type='application/rss+xml' href='/broken'>\
             <link rel=alternate type='application/rss+xml' href='/posts' title='Posts'>\
             <link rel=alternate type='application/atom+xml' href='/more' title='More'>\
             </head></html>",
        ));
        publisher.set("/broken", Page::html("<p>no"));
        publisher.set("/posts", feed(&["one"]));
        publisher.set("/more", Page::redirect(301, "/moved"));
        publisher.set("/moved", feed(&["two"]));
        let found = look(&node, &url(&publisher, "/")).await.unwrap();
        let urls: Vec<_> = found.iter().map(|one| one.feed_url.to_string()).collect();
        assert_eq!(urls, [publisher.url("/posts"), publisher.url("/moved")]);
    }

    async fn a_silent_page_is_asked_where_feeds_usually_are(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/", Page::html("<html><body>Hello</body></html>"));
        publisher.set("/feed.xml", feed(&["one"]));
        let found = look(&node, &url(&publisher, "/")).await.unwrap();
        assert_eq!(found[0].feed_url.as_str(), publisher.url("/feed.xml"));
    }

    async fn where_there_is_nothing_it_is_said_why(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/", Page::html("<html><body>Hello</body></html>"));
        let failure = look(&node, &url(&publisher, "/")).await.unwrap_err();
        assert_eq!(failure.kind, PollErrorKind::NotAFeed);
        assert_eq!(failure.message, "there is a page and no feed, and the page offers none");
        let failure = look(&node, &url(&publisher, "/missing")).await.unwrap_err();
        assert_eq!(failure.message, "the server answered 404 Not Found");
        let inside = Url::parse("http://10.0.0.1/feed").unwrap();
        let failure = look(&node, &inside).await.unwrap_err();
        assert_eq!(failure.kind, PollErrorKind::ForbiddenAddress);
    }

    async fn following_and_the_first_reading_are_one_step(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one", "two"]).etag("\"1\""));
        let found = look(&node, &url(&publisher, "/feed")).await.unwrap();
        let wanted = Wanted {
            drop_rules: vec!["two".to_owned()],
            ..Wanted::default()
        };
        let mut new = NewSource::new(found[0].feed_url.as_str(), START);
        new.first = Some(node.poller.first_visit(&found[0], &wanted));
        let AddSource::Added(written) = node.store.add_source(&new).await.unwrap() else {
            panic!("it is new");
        };
        let source = written.row.id;
        assert_eq!(written.row.status, SourceStatus::Active);
        assert_eq!(node.titles(source).await, ["one"]);
        node.poll_next(source).await;
        let last = publisher.seen("/feed").pop().unwrap();
        assert_eq!(last.header("if-none-match"), Some("\"1\""));
        assert_eq!(last.status, 304);
    }
}
