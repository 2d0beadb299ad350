//! Lists of entries. In: a filter, an order, a slice. Out: pages and counts. Must not know: bodies, names.

use std::collections::HashSet;

use entity::{AuthorId, EntryId, Millis, PlanetId, SourceId, entry};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, QueryTrait,
};
use serde::{Deserialize, Serialize};

use super::driver::{Driver, Range};
use super::error::Reading;
use super::page::{Keyset, Page, Slice};
use super::unread::{Few, Marks};
use super::{Store, StoreError};

/// Which entries. All that is set must hold; an empty list lets nothing through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// In this planet.
    pub planet: Option<PlanetId>,
    /// Of one of these sources.
    pub source_ids: Option<Vec<SourceId>>,
    /// By one of these authors.
    pub author_ids: Option<Vec<AuthorId>>,
    /// With one of these tags, in any spelling.
    pub tags: Option<Vec<String>>,
    /// Later than this.
    pub published_after: Option<Millis>,
    /// Earlier than this.
    pub published_before: Option<Millis>,
    /// First seen later than this.
    pub seen_after: Option<Millis>,
    /// In this language, with or without a region.
    pub language: Option<String>,
    /// With or without files.
    pub has_enclosure: Option<bool>,
    /// First seen earlier than this.
    pub seen_before: Option<Millis>,
    /// With these marks of a reader.
    pub marks: Option<Marks>,
}

/// The orders of a list of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryOrder {
    /// By place in time, newest first.
    PublishedDesc,
    /// By place in time, oldest first.
    PublishedAsc,
    /// By when they were first seen, newest first.
    SeenDesc,
    /// By when they were first seen, oldest first.
    SeenAsc,
}

/// Where an entry stands in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPosition {
    /// `published_at` or `first_seen_at`, by the order.
    pub at: Millis,
    /// Its key.
    pub id: EntryId,
}

impl EntryPosition {
    /// Where `entry` stands in a list in `order`.
    #[must_use]
    pub const fn of(entry: &entry::Model, order: EntryOrder) -> Self {
        let at = match order {
            EntryOrder::PublishedDesc | EntryOrder::PublishedAsc => entry.published_at,
            EntryOrder::SeenDesc | EntryOrder::SeenAsc => entry.first_seen_at,
        };
        Self { at, id: entry.id }
    }
}

impl EntryOrder {
    pub(super) const fn by_seen(self) -> bool {
        matches!(self, Self::SeenDesc | Self::SeenAsc)
    }

    pub(super) const fn direction(self) -> Order {
        match self {
            Self::PublishedDesc | Self::SeenDesc => Order::Desc,
            Self::PublishedAsc | Self::SeenAsc => Order::Asc,
        }
    }

    fn keyset(self) -> Keyset {
        let at = if self.by_seen() {
            entry::Column::FirstSeenAt
        } else {
            entry::Column::PublishedAt
        };
        Keyset {
            columns: vec![
                Expr::col((entry::Entity, at)),
                Expr::col((entry::Entity, entry::Column::Id)),
            ],
            order: self.direction(),
        }
    }
}

impl Store {
    /// A page of entries.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_entries(
        &self,
        filter: &EntryFilter,
        order: EntryOrder,
        slice: &Slice<EntryPosition>,
    ) -> Result<Page<entry::Model>, StoreError> {
        let statement = match self.few_marked(filter).await? {
            Few::None => None,
            Few::Gathered(few) => Some(gathered(filter, few, order, slice)),
            Few::Many => page_statement(filter, order, slice),
        };
        let Some(statement) = statement else {
            return Ok(slice.page(Vec::new()));
        };
        let rows = self
            .ask(&statement)
            .await
            .and_then(|rows| {
                rows.iter()
                    .map(|row| entry::Model::from_query_result(row, ""))
                    .collect::<Result<Vec<_>, DbErr>>()
            })
            .reading("a page of entries")?;
        Ok(slice.page(rows))
    }

    /// Which of `entries` the filter lets through.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn matching_entries(
        &self,
        filter: &EntryFilter,
        entries: &[EntryId],
    ) -> Result<HashSet<EntryId>, StoreError> {
        if entries.is_empty() {
            return Ok(HashSet::new());
        }
        let mut select = entry::Entity::find()
            .select_only()
            .column(entry::Column::Id)
            .filter(entry::Column::Id.is_in(entries.iter().copied()));
        for condition in super::driver::conditions(filter) {
            select = select.filter(condition);
        }
        let rows: Vec<EntryId> = select
            .into_tuple()
            .all(self.reader())
            .await
            .reading("which entries match")?;
        Ok(rows.into_iter().collect())
    }
}

