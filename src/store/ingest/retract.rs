//! What publishers take back (RFC 6721). In: the tombstones of a reading, and its drafts. Out: entries of that source
//! gone, and kept out until they are published anew with a later date. Must not know: what editors take out.

use std::collections::HashMap;

use entity::{
    ChangeKind, EntryId, Millis, SourceId, entry, entry_alias, entry_print, retraction, source,
};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::decide::Removed;
use super::entries::Stored;
use super::row::Sighting;
use crate::normalize::{EntryDraft, FeedDraft, TombstoneDraft, claimed};
use crate::store::write::{NewChange, Tx};
use crate::store::{CHUNK, drop};

/// Which drafts that are not stored were taken back, here or before. What is published anew, with a date after it was
/// taken back, is not held any more.
pub(super) async fn held(
    tx: &Tx,
    sighting: Sighting,
    drafts: &[&EntryDraft],
    tombstones: &[TombstoneDraft],
) -> Result<Vec<Removed>, DbErr> {
    let identities: Vec<Vec<u8>> = drafts.iter().map(|draft| draft.identity.to_vec()).collect();
    let before = standing(tx, sighting.source, &identities).await?;
    let here: HashMap<&[u8], Millis> = tombstones
        .iter()
        .map(|tombstone| {
            (
                tombstone.identity.as_slice(),
                when(tombstone, sighting.read_at),
            )
        })
        .collect();
    let (mut held, mut anew) = (Vec::new(), Vec::new());
    for draft in drafts {
        let identity = draft.identity.as_slice();
        let deleted = before
            .get(identity)
            .copied()
            .max(here.get(identity).copied());
        match deleted {
            Some(at) if is_after(draft, at, sighting.read_at) => anew.push(identity.to_vec()),
            Some(_) => held.push(Removed {
                identity: identity.to_vec(),
                url_key: None,
            }),
            None => {}
        }
    }
    anew.retain(|identity| before.contains_key(identity));
    forget(tx, sighting.source, &anew).await?;
    Ok(held)
}

/// Takes out the entries that the tombstones name, unless they are newer, and writes down that they were.
pub(super) async fn take_back(
    tx: &Tx,
    sighting: Sighting,
    reading: &FeedDraft,
    stored: &mut Stored,
) -> Result<(), DbErr> {
    let mut gone = Vec::new();
    let standing = standing_here(reading, sighting.read_at);
    for chunk in standing.chunks(CHUNK) {
        let dates: HashMap<Vec<u8>, Millis> = chunk
            .iter()
            .map(|tombstone| {
                (
                    tombstone.identity.to_vec(),
                    when(tombstone, sighting.read_at),
                )
            })
            .collect();
        let mut newer = Vec::new();
        for (id, identity, claimed_at) in named(tx, sighting.source, &dates).await? {
            match dates.get(&identity) {
                Some(at) if claimed_at.is_some_and(|claimed| claimed > *at) => newer.push(identity),
                _ => gone.push(id),
            }
        }
        let standing: Vec<&TombstoneDraft> = chunk
            .iter()
            .copied()
            .filter(|tombstone| !newer.iter().any(|identity| *identity == tombstone.identity))
            .collect();
        note(tx, sighting.source, &standing, sighting.read_at).await?;
    }
    if gone.is_empty() {
        return Ok(());
    }
    gone.sort_unstable();
    gone.dedup();
    drop::take_out(tx, sighting.source, &gone).await?;
    stored.removed = i32::try_from(gone.len()).unwrap_or(i32::MAX);
    stored.wrote = true;
    let told = |id: &EntryId| {
        NewChange::entry(ChangeKind::EntryRemoved, *id, sighting.source, sighting.at)
    };
    stored.changes.extend(gone.iter().map(told));
    Ok(())
}

/// The tombstones of a reading, without those of entries that it publishes anew beside them.
fn standing_here(reading: &FeedDraft, now: Millis) -> Vec<&TombstoneDraft> {
    if reading.tombstones.is_empty() {
        return Vec::new();
    }
    let drafts: HashMap<[u8; 16], &EntryDraft> = reading
        .entries
        .iter()
        .map(|draft| (draft.identity, draft))
        .collect();
    let stands = |tombstone: &&TombstoneDraft| {
        drafts
            .get(&tombstone.identity)
            .is_none_or(|draft| !is_after(draft, when(tombstone, now), now))
    };
    reading.tombstones.iter().filter(stands).collect()
}

/// Brings the source's own counters to what was taken back.
pub(super) async fn count(tx: &Tx, row: &mut source::Model, stored: &Stored) -> Result<(), DbErr> {
    if stored.removed > 0 {
        row.entry_count -= i64::from(stored.removed);
        row.latest_entry_at = drop::latest(tx, row.id).await?;
    }
    Ok(())
}

