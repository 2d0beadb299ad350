//! Readers' marks on entries. In: entries and what a reader says of them. Out: marks, and counters that are right in the
//! same transaction. Must not know: pages, GraphQL.
//!
//! Order of locks: the reader's account, then the sources by key (shared: no entry comes or goes meanwhile), then the rest.

use std::collections::BTreeMap;

use entity::{EntryId, Millis, SourceId, UserId, entry, read_mark, reading, source, star};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LockType, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::json;

use super::account::lock_user;
use super::audit::{Note, target};
use super::unread::{self, Row};
use super::write::{Tx, Work, transaction};
use super::{Backend, CHUNK, Store, StoreError, total};

/// Marks beyond the watermark that say read, before it is moved; each costs a little whenever unread entries are
/// gathered.
const LOOSE_MARKS: i64 = 16;

/// What a reader says of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marking {
    /// Who.
    pub user: UserId,
    /// Of which.
    pub entries: Vec<EntryId>,
    /// Read, or not; none leaves it.
    pub read: Option<bool>,
    /// Starred, or not; none leaves it.
    pub starred: Option<bool>,
    /// When.
    pub at: Millis,
}

/// How marking went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Marked {
    /// So many entries are marked otherwise than before.
    Changed(usize),
    /// These do not exist; nothing was changed.
    Missing(Vec<EntryId>),
}

impl Store {
    /// Marks entries.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn mark_entries(&self, marking: &Marking) -> Result<Marked, StoreError> {
        Ok(transaction!(self, "marking entries", |tx| mark(tx, marking))?.value)
    }
}

async fn mark(tx: &Tx, marking: &Marking) -> Result<Work<Marked>, DbErr> {
    let mut ids = marking.entries.clone();
    ids.sort_unstable();
    ids.dedup();
    if lock_user(tx, marking.user).await?.is_none() {
        return Ok(Work::quiet(Marked::Missing(ids)));
    }
    let sources = Query::select()
        .column(entry::Column::SourceId)
        .from(entry::Entity)
        .and_where(entry::Column::Id.is_in(ids.iter().copied()))
        .to_owned();
    hold_sources(tx, Expr::col(source::Column::Id).in_subquery(sources)).await?;
    let mut rows = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        rows.extend(unread::marks(&tx.db, marking.user, chunk).await?);
    }
    if rows.len() < ids.len() {
        let is_known = |id: &EntryId| rows.binary_search_by_key(id, |row| row.id).is_ok();
        ids.retain(|id| !is_known(id));
        return Ok(Work::quiet(Marked::Missing(ids)));
    }
    let changed = write(tx, marking, &rows).await?;
    let said = json!({"read": marking.read, "starred": marking.starred, "entries": changed});
    let note = Note::new(target::user(marking.user), None, Some(said));
    Ok(Work::quiet(Marked::Changed(changed)).noting(note))
}

/// Keeps entries of these sources from coming and going until the transaction ends, in the one order in which everyone
/// locks sources.
pub(super) async fn hold_sources(tx: &Tx, which: Expr) -> Result<(), DbErr> {
    if tx.backend == Backend::Postgres {
        source::Entity::find()
            .select_only()
            .column(source::Column::Id)
            .filter(which)
            .order_by_asc(source::Column::Id)
            .lock(LockType::Share)
            .into_tuple::<SourceId>()
            .all(&tx.db)
            .await?;
    }
    Ok(())
}

/// Writes what differs; gives how many entries do.
pub(super) async fn write(tx: &Tx, marking: &Marking, rows: &[Row]) -> Result<usize, DbErr> {
    let reading: Vec<&Row> = match marking.read {
        Some(read) => rows.iter().filter(|row| row.shown().read != read).collect(),
        None => Vec::new(),
    };
    let starring: Vec<&Row> = match marking.starred {
        Some(starred) => rows
            .iter()
            .filter(|row| row.starred_at.is_some() != starred)
            .collect(),
        None => Vec::new(),
    };
    let mut changed: Vec<EntryId> = reading.iter().chain(&starring).map(|row| row.id).collect();
    changed.sort_unstable();
    changed.dedup();
    if let Some(read) = marking.read {
        set_read(tx, marking, read, &reading).await?;
    }
    if let Some(starred) = marking.starred {
        set_starred(tx, marking, starred, &starring).await?;
    }
    Ok(changed.len())
}

