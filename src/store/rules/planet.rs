//! What a planet's rules do: entries leave and come back to that planet's lists. In: verdicts. Out: rows of `planet_entry`
//! and `planet_hidden`. Must not know: how entries are judged.

use std::collections::HashSet;

use entity::{EntryId, Millis, PlanetId, RuleId, SourceId, entry, planet_entry, planet_hidden};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::judged::Verdict;
use super::{Court, judged};
use crate::store::CHUNK;
use crate::store::write::Tx;

/// Where and when verdicts are carried out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Session {
    pub(super) source: SourceId,
    pub(super) at: Millis,
}

/// Carries out what planets' rules say of entries that are in `entry`; says how many entries moved.
pub(super) async fn carry_out(
    tx: &Tx,
    session: Session,
    judged: &[(EntryId, Verdict)],
) -> Result<usize, DbErr> {
    let mut planets: Vec<PlanetId> = Vec::new();
    for (planet, _) in judged.iter().flat_map(|(_, verdict)| &verdict.planets) {
        if !planets.contains(planet) {
            planets.push(*planet);
        }
    }
    let mut moved = 0;
    for planet in planets {
        let said = judged.iter().filter_map(|(id, verdict)| {
            let mut planets = verdict.planets.iter();
            let (_, hidden) = planets.find(|(known, _)| *known == planet)?;
            Some((*id, *hidden))
        });
        let said: Vec<_> = said.collect();
        for chunk in said.chunks(CHUNK) {
            moved += in_planet(tx, session, planet, chunk).await?;
        }
    }
    Ok(moved)
}

async fn in_planet(
    tx: &Tx,
    session: Session,
    planet: PlanetId,
    said: &[(EntryId, Option<RuleId>)],
) -> Result<usize, DbErr> {
    let ids = said.iter().map(|(id, _)| *id);
    let stored: Vec<(EntryId, Option<RuleId>)> = planet_hidden::Entity::find()
        .select_only()
        .columns([
            planet_hidden::Column::EntryId,
            planet_hidden::Column::RuleId,
        ])
        .filter(planet_hidden::Column::PlanetId.eq(planet))
        .filter(planet_hidden::Column::EntryId.is_in(ids))
        .into_tuple()
        .all(&tx.db)
        .await?;
    let known: HashSet<(EntryId, Option<RuleId>)> = stored.iter().copied().collect();
    let hidden: HashSet<EntryId> = stored.iter().map(|(id, _)| *id).collect();
    let mut forgotten = Vec::new();
    let (mut hide, mut show) = (Vec::new(), Vec::new());
    for (id, verdict) in said {
        match verdict {
            Some(rule) if known.contains(&(*id, Some(*rule))) => {}
            Some(rule) => {
                forgotten.push(*id);
                hide.push((*id, *rule));
            }
            None if hidden.contains(id) => {
                forgotten.push(*id);
                show.push(*id);
            }
            None => {}
        }
    }
    planet_hidden::Entity::delete_many()
        .filter(planet_hidden::Column::PlanetId.eq(planet))
        .filter(planet_hidden::Column::EntryId.is_in(forgotten))
        .exec(&tx.db)
        .await?;
    put_out(tx, session, planet, &hide).await?;
    put_in(tx, planet, &show).await?;
    let renamed = hide.iter().filter(|(id, _)| hidden.contains(id)).count();
    Ok(hide.len() + show.len() - renamed)
}

async fn put_out(
    tx: &Tx,
    session: Session,
    planet: PlanetId,
    hide: &[(EntryId, RuleId)],
) -> Result<(), DbErr> {
    if hide.is_empty() {
        return Ok(());
    }
    let rows = hide.iter().map(|(id, rule)| planet_hidden::ActiveModel {
        planet_id: Set(planet),
        entry_id: Set(*id),
        source_id: Set(session.source),
        rule_id: Set(Some(*rule)),
        hidden_at: Set(session.at),
    });
    planet_hidden::Entity::insert_many(rows)
        .exec_without_returning(&tx.db)
        .await?;
    planet_entry::Entity::delete_many()
        .filter(planet_entry::Column::PlanetId.eq(planet))
        .filter(planet_entry::Column::EntryId.is_in(hide.iter().map(|(id, _)| *id)))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// Puts entries into a planet's lists.
pub(super) async fn put_in(tx: &Tx, planet: PlanetId, show: &[EntryId]) -> Result<(), DbErr> {
    if show.is_empty() {
        return Ok(());
    }
    let rows: Vec<(EntryId, SourceId, Millis, Millis)> = entry::Entity::find()
        .select_only()
        .columns([
            entry::Column::Id,
            entry::Column::SourceId,
            entry::Column::PublishedAt,
            entry::Column::FirstSeenAt,
        ])
        .filter(entry::Column::Id.is_in(show.iter().copied()))
        .into_tuple()
        .all(&tx.db)
        .await?;
    let rows = rows
        .into_iter()
        .map(|(id, source, published, seen)| planet_entry::ActiveModel {
            planet_id: Set(planet),
            entry_id: Set(id),
            source_id: Set(source),
            published_at: Set(published),
            first_seen_at: Set(seen),
        });
    planet_entry::Entity::insert_many(rows)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// Hides what a planet's rules hide of a source that has just joined it with all its entries.
pub(in crate::store) async fn join(tx: &Tx, source: SourceId, at: Millis) -> Result<(), DbErr> {
    let Some(court) = Court::of(tx, source).await? else {
        return Ok(());
    };
    if court.planets.is_empty() {
        return Ok(());
    }
    let mut after = EntryId(0);
    loop {
        let ids: Vec<EntryId> = entry::Entity::find()
            .select_only()
            .column(entry::Column::Id)
            .filter(entry::Column::SourceId.eq(source))
            .filter(entry::Column::Id.gt(after))
            .order_by_asc(entry::Column::Id)
            .limit(u64::try_from(CHUNK).unwrap_or(u64::MAX))
            .into_tuple()
            .all(&tx.db)
            .await?;
        let Some(last) = ids.last() else {
            return Ok(());
        };
        after = *last;
        let judged = judged::judge(&tx.db, &court, &ids).await?;
        carry_out(tx, Session { source, at }, &judged).await?;
    }
}

/// Forgets what was hidden of a source in a planet that it has left.
pub(in crate::store) async fn forget(
    tx: &Tx,
    planet: PlanetId,
    source: SourceId,
) -> Result<(), DbErr> {
    planet_hidden::Entity::delete_many()
        .filter(planet_hidden::Column::PlanetId.eq(planet))
        .filter(planet_hidden::Column::SourceId.eq(source))
        .exec(&tx.db)
        .await?;
    Ok(())
}
