//! Tests only: the plans that `SQLite` makes for the statements of lists. In: filters and orders. Out: proof that an
//! index gives the order, so that a page costs the same at any depth and size. Must not know: rows.

use entity::{AuthorId, EntryId, Millis, PlanetId, SourceId};
use sea_orm::sea_query::{SelectStatement, SqliteQueryBuilder};
use sea_orm::{ConnectionTrait, Statement};

use super::entries::{EntryFilter, EntryOrder, EntryPosition, page_statement};
use super::page::Slice;
use super::sources::{SourceFilter, SourceKey, SourceOrder, SourcePosition, list_statement};
use super::{Store, StoreSettings};

async fn store(folder: &tempfile::TempDir) -> Store {
    let url = format!("sqlite://{}", folder.path().join("plans.db").display());
    let store = Store::open(&StoreSettings::new(url)).await.unwrap();
    store.migrate().await.unwrap();
    store
}

async fn plan(store: &Store, select: &SelectStatement) -> String {
    let sql = format!(
        "EXPLAIN QUERY PLAN {}",
        select.to_string(SqliteQueryBuilder)
    );
    let statement = Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
    let rows = store.reader().query_all_raw(statement).await.unwrap();
    let steps = rows
        .iter()
        .map(|row| row.try_get::<String>("", "detail").unwrap());
    steps.collect::<Vec<_>>().join("\n")
}

fn filters() -> Vec<(EntryFilter, &'static str, bool)> {
    let none = EntryFilter::default();
    let with = |index, by_seen, filter| (filter, index, by_seen);
    vec![
        with("entry_by_", true, none.clone()),
        with(
            "planet_entry_by_planet_id_",
            true,
            EntryFilter {
                planet: Some(PlanetId(1)),
                ..none.clone()
            },
        ),
        with(
            "entry_by_source_id_",
            true,
            EntryFilter {
                source_ids: Some(vec![SourceId(1)]),
                ..none.clone()
            },
        ),
        with(
            "entry_author_by_author_id_",
            false,
            EntryFilter {
                author_ids: Some(vec![AuthorId(1)]),
                ..none.clone()
            },
        ),
        with(
            "entry_tag_by_tag_id_",
            false,
            EntryFilter {
                tags: Some(vec!["rust".to_owned()]),
                ..none
            },
        ),
    ]
}

#[tokio::test]
async fn every_page_of_entries_is_one_stretch_of_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let position = EntryPosition {
        at: Millis(5),
        id: EntryId(5),
    };
    for (filter, index, has_seen) in filters() {
        for order in [
            EntryOrder::PublishedDesc,
            EntryOrder::PublishedAsc,
            EntryOrder::SeenDesc,
            EntryOrder::SeenAsc,
        ] {
            if order.by_seen() && !has_seen {
                continue;
            }
            for slice in [
                Slice::first(20).after(position),
                Slice::last(20).before(position),
            ] {
                let select = page_statement(&filter, order, &slice).unwrap();
                let plan = plan(&store, &select).await;
                assert!(
                    plan.contains(&format!("INDEX {index}")),
                    "{filter:?}\n{plan}"
                );
                assert!(
                    !plan.contains("TEMP B-TREE"),
                    "{filter:?} {order:?}\n{plan}"
                );
                // The position is looked up, not searched for.
                assert!(plan.contains(['<', '>']), "{filter:?}\n{plan}");
            }
        }
    }
}

#[tokio::test]
async fn every_page_of_sources_is_read_in_the_order_of_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let at = SourceKey::At(Some(Millis(5)));
    for (order, key) in [
        (SourceOrder::TitleAsc, SourceKey::Title("a".to_owned())),
        (SourceOrder::TitleDesc, SourceKey::Title("a".to_owned())),
        (SourceOrder::LastEntryDesc, at.clone()),
        (SourceOrder::CreatedDesc, at.clone()),
        (SourceOrder::NextPollAsc, at),
    ] {
        let id = SourceId(3);
        let slice = Slice::first(20).after(SourcePosition { key, id });
        let select = list_statement(&SourceFilter::default(), order, &slice);
        let plan = plan(&store, &select).await;
        assert!(
            plan.contains("SEARCH") && plan.contains("INDEX"),
            "{order:?}\n{plan}"
        );
        assert!(!plan.contains("TEMP B-TREE"), "{order:?}\n{plan}");
    }
}
