//! Storing a visit: first everything is decided, then it is stored, in one transaction. In: a claim and the record of
//! a visit. Out: what changed. Must not know: how the document was fetched or read.

mod body;
mod decide;
mod entries;
pub(super) mod facts;
pub(super) mod hub;
mod identities;
mod judge;
mod known;
mod matching;
pub(super) mod moved;
mod names;
pub(super) mod old;
mod people;
mod prints;
pub(super) mod reread;
mod retract;
mod rewrite;
mod row;
pub(super) mod state;

use std::collections::HashSet;

use entity::{ChangeKind, EntryId, Millis, Revision, SourceId, poll_state, source};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect,
};

use self::entries::Stored;
use self::row::{Sighting, Why};
use super::drop::latest;
use super::error::Reading as _;
use super::rest;
use super::rules;
use super::write::{NewChange, Tx, Work, transaction};
use super::{Claim, Store, StoreError, VisitRecord, VisitSummary};
use crate::normalize::EntryDraft;

/// Which claim a visit was made under, and what it knew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Visit {
    pub(super) source: SourceId,
    pub(super) fence: i64,
    pub(super) first: bool,
}

/// What recording a visit did, before it has a revision.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) added: i32,
    pub(super) updated: i32,
    pub(super) attempt_id: i64,
    pub(super) changes: Vec<NewChange>,
}

impl Visit {
    pub(super) const fn of(claim: &Claim) -> Self {
        Self {
            source: claim.source_id,
            fence: claim.fence,
            first: claim.first_visit,
        }
    }
}

impl Recorded {
    /// A visit that found nothing new.
    pub(super) const fn nothing_new(attempt_id: i64) -> Self {
        Self {
            added: 0,
            updated: 0,
            attempt_id,
            changes: Vec::new(),
        }
    }

    pub(super) const fn summary(&self, revision: Option<Revision>) -> VisitSummary {
        VisitSummary {
            added: self.added,
            updated: self.updated,
            revision,
            attempt_id: self.attempt_id,
        }
    }
}

impl Store {
    /// Positions of the drafts that are not stored as they are, as far as can be told before the transaction that stores
    /// them: their contents will be asked for.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn not_stored(
        &self,
        claim: &Claim,
        drafts: &[EntryDraft],
    ) -> Result<Vec<usize>, StoreError> {
        let stored = if claim.first_visit {
            Vec::new()
        } else {
            known::by_identity(self.reader(), claim.source_id, drafts)
                .await
                .reading("what is stored")?
        };
        let stored: HashSet<(&[u8], &[u8])> = stored
            .iter()
            .map(|known| (&*known.identity, &*known.content_hash))
            .collect();
        let is_new =
            |draft: &EntryDraft| !stored.contains(&(&draft.identity[..], &draft.content_hash[..]));
        let positions = drafts.iter().enumerate();
        Ok(positions
            .filter_map(|(position, draft)| is_new(draft).then_some(position))
            .collect())
    }

    /// Stores all that a visit leaves behind, or nothing. None: the claim is not the newest any more, or the
    /// source is gone, and nothing was stored.
    ///
    /// # Errors
    /// When the transaction fails; nothing is stored then.
    pub async fn record_visit(
        &self,
        claim: &Claim,
        record: &VisitRecord,
    ) -> Result<Option<VisitSummary>, StoreError> {
        self.record_alone(Visit::of(claim), record).await
    }

    /// The same in a transaction of its own.
    pub(super) async fn record_alone(
        &self,
        visit: Visit,
        record: &VisitRecord,
    ) -> Result<Option<VisitSummary>, StoreError> {
        let committed = transaction!(self, "recording a visit", |tx| async {
            Ok(match record_visit(tx, visit, record).await? {
                Some(mut recorded) => {
                    let changes = std::mem::take(&mut recorded.changes);
                    Work::told(Some(recorded), changes)
                }
                None => Work::quiet(None),
            })
        })?;
        let recorded = committed.value;
        Ok(recorded.map(|recorded| recorded.summary(committed.revision)))
    }
}