/// The statement that reads a page; none when the filter names nothing to read.
pub(super) fn page_statement(
    filter: &EntryFilter,
    order: EntryOrder,
    slice: &Slice<EntryPosition>,
) -> Option<SelectStatement> {
    let driver = Driver::of(filter, order);
    match driver.ranges() {
        [] => None,
        [range] => Some(one_range(
            range,
            &driver,
            order,
            slice,
            entry::Entity::find().into_query(),
        )),
        ranges => Some(merged(ranges, &driver, order, slice)),
    }
}

/// A statement about `entry` restricted to a page; none when the page is not read from one range.
pub(super) fn from_one_range(
    filter: &EntryFilter,
    order: EntryOrder,
    slice: &Slice<EntryPosition>,
    select: SelectStatement,
) -> Option<SelectStatement> {
    let driver = Driver::of(filter, order);
    match driver.ranges() {
        [range] => Some(one_range(range, &driver, order, slice, select)),
        _ => None,
    }
}

/// A page out of a few entries that a condition finds. The sum keeps the planner from reading all entries in order.
fn gathered(
    filter: &EntryFilter,
    few: Expr,
    order: EntryOrder,
    slice: &Slice<EntryPosition>,
) -> SelectStatement {
    let mut rest = filter.clone();
    if let Some(marks) = &mut rest.marks {
        marks.unread = None;
    }
    let mut select = entry::Entity::find().into_query();
    select.and_where(few);
    for condition in super::driver::conditions(&rest) {
        select.and_where(condition);
    }
    let mut keyset = order.keyset();
    if let Some(at) = keyset.columns.first_mut() {
        *at = at.clone().add(0);
    }
    keyset.apply(&mut select, slice, position);
    select
}

/// A page out of one index range.
fn one_range(
    range: &Range,
    driver: &Driver,
    order: EntryOrder,
    slice: &Slice<EntryPosition>,
    mut select: SelectStatement,
) -> SelectStatement {
    let keyset = driver.read(range, &mut select, order);
    keyset.apply(&mut select, slice, position);
    select
}

/// A page out of several index ranges (sources, tags, authors): as many rows as could be needed are taken
/// from the head of each, so that the cost grows with the number of ranges and not with their length.
fn merged(
    ranges: &[Range],
    driver: &Driver,
    order: EntryOrder,
    slice: &Slice<EntryPosition>,
) -> SelectStatement {
    let mut heads = ranges.iter().map(|range| {
        let mut head = Query::select()
            .expr_as(Expr::col((entry::Entity, entry::Column::Id)), "id")
            .from(entry::Entity)
            .to_owned();
        let keyset = driver.read(range, &mut head, order);
        keyset.apply(&mut head, slice, position);
        Query::select()
            .column("id")
            .from_subquery(head, "head")
            .to_owned()
    });
    let mut all = heads.next().unwrap_or_default();
    for head in heads {
        all.union(UnionType::All, head);
    }
    let mut select = entry::Entity::find()
        .filter(entry::Column::Id.in_subquery(all))
        .into_query();
    let keyset = order.keyset();
    keyset.sort(&mut select, slice.direction);
    select.limit(slice.limit());
    select
}

fn position(position: &EntryPosition) -> Vec<Expr> {
    vec![Expr::value(position.at), Expr::value(position.id)]
}
