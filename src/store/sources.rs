//! Reading sources. In: a filter, an order, a slice; keys; URLs. Out: rows and pages. Must not know: entries.

use std::collections::HashMap;

use entity::{Millis, PlanetId, SourceId, SourceStatus, planet, planet_source, poll_state, source};
use migration::order::{LATEST_ENTRY, NEXT_POLL};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use serde::{Deserialize, Serialize};

use super::batch::grouped;
use super::error::Reading;
use super::follow::find_by_key;
use super::page::{Keyset, Page, Slice};
use super::text::{containing, feed_key};
use super::total::number;
use super::{Store, StoreError};
use crate::normalize::fold;

/// Which sources. All that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFilter {
    /// In this planet.
    pub planet: Option<PlanetId>,
    /// Doing one of these; an empty list lets nothing through.
    pub status: Option<Vec<SourceStatus>>,
    /// With this text in the title, in any case.
    pub title_contains: Option<String>,
}

/// The orders of a list of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SourceOrder {
    /// By folded title.
    TitleAsc,
    /// By folded title, backwards.
    TitleDesc,
    /// By newest entry; those without entries last.
    LastEntryDesc,
    /// Newest source first.
    CreatedDesc,
    /// By next poll; those that are not polled last.
    NextPollAsc,
}

/// Where a source stands in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePosition {
    /// What the list is ordered by.
    pub key: SourceKey,
    /// The source.
    pub id: SourceId,
}

/// What a list of sources is ordered by, by the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SourceKey {
    /// `title_key`.
    Title(String),
    /// An instant, where there is one.
    At(Option<Millis>),
}

/// A source in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// The source.
    pub source: source::Model,
    /// When it is polled next; read only for a list in that order.
    pub next_poll_at: Option<Millis>,
}

impl SourceRow {
    /// Where it stands in a list in `order`.
    #[must_use]
    pub fn position(&self, order: SourceOrder) -> SourcePosition {
        let key = match order {
            SourceOrder::TitleAsc | SourceOrder::TitleDesc => {
                SourceKey::Title(self.source.title_key.clone())
            }
            SourceOrder::LastEntryDesc => SourceKey::At(self.source.latest_entry_at),
            SourceOrder::CreatedDesc => SourceKey::At(Some(self.source.created_at)),
            SourceOrder::NextPollAsc => SourceKey::At(self.next_poll_at),
        };
        SourcePosition {
            key,
            id: self.source.id,
        }
    }
}

impl SourceOrder {
    fn keyset(self) -> Keyset {
        let id = Expr::col((source::Entity, source::Column::Id));
        let (columns, order) = match self {
            Self::TitleAsc => (title(id), Order::Asc),
            Self::TitleDesc => (title(id), Order::Desc),
            Self::LastEntryDesc => (vec![Expr::cust(LATEST_ENTRY), id], Order::Desc),
            Self::CreatedDesc => {
                let at = Expr::col((source::Entity, source::Column::CreatedAt));
                (vec![at, id], Order::Desc)
            }
            Self::NextPollAsc => {
                let id = Expr::col((poll_state::Entity, poll_state::Column::SourceId));
                (vec![Expr::cust(NEXT_POLL), id], Order::Asc)
            }
        };
        Keyset { columns, order }
    }

    /// What stands for "none" in the expressions that the lists are ordered by.
    const fn none(self) -> i64 {
        match self {
            Self::NextPollAsc => 9_000_000_000_000_000_000,
            _ => -9_000_000_000_000_000_000,
        }
    }

    fn values(self, position: &SourcePosition) -> Vec<Expr> {
        let key = match &position.key {
            SourceKey::Title(title) => Expr::value(title.clone()),
            SourceKey::At(at) => Expr::value(at.map_or(self.none(), |at| at.0)),
        };
        vec![key, Expr::value(position.id)]
    }
}

fn title(id: Expr) -> Vec<Expr> {
    vec![Expr::col((source::Entity, source::Column::TitleKey)), id]
}

/// The keys of a planet's sources, as a subquery.
pub(super) fn members(planet: PlanetId) -> SelectStatement {
    Query::select()
        .column(planet_source::Column::SourceId)
        .from(planet_source::Entity)
        .and_where(planet_source::Column::PlanetId.eq(planet))
        .to_owned()
}