async fn set_read(tx: &Tx, marking: &Marking, read: bool, rows: &[&Row]) -> Result<(), DbErr> {
    // A mark that says read stays also where the watermark covers it, for when it was said.
    let (kept, needless): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| read || row.is_covered());
    for chunk in needless.chunks(CHUNK) {
        read_mark::Entity::delete_many()
            .filter(read_mark::Column::UserId.eq(marking.user))
            .filter(read_mark::Column::EntryId.is_in(chunk.iter().map(|row| row.id)))
            .exec(&tx.db)
            .await?;
    }
    for chunk in kept.chunks(CHUNK) {
        let marks = chunk.iter().map(|row| read_mark::ActiveModel {
            user_id: Set(marking.user),
            source_id: Set(row.source_id),
            entry_id: Set(row.id),
            is_read: Set(read),
            at: Set(marking.at),
        });
        read_mark::Entity::insert_many(marks)
            .on_conflict(
                OnConflict::columns([
                    read_mark::Column::UserId,
                    read_mark::Column::SourceId,
                    read_mark::Column::EntryId,
                ])
                .update_columns([read_mark::Column::IsRead, read_mark::Column::At])
                .to_owned(),
            )
            .exec_without_returning(&tx.db)
            .await?;
    }
    let mut by_source: BTreeMap<SourceId, i64> = BTreeMap::new();
    for row in rows {
        *by_source.entry(row.source_id).or_default() += if read { 1 } else { -1 };
    }
    count(tx, marking.user, &by_source).await?;
    if read {
        for source in by_source.keys() {
            tighten(tx, marking, *source).await?;
        }
    }
    Ok(())
}

/// Adds to the counters.
async fn count(tx: &Tx, user: UserId, by_source: &BTreeMap<SourceId, i64>) -> Result<(), DbErr> {
    let counts: Vec<(SourceId, i64)> = by_source.iter().map(|(id, by)| (*id, *by)).collect();
    for chunk in counts.chunks(CHUNK) {
        let rows = chunk.iter().map(|(source, by)| reading::ActiveModel {
            user_id: Set(user),
            source_id: Set(*source),
            read_through: Set(EntryId(0)),
            read_through_at: Set(None),
            read_count: Set(*by),
        });
        let sum = Expr::col((reading::Entity, reading::Column::ReadCount))
            .add(Expr::col(("excluded", reading::Column::ReadCount)));
        reading::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([reading::Column::UserId, reading::Column::SourceId])
                    .value(reading::Column::ReadCount, sum)
                    .to_owned(),
            )
            .exec_without_returning(&tx.db)
            .await?;
    }
    Ok(())
}

