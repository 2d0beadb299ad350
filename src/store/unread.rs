//! What a reader has read, as SQL. In: a reader. Out: conditions, counts, and the few entries that are meant when
//! reading entry by entry would mean passing over all others. Must not know: how marks are written.
//!
//! An entry is read when its mark says so, and where it has none, when its key is not beyond the reader's watermark in its
//! source. `reading.read_count` is kept by those who mark, so what is unread in a source is a subtraction.

use entity::{
    EntryId, Millis, PlanetId, UserId, entry, planet_hidden, read_mark, reading, source, star,
};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, FromQueryResult};

use super::entries::EntryFilter;
use super::gathered::{read_ones, unread_ones};
use super::sources::members;
use super::total::{number, sum};
use super::{Store, StoreError};
use crate::store::error::Reading as _;

/// When so few entries are meant, they are gathered source by source, whatever the list has besides.
const FEW: i64 = 2_000;
/// The rows of a usual page: in a list of `all` entries of which `few` are meant, reading in order passes over
/// `PAGE * all / few` rows, gathering over `few`.
const PAGE: i64 = 50;

/// What a list asks of a reader's marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Whose.
    pub user: UserId,
    /// Unread, or read.
    pub unread: Option<bool>,
    /// Starred, or not.
    pub starred: Option<bool>,
}

/// A reader's marks on an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntryMarks {
    /// It is read.
    pub read: bool,
    /// When it was marked so.
    pub read_at: Option<Millis>,
    /// When it was starred, if it is.
    pub starred_at: Option<Millis>,
}

impl Store {
    /// A reader's marks on entries; those that do not exist are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn marks_of(
        &self,
        user: UserId,
        entries: &[EntryId],
    ) -> Result<std::collections::HashMap<EntryId, EntryMarks>, StoreError> {
        if entries.is_empty() {
            return Ok(std::collections::HashMap::new());
        }
        let rows = marks(self.reader(), user, entries).await.reading("marks")?;
        let rows = rows.into_iter();
        Ok(rows.map(|row| (row.id, row.shown())).collect())
    }

    /// How many entries of the planet and the sources of a filter a reader has read or not; by counters alone.
    pub(super) async fn count_marked(
        &self,
        filter: &EntryFilter,
        user: UserId,
        unread: bool,
    ) -> Result<i64, StoreError> {
        let count = number(self.reader(), &counter(filter, user, unread))
            .await
            .reading("how many entries are read")?;
        let Some(planet) = filter.planet else {
            return Ok(count);
        };
        let hidden = hidden(planet, filter, (user, unread));
        let off = Query::select()
            .expr(Expr::col("id").count())
            .from_subquery(hidden, "hidden")
            .to_owned();
        let off = number(self.reader(), &off)
            .await
            .reading("how many read entries are hidden")?;
        Ok(count - off)
    }

    /// Narrows a list of read or unread entries to those that are meant, when they are few; tells whether there can be
    /// any at all.
    pub(super) async fn few_marked(&self, filter: &EntryFilter) -> Result<Few, StoreError> {
        let Some((user, unread)) = filter
            .marks
            .and_then(|marks| Some((marks.user, marks.unread?)))
        else {
            return Ok(Few::Many);
        };
        let count = self.count_marked(filter, user, unread).await?;
        if count > FEW {
            let all = self
                .count_marked(filter, user, !unread)
                .await?
                .saturating_add(count);
            if count.saturating_mul(count) > all.saturating_mul(PAGE) {
                return Ok(Few::Many);
            }
        }
        Ok(match count {
            0 => Few::None,
            _ if unread => Few::Gathered(unread_ones(filter, user, self.backend())),
            _ => Few::Gathered(read_ones(filter, user, self.backend())),
        })
    }
}

/// How many entries a filter means.
pub(super) enum Few {
    /// None.
    None,
    /// Few: a condition that finds them.
    Gathered(Expr),
    /// Too many to gather.
    Many,
}

/// What is stored of a reader and an entry.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub(super) struct Row {
    pub(super) id: EntryId,
    pub(super) source_id: entity::SourceId,
    pub(super) published_at: Millis,
    pub(super) is_read: Option<bool>,
    at: Option<Millis>,
    pub(super) read_through: Option<EntryId>,
    read_through_at: Option<Millis>,
    pub(super) starred_at: Option<Millis>,
}

impl Row {
    /// What holds where no mark says otherwise.
    pub(super) fn is_covered(&self) -> bool {
        self.read_through.is_some_and(|last| self.id <= last)
    }

    pub(super) fn shown(&self) -> EntryMarks {
        let read = self.is_read.unwrap_or_else(|| self.is_covered());
        let at = match self.is_read {
            Some(_) => self.at,
            None => self.read_through_at,
        };
        EntryMarks {
            read,
            read_at: at.filter(|_| read),
            starred_at: self.starred_at,
        }
    }
}

