//! Taking entries out. In: which. Out: their rows gone, counters right. Must not know: why.

use entity::{
    ChangeKind, EntryId, Millis, PlanetId, Revision, SourceId, entry, entry_author, entry_tag,
    planet_entry, planet_source, poll_attempt, retraction, rule, source_author, source_body,
    tombstone, withheld_entry,
};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::audit::{Note, target};
use super::count::Counts;
use super::ingest::{lock, save};
use super::rules::{Why, withhold};
use super::write::{NewChange, Tx, Work, transaction};
use super::{CHUNK, Store, StoreError, marks, portrait};

impl Store {
    /// Takes an entry out for good: it is kept whole, to be restored, and polling does not bring it back. None:
    /// there is none.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn remove_entry(
        &self,
        entry: EntryId,
        at: Millis,
    ) -> Result<Option<Revision>, StoreError> {
        let committed = transaction!(self, "removing an entry", |tx| remove(tx, entry, at))?;
        Ok(committed.revision)
    }
}

async fn remove(tx: &Tx, id: EntryId, at: Millis) -> Result<Work<()>, DbErr> {
    let Some(seen) = entry::Entity::find_by_id(id).one(&tx.db).await? else {
        return Ok(Work::quiet(()));
    };
    let Some((_, mut source)) = lock(tx, seen.source_id).await? else {
        return Ok(Work::quiet(()));
    };
    // Looked for again under the lock: a visit may have changed it, another editor may have removed it.
    let Some(row) = entry::Entity::find_by_id(id).one(&tx.db).await? else {
        return Ok(Work::quiet(()));
    };
    withhold(tx, row.source_id, &[(id, Why::Removed)], at).await?;
    source.entry_count -= 1;
    source.latest_entry_at = latest(tx, row.source_id).await?;
    source.entries_changed_at = Some(at);
    save(tx, &source).await?;
    let change = NewChange::entry(ChangeKind::EntryRemoved, id, seen.source_id, at);
    let note = Note::new(target::entry(id), Some(portrait::entry(&seen)), None);
    Ok(Work::told((), vec![change]).noting(note))
}

/// Takes some entries of a source out with all that belongs to them, the counters of authors and tags included; those
/// of the source are for the caller.
pub(super) async fn take_out(tx: &Tx, source: SourceId, entries: &[EntryId]) -> Result<(), DbErr> {
    marks::forget_entries(tx, source, entries).await?;
    let mut counts = Counts::default();
    let planets = planets_of(tx, source).await?;
    for chunk in entries.chunks(CHUNK) {
        let ids = || chunk.iter().copied();
        uncount(tx, entry_author::Column::EntryId.is_in(ids()), &mut counts).await?;
        uncount_tags(tx, entry_tag::Column::EntryId.is_in(ids()), &mut counts).await?;
        planet_entry::Entity::delete_many()
            .filter(planet_entry::Column::PlanetId.is_in(planets.iter().copied()))
            .filter(planet_entry::Column::EntryId.is_in(ids()))
            .exec(&tx.db)
            .await?;
        entry::Entity::delete_many()
            .filter(entry::Column::Id.is_in(ids()))
            .exec(&tx.db)
            .await?;
    }
    counts.write(tx).await
}

/// Drops all entries of a source that goes, with what was observed of it besides.
pub(super) async fn entries_of_source(tx: &Tx, source: SourceId) -> Result<(), DbErr> {
    let mut counts = Counts::default();
    uncount(tx, entry_author::Column::SourceId.eq(source), &mut counts).await?;
    let entries = Query::select()
        .column(entry::Column::Id)
        .from(entry::Entity)
        .and_where(entry::Column::SourceId.eq(source))
        .to_owned();
    let of_source = Expr::col(entry_tag::Column::EntryId).in_subquery(entries.clone());
    uncount_tags(tx, of_source, &mut counts).await?;
    counts.write(tx).await?;
    let planets = planets_of(tx, source).await?;
    planet_entry::Entity::delete_many()
        .filter(planet_entry::Column::PlanetId.is_in(planets))
        .filter(planet_entry::Column::EntryId.in_subquery(entries))
        .exec(&tx.db)
        .await?;
    planet_source::Entity::delete_many()
        .filter(planet_source::Column::SourceId.eq(source))
        .exec(&tx.db)
        .await?;
    marks::forget_source(tx, source).await?;
    // Bodies, files, names and readers' marks go with their entries.
    entry::Entity::delete_many()
        .filter(entry::Column::SourceId.eq(source))
        .exec(&tx.db)
        .await?;
    source_author::Entity::delete_many()
        .filter(source_author::Column::SourceId.eq(source))
        .exec(&tx.db)
        .await?;
    withheld_entry::Entity::delete_many()
        .filter(withheld_entry::Column::SourceId.eq(source))
        .exec(&tx.db)
        .await?;
    rule::Entity::delete_many()
        .filter(rule::Column::SourceId.eq(source))
        .exec(&tx.db)
        .await?;
    tombstone::Entity::delete_many()
        .filter(tombstone::Column::SourceId.eq(source))
        .exec(&tx.db)
        .await?;
    retraction::Entity::delete_many()
        .filter(retraction::Column::SourceId.eq(source))
        .exec(&tx.db)
        .await?;
    source_body::Entity::delete_many()
        .filter(source_body::Column::SourceId.eq(source))
        .exec(&tx.db)
        .await?;
    poll_attempt::Entity::delete_many()
        .filter(poll_attempt::Column::SourceId.eq(source))
        .exec(&tx.db)
        .await?;
    Ok(())
}

async fn planets_of(tx: &Tx, source: SourceId) -> Result<Vec<PlanetId>, DbErr> {
    planet_source::Entity::find()
        .select_only()
        .column(planet_source::Column::PlanetId)
        .filter(planet_source::Column::SourceId.eq(source))
        .into_tuple()
        .all(&tx.db)
        .await
}

async fn uncount(tx: &Tx, which: Expr, counts: &mut Counts) -> Result<(), DbErr> {
    let rows: Vec<(SourceId, entity::AuthorId, i64)> = entry_author::Entity::find()
        .select_only()
        .columns([
            entry_author::Column::SourceId,
            entry_author::Column::AuthorId,
        ])
        .column_as(entry_author::Column::EntryId.count(), "entries")
        .filter(which)
        .group_by(entry_author::Column::SourceId)
        .group_by(entry_author::Column::AuthorId)
        .into_tuple()
        .all(&tx.db)
        .await?;
    for (source, author, entries) in rows {
        counts.author(source, author, -entries);
    }
    Ok(())
}

async fn uncount_tags(tx: &Tx, which: Expr, counts: &mut Counts) -> Result<(), DbErr> {
    let rows: Vec<(entity::TagId, i64)> = entry_tag::Entity::find()
        .select_only()
        .column(entry_tag::Column::TagId)
        .column_as(entry_tag::Column::EntryId.count(), "entries")
        .filter(which)
        .group_by(entry_tag::Column::TagId)
        .into_tuple()
        .all(&tx.db)
        .await?;
    for (tag, entries) in rows {
        counts.tag(tag, -entries);
    }
    Ok(())
}

/// The place in time of a source's newest entry.
pub(super) async fn latest(tx: &Tx, source: SourceId) -> Result<Option<Millis>, DbErr> {
    entry::Entity::find()
        .select_only()
        .column(entry::Column::PublishedAt)
        .filter(entry::Column::SourceId.eq(source))
        .order_by_desc(entry::Column::PublishedAt)
        .limit(1)
        .into_tuple()
        .one(&tx.db)
        .await
}
