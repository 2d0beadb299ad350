//! What must hold after any row of writes: counters say what is there, what was removed stays out, planets have
//! the entries of their sources, moves merge nothing.

use std::collections::BTreeMap;

use entity::{ChangeKind, EntryId, FindingCode, PlanetId, Revision, SourceId};
use feedgraph::store::{
    AuthorFilter, EntryFilter, EntryOrder, NewPlanet, Slice, SourceFilter, Store, WritePlanet,
    findings,
};

use super::made::{START, claim, dated, draft, key, named, open, read, source, visit};

async fn planet(store: &Store, slug: &str, sources: Vec<SourceId>) -> PlanetId {
    let new = NewPlanet {
        slug: slug.to_owned(),
        title: slug.to_owned(),
        description: None,
        link: None,
        owner_name: None,
        links: Vec::new(),
        source_ids: sources,
        at: START,
    };
    match store.create_planet(&new).await.unwrap() {
        WritePlanet::Written(written) => written.row.id,
        refused => panic!("{refused:?}"),
    }
}

async fn in_planet(store: &Store, planet: PlanetId) -> Vec<EntryId> {
    let filter = EntryFilter {
        planet: Some(planet),
        ..EntryFilter::default()
    };
    let page = store
        .list_entries(&filter, EntryOrder::PublishedDesc, &Slice::first(100))
        .await
        .unwrap();
    let listed: Vec<_> = page.rows.iter().map(|row| row.id).collect();
    let count = store.count_entries(&filter).await.unwrap();
    assert_eq!(count, i64::try_from(listed.len()).unwrap());
    listed
}

/// Recounts everything from the entries and compares it with the counters.
async fn check_counters(store: &Store) {
    let all = EntryFilter::default();
    let page = store
        .list_entries(&all, EntryOrder::PublishedDesc, &Slice::first(1_000))
        .await
        .unwrap();
    let entries: Vec<EntryId> = page.rows.iter().map(|row| row.id).collect();
    let mut by_source = BTreeMap::new();
    for row in &page.rows {
        let (count, newest) = by_source.entry(row.source_id).or_insert((0_i64, None));
        *count += 1;
        *newest = (*newest).max(Some(row.published_at));
    }
    for source in store.all_sources().await.unwrap() {
        let expected = by_source.get(&source.id).copied().unwrap_or_default();
        assert_eq!((source.entry_count, source.latest_entry_at), expected);
    }
    let mut by_author = BTreeMap::new();
    let mut pairs = BTreeMap::new();
    let authors = store.authors_of(&entries).await.unwrap();
    for row in &page.rows {
        for author in authors.get(&row.id).into_iter().flatten() {
            *by_author.entry(author.id).or_insert(0_i64) += 1;
            *pairs.entry((author.id, row.source_id)).or_insert(0_i64) += 1;
        }
    }
    let filter = AuthorFilter::default();
    let listed = store.list_authors(&filter, &Slice::first(1_000)).await;
    let listed = listed.unwrap().rows;
    let counted: BTreeMap<_, _> = listed.iter().map(|row| (row.id, row.entry_count)).collect();
    assert_eq!(counted, by_author);
    let ids: Vec<_> = counted.keys().copied().collect();
    let sources = store.sources_of_authors(&ids).await.unwrap();
    let written: Vec<_> = sources
        .iter()
        .flat_map(|(author, sources)| sources.iter().map(|source| (*author, source.id)))
        .collect();
    assert_eq!(written.len(), pairs.len());
    assert!(written.iter().all(|pair| pairs.contains_key(pair)));
    let mut by_tag: BTreeMap<String, i64> = BTreeMap::new();
    for tags in store.tags_of(&entries).await.unwrap().into_values() {
        for tag in tags {
            *by_tag.entry(tag.to_lowercase()).or_default() += 1;
        }
    }
    let tags = store.list_tags(&all, &Slice::first(1_000)).await.unwrap();
    let counted: BTreeMap<_, _> = tags
        .rows
        .into_iter()
        .map(|row| (row.name_key, row.entry_count))
        .collect();
    assert_eq!(counted, by_tag);
}

