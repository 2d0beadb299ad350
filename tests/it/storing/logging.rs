//! The change log under many writers: numbers without holes, in commit order, so that a reader who asks for what
//! came after its last number misses nothing.

use std::time::Duration;

use entity::Revision;
use feedgraph::publish::{Bell, follow};
use feedgraph::store::Store;
use tokio_util::sync::CancellationToken;

use super::made::{START, dated, named, open, read, source};
use crate::support::within;

const WRITERS: i64 = 8;
const VISITS: i64 = 12;

/// Follows the log as a client would, until it has seen `count` rows.
async fn tail(store: Store, bell: Bell, count: usize) -> Vec<i64> {
    let mut listener = bell.subscribe();
    let mut seen: Vec<i64> = Vec::new();
    while seen.len() < count {
        let after = Revision(seen.last().copied().unwrap_or(0));
        let rows = store.changes_after(after, 7).await.unwrap();
        if rows.is_empty() {
            listener.wait().await;
        }
        seen.extend(rows.into_iter().map(|row| row.revision.0));
    }
    seen
}

on_each_database! {
    async fn a_reader_beside_many_writers_sees_every_number_once(database: Database) {
        let store = open(&database).await;
        // The reader is another node: it hears of the writers from the database alone.
        let far = open(&database).await;
        let mut sources = Vec::new();
        for number in 0..WRITERS {
            sources.push(source(&store, &format!("https://host{number}.org/feed")).await.id);
        }
        let stop = CancellationToken::new();
        let bell = Bell::new();
        let every = Duration::from_millis(50);
        tokio::spawn(follow(far.clone(), bell.clone(), every, stop.clone()));
        let count = WRITERS + WRITERS + WRITERS * VISITS * 3;
        let reader = tokio::spawn(tail(far, bell, usize::try_from(count).unwrap()));
        let mut writers = Vec::new();
        for id in sources {
            let store = store.clone();
            writers.push(tokio::spawn(async move {
                for number in 0..VISITS {
                    let at = START.plus_seconds(number);
                    // All writers use the same tags, and each its own new ones.
                    let entries = (0..3).map(|entry| {
                        let own = format!("tag-{number}-{entry}");
                        named(dated(&format!("{number}-{entry}"), at), "Ann", &["Rust", "Tea", &own])
                    });
                    read(&store, id, at, entries.collect()).await;
                }
            }));
        }
        for writer in writers {
            within("a writer", writer).await.unwrap();
        }
        let seen = within("the reader", reader).await.unwrap();
        assert_eq!(seen, (1..=count).collect::<Vec<_>>());
        assert_eq!(store.head().await.unwrap().revision, Revision(count));
        let tags = store.list_tags(&feedgraph::store::EntryFilter::default(), &feedgraph::store::Slice::first(2)).await.unwrap();
        let used: Vec<_> = tags.rows.iter().map(|row| row.entry_count).collect();
        assert_eq!(used, [WRITERS * VISITS * 3; 2]);
        stop.cancel();
    }

    async fn a_trimmed_log_says_so_and_goes_on(database: Database) {
        let store = open(&database).await;
        let feed = source(&store, "https://one.org/feed").await.id;
        for number in 0..4 {
            let at = START.plus_seconds(number * 100);
            read(&store, feed, at, vec![dated(&format!("{number}"), START)]).await;
        }
        let head = store.head().await.unwrap();
        assert_eq!((head.trimmed_to, head.kept_since), (Revision(0), Some(START)));
        let trimmed = store.trim_changes(START.plus_seconds(150)).await.unwrap();
        let head = store.head().await.unwrap();
        assert_eq!(head.trimmed_to.0, i64::try_from(trimmed).unwrap());
        assert_eq!(head.kept_since, Some(START.plus_seconds(150)));
        let rest = store.changes_after(head.trimmed_to, 99).await.unwrap();
        assert_eq!(rest[0].revision.0, head.trimmed_to.0 + 1);
        let late = START.plus_seconds(9_999);
        store.trim_changes(late).await.unwrap();
        let head = store.head().await.unwrap();
        assert_eq!((head.trimmed_to.0 + 1, head.kept_since), (head.revision.0, Some(late)));
        assert_eq!(store.trim_changes(late).await.unwrap(), 0);
        assert_eq!(store.head().await.unwrap(), head);
        let next = read(&store, feed, START.plus_seconds(999), vec![dated("more", START)]).await;
        assert_eq!(next.revision, Some(Revision(head.revision.0 + 1)));
    }
}