fn restrict(select: &mut SelectStatement, filter: &SourceFilter) {
    select.and_where(source::Column::RemovedAt.is_null());
    if let Some(planet) = filter.planet {
        select.and_where(source::Column::Id.in_subquery(members(planet)));
    }
    if let Some(status) = &filter.status {
        select.and_where(source::Column::Status.is_in(status.iter().copied()));
    }
    if let Some(text) = &filter.title_contains {
        let title = Expr::col((source::Entity, source::Column::TitleKey));
        select.and_where(title.like(containing(&fold(text))));
    }
}

/// The statement that reads a page.
pub(super) fn list_statement(
    filter: &SourceFilter,
    order: SourceOrder,
    slice: &Slice<SourcePosition>,
) -> SelectStatement {
    let mut select = source::Entity::find().into_query();
    if order == SourceOrder::NextPollAsc {
        let key = Expr::col((poll_state::Entity, poll_state::Column::SourceId));
        select
            .expr_as(
                Expr::col((poll_state::Entity, poll_state::Column::NextPollAt)),
                "next_poll_at",
            )
            .inner_join(
                poll_state::Entity,
                key.equals((source::Entity, source::Column::Id)),
            );
    }
    restrict(&mut select, filter);
    let keyset = order.keyset();
    keyset.apply(&mut select, slice, |position| order.values(position));
    select
}

impl Store {
    /// A page of sources. A position whose key is of another order gives a page that begins anywhere; callers
    /// tell positions of lists apart.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_sources(
        &self,
        filter: &SourceFilter,
        order: SourceOrder,
        slice: &Slice<SourcePosition>,
    ) -> Result<Page<SourceRow>, StoreError> {
        let select = list_statement(filter, order, slice);
        let rows = self.reader().query_all(&select).await;
        let rows = rows
            .and_then(|rows| {
                rows.iter()
                    .map(|row| {
                        Ok(SourceRow {
                            source: source::Model::from_query_result(row, "")?,
                            next_poll_at: match order {
                                SourceOrder::NextPollAsc => row.try_get("", "next_poll_at")?,
                                _ => None,
                            },
                        })
                    })
                    .collect::<Result<Vec<_>, DbErr>>()
            })
            .reading("a page of sources")?;
        Ok(slice.page(rows))
    }

    /// How many sources the filter lets through.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_sources(&self, filter: &SourceFilter) -> Result<i64, StoreError> {
        let mut select = Query::select()
            .expr(Expr::col((source::Entity, source::Column::Id)).count())
            .from(source::Entity)
            .to_owned();
        restrict(&mut select, filter);
        number(self.reader(), &select)
            .await
            .reading("how many sources match")
    }

    /// Every source, by title: for exports and snapshots.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn all_sources(&self) -> Result<Vec<source::Model>, StoreError> {
        source::Entity::find()
            .filter(source::Column::RemovedAt.is_null())
            .order_by_asc(source::Column::TitleKey)
            .order_by_asc(source::Column::Id)
            .all(self.reader())
            .await
            .reading("all sources")
    }

    /// The source that is polled at a URL now, or was before.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_source_by_url(&self, url: &str) -> Result<Option<source::Model>, StoreError> {
        find_by_key(self.reader(), &feed_key(url))
            .await
            .reading("a source by its URL")
    }

    /// The sources that are polled, of a planet or all, by key.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn source_ids(&self, planet: Option<PlanetId>) -> Result<Vec<SourceId>, StoreError> {
        let mut select = source::Entity::find()
            .select_only()
            .column(source::Column::Id)
            .filter(source::Column::Status.is_in([SourceStatus::Active, SourceStatus::Failing]))
            .order_by_asc(source::Column::Id);
        let filter = SourceFilter {
            planet,
            ..SourceFilter::default()
        };
        restrict(QuerySelect::query(&mut select), &filter);
        select
            .into_tuple()
            .all(self.reader())
            .await
            .reading("sources that are polled")
    }

    /// The planets that sources are in, by key.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn planets_of_sources(
        &self,
        sources: &[SourceId],
    ) -> Result<HashMap<SourceId, Vec<planet::Model>>, StoreError> {
        if sources.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = planet_source::Entity::find()
            .find_also_related(planet::Entity)
            .filter(planet_source::Column::SourceId.is_in(sources.iter().copied()))
            .order_by_asc(planet_source::Column::PlanetId)
            .all(self.reader())
            .await
            .reading("planets of sources")?;
        let rows = rows.into_iter();
        Ok(grouped(rows.filter_map(|(link, planet)| {
            Some((link.source_id, planet?))
        })))
    }
}