/// A reader's marks on entries, in the order of their keys.
pub(super) async fn marks<C: ConnectionTrait>(
    db: &C,
    user: UserId,
    entries: &[EntryId],
) -> Result<Vec<Row>, DbErr> {
    let of_entry = |column: Expr| column.equals((entry::Entity, entry::Column::SourceId));
    let select = Query::select()
        .columns([
            (entry::Entity, entry::Column::Id),
            (entry::Entity, entry::Column::SourceId),
            (entry::Entity, entry::Column::PublishedAt),
        ])
        .column((read_mark::Entity, read_mark::Column::IsRead))
        .column((read_mark::Entity, read_mark::Column::At))
        .column((reading::Entity, reading::Column::ReadThrough))
        .column((reading::Entity, reading::Column::ReadThroughAt))
        .expr_as(Expr::col((star::Entity, star::Column::At)), "starred_at")
        .from(entry::Entity)
        .left_join(
            reading::Entity,
            reading::Column::UserId.eq(user).and(of_entry(Expr::col((
                reading::Entity,
                reading::Column::SourceId,
            )))),
        )
        .left_join(
            read_mark::Entity,
            read_mark::Column::UserId
                .eq(user)
                .and(of_entry(Expr::col((
                    read_mark::Entity,
                    read_mark::Column::SourceId,
                ))))
                .and(is_entry(Expr::col((
                    read_mark::Entity,
                    read_mark::Column::EntryId,
                )))),
        )
        .left_join(
            star::Entity,
            star::Column::UserId
                .eq(user)
                .and(is_entry(Expr::col((star::Entity, star::Column::EntryId)))),
        )
        .and_where(entry::Column::Id.is_in(entries.iter().copied()))
        .order_by(
            (entry::Entity, entry::Column::Id),
            sea_orm::sea_query::Order::Asc,
        )
        .to_owned();
    let rows = db.query_all(&select).await?;
    rows.iter()
        .map(|row| Row::from_query_result(row, ""))
        .collect()
}

fn is_entry(column: Expr) -> Expr {
    column.equals((entry::Entity, entry::Column::Id))
}

/// What a reader's marks ask of a row of `entry`.
pub(super) fn conditions(marks: Marks) -> Vec<Expr> {
    let mut all = Vec::new();
    if let Some(unread) = marks.unread {
        let read = is_read(marks.user);
        all.push(if unread { read.not() } else { read });
    }
    if let Some(starred) = marks.starred {
        let is_starred = is_starred(marks.user);
        all.push(if starred {
            is_starred
        } else {
            is_starred.not()
        });
    }
    all
}

/// Whether a row of `entry` is read.
pub(super) fn is_read(user: UserId) -> Expr {
    let mark = Query::select()
        .column(read_mark::Column::IsRead)
        .from(read_mark::Entity)
        .and_where(read_mark::Column::UserId.eq(user))
        .and_where(
            Expr::col((read_mark::Entity, read_mark::Column::SourceId))
                .equals((entry::Entity, entry::Column::SourceId)),
        )
        .and_where(is_entry(Expr::col((
            read_mark::Entity,
            read_mark::Column::EntryId,
        ))))
        .to_owned();
    let through = Query::select()
        .column(reading::Column::ReadThrough)
        .from(reading::Entity)
        .and_where(reading::Column::UserId.eq(user))
        .and_where(
            Expr::col((reading::Entity, reading::Column::SourceId))
                .equals((entry::Entity, entry::Column::SourceId)),
        )
        .to_owned();
    let through = Func::coalesce([value_of(through), Expr::value(0_i64)]);
    let covered = Expr::col((entry::Entity, entry::Column::Id)).lte(Expr::from(through));
    Func::coalesce([value_of(mark), covered]).into()
}

fn value_of(select: SelectStatement) -> Expr {
    Expr::SubQuery(None, Box::new(select.into()))
}

fn is_starred(user: UserId) -> Expr {
    let stars = Query::select()
        .column(star::Column::EntryId)
        .from(star::Entity)
        .and_where(star::Column::UserId.eq(user))
        .to_owned();
    Expr::col((entry::Entity, entry::Column::Id)).in_subquery(stars)
}

/// The number that kept counters give.
fn counter(filter: &EntryFilter, user: UserId, unread: bool) -> SelectStatement {
    let read = Func::coalesce([sum(reading::Column::ReadCount), Expr::value(0_i64)]);
    let count = if unread {
        sum(source::Column::EntryCount).sub(Expr::from(read))
    } else {
        Expr::from(read)
    };
    let mut select = Query::select()
        .expr_as(count, Alias::new("entries"))
        .from(source::Entity)
        .left_join(
            reading::Entity,
            reading::Column::UserId.eq(user).and(
                Expr::col((reading::Entity, reading::Column::SourceId))
                    .equals((source::Entity, source::Column::Id)),
            ),
        )
        .to_owned();
    for condition in scope(filter) {
        select.and_where(condition);
    }
    select
}

/// What a planet's rules hide of its sources' entries, as far as a reader has read it or not: it is counted off.
pub(super) fn hidden(
    planet: PlanetId,
    filter: &EntryFilter,
    (user, unread): (UserId, bool),
) -> SelectStatement {
    let read = is_read(user);
    let mut hidden = Query::select()
        .column((entry::Entity, entry::Column::Id))
        .from(planet_hidden::Entity)
        .inner_join(
            entry::Entity,
            is_entry(Expr::col((
                planet_hidden::Entity,
                planet_hidden::Column::EntryId,
            ))),
        )
        .and_where(planet_hidden::Column::PlanetId.eq(planet))
        .and_where(if unread { read.not() } else { read })
        .to_owned();
    if let Some(sources) = &filter.source_ids {
        hidden.and_where(planet_hidden::Column::SourceId.is_in(sources.iter().copied()));
    }
    hidden
}

/// Which sources a filter means.
pub(super) fn scope(filter: &EntryFilter) -> Vec<Expr> {
    let id = || Expr::col((source::Entity, source::Column::Id));
    let planet = filter
        .planet
        .map(|planet| id().in_subquery(members(planet)));
    let sources = filter.source_ids.as_ref();
    let sources = sources.map(|ids| id().is_in(ids.iter().copied()));
    planet.into_iter().chain(sources).collect()
}