/// Records a visit within a transaction.
pub(super) async fn record_visit(
    tx: &Tx,
    visit: Visit,
    record: &VisitRecord,
) -> Result<Option<Recorded>, DbErr> {
    let Some((mut state, source)) = lock(tx, visit.source).await? else {
        return Ok(None);
    };
    if state.fence != visit.fence {
        return Ok(None);
    }
    let revived = revive(tx, visit, record).await?;
    let mut stored = store_entries(tx, visit, record, source.max_age_days).await?;
    let mut new = source.clone();
    if let Some(reading) = &record.reading {
        facts::apply(&mut new, &reading.draft.feed);
    }
    new.status = facts::status(source.status, record.state.status);
    if new.status != source.status {
        new.status_since = Some(record.at);
    }
    facts::count(&mut new, stored.added, stored.newest);
    retract::count(tx, &mut new, &stored).await?;
    let moved = rules::after(tx, visit.source, &revived, &mut stored.changes, record.at).await?;
    if let Some(more) = moved {
        new.entry_count += more;
        new.latest_entry_at = latest(tx, visit.source).await?;
        new.entries_changed_at = Some(record.at);
        stored.recount();
    }
    if stored.added > 0 || stored.updated > 0 || stored.removed > 0 {
        new.entries_changed_at = Some(record.at);
    }
    let moved = moved::apply(&tx.db, &mut new, record.state.moved_to.as_deref()).await?;
    facts::retitle(&mut new);
    let is_seen = facts::looks_different(&source, &new);
    if new != source {
        save(tx, &new).await?;
    }
    if let Some(reading) = &record.reading {
        body::keep(tx, visit.source, reading, record.at, &stored).await?;
    }
    if let Some((host, until)) = &record.state.rest_host {
        rest::begin(tx, host, *until).await?;
    }
    if record.state.resume_host {
        rest::end(tx, &state.host).await?;
    }
    hub::note(tx, &mut state, record, &stored).await?;
    let attempt_id = state::note_attempt(tx, visit, record, &stored).await?;
    state::store(tx, state, record, (&stored, &moved), &new).await?;
    let mut changes = Vec::new();
    if is_seen {
        let kind = ChangeKind::SourceUpdated;
        changes.push(NewChange::source(kind, visit.source, record.at));
    }
    changes.extend(stored.changes);
    Ok(Some(Recorded {
        added: stored.added,
        updated: stored.updated,
        attempt_id,
        changes,
    }))
}

/// Hidden entries that this reading changes are compared and judged like any other.
async fn revive(tx: &Tx, visit: Visit, record: &VisitRecord) -> Result<Vec<EntryId>, DbErr> {
    match &record.reading {
        Some(reading) => rules::revive(tx, visit.source, &reading.draft.entries, record.at).await,
        None => Ok(Vec::new()),
    }
}

/// The rows of a source that is not removed, locked: first how it is polled, then the source, by everyone.
pub(super) async fn lock(
    tx: &Tx,
    id: SourceId,
) -> Result<Option<(poll_state::Model, source::Model)>, DbErr> {
    let state = poll_state::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&tx.db)
        .await?;
    let source = source::Entity::find_by_id(id)
        .filter(source::Column::RemovedAt.is_null())
        .lock_exclusive()
        .one(&tx.db)
        .await?;
    Ok(state.zip(source))
}

async fn store_entries(
    tx: &Tx,
    visit: Visit,
    record: &VisitRecord,
    max_age_days: Option<i64>,
) -> Result<Stored, DbErr> {
    let Some(reading) = &record.reading else {
        return Ok(Stored::default());
    };
    let sighting = Sighting {
        source: visit.source,
        at: record.at,
        read_at: record.at,
        backlog: visit.first,
        why: Why::Visit,
    };
    let oldest = max_age_days
        .filter(|_| visit.first)
        .map(|days| days_before(record.at, days));
    entries::store(tx, sighting, &reading.draft, oldest).await
}

const fn days_before(at: Millis, days: i64) -> Millis {
    at.plus_seconds(days.saturating_mul(-86_400))
}

/// Writes a source's row over the stored one.
pub(super) async fn save(tx: &Tx, row: &source::Model) -> Result<(), DbErr> {
    let mut active = row.clone().into_active_model().reset_all();
    active.id = NotSet;
    source::Entity::update_many()
        .set(active)
        .filter(source::Column::Id.eq(row.id))
        .exec(&tx.db)
        .await?;
    Ok(())
}
