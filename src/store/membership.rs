//! Which sources are in which planets, and the planets' entries that follow from it. In: keys. Out: rows. Must not
//! know: what planets look like.

use entity::{Millis, PlanetId, SourceId, entry, planet, planet_entry, planet_source};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::json;

use super::audit::{Note, target};
use super::ingest::lock;
use super::write::{NewChange, Tx, Work, transaction};
use super::{Store, StoreError, Written, rules};

impl Store {
    /// Puts sources into a planet; those that are in it or do not exist are left out. None: there is no such
    /// planet.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn add_sources_to_planet(
        &self,
        planet: PlanetId,
        sources: &[SourceId],
        at: Millis,
    ) -> Result<Option<Written<planet::Model>>, StoreError> {
        let committed = transaction!(self, "adding sources to a planet", |tx| async {
            let Some(row) = lock_planet(tx, planet).await? else {
                return Ok(Work::quiet(None));
            };
            join(tx, planet, sources, at).await?;
            let facts = json!({"sourceIds": sources});
            let note = Note::new(target::planet(planet), None, Some(facts));
            Ok(Work::told(Some(row), vec![NewChange::other(at)]).noting(note))
        })?;
        Ok(Written::maybe(committed))
    }

    /// Takes sources out of a planet. None: there is no such planet.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn remove_sources_from_planet(
        &self,
        planet: PlanetId,
        sources: &[SourceId],
        at: Millis,
    ) -> Result<Option<Written<planet::Model>>, StoreError> {
        let committed = transaction!(self, "removing sources from a planet", |tx| async {
            let Some(row) = lock_planet(tx, planet).await? else {
                return Ok(Work::quiet(None));
            };
            leave(tx, planet, sources).await?;
            let facts = json!({"sourceIds": sources});
            let note = Note::new(target::planet(planet), Some(facts), None);
            Ok(Work::told(Some(row), vec![NewChange::other(at)]).noting(note))
        })?;
        Ok(Written::maybe(committed))
    }
}

pub(super) async fn lock_planet(tx: &Tx, id: PlanetId) -> Result<Option<planet::Model>, DbErr> {
    planet::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&tx.db)
        .await
}

/// Puts a source that has no entries yet into planets.
pub(super) async fn join_new(tx: &Tx, source: SourceId, planets: &[PlanetId]) -> Result<(), DbErr> {
    let there: Vec<PlanetId> = planet::Entity::find()
        .select_only()
        .column(planet::Column::Id)
        .filter(planet::Column::Id.is_in(planets.iter().copied()))
        .order_by_asc(planet::Column::Id)
        .into_tuple()
        .all(&tx.db)
        .await?;
    for planet_id in there {
        insert(tx, planet_id, source).await?;
    }
    Ok(())
}

async fn insert(tx: &Tx, planet: PlanetId, source: SourceId) -> Result<(), DbErr> {
    let row = planet_source::ActiveModel {
        planet_id: Set(planet),
        source_id: Set(source),
    };
    planet_source::Entity::insert_many([row])
        .on_conflict(
            OnConflict::columns([
                planet_source::Column::PlanetId,
                planet_source::Column::SourceId,
            ])
            .do_nothing()
            .to_owned(),
        )
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// Puts sources with their entries into a planet. Each source is locked, so that a visit that runs at the same
/// time either sees the planet, or is seen with its entries.
pub(super) async fn join(
    tx: &Tx,
    planet: PlanetId,
    sources: &[SourceId],
    at: Millis,
) -> Result<(), DbErr> {
    for source in sorted(sources) {
        if lock(tx, source).await?.is_none() {
            continue;
        }
        insert(tx, planet, source).await?;
        let entries = Query::select()
            .expr(Expr::value(planet))
            .columns([
                entry::Column::Id,
                entry::Column::SourceId,
                entry::Column::PublishedAt,
                entry::Column::FirstSeenAt,
            ])
            .from(entry::Entity)
            // SQLite reads ON CONFLICT after a SELECT as part of a join unless there is a WHERE.
            .and_where(entry::Column::SourceId.eq(source))
            .to_owned();
        // What was hidden of a source that is in it already is judged anew.
        rules::forget(tx, planet, source).await?;
        let mut insert = Query::insert()
            .into_table(planet_entry::Entity)
            .columns([
                planet_entry::Column::PlanetId,
                planet_entry::Column::EntryId,
                planet_entry::Column::SourceId,
                planet_entry::Column::PublishedAt,
                planet_entry::Column::FirstSeenAt,
            ])
            .to_owned();
        insert
            .select_from(entries)
            .map_err(|error| DbErr::Custom(error.to_string()))?
            .on_conflict(
                OnConflict::columns([
                    planet_entry::Column::PlanetId,
                    planet_entry::Column::EntryId,
                ])
                .do_nothing()
                .to_owned(),
            );
        tx.db.execute(&insert).await?;
        rules::join(tx, source, at).await?;
    }
    Ok(())
}

pub(super) async fn leave(tx: &Tx, planet: PlanetId, sources: &[SourceId]) -> Result<(), DbErr> {
    for source in sorted(sources) {
        if lock(tx, source).await?.is_none() {
            continue;
        }
        planet_source::Entity::delete_by_id((planet, source))
            .exec(&tx.db)
            .await?;
        rules::forget(tx, planet, source).await?;
        let entries = Query::select()
            .column(entry::Column::Id)
            .from(entry::Entity)
            .and_where(entry::Column::SourceId.eq(source))
            .to_owned();
        planet_entry::Entity::delete_many()
            .filter(planet_entry::Column::PlanetId.eq(planet))
            .filter(Expr::col(planet_entry::Column::EntryId).in_subquery(entries))
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}

/// Locks the sources of a planet: what a visit of one of them stores is then seen, or waits.
pub(super) async fn lock_members(tx: &Tx, planet: PlanetId) -> Result<(), DbErr> {
    let members: Vec<SourceId> = planet_source::Entity::find()
        .select_only()
        .column(planet_source::Column::SourceId)
        .filter(planet_source::Column::PlanetId.eq(planet))
        .into_tuple()
        .all(&tx.db)
        .await?;
    for source in sorted(&members) {
        lock(tx, source).await?;
    }
    Ok(())
}

/// In the one order in which everyone locks sources.
fn sorted(sources: &[SourceId]) -> Vec<SourceId> {
    let mut sorted = sources.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}
