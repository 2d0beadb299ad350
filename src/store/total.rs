//! How many entries a filter lets through. In: a filter. Out: a number, from kept counters where they say it. Must not
//! know: pages.

use entity::{PlanetId, author, entry, planet_hidden, source, tag};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr};

use super::driver::conditions;
use super::entries::EntryFilter;
use super::error::Reading;
use super::sources::members;
use super::unread::Few;
use super::{Store, StoreError};
use crate::normalize::fold;

impl Store {
    /// How many entries the filter lets through. Counters answer for everything, planets, sources, one author or
    /// one tag; other filters are counted, which costs as much as they let through.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_entries(&self, filter: &EntryFilter) -> Result<i64, StoreError> {
        if let (Some(marks), true) = (filter.marks, is_of_whole_sources(filter)) {
            match (marks.unread, marks.starred) {
                (Some(unread), None) => return self.count_marked(filter, marks.user, unread).await,
                (None, None) => {
                    let filter = EntryFilter {
                        marks: None,
                        ..filter.clone()
                    };
                    return Box::pin(self.count_entries(&filter)).await;
                }
                _ => {}
            }
        }
        let mut statement = counter(filter).unwrap_or_else(|| counting(filter));
        match self.few_marked(filter).await? {
            Few::None => return Ok(0),
            Few::Gathered(few) => {
                statement.and_where(few);
            }
            Few::Many => {}
        }
        number(self.reader(), &statement)
            .await
            .reading("how many entries match")
    }
}

/// The number that a statement gives; 0 when it gives no row or null.
pub(super) async fn number<C: ConnectionTrait>(
    db: &C,
    statement: &SelectStatement,
) -> Result<i64, DbErr> {
    let row = db.query_one(statement).await?;
    let number: Option<i64> = match row {
        Some(row) => row.try_get_by_index(0)?,
        None => None,
    };
    Ok(number.unwrap_or(0))
}

/// A sum of 64-bit integers, which `PostgreSQL` would give as a decimal.
pub(super) fn sum(column: impl ColumnTrait) -> Expr {
    Expr::from(Func::sum(Expr::col(column.as_column_ref()))).cast_as("bigint")
}

/// The statement that answers from counters, where they suffice.
fn counter(filter: &EntryFilter) -> Option<SelectStatement> {
    let EntryFilter {
        planet,
        source_ids,
        author_ids,
        tags,
        published_after: None,
        published_before: None,
        seen_after: None,
        language: None,
        has_enclosure: None,
        seen_before: None,
        marks: None,
    } = filter
    else {
        return None;
    };
    match (planet, source_ids, author_ids.as_deref(), tags.as_deref()) {
        (_, _, None, None) => Some(of_sources(filter)),
        (None, None, Some([only]), None) => Some(
            Query::select()
                .column(author::Column::EntryCount)
                .from(author::Entity)
                .and_where(author::Column::Id.eq(*only))
                .to_owned(),
        ),
        (None, None, None, Some([only])) => Some(
            Query::select()
                .column(tag::Column::EntryCount)
                .from(tag::Entity)
                .and_where(tag::Column::NameKey.eq(fold(only)))
                .to_owned(),
        ),
        _ => None,
    }
}

fn of_sources(filter: &EntryFilter) -> SelectStatement {
    let mut select = Query::select().from(source::Entity).to_owned();
    match filter.planet {
        // What a planet's rules hide there is counted off.
        Some(planet) => {
            let hidden = Expr::SubQuery(None, Box::new(hidden_in(planet, filter).into()));
            select.expr(sum(source::Column::EntryCount).sub(hidden));
        }
        None => {
            select.expr(sum(source::Column::EntryCount));
        }
    }
    if let Some(planet) = filter.planet {
        select.and_where(source::Column::Id.in_subquery(members(planet)));
    }
    if let Some(sources) = &filter.source_ids {
        select.and_where(source::Column::Id.is_in(sources.iter().copied()));
    }
    select
}

fn hidden_in(planet: PlanetId, filter: &EntryFilter) -> SelectStatement {
    let mut hidden = Query::select()
        .expr(Expr::col(planet_hidden::Column::EntryId).count())
        .from(planet_hidden::Entity)
        .and_where(planet_hidden::Column::PlanetId.eq(planet))
        .to_owned();
    if let Some(sources) = &filter.source_ids {
        hidden.and_where(planet_hidden::Column::SourceId.is_in(sources.iter().copied()));
    }
    hidden
}

/// Whether a filter asks for nothing but sources and a reader's marks.
fn is_of_whole_sources(filter: &EntryFilter) -> bool {
    let rest = EntryFilter {
        planet: None,
        source_ids: None,
        marks: None,
        ..filter.clone()
    };
    rest == EntryFilter::default()
}

fn counting(filter: &EntryFilter) -> SelectStatement {
    let mut select = Query::select()
        .expr(Expr::col((entry::Entity, entry::Column::Id)).count())
        .from(entry::Entity)
        .to_owned();
    for condition in conditions(filter) {
        select.and_where(condition);
    }
    select
}