/// Moves a reader's watermark to the newest entry when there are more marks beyond it that say read than entries that are
/// unread: from then on the unread ones are the marked ones. So what has to be looked at to gather unread entries stays in
/// proportion to their number, and the work here to what was marked since.
async fn tighten(tx: &Tx, marking: &Marking, source: SourceId) -> Result<(), DbErr> {
    let key = (marking.user, source);
    let (row, of_source) = (
        reading::Entity::find_by_id(key).one(&tx.db).await?,
        source::Entity::find_by_id(source).one(&tx.db).await?,
    );
    let (Some(row), Some(of_source)) = (row, of_source) else {
        return Ok(());
    };
    let loose = Query::select()
        .expr(Expr::col(read_mark::Column::EntryId).count())
        .from(read_mark::Entity)
        .and_where(read_mark::Column::UserId.eq(marking.user))
        .and_where(read_mark::Column::SourceId.eq(source))
        .and_where(read_mark::Column::EntryId.gt(row.read_through))
        .to_owned();
    let loose = total::number(&tx.db, &loose).await?;
    let unread = of_source.entry_count - row.read_count;
    if loose <= std::cmp::max(unread, LOOSE_MARKS) {
        return Ok(());
    }
    let beyond = Query::select()
        .expr(Expr::value(marking.user))
        .column((entry::Entity, entry::Column::SourceId))
        .column((entry::Entity, entry::Column::Id))
        .expr(Expr::value(false))
        .expr(Expr::value(marking.at))
        .from(entry::Entity)
        .and_where(entry::Column::SourceId.eq(source))
        .and_where(entry::Column::Id.gt(row.read_through))
        .and_where(unread::is_read(marking.user).not())
        .to_owned();
    insert_marks(tx, beyond).await?;
    let newest = Query::select()
        .expr(Func::max(Expr::col(entry::Column::Id)))
        .from(entry::Entity)
        .and_where(entry::Column::SourceId.eq(source))
        .to_owned();
    let newest = EntryId(total::number(&tx.db, &newest).await?);
    reading::Entity::update_many()
        .col_expr(reading::Column::ReadThrough, Expr::value(newest))
        .filter(reading::Column::UserId.eq(marking.user))
        .filter(reading::Column::SourceId.eq(source))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// Adds the marks that a statement gives; those that are there stay.
pub(super) async fn insert_marks(
    tx: &Tx,
    marks: sea_orm::sea_query::SelectStatement,
) -> Result<(), DbErr> {
    let mut insert = Query::insert()
        .into_table(read_mark::Entity)
        .columns([
            read_mark::Column::UserId,
            read_mark::Column::SourceId,
            read_mark::Column::EntryId,
            read_mark::Column::IsRead,
            read_mark::Column::At,
        ])
        .to_owned();
    insert
        .select_from(marks)
        .map_err(|error| DbErr::Custom(error.to_string()))?
        .on_conflict(
            OnConflict::columns([
                read_mark::Column::UserId,
                read_mark::Column::SourceId,
                read_mark::Column::EntryId,
            ])
            .do_nothing()
            .to_owned(),
        );
    tx.db.execute(&insert).await?;
    Ok(())
}

async fn set_starred(
    tx: &Tx,
    marking: &Marking,
    starred: bool,
    rows: &[&Row],
) -> Result<(), DbErr> {
    for chunk in rows.chunks(CHUNK) {
        if !starred {
            star::Entity::delete_many()
                .filter(star::Column::UserId.eq(marking.user))
                .filter(star::Column::EntryId.is_in(chunk.iter().map(|row| row.id)))
                .exec(&tx.db)
                .await?;
            continue;
        }
        let stars = chunk.iter().map(|row| star::ActiveModel {
            user_id: Set(marking.user),
            entry_id: Set(row.id),
            published_at: Set(row.published_at),
            at: Set(marking.at),
        });
        star::Entity::insert_many(stars)
            .exec_without_returning(&tx.db)
            .await?;
    }
    Ok(())
}

/// Corrects the counters of those who have read entries of a source that are about to go; the source is locked. Their
/// marks go with them.
pub(super) async fn forget_entries(
    tx: &Tx,
    source: SourceId,
    ids: &[EntryId],
) -> Result<(), DbErr> {
    shift(tx, source, ids, ExprTrait::sub).await
}

/// Corrects them when entries have come back under their old keys: those whom the watermark covers are read again.
pub(super) async fn recall_entries(
    tx: &Tx,
    source: SourceId,
    ids: &[EntryId],
) -> Result<(), DbErr> {
    shift(tx, source, ids, ExprTrait::add).await
}

/// Moves each reader's counter by the number of these entries that are read.
async fn shift(
    tx: &Tx,
    source: SourceId,
    ids: &[EntryId],
    by: impl Fn(Expr, Expr) -> Expr,
) -> Result<(), DbErr> {
    let of_reader = |column| Expr::col((reading::Entity, column));
    for chunk in ids.chunks(CHUNK) {
        let mark = Query::select()
            .column((read_mark::Entity, read_mark::Column::IsRead))
            .from(read_mark::Entity)
            .and_where(
                Expr::col((read_mark::Entity, read_mark::Column::UserId))
                    .equals((reading::Entity, reading::Column::UserId)),
            )
            .and_where(read_mark::Column::SourceId.eq(source))
            .and_where(
                Expr::col((read_mark::Entity, read_mark::Column::EntryId))
                    .equals((entry::Entity, entry::Column::Id)),
            )
            .to_owned();
        let mark = Expr::SubQuery(None, Box::new(mark.into()));
        let id = Expr::col((entry::Entity, entry::Column::Id));
        let covered = id.clone().lte(of_reader(reading::Column::ReadThrough));
        let read = Query::select()
            .expr(id.count())
            .from(entry::Entity)
            .and_where(entry::Column::Id.is_in(chunk.iter().copied()))
            .and_where(Func::coalesce([mark, covered]).into())
            .to_owned();
        let read = Expr::SubQuery(None, Box::new(read.into()));
        reading::Entity::update_many()
            .col_expr(
                reading::Column::ReadCount,
                by(of_reader(reading::Column::ReadCount), read),
            )
            .filter(reading::Column::SourceId.eq(source))
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}

/// Drops what everyone has read of a source that is about to lose all of its entries.
pub(super) async fn forget_source(tx: &Tx, source: SourceId) -> Result<(), DbErr> {
    reading::Entity::delete_many()
        .filter(reading::Column::SourceId.eq(source))
        .exec(&tx.db)
        .await?;
    Ok(())
}
