//! What readers' marks cost at a million entries and a thousand readers. In: the address of an empty database. Out: a table
//! of medians. Must not know: how marks are stored, but for filling the tables quickly.
//!
//! `cargo run --release --example marks -- sqlite://marks.db`, or with an empty `PostgreSQL` database.
//! Each reader has read all but the newest 0 to 49 entries of each of a thousand sources, and has besides some marks that say
//! otherwise; places in time are within a week of the order of arrival.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a program for measuring"
)]

mod fill;

use std::time::Instant;

use entity::{EntryId, Millis, PlanetId, SourceId, UserId};
use feedgraph::store::{EntryFilter, EntryOrder, Marking, Marks, Slice, Store, StoreSettings};

/// How often each thing is measured.
const TIMES: i64 = 200;
/// When it all happens.
const NOW: Millis = Millis(fill::LAST_SEEN + 1_000);

#[tokio::main]
async fn main() {
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "sqlite://marks.db?mode=rwc".to_owned());
    let store = Store::open(&StoreSettings::new(&url)).await.unwrap();
    store.migrate().await.unwrap();
    fill::fill(&url).await;
    println!("| {:52} | median ms | 95 % ms |", "what");
    println!("|{:-<54}|-----------|---------|", "");
    reading(&store).await;
    writing(&store).await;
    store.close().await.unwrap();
}

fn filter(user: UserId, unread: Option<bool>, starred: Option<bool>) -> EntryFilter {
    EntryFilter {
        marks: Some(Marks {
            user,
            unread,
            starred,
        }),
        ..EntryFilter::default()
    }
}

async fn reading(store: &Store) {
    let counted = async |name: &str, change: fn(&mut EntryFilter)| {
        measure(name, |user| async move {
            let mut filter = filter(user, Some(true), None);
            change(&mut filter);
            store.count_entries(&filter).await.unwrap();
        })
        .await;
    };
    counted("unread, of everything", |_| {}).await;
    counted("unread, of a planet of 100 sources", |filter| {
        filter.planet = Some(PlanetId(1));
    })
    .await;
    counted("unread, of a source", |filter| {
        filter.source_ids = Some(vec![SourceId(7)]);
    })
    .await;
    measure("starred", |user| async move {
        store
            .count_entries(&filter(user, None, Some(true)))
            .await
            .unwrap();
    })
    .await;
    let paged = async |name: &str, unread, starred, change: fn(&mut EntryFilter)| {
        measure(name, |user| async move {
            let mut filter = filter(user, unread, starred);
            change(&mut filter);
            let slice = Slice::first(50);
            store
                .list_entries(&filter, EntryOrder::PublishedDesc, &slice)
                .await
                .unwrap();
        })
        .await;
    };
    paged("page of 50 unread", Some(true), None, |_| {}).await;
    paged(
        "page of 50 unread of a planet",
        Some(true),
        None,
        |filter| filter.planet = Some(PlanetId(1)),
    )
    .await;
    paged(
        "page of 50 unread of a source",
        Some(true),
        None,
        |filter| filter.source_ids = Some(vec![SourceId(7)]),
    )
    .await;
    paged("page of 50 read", Some(false), None, |_| {}).await;
    paged("page of 50 starred", None, Some(true), |_| {}).await;
    paged(
        "page of 50 starred and unread",
        Some(true),
        Some(true),
        |_| {},
    )
    .await;
    measure("marks of 50 entries", |user| async move {
        let ids: Vec<EntryId> = (0..50).map(|n| EntryId(fill::ENTRIES - n * 37)).collect();
        store.marks_of(user, &ids).await.unwrap();
    })
    .await;
}

async fn writing(store: &Store) {
    measure("mark 20 entries read and starred", |user| async move {
        let first = fill::ENTRIES - user.0 * 100;
        let marking = Marking {
            user,
            entries: (0..20).map(|n| EntryId(first + n * 3)).collect(),
            read: Some(true),
            starred: Some(true),
            at: NOW,
        };
        store.mark_entries(&marking).await.unwrap();
    })
    .await;
    measure("mark a source read", |user| async move {
        let filter = EntryFilter {
            source_ids: Some(vec![SourceId(7)]),
            ..EntryFilter::default()
        };
        store.mark_all_read(user, &filter, NOW, NOW).await.unwrap();
    })
    .await;
    measure("mark all of 1,000 sources read", |user| async move {
        store
            .mark_all_read(user, &EntryFilter::default(), NOW, NOW)
            .await
            .unwrap();
    })
    .await;
    measure("page of 50 unread when there is none", |user| async move {
        let slice = Slice::first(50);
        store
            .list_entries(
                &filter(user, Some(true), None),
                EntryOrder::PublishedDesc,
                &slice,
            )
            .await
            .unwrap();
    })
    .await;
}

/// Measures something for many readers, one after the other.
async fn measure<F: Future<Output = ()>>(name: &str, once: impl Fn(UserId) -> F) {
    let mut times = Vec::new();
    for number in 0..TIMES {
        // Steps that meet readers of every kind.
        let user = UserId(1 + number * 37 % fill::USERS);
        let start = Instant::now();
        once(user).await;
        times.push(start.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    let at = |part: usize| times[times.len() * part / 100];
    println!("| {name:52} | {:9.2} | {:7.2} |", at(50), at(95));
}
