//! The publisher and the databases that the other tests stand on.

use crate::support::{Page, Publisher};

#[tokio::test]
async fn the_publisher_answers_conditionally_and_remembers_what_it_was_asked() {
    let publisher = Publisher::start().await;
    publisher.set("/feed", Page::rss("<rss/>").etag("\"1\""));
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let ask = |etag: &'static str| {
        client
            .get(publisher.url("/feed"))
            .header("if-none-match", etag)
            .send()
    };
    assert_eq!(ask("\"0\"").await.unwrap().status(), 200);
    assert_eq!(ask("\"1\"").await.unwrap().status(), 304);
    let seen = publisher.seen("/feed");
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].status, 304);
    assert_eq!(seen[1].header("if-none-match"), Some("\"1\""));
}

on_each_database! {
    async fn every_test_has_a_database_of_its_own(database: Database) {
        assert!(database.folder().is_dir());
    }
}
