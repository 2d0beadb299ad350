//! Pages: walking a list by its positions gives each row once and in order, whichever way, whatever is stored
//! meanwhile.

use std::collections::HashMap;

use entity::{EntryId, Millis, SourceId, entry};
use feedgraph::store::{
    EntryFilter, EntryOrder, EntryPosition, Slice, SourceFilter, SourceOrder, Store,
};

use super::made::{START, dated, draft, named, open, read, source};

const ORDERS: [EntryOrder; 4] = [
    EntryOrder::PublishedDesc,
    EntryOrder::PublishedAsc,
    EntryOrder::SeenDesc,
    EntryOrder::SeenAsc,
];

async fn walk(
    store: &Store,
    filter: &EntryFilter,
    order: EntryOrder,
    mut slice: Slice<EntryPosition>,
) -> Vec<entry::Model> {
    let forward = slice.direction == feedgraph::store::Direction::Forward;
    let mut all = Vec::new();
    loop {
        let page = store.list_entries(filter, order, &slice).await.unwrap();
        let more = if forward {
            page.has_next
        } else {
            page.has_previous
        };
        let edge = if forward {
            page.rows.last()
        } else {
            page.rows.first()
        };
        let edge = edge.map(|row| EntryPosition::of(row, order));
        if forward {
            all.extend(page.rows);
            slice.after = edge;
        } else {
            all.splice(0..0, page.rows);
            slice.before = edge;
        }
        if !more {
            return all;
        }
    }
}

/// Rows sorted as the order says, by hand.
fn sorted(mut rows: Vec<entry::Model>, order: EntryOrder) -> Vec<EntryId> {
    rows.sort_by_key(|row| (EntryPosition::of(row, order).at, row.id));
    if matches!(order, EntryOrder::PublishedDesc | EntryOrder::SeenDesc) {
        rows.reverse();
    }
    rows.into_iter().map(|row| row.id).collect()
}

fn ids(rows: Vec<entry::Model>) -> Vec<EntryId> {
    rows.into_iter().map(|row| row.id).collect()
}

/// Two sources with entries of equal and of different times, tags and authors.
async fn filled(store: &Store) -> (SourceId, SourceId) {
    let one = source(store, "https://one.org/feed").await.id;
    let two = source(store, "https://two.org/feed").await.id;
    for round in 0..3 {
        let at = START.plus_seconds(round * 100);
        let entries = |source: &str| {
            (0..20)
                .map(|number| {
                    let place = START.plus_seconds(-(number * 7 % 5) - round);
                    let tags: &[&str] = if number % 3 == 0 {
                        &["Rust", "Tea"]
                    } else {
                        &["Tea"]
                    };
                    let author = if number % 2 == 0 { "Ann" } else { "Bob" };
                    named(
                        dated(&format!("{source}-{round}-{number}"), place),
                        author,
                        tags,
                    )
                })
                .collect::<Vec<_>>()
        };
        read(store, one, at, entries("one")).await;
        read(store, two, at, entries("two")).await;
    }
    (one, two)
}