/// When it was taken back: now, where the publisher does not say or names a time to come.
fn when(tombstone: &TombstoneDraft, now: Millis) -> Millis {
    tombstone.when.filter(|when| *when <= now).unwrap_or(now)
}

fn is_after(draft: &EntryDraft, deleted: Millis, now: Millis) -> bool {
    claimed(draft, now).is_some_and(|claimed| claimed > deleted)
}

/// What was taken back before, of some identities, and when.
async fn standing(
    tx: &Tx,
    source: SourceId,
    identities: &[Vec<u8>],
) -> Result<HashMap<Vec<u8>, Millis>, DbErr> {
    let mut found = HashMap::new();
    for chunk in identities.chunks(CHUNK) {
        let rows: Vec<(Vec<u8>, Millis)> = retraction::Entity::find()
            .select_only()
            .columns([retraction::Column::Identity, retraction::Column::DeletedAt])
            .filter(retraction::Column::SourceId.eq(source))
            .filter(retraction::Column::Identity.is_in(chunk.iter().cloned()))
            .into_tuple()
            .all(&tx.db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

async fn forget(tx: &Tx, source: SourceId, identities: &[Vec<u8>]) -> Result<(), DbErr> {
    for chunk in identities.chunks(CHUNK) {
        retraction::Entity::delete_many()
            .filter(retraction::Column::SourceId.eq(source))
            .filter(retraction::Column::Identity.is_in(chunk.iter().cloned()))
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}

type Named = (EntryId, Vec<u8>, Option<Millis>);

/// The entries of the source that tombstones name, by their identities or others that they go by, with the newest time
/// that their publisher claims.
async fn named(
    tx: &Tx,
    source: SourceId,
    dates: &HashMap<Vec<u8>, Millis>,
) -> Result<Vec<Named>, DbErr> {
    let mut found: Vec<(EntryId, Vec<u8>)> = entry::Entity::find()
        .select_only()
        .columns([entry::Column::Id, entry::Column::Identity])
        .filter(entry::Column::SourceId.eq(source))
        .filter(entry::Column::Identity.is_in(dates.keys().cloned()))
        .into_tuple()
        .all(&tx.db)
        .await?;
    let aliases: Vec<(EntryId, Vec<u8>)> = entry_alias::Entity::find()
        .select_only()
        .columns([entry_alias::Column::EntryId, entry_alias::Column::Identity])
        .filter(entry_alias::Column::SourceId.eq(source))
        .filter(entry_alias::Column::Identity.is_in(dates.keys().cloned()))
        .into_tuple()
        .all(&tx.db)
        .await?;
    found.extend(aliases);
    let ids = found.iter().map(|(id, _)| *id);
    let claims: HashMap<EntryId, Option<Millis>> = entry_print::Entity::find()
        .select_only()
        .columns([entry_print::Column::EntryId, entry_print::Column::ClaimedAt])
        .filter(entry_print::Column::EntryId.is_in(ids))
        .into_tuple::<(EntryId, Option<Millis>)>()
        .all(&tx.db)
        .await?
        .into_iter()
        .collect();
    Ok(found
        .into_iter()
        .map(|(id, identity)| (id, identity, claims.get(&id).copied().flatten()))
        .collect())
}

/// Writes down what was taken back; a tombstone that is there already costs no write.
async fn note(
    tx: &Tx,
    source: SourceId,
    tombstones: &[&TombstoneDraft],
    now: Millis,
) -> Result<(), DbErr> {
    let identities: Vec<Vec<u8>> = tombstones
        .iter()
        .map(|tombstone| tombstone.identity.to_vec())
        .collect();
    let known = standing(tx, source, &identities).await?;
    let fresh: Vec<_> = tombstones
        .iter()
        .filter(|tombstone| match known.get(tombstone.identity.as_slice()) {
            Some(known) => tombstone
                .when
                .is_some_and(|when| when <= now && when > *known),
            None => true,
        })
        .map(|tombstone| retraction::ActiveModel {
            source_id: Set(source),
            identity: Set(tombstone.identity.to_vec()),
            deleted_at: Set(when(tombstone, now)),
        })
        .collect();
    if fresh.is_empty() {
        return Ok(());
    }
    retraction::Entity::insert_many(fresh)
        .on_conflict(
            OnConflict::columns([retraction::Column::SourceId, retraction::Column::Identity])
                .update_column(retraction::Column::DeletedAt)
                .to_owned(),
        )
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}
