//! Taking blame back: it was our own network that was down, not the publishers. In: sources as they were before
//! they were blamed. Out: the same, due again soon. Must not know: how an outage is seen.

use entity::{ChangeKind, Millis, SourceId, SourceStatus};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel};

use super::ingest::{lock, save};
use super::write::{NewChange, Tx, Work, transaction};
use super::{Store, StoreError};

/// A source as it was before a visit failed in silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pardon {
    /// The source.
    pub source_id: SourceId,
    /// The visit's claim: a source that was visited again since is left as it is.
    pub fence: i64,
    /// Failures in a row before the visit.
    pub failures: i32,
    /// When they began.
    pub first_failed_at: Option<Millis>,
    /// How the source was doing.
    pub status: SourceStatus,
    /// When it was blamed.
    pub at: Millis,
}

impl Store {
    /// Takes blame back, and makes the sources due at `due`, each a little later than the one before. Says how many.
    ///
    /// # Errors
    /// When the transaction fails; nobody is pardoned then.
    pub async fn pardon(
        &self,
        pardons: &[Pardon],
        due: Millis,
        at: Millis,
    ) -> Result<u64, StoreError> {
        let committed = transaction!(self, "taking blame back", |tx| pardon(tx, pardons, due, at))?;
        Ok(committed.value)
    }
}

async fn pardon(tx: &Tx, pardons: &[Pardon], due: Millis, at: Millis) -> Result<Work<u64>, DbErr> {
    let mut pardoned = 0;
    let mut changes = Vec::new();
    // In the order of keys, as everyone takes several, so that nobody waits in a circle.
    let mut pardons: Vec<&Pardon> = pardons.iter().collect();
    pardons.sort_unstable_by_key(|pardon| pardon.source_id);
    for (place, pardon) in (0_i64..).zip(pardons) {
        let Some((mut state, mut source)) = lock(tx, pardon.source_id).await? else {
            continue;
        };
        if state.fence != pardon.fence || state.next_poll_at.is_none() {
            continue;
        }
        state.consecutive_failures = pardon.failures;
        state.first_failed_at = pardon.first_failed_at;
        state.next_poll_at = Some(due.plus_millis(place * 100));
        "Again soon: nothing could be reached, so it seems to be our own network."
            .clone_into(&mut state.reason);
        entity::poll_state::Entity::update(state.into_active_model().reset_all())
            .exec(&tx.db)
            .await?;
        if source.status != pardon.status {
            source.status = pardon.status;
            source.status_since = Some(at);
            save(tx, &source).await?;
            let kind = ChangeKind::SourceUpdated;
            changes.push(NewChange::source(kind, pardon.source_id, at));
        }
        pardoned += 1;
    }
    Ok(Work::told(pardoned, changes))
}
