//! Marking everything read that a filter lets through. In: a reader, a filter, an instant. Out: marks and counters. Must
//! not know: who asks.
//!
//! Whole sources and planets cost one watermark for each source that has something unread, and looking at the entries
//! seen since the instant; other filters are marked entry by entry, up to [`MOST`].

use entity::{EntryId, Millis, SourceId, UserId, entry, read_mark, reading, source};
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult,
    QueryFilter,
};
use serde_json::json;

use super::account::lock_user;
use super::audit::{Note, target};
use super::entries::{EntryFilter, EntryOrder, page_statement};
use super::marks::{Marking, hold_sources, insert_marks, write};
use super::page::Slice;
use super::unread::{self, Marks, scope};
use super::write::{Tx, Work, transaction};
use super::{CHUNK, Store, StoreError};

/// Entries that are marked one by one at once.
pub const MOST: u32 = 10_000;

/// How marking all went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkedAll {
    /// So many entries are read that were not.
    Changed(i64),
    /// More than [`MOST`] would have to be marked one by one; nothing was changed.
    TooMany,
}

impl Store {
    /// Marks every entry read that the filter lets through and that was first seen before an instant.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn mark_all_read(
        &self,
        user: UserId,
        filter: &EntryFilter,
        seen_before: Millis,
        at: Millis,
    ) -> Result<MarkedAll, StoreError> {
        let mark = MarkAll {
            user,
            filter: filter.clone(),
            seen_before,
            at,
        };
        Ok(transaction!(self, "marking all read", |tx| mark_all(tx, &mark))?.value)
    }
}

struct MarkAll {
    user: UserId,
    filter: EntryFilter,
    seen_before: Millis,
    at: Millis,
}

async fn mark_all(tx: &Tx, mark: &MarkAll) -> Result<Work<MarkedAll>, DbErr> {
    if lock_user(tx, mark.user).await?.is_none() {
        return Ok(Work::quiet(MarkedAll::Changed(0)));
    }
    let mut held = Expr::value(true);
    for condition in scope(&mark.filter) {
        held = held.and(condition);
    }
    hold_sources(tx, held).await?;
    let changed = if mark.is_of_whole_sources() {
        let hidden = mark.hidden(tx).await?;
        let changed = mark.sources(tx).await?;
        changed - mark.leave(tx, &hidden).await?
    } else {
        match mark.one_by_one(tx).await? {
            Some(changed) => changed,
            None => return Ok(Work::quiet(MarkedAll::TooMany)),
        }
    };
    let said = json!({"read": true, "entries": changed, "seenBefore": mark.seen_before});
    let note = Note::new(target::user(mark.user), None, Some(said));
    Ok(Work::quiet(MarkedAll::Changed(changed)).noting(note))
}

/// A source with something unread.
#[derive(Clone, Copy, Debug, FromQueryResult)]
struct Behind {
    id: SourceId,
    entry_count: i64,
    read_count: i64,
    read_through: EntryId,
    /// The first entry that stays as it is.
    first_later: Option<EntryId>,
    newest: Option<EntryId>,
    /// Entries that stay unread.
    later_unread: i64,
}

impl Behind {
    /// Everything before the first entry that stays is covered, and no entry that is stored later.
    fn covered(&self) -> EntryId {
        let last = match self.first_later {
            Some(first) => EntryId(first.0 - 1),
            None => self.newest.unwrap_or(EntryId(0)),
        };
        std::cmp::max(last, self.read_through)
    }

    const fn read_count(&self) -> i64 {
        self.entry_count - self.later_unread
    }
}

impl MarkAll {
    fn is_of_whole_sources(&self) -> bool {
        let rest = EntryFilter {
            planet: None,
            source_ids: None,
            marks: self.filter.marks.filter(|marks| {
                // Marking what is unread says no more than marking all.
                marks.unread != Some(true) || marks.starred.is_some()
            }),
            ..self.filter.clone()
        };
        rest == EntryFilter::default()
    }

