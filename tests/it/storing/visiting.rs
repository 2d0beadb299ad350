//! Recording visits: what is new, changed, or left alone, and what the change log tells of it.

use std::sync::Arc;

use entity::{ChangeKind, PollOutcome, Revision, SourceStatus};
use feedgraph::store::{Pause, Store, VisitRecord};

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

    async fn visits_that_end_together_are_each_stored_as_a_whole(database: Database) {
        let store = open(&database).await;
        let mut visits = Vec::new();
        for number in 0..40 {
            let source = source(&store, &format!("https://host{number}.org/feed")).await;
            let claim = claim(&store, source.id, START).await;
            let record = match number % 4 {
                // Nothing new, as most are.
                0 | 1 => quiet(),
                2 => visit(START, vec![named(draft(&format!("e{number}"), "text"), "Ann", &["Tea"])]),
                // A claim that is not the newest any more.
                _ => {
                    let newer = START.plus_seconds(61);
                    super::made::claim(&store, source.id, newer).await;
                    visit(START, vec![draft(&format!("e{number}"), "text")])
                }
            };
            visits.push((claim, Arc::new(record)));
        }
        let before = store.head().await.unwrap().revision;
        let recording = visits.iter().map(|(claim, record)| store.record_with_others(claim, Arc::clone(record)));
        let done = futures::future::join_all(recording).await;
        let mut told = Vec::new();
        for (number, summary) in done.into_iter().enumerate() {
            let summary = summary.unwrap();
            let claim = &visits[number].0;
            match number % 4 {
                0 | 1 => assert_eq!(summary.unwrap().revision, None),
                2 => {
                    let summary = summary.unwrap();
                    assert_eq!(summary.added, 1);
                    told.push(summary.revision.unwrap());
                }
                _ => assert_eq!(summary, None),
            }
            let kept = store.attempts_of(&[claim.source_id], 9).await.unwrap();
            let attempts = kept.get(&claim.source_id).map_or(0, Vec::len);
            assert_eq!(attempts, usize::from(number % 4 != 3));
        }
        // A first visit tells of its source and of its entry.
        told.sort_unstable();
        let numbers: Vec<Revision> = (1..=10).map(|n| Revision(before.0 + 2 * n)).collect();
        assert_eq!(told, numbers);
        let changes = kinds(&store, before).await;
        assert_eq!(changes.len(), 20);
    }

    async fn a_visit_that_found_nothing_new_says_when_to_come_again(database: Database) {
        let store = open(&database).await;
        let source = source(&store, "https://a.org/feed").await.id;
        read(&store, source, START, vec![dated("one", START)]).await;
        let mut failing = visit(START, Vec::new());
        failing.reading = None;
        failing.attempt.outcome = PollOutcome::Failed;
        failing.state.status = SourceStatus::Failing;
        failing.state.consecutive_failures = 1;
        failing.state.first_failed_at = Some(START);
        let mine = claim(&store, source, START).await;
        store.record_visit(&mine, &failing).await.unwrap().unwrap();
        // Getting well again is told; after that there is nothing to tell.
        for is_told in [true, false] {
            let mine = claim(&store, source, START).await;
            let summary = store.record_with_others(&mine, Arc::new(quiet())).await;
            assert_eq!(summary.unwrap().unwrap().revision.is_some(), is_told);
            let state = &store.poll_states_of(&[source]).await.unwrap()[&source];
            assert_eq!(state.next_poll_at, Some(START.plus_seconds(7_200)));
            assert_eq!(state.reason, "Nothing new.");
            assert_eq!((state.consecutive_failures, state.first_failed_at), (0, None));
            assert_eq!(state.etag.as_deref(), Some(b"\"2\"".as_slice()));
            assert_eq!((state.claimed_until, state.claimed_by.as_deref()), (None, None));
            assert_eq!(state.recent_published, format!("[{}]", START.0));
        }
        // An editor's pause meanwhile stands.
        let mine = claim(&store, source, START).await;
        store.set_paused(source, Pause::Pause, START).await.unwrap();
        store.record_with_others(&mine, Arc::new(quiet())).await.unwrap().unwrap();
        let state = &store.poll_states_of(&[source]).await.unwrap()[&source];
        assert_eq!(state.next_poll_at, None);
    }
}

/// What a 304 leaves behind.
fn quiet() -> VisitRecord {
    let mut record = visit(START, Vec::new());
    record.reading = None;
    record.attempt.outcome = PollOutcome::Unchanged;
    record.state.findings = None;
    record.state.next_poll_at = Some(START.plus_seconds(7_200));
    "Nothing new.".clone_into(&mut record.state.reason);
    record.state.validators.etag = Some(b"\"2\"".to_vec());
    record
}