on_each_database! {
    async fn walking_gives_each_entry_once_in_every_order_and_filter(database: Database) {
        let store = open(&database).await;
        let (one, two) = filled(&store).await;
        let everything = walk(&store, &EntryFilter::default(), EntryOrder::SeenAsc, Slice::first(100)).await;
        assert_eq!(everything.len(), 120);
        let authors = store.authors_of(&[everything[0].id]).await.unwrap();
        let author = authors[&everything[0].id][0].id;
        let filters = [
            EntryFilter::default(),
            EntryFilter { source_ids: Some(vec![one]), ..EntryFilter::default() },
            EntryFilter { source_ids: Some(vec![two, one, two]), ..EntryFilter::default() },
            EntryFilter { source_ids: Some(Vec::new()), ..EntryFilter::default() },
            EntryFilter { tags: Some(vec!["rust".to_owned()]), ..EntryFilter::default() },
            EntryFilter { tags: Some(vec!["RUST".to_owned(), " tea".to_owned()]), ..EntryFilter::default() },
            EntryFilter { tags: Some(vec!["rust".to_owned()]), source_ids: Some(vec![two]), ..EntryFilter::default() },
            EntryFilter { author_ids: Some(vec![author]), ..EntryFilter::default() },
            EntryFilter { published_after: Some(START.plus_seconds(-4)), published_before: Some(START), ..EntryFilter::default() },
            EntryFilter { seen_after: Some(START), has_enclosure: Some(false), ..EntryFilter::default() },
            EntryFilter { has_enclosure: Some(true), ..EntryFilter::default() },
            EntryFilter { language: Some("de".to_owned()), ..EntryFilter::default() },
        ];
        for filter in &filters {
            let all = everything.iter().map(|row| row.id).collect::<Vec<_>>();
            let matching = store.matching_entries(filter, &all).await.unwrap();
            let rows: Vec<_> = everything.iter().filter(|row| matching.contains(&row.id)).cloned().collect();
            assert_eq!(store.count_entries(filter).await.unwrap(), i64::try_from(rows.len()).unwrap(), "{filter:?}");
            for order in ORDERS {
                let expected = sorted(rows.clone(), order);
                for slice in [Slice::first(7), Slice::last(7)] {
                    assert_eq!(ids(walk(&store, filter, order, slice).await), expected, "{filter:?} {order:?}");
                }
            }
        }
    }

    async fn filters_let_through_what_they_say(database: Database) {
        let store = open(&database).await;
        let (one, _) = filled(&store).await;
        let count = async |filter: EntryFilter| store.count_entries(&filter).await.unwrap();
        assert_eq!(count(EntryFilter { source_ids: Some(vec![one]), ..EntryFilter::default() }).await, 60);
        assert_eq!(count(EntryFilter { tags: Some(vec!["Rust".to_owned()]), ..EntryFilter::default() }).await, 42);
        assert_eq!(count(EntryFilter { tags: Some(vec!["rust".to_owned(), "TEA".to_owned()]), ..EntryFilter::default() }).await, 120);
        assert_eq!(count(EntryFilter { seen_after: Some(START), ..EntryFilter::default() }).await, 80);
        assert_eq!(count(EntryFilter { tags: Some(vec!["none".to_owned()]), ..EntryFilter::default() }).await, 0);
    }

    async fn a_page_stays_exact_while_entries_arrive(database: Database) {
        let store = open(&database).await;
        let feed = source(&store, "https://one.org/feed").await.id;
        let old: Vec<_> = (0..20).map(|number| dated(&format!("old-{number}"), START.plus_seconds(-number / 2))).collect();
        read(&store, feed, START, old).await;
        let order = EntryOrder::PublishedDesc;
        let before = ids(walk(&store, &EntryFilter::default(), order, Slice::first(100)).await);
        let mut slice = Slice::first(6);
        let mut seen = Vec::new();
        for round in 0..4 {
            let page = store.list_entries(&EntryFilter::default(), order, &slice).await.unwrap();
            slice.after = page.rows.last().map(|row| EntryPosition::of(row, order));
            seen.extend(ids(page.rows));
            // Some newer than all, some in the part that was read already, with equal times.
            let new = (0..3).map(|number| dated(&format!("new-{round}-{number}"), START.plus_seconds(5 - number))).collect();
            read(&store, feed, START.plus_seconds(10 + round), new).await;
        }
        assert_eq!(seen, before);
    }

    async fn entries_without_dates_stand_in_the_publishers_order(database: Database) {
        let store = open(&database).await;
        let feed = source(&store, "https://one.org/feed").await.id;
        let guids = ["first", "second", "third"];
        read(&store, feed, START, guids.iter().map(|guid| draft(guid, guid)).collect()).await;
        let page = store.list_entries(&EntryFilter::default(), EntryOrder::PublishedDesc, &Slice::first(10)).await.unwrap();
        let listed: Vec<_> = page.rows.iter().map(|row| row.guid.as_str()).collect();
        assert_eq!(listed, guids);
    }

    async fn sources_are_listed_in_every_order_both_ways(database: Database) {
        let store = open(&database).await;
        let mut made = Vec::new();
        for number in 0..9 {
            let row = source(&store, &format!("https://host{}.org/{number}", number % 4)).await;
            if number % 3 != 0 {
                read(&store, row.id, START.plus_seconds(number), vec![dated("e", START.plus_seconds(-number / 2))]).await;
            }
            made.push(row.id);
        }
        store.remove_source(made.pop().unwrap(), START).await.unwrap();
        let orders = [SourceOrder::TitleAsc, SourceOrder::TitleDesc, SourceOrder::LastEntryDesc, SourceOrder::CreatedDesc, SourceOrder::NextPollAsc];
        for order in orders {
            let filter = SourceFilter::default();
            let whole = store.list_sources(&filter, order, &Slice::first(100)).await.unwrap().rows;
            assert_eq!(whole.len(), 8, "{order:?}");
            let mut walked = Vec::new();
            let mut slice = Slice::first(3);
            loop {
                let page = store.list_sources(&filter, order, &slice).await.unwrap();
                slice.after = page.rows.last().map(|row| row.position(order));
                walked.extend(page.rows);
                if !page.has_next { break; }
            }
            assert_eq!(walked, whole, "{order:?}");
            let back = store.list_sources(&filter, order, &Slice::last(3).before(whole[5].position(order))).await.unwrap();
            assert_eq!(back.rows, whole[2..5], "{order:?}");
        }
        let titled = SourceFilter { title_contains: Some("HOST1".to_owned()), ..SourceFilter::default() };
        assert_eq!(store.count_sources(&titled).await.unwrap(), 0, "read sources have the feed's title");
        let feeds = SourceFilter { title_contains: Some("a FEED".to_owned()), ..SourceFilter::default() };
        assert_eq!(store.count_sources(&feeds).await.unwrap(), 5);
    }

    async fn batches_give_what_belongs_to_each(database: Database) {
        let store = open(&database).await;
        let (one, two) = filled(&store).await;
        let newest = store.newest_entries_of_sources(&[one, two], 2).await.unwrap();
        assert_eq!(newest[&one].len(), 2);
        let entry = newest[&two][0].id;
        assert_eq!(store.tags_of(&[entry, EntryId(0)]).await.unwrap().len(), 1);
        assert_eq!(store.bodies_of(&[entry]).await.unwrap()[&entry].content_html.as_deref().map(|html| html.starts_with("<p>two-")), Some(true));
        assert_eq!(store.enclosures_of(&[entry]).await.unwrap(), HashMap::new());
        assert_eq!(store.attempts_of(&[one], 2).await.unwrap()[&one][0].at, START.plus_seconds(200));
        assert_eq!(store.poll_states_of(&[one]).await.unwrap()[&one].next_poll_at, Some(Millis(START.0 + 3_800_000)));
        let found = store.find_source_by_url("http://one.org/feed").await.unwrap().unwrap();
        assert_eq!(store.sources_by_ids(&[one]).await.unwrap()[&one], found);
        assert_eq!(store.source_ids(None).await.unwrap(), [one, two]);
        let before = store.statements();
        store.entries_by_ids(&[entry]).await.unwrap();
        assert_eq!(store.statements() - before, 1);
    }
}