    async fn sources(&self, tx: &Tx) -> Result<i64, DbErr> {
        let rows = tx.db.query_all(&self.behind()).await?;
        let rows = rows.iter().map(|row| Behind::from_query_result(row, ""));
        let behind: Vec<Behind> = rows.collect::<Result<_, _>>()?;
        let behind: Vec<Behind> = behind
            .into_iter()
            .filter(|row| row.read_count() != row.read_count)
            .collect();
        for chunk in behind.chunks(CHUNK) {
            self.forget_unread(tx, chunk).await?;
            self.move_on(tx, chunk).await?;
            self.mark_odd(tx, chunk).await?;
        }
        Ok(behind
            .iter()
            .map(|row| row.read_count() - row.read_count)
            .sum())
    }

    /// What has to be known of each source: three short index ranges.
    fn behind(&self) -> SelectStatement {
        let zero = || Expr::value(0_i64);
        let of = |column| Expr::col((reading::Entity, column));
        let value = |select: SelectStatement| Expr::SubQuery(None, Box::new(select.into()));
        let entries = |what: Expr| {
            Query::select()
                .expr(what)
                .from(entry::Entity)
                .and_where(
                    Expr::col((entry::Entity, entry::Column::SourceId))
                        .equals((source::Entity, source::Column::Id)),
                )
                .to_owned()
        };
        let id = || Expr::col((entry::Entity, entry::Column::Id));
        let later = |what: Expr| {
            let mut select = entries(what);
            select.and_where(entry::Column::FirstSeenAt.gte(self.seen_before));
            select
        };
        // The sum keeps the planner from looking for the least key along all keys.
        let first_later = later(Func::min(id().add(0)).into());
        let newest = entries(Func::max(id()).into());
        let mut later_unread = later(id().count());
        later_unread.and_where(unread::is_read(self.user).not());
        let mut select = Query::select()
            .column((source::Entity, source::Column::Id))
            .column((source::Entity, source::Column::EntryCount))
            .expr_as(
                Func::coalesce([of(reading::Column::ReadCount), zero()]),
                "read_count",
            )
            .expr_as(
                Func::coalesce([of(reading::Column::ReadThrough), zero()]),
                "read_through",
            )
            .expr_as(value(first_later), "first_later")
            .expr_as(value(newest), "newest")
            .expr_as(value(later_unread), "later_unread")
            .from(source::Entity)
            .left_join(
                reading::Entity,
                reading::Column::UserId.eq(self.user).and(
                    of(reading::Column::SourceId).equals((source::Entity, source::Column::Id)),
                ),
            )
            .and_where(
                Expr::col((source::Entity, source::Column::EntryCount))
                    .gt(Func::coalesce([of(reading::Column::ReadCount), zero()])),
            )
            .order_by(
                (source::Entity, source::Column::Id),
                sea_orm::sea_query::Order::Asc,
            )
            .to_owned();
        for condition in scope(&self.filter) {
            select.and_where(condition);
        }
        select
    }

    async fn forget_unread(&self, tx: &Tx, behind: &[Behind]) -> Result<(), DbErr> {
        let seen = Query::select()
            .column((entry::Entity, entry::Column::FirstSeenAt))
            .from(entry::Entity)
            .and_where(
                Expr::col((entry::Entity, entry::Column::Id))
                    .equals((read_mark::Entity, read_mark::Column::EntryId)),
            )
            .to_owned();
        read_mark::Entity::delete_many()
            .filter(read_mark::Column::UserId.eq(self.user))
            .filter(read_mark::Column::IsRead.eq(false))
            .filter(read_mark::Column::SourceId.is_in(behind.iter().map(|row| row.id)))
            .filter(Expr::SubQuery(None, Box::new(seen.into())).lt(self.seen_before))
            .exec(&tx.db)
            .await?;
        Ok(())
    }

