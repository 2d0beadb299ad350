//! Recording visits: what is new, changed, or left alone, and what the change log tells of it.

use entity::{ChangeKind, Revision};
use feedgraph::store::Store;

use super::made::{START, claim, dated, draft, named, open, read, source, visit};

async fn kinds(store: &Store, after: Revision) -> Vec<ChangeKind> {
    let changes = store.changes_after(after, 1_000).await.unwrap();
    changes.into_iter().map(|change| change.kind).collect()
}

on_each_database! {
    async fn a_feed_that_is_read_again_in_any_order_changes_nothing(database: Database) {
        let store = open(&database).await;
        let source = source(&store, "https://a.org/feed").await;
        let mut entries: Vec<_> = (0..30)
            .map(|number| named(dated(&format!("e{number}"), START.plus_seconds(-number)), "Ann", &["Rust", "rust", "Tea"]))
            .collect();
        let first = read(&store, source.id, START, entries.clone()).await;
        assert_eq!((first.added, first.updated), (30, 0));
        let told = kinds(&store, Revision(1)).await;
        assert_eq!(told[0], ChangeKind::SourceUpdated);
        assert_eq!(told[1..], [ChangeKind::EntryAdded; 30]);
        entries.reverse();
        entries.swap(3, 17);
        let again = read(&store, source.id, START.plus_seconds(9), entries).await;
        assert_eq!((again.added, again.updated, again.revision), (0, 0, None));
        assert_eq!(store.head().await.unwrap().revision, first.revision.unwrap());
    }

    async fn a_changed_entry_is_written_over_and_keeps_its_place(database: Database) {
        let store = open(&database).await;
        let source = source(&store, "https://a.org/feed").await;
        let place = START.plus_seconds(-50);
        read(&store, source.id, START, vec![dated("one", place)]).await;
        let later = START.plus_seconds(100);
        let mut changed = dated("one", START.plus_seconds(-5));
        "Another".clone_into(&mut changed.title);
        changed.content_hash = [9; 16];
        let summary = read(&store, source.id, later, vec![changed.clone()]).await;
        assert_eq!((summary.added, summary.updated), (0, 1));
        assert_eq!(kinds(&store, Revision(summary.revision.unwrap().0 - 1)).await, [ChangeKind::EntryUpdated]);
        // Only the hash differs: nobody could see it, so nothing is told.
        changed.content_hash = [8; 16];
        let unseen = read(&store, source.id, later, vec![changed]).await;
        assert_eq!((unseen.updated, unseen.revision), (0, None));
    }

    async fn entries_known_by_their_link_keep_their_key_under_new_identifiers(database: Database) {
        let store = open(&database).await;
        let source = source(&store, "https://a.org/feed").await;
        let old = vec![dated("one", START), dated("two", START)];
        read(&store, source.id, START, old.clone()).await;
        let new: Vec<_> = old.into_iter().map(|mut draft| {
            draft.guid = format!("new-{}", draft.guid);
            draft.identity = super::made::key(&draft.guid);
            draft
        }).collect();
        let summary = read(&store, source.id, START.plus_seconds(1), new.clone()).await;
        assert_eq!((summary.added, summary.updated), (0, 0));
        let again = read(&store, source.id, START.plus_seconds(2), new).await;
        assert_eq!((again.added, again.updated), (0, 0));
    }

    async fn a_first_visit_is_backlog_and_ends_at_the_horizon(database: Database) {
        let store = open(&database).await;
        let source = source(&store, "https://a.org/feed").await;
        let claim = claim(&store, source.id, START).await;
        let record = visit(START, vec![draft("one", "a")]);
        store.record_visit(&claim, &record).await.unwrap().unwrap();
        read(&store, source.id, START.plus_seconds(5), vec![draft("one", "a"), draft("two", "b")]).await;
        let changes = store.changes_after(Revision(0), 10).await.unwrap();
        let backlog: Vec<_> = changes.iter().filter(|change| change.kind == ChangeKind::EntryAdded).map(|change| change.backlog).collect();
        assert_eq!(backlog, [true, false]);
    }
}
