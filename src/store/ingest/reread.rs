//! Reading again what was fetched before. In: a kept body as today's reader reads it. Out: what is stored brought to
//! it, in one transaction. No edit of the publisher's: no earlier versions are kept, nothing moves. Must not know: the
//! reader.

use entity::{ChangeKind, Millis, SourceId, source, source_body};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::entries::Stored;
use super::row::{Sighting, Why};
use super::{days_before, entries, facts, lock, retract, save, state};
use crate::normalize::FeedDraft;
use crate::store::drop::latest;
use crate::store::error::Reading as _;
use crate::store::packed::unpack;
use crate::store::rules;
use crate::store::text::texts;
use crate::store::write::{NewChange, Tx, Work, transaction};
use crate::store::{Store, StoreError};

/// A body that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptBody {
    /// The bytes as they were fetched.
    pub bytes: Vec<u8>,
    /// Content-Type, as the server said.
    pub content_type: Option<String>,
    /// Where they came from.
    pub url: String,
    /// As in [`crate::store::Claim`].
    pub keep_rules: Vec<String>,
    /// As in [`crate::store::Claim`].
    pub drop_rules: Vec<String>,
    read_at: Millis,
    body_hash: Vec<u8>,
}

/// What reading again did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reread {
    /// Entries that the reader did not see before.
    pub added: i32,
    /// Entries that look different now.
    pub updated: i32,
    /// Whether the source itself looks different now.
    pub source_changed: bool,
}

/// Whether a change is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempted {
    /// For good.
    Really,
    /// Only to say what would change.
    Dry,
}

impl Store {
    /// The last body of a source, when it is kept; none that is longer than `most` bytes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn kept_body(
        &self,
        source: SourceId,
        most: usize,
    ) -> Result<Option<KeptBody>, StoreError> {
        let row = source_body::Entity::find_by_id(source)
            .one(self.reader())
            .await
            .reading("the last body of a source")?;
        let mut sources = self.sources_by_ids(&[source]).await?;
        let both = row.zip(sources.remove(&source));
        Ok(both.and_then(|(row, source)| {
            Some(KeptBody {
                keep_rules: texts(&source.keep_rules),
                drop_rules: texts(&source.drop_rules),
                bytes: unpack(&row.bytes, most)?,
                content_type: row.content_type,
                url: row.url,
                read_at: row.read_at,
                body_hash: row.body_hash,
            })
        }))
    }

    /// Brings what is stored to what a body says to today's reader. None: the source is gone, or another body was
    /// kept meanwhile; then nothing is changed. A visit under way is not disturbed: it finds the rows as they are
    /// when it is stored.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn reread(
        &self,
        source: SourceId,
        body: &KeptBody,
        draft: &FeedDraft,
        (at, attempted): (Millis, Attempted),
    ) -> Result<Option<Reread>, StoreError> {
        let committed = transaction!(self, "reading a body again", |tx| async {
            let Some((done, changes)) = reread(tx, source, body, draft, at).await? else {
                return Ok(Work::quiet(None));
            };
            Ok(match attempted {
                Attempted::Really => Work::told(Some(done), changes),
                Attempted::Dry => Work::undone(Some(done)),
            })
        })?;
        Ok(committed.value)
    }
}

async fn reread(
    tx: &Tx,
    id: SourceId,
    body: &KeptBody,
    draft: &FeedDraft,
    at: Millis,
) -> Result<Option<(Reread, Vec<NewChange>)>, DbErr> {
    let Some((polling, source)) = lock(tx, id).await? else {
        return Ok(None);
    };
    if !is_still_kept(tx, id, body).await? {
        return Ok(None);
    }
    let sighting = Sighting {
        source: id,
        at,
        read_at: body.read_at,
        backlog: true,
        why: Why::Reread,
    };
    // What was too old when the source was first followed is not wanted now.
    let oldest = source
        .max_age_days
        .map(|days| days_before(source.created_at, days));
    let revived = rules::revive(tx, id, &draft.entries, at).await?;
    let mut stored = entries::store(tx, sighting, draft, oldest).await?;
    let mut new = changed_source(&source, draft, &stored, at);
    retract::count(tx, &mut new, &stored).await?;
    if let Some(more) = rules::after(tx, id, &revived, &mut stored.changes, at).await? {
        new.entry_count += more;
        new.latest_entry_at = latest(tx, id).await?;
        new.entries_changed_at = Some(at);
        stored.recount();
    }
    let source_changed = facts::looks_different(&source, &new);
    if new != source {
        save(tx, &new).await?;
    }
    state::store_findings(tx, polling, draft.findings_at(body.read_at)).await?;
    let mut changes = Vec::new();
    if source_changed {
        changes.push(NewChange::source(ChangeKind::SourceUpdated, id, at));
    }
    changes.append(&mut stored.changes);
    let done = Reread {
        added: stored.added,
        updated: stored.updated,
        source_changed,
    };
    Ok(Some((done, changes)))
}

fn changed_source(
    source: &source::Model,
    draft: &FeedDraft,
    stored: &Stored,
    at: Millis,
) -> source::Model {
    let mut new = source.clone();
    facts::apply(&mut new, &draft.feed);
    facts::count(&mut new, stored.added, stored.newest);
    if stored.added > 0 || stored.updated > 0 || stored.removed > 0 {
        new.entries_changed_at = Some(at);
    }
    new
}

async fn is_still_kept(tx: &Tx, source: SourceId, body: &KeptBody) -> Result<bool, DbErr> {
    let found: Option<SourceId> = source_body::Entity::find()
        .select_only()
        .column(source_body::Column::SourceId)
        .filter(source_body::Column::SourceId.eq(source))
        .filter(source_body::Column::ReadAt.eq(body.read_at))
        .filter(source_body::Column::BodyHash.eq(body.body_hash.clone()))
        .into_tuple()
        .one(&tx.db)
        .await?;
    Ok(found.is_some())
}