    async fn move_on(&self, tx: &Tx, behind: &[Behind]) -> Result<(), DbErr> {
        let rows = behind.iter().map(|row| reading::ActiveModel {
            user_id: Set(self.user),
            source_id: Set(row.id),
            read_through: Set(row.covered()),
            read_through_at: Set(Some(self.at)),
            read_count: Set(row.read_count()),
        });
        reading::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([reading::Column::UserId, reading::Column::SourceId])
                    .update_columns([
                        reading::Column::ReadThrough,
                        reading::Column::ReadThroughAt,
                        reading::Column::ReadCount,
                    ])
                    .to_owned(),
            )
            .exec_without_returning(&tx.db)
            .await?;
        Ok(())
    }

    /// Entries with a key beyond the watermark that were seen before the instant all the same: the clock was set back
    /// between two visits.
    async fn mark_odd(&self, tx: &Tx, behind: &[Behind]) -> Result<(), DbErr> {
        let odd = Query::select()
            .expr(Expr::value(self.user))
            .column((entry::Entity, entry::Column::SourceId))
            .column((entry::Entity, entry::Column::Id))
            .expr(Expr::value(true))
            .expr(Expr::value(self.at))
            .from(reading::Entity)
            .inner_join(
                entry::Entity,
                Expr::col((entry::Entity, entry::Column::SourceId))
                    .equals((reading::Entity, reading::Column::SourceId))
                    .and(
                        Expr::col((entry::Entity, entry::Column::Id))
                            .gt(Expr::col((reading::Entity, reading::Column::ReadThrough))),
                    ),
            )
            .and_where(reading::Column::UserId.eq(self.user))
            .and_where(reading::Column::SourceId.is_in(behind.iter().map(|row| row.id)))
            .and_where(entry::Column::FirstSeenAt.lt(self.seen_before))
            .to_owned();
        insert_marks(tx, odd).await
    }

    /// Unread entries that the planet's rules hide there: a planet's mark is not meant for them.
    async fn hidden(&self, tx: &Tx) -> Result<Vec<EntryId>, DbErr> {
        let Some(planet) = self.filter.planet else {
            return Ok(Vec::new());
        };
        let mut hidden = unread::hidden(planet, &self.filter, (self.user, true));
        hidden.and_where(entry::Column::FirstSeenAt.lt(self.seen_before));
        let rows = tx.db.query_all(&hidden).await?;
        rows.iter().map(|row| row.try_get_by_index(0)).collect()
    }

    /// Marks entries unread again; gives how many.
    async fn leave(&self, tx: &Tx, ids: &[EntryId]) -> Result<i64, DbErr> {
        let marking = self.marking(false);
        let mut left = 0;
        for chunk in ids.chunks(CHUNK) {
            let rows = unread::marks(&tx.db, self.user, chunk).await?;
            left += write(tx, &marking, &rows).await?;
        }
        Ok(i64::try_from(left).unwrap_or(i64::MAX))
    }

    fn marking(&self, read: bool) -> Marking {
        Marking {
            user: self.user,
            entries: Vec::new(),
            read: Some(read),
            starred: None,
            at: self.at,
        }
    }

    /// None: they are too many.
    async fn one_by_one(&self, tx: &Tx) -> Result<Option<i64>, DbErr> {
        let marks = self.filter.marks.unwrap_or(Marks {
            user: self.user,
            unread: None,
            starred: None,
        });
        if marks.unread == Some(false) {
            return Ok(Some(0));
        }
        let filter = EntryFilter {
            seen_before: Some(self.seen_before),
            marks: Some(Marks {
                unread: Some(true),
                ..marks
            }),
            ..self.filter.clone()
        };
        let slice = Slice::first(MOST);
        let Some(select) = page_statement(&filter, EntryOrder::PublishedDesc, &slice) else {
            return Ok(Some(0));
        };
        let found = tx.db.query_all(&select).await?;
        if found.len() > usize::try_from(MOST).unwrap_or(usize::MAX) {
            return Ok(None);
        }
        let ids = found.iter().map(|row| row.try_get("", "id"));
        let ids: Vec<EntryId> = ids.collect::<Result<_, _>>()?;
        let marking = self.marking(true);
        let mut changed = 0;
        for chunk in ids.chunks(CHUNK) {
            let rows = unread::marks(&tx.db, self.user, chunk).await?;
            changed += write(tx, &marking, &rows).await?;
        }
        Ok(Some(i64::try_from(changed).unwrap_or(i64::MAX)))
    }
}