on_each_database! {
    async fn counters_are_exact_after_every_kind_of_write(database: Database) {
        let store = open(&database).await;
        let one = source(&store, "https://one.org/feed").await.id;
        let two = source(&store, "https://two.org/feed").await.id;
        let at = START;
        let first = vec![
            named(dated("a", at), "Ann", &["Rust", "Tea"]),
            named(dated("b", at.plus_seconds(-9)), "Bob", &["rust"]),
            dated("c", at.plus_seconds(-5)),
        ];
        read(&store, one, at, first.clone()).await;
        read(&store, two, at, first).await;
        check_counters(&store).await;
        let changed = vec![
            named(dated("a", at), "Bob", &["Coffee", "Tea"]),
            named(dated("c", at), "Cid", &["tea"]),
            named(dated("d", at), "Ann", &["Tea"]),
        ];
        let summary = read(&store, one, at.plus_seconds(60), changed).await;
        assert_eq!((summary.added, summary.updated), (1, 2));
        check_counters(&store).await;
        let newest = store.newest_entries_of_sources(&[one], 9).await.unwrap();
        store.remove_entry(newest[&one][0].id, at).await.unwrap().unwrap();
        check_counters(&store).await;
        store.remove_source(two, at).await.unwrap().unwrap();
        check_counters(&store).await;
        assert_eq!(store.count_sources(&SourceFilter::default()).await.unwrap(), 1);
    }

    async fn what_was_removed_stays_removed(database: Database) {
        let store = open(&database).await;
        let feed = source(&store, "https://one.org/feed").await.id;
        let entries = vec![dated("a", START), dated("b", START)];
        read(&store, feed, START, entries.clone()).await;
        let all = store.newest_entries_of_sources(&[feed], 9).await.unwrap();
        let gone = all[&feed].iter().find(|row| row.guid == "a").unwrap().id;
        let revision = store.remove_entry(gone, START).await.unwrap().unwrap();
        let told = store.changes_after(Revision(revision.0 - 1), 9).await.unwrap();
        assert_eq!((told[0].kind, told[0].entry_id), (ChangeKind::EntryRemoved, Some(gone)));
        assert_eq!(store.remove_entry(gone, START).await.unwrap(), None);
        let mut renamed = dated("a", START);
        renamed.identity = key("a under another name");
        for entries in [entries, vec![renamed, dated("b", START)]] {
            let again = read(&store, feed, START.plus_seconds(5), entries).await;
            assert_eq!((again.added, again.revision), (0, None));
        }
        // A source that is followed anew is another source: nothing of the old one comes back.
        store.remove_source(feed, START).await.unwrap().unwrap();
        assert_eq!(store.find_source_by_url("https://one.org/feed").await.unwrap(), None);
        let anew = source(&store, "https://one.org/feed").await.id;
        assert_ne!(anew, feed);
        assert_eq!(read(&store, anew, START, vec![dated("a", START)]).await.added, 1);
    }

    async fn a_planet_has_the_entries_of_its_sources(database: Database) {
        let store = open(&database).await;
        let one = source(&store, "https://one.org/feed").await.id;
        let two = source(&store, "https://two.org/feed").await.id;
        read(&store, one, START, vec![dated("a", START)]).await;
        let earth = planet(&store, "earth", vec![one]).await;
        let mars = planet(&store, "mars", Vec::new()).await;
        assert_eq!(store.default_planet().await.unwrap().unwrap().id, earth);
        assert_eq!(in_planet(&store, earth).await.len(), 1);
        read(&store, one, START.plus_seconds(1), vec![dated("b", START.plus_seconds(1))]).await;
        read(&store, two, START, vec![dated("c", START.plus_seconds(-9))]).await;
        assert_eq!(in_planet(&store, earth).await.len(), 2);
        assert_eq!(in_planet(&store, mars).await.len(), 0);
        store.add_sources_to_planet(mars, &[two, one, two], START).await.unwrap().unwrap();
        assert_eq!(in_planet(&store, mars).await.len(), 3);
        assert_eq!(store.planets_of_sources(&[one]).await.unwrap()[&one].len(), 2);
        assert_eq!(store.planets_updated_at(&[earth, mars]).await.unwrap()[&mars], START.plus_seconds(1));
        let times = store.planet_times(mars, Some(START.plus_seconds(1)), 9).await.unwrap();
        assert_eq!(times, [START, START.plus_seconds(-9)]);
        let spans = [(START, START.plus_seconds(1)), (START.plus_seconds(-60), START.plus_seconds(60))];
        assert_eq!(store.count_planet_entries(mars, &spans).await.unwrap(), [1, 3]);
        assert_eq!(store.planet_quarter_hours(mars).await.unwrap().len(), 1);
        store.remove_sources_from_planet(mars, &[one], START).await.unwrap().unwrap();
        assert_eq!(in_planet(&store, mars).await.len(), 1);
        store.remove_planet(earth, START).await.unwrap().unwrap();
        assert_eq!(store.default_planet().await.unwrap().unwrap().id, mars);
        assert_eq!(in_planet(&store, earth).await.len(), 0);
        read(&store, one, START.plus_seconds(2), vec![dated("d", START)]).await;
        assert_eq!(in_planet(&store, earth).await.len(), 0);
    }

    async fn a_move_keeps_an_alias_and_merges_nothing(database: Database) {
        let store = open(&database).await;
        let one = source(&store, "https://one.org/feed").await;
        let two = source(&store, "https://two.org/feed").await;
        let mut record = visit(START, vec![draft("a", "a")]);
        record.state.moved_to = Some("https://two.org/feed".to_owned());
        let summary = store.record_visit(&claim(&store, one.id, START).await, &record).await;
        assert_eq!(summary.unwrap().unwrap().added, 1);
        let state = &store.poll_states_of(&[one.id]).await.unwrap()[&one.id];
        assert_eq!(findings(&state.findings)[0].code, FindingCode::Moved);
        let found = async |url: &str| store.find_source_by_url(url).await.unwrap().map(|row| row.id);
        assert_eq!(found("https://two.org/feed").await, Some(two.id));
        record.state.moved_to = Some("https://new.org/feed".to_owned());
        let summary = store.record_visit(&claim(&store, one.id, START).await, &record).await;
        assert_eq!(summary.unwrap().unwrap().added, 0);
        assert_eq!(found("https://new.org/feed").await, Some(one.id));
        assert_eq!(found("https://one.org/feed").await, Some(one.id));
        let state = &store.poll_states_of(&[one.id]).await.unwrap()[&one.id];
        assert_eq!((state.host.as_str(), state.findings.as_str()), ("new.org", "[]"));
    }

    async fn the_newest_fifty_attempts_are_kept(database: Database) {
        let store = open(&database).await;
        let feed = source(&store, "https://one.org/feed").await.id;
        // Old ones are forgotten at every tenth visit.
        for number in 0..60 {
            read(&store, feed, START.plus_seconds(number), Vec::new()).await;
        }
        let attempts = &store.attempts_of(&[feed], 100).await.unwrap()[&feed];
        assert_eq!(attempts.len(), 50);
        assert_eq!(attempts[0].at, START.plus_seconds(59));
        assert_eq!(attempts[49].at, START.plus_seconds(10));
    }

    async fn attempts_are_deleted_by_age_too(database: Database) {
        let store = open(&database).await;
        let feed = source(&store, "https://one.org/feed").await.id;
        for number in 0..5 {
            read(&store, feed, START.plus_seconds(number), Vec::new()).await;
        }
        assert_eq!(store.delete_old_attempts(START).await.unwrap(), 0);
        assert_eq!(store.delete_old_attempts(START.plus_seconds(3)).await.unwrap(), 3);
        let attempts = &store.attempts_of(&[feed], 100).await.unwrap()[&feed];
        assert_eq!(attempts.len(), 2);
    }
}
