//! Rules at work while a visit is stored. In: drafts before, change rows after. Out: what is hidden of the visit, with change
//! rows that tell clients what they see of it. Must not know: how entries are stored.

use std::collections::HashSet;

use entity::{ChangeKind, EntryId, Millis, SourceId, withheld_entry};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::planet::{Session, carry_out};
use super::withhold::{reinstate, withhold};
use super::{Court, judged};
use crate::normalize::EntryDraft;
use crate::store::write::{NewChange, Tx};

/// Puts back hidden entries that their publisher has changed since, so that they are compared and judged like any other.
/// One statement where nothing of the source is hidden.
pub(in crate::store) async fn revive(
    tx: &Tx,
    source: SourceId,
    drafts: &[EntryDraft],
    at: Millis,
) -> Result<Vec<EntryId>, DbErr> {
    let hidden: Vec<(EntryId, Vec<u8>, Vec<u8>)> = withheld_entry::Entity::find()
        .select_only()
        .columns([
            withheld_entry::Column::EntryId,
            withheld_entry::Column::Identity,
            withheld_entry::Column::ContentHash,
        ])
        .filter(withheld_entry::Column::SourceId.eq(source))
        .filter(withheld_entry::Column::Removed.eq(false))
        .into_tuple()
        .all(&tx.db)
        .await?;
    if hidden.is_empty() {
        return Ok(Vec::new());
    }
    let drafted: std::collections::HashMap<&[u8], &[u8]> = drafts
        .iter()
        .map(|draft| (draft.identity.as_slice(), draft.content_hash.as_slice()))
        .collect();
    let changed = hidden.into_iter().filter(|(_, identity, hash)| {
        let now = drafted.get(identity.as_slice());
        now.is_some_and(|now| *now != hash.as_slice())
    });
    let changed: Vec<EntryId> = changed.map(|(id, _, _)| id).collect();
    if changed.is_empty() {
        return Ok(changed);
    }
    let rows = withheld_entry::Entity::find()
        .filter(withheld_entry::Column::EntryId.is_in(changed))
        .all(&tx.db)
        .await?;
    reinstate(tx, source, rows, at).await
}

/// Hides what the rules hide of what was just stored, and of what was [`revive`]d for it. Gives by how many entries the
/// source has more than were stored; none when the rules moved nothing.
pub(in crate::store) async fn after(
    tx: &Tx,
    source: SourceId,
    revived: &[EntryId],
    changes: &mut Vec<NewChange>,
    at: Millis,
) -> Result<Option<i64>, DbErr> {
    let told = changes.iter().filter_map(|change| change.entry_id);
    let mut ids: Vec<EntryId> = told.chain(revived.iter().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(None);
    }
    let hidden = match Court::of(tx, source).await? {
        Some(court) => hide(tx, &court, &ids, Session { source, at }).await?,
        None => HashSet::new(),
    };
    let revived: HashSet<EntryId> = revived.iter().copied().collect();
    retell(changes, &hidden, &revived);
    for id in revived.difference(&hidden) {
        // It was not there for anyone, and now it is.
        changes.retain(|change| change.entry_id != Some(*id));
        changes.push(NewChange::entry(ChangeKind::EntryAdded, *id, source, at));
    }
    let count = |set: &HashSet<EntryId>| i64::try_from(set.len()).unwrap_or(i64::MAX);
    let moved = !(hidden.is_empty() && revived.is_empty());
    Ok(moved.then(|| count(&revived) - count(&hidden)))
}

async fn hide(
    tx: &Tx,
    court: &Court,
    ids: &[EntryId],
    session: Session,
) -> Result<HashSet<EntryId>, DbErr> {
    let judged = judged::judge(&tx.db, court, ids).await?;
    let (out, shown) = judged::part(judged);
    carry_out(tx, session, &shown).await?;
    withhold(tx, session.source, &out, session.at).await?;
    Ok(out.into_iter().map(|(id, _)| id).collect())
}

/// A new entry that is hidden is not told; a known one that is hidden now is gone, unless it was hidden before.
fn retell(changes: &mut Vec<NewChange>, hidden: &HashSet<EntryId>, revived: &HashSet<EntryId>) {
    changes.retain_mut(|change| {
        let Some(id) = change.entry_id.filter(|id| hidden.contains(id)) else {
            return true;
        };
        if change.kind == ChangeKind::EntryAdded || revived.contains(&id) {
            return false;
        }
        change.kind = ChangeKind::EntryRemoved;
        true
    });
}
