//! The job that polls many sources now. In: a planet, or none for all. Out: a job; each source due.
//! Must not know: how polling works.

use entity::{JobKind, Millis, PlanetId, SourceId, UserId, job, job_item};

use super::MOST_ITEMS;
use super::turn::Turn;
use super::wait::Waiting;
use crate::store::{NewItem, NewJob, Store, StoreError};

/// Queues a job that polls every source, or a planet's, except paused and dead ones; at most [`MOST_ITEMS`].
///
/// # Errors
/// When the store fails.
pub async fn create_refresh(
    store: &Store,
    planet_id: Option<PlanetId>,
    created_by: Option<UserId>,
    at: Millis,
) -> Result<job::Model, StoreError> {
    let mut ids = store.source_ids(planet_id).await?;
    ids.truncate(MOST_ITEMS);
    let sources = store.sources_by_ids(&ids).await?;
    let items = ids
        .iter()
        .filter_map(|id| sources.get(id))
        .map(|source| NewItem {
            url: source.feed_url.clone(),
            title: Some(source.title.clone()),
            tags: Vec::new(),
            source_id: Some(source.id),
            failure: None,
        })
        .collect();
    let new = NewJob {
        kind: JobKind::Refresh,
        dry_run: false,
        planet_id,
        created_by,
        at,
        items,
    };
    store.create_job(&new).await
}

/// Makes the open items' sources due. Those polled since the job was made are not polled again.
pub(super) async fn make_all_due(
    turn: &Turn<'_>,
    items: Vec<job_item::Model>,
) -> Result<Vec<Waiting>, StoreError> {
    let waiting: Vec<Waiting> = items
        .into_iter()
        .filter_map(|item| item.source_id.map(|source| Waiting { item, source }))
        .collect();
    let ids: Vec<SourceId> = waiting.iter().map(|one| one.source).collect();
    let store = &turn.runner.store;
    let states = store.poll_states_of(&ids).await?;
    let polled = |id: &SourceId| {
        let last = states.get(id).and_then(|state| state.last_polled_at);
        last.is_some_and(|at| at > turn.job.created_at)
    };
    let due: Vec<SourceId> = ids.iter().copied().filter(|id| !polled(id)).collect();
    store.make_due(&due, turn.runner.clock.now()).await?;
    turn.runner.poller.wake();
    Ok(waiting)
}
