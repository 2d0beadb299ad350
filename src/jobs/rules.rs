//! The job that looks through stored entries after rules have changed. In: whose rules. Out: a job; entries hidden and
//! shown again as the rules of now say, in batches. Must not know: what rules say.

use entity::{EntryId, JobKind, Millis, SourceId, UserErrorCode, UserId, job, job_item};

use super::MOST_ITEMS;
use super::turn::{Standing, Turn};
use crate::store::{ItemOutcome, NewItem, NewJob, RuleScope, Store, StoreError};

/// Queues a job that looks through the entries of a source, or of every source of a planet; at most
/// [`MOST_ITEMS`] of them.
///
/// # Errors
/// When the store fails.
pub async fn create_rules_job(
    store: &Store,
    scope: RuleScope,
    created_by: Option<UserId>,
    at: Millis,
) -> Result<job::Model, StoreError> {
    let (planet_id, mut ids) = match scope {
        RuleScope::Planet(planet) => (Some(planet), store.planet_members(planet).await?),
        RuleScope::Source(source) => (None, vec![source]),
    };
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
        kind: JobKind::Rules,
        dry_run: false,
        planet_id,
        created_by,
        at,
        items,
    };
    store.create_job(&new).await
}

/// Looks through the sources of the open items, one after the other.
pub(super) async fn look_through(
    turn: &mut Turn<'_>,
    items: Vec<job_item::Model>,
) -> Result<Standing, StoreError> {
    for item in items {
        let Some(source) = item.source_id else {
            continue;
        };
        let (mut after, mut moved) = (EntryId(0), 0);
        loop {
            let standing = turn.standing().await?;
            if standing != Standing::GoOn {
                return Ok(standing);
            }
            let progress = one_batch(turn, source, after).await?;
            moved += progress.moved;
            match progress.next {
                Some(next) => after = next,
                None => break,
            }
        }
        turn.finish(&item, outcome(turn, source, moved).await?)
            .await?;
    }
    Ok(Standing::GoOn)
}

async fn one_batch(
    turn: &Turn<'_>,
    source: SourceId,
    after: EntryId,
) -> Result<crate::store::Progress, StoreError> {
    let runner = turn.runner;
    runner
        .store
        .recheck(source, after, runner.clock.now())
        .await
}

async fn outcome(
    turn: &Turn<'_>,
    source: SourceId,
    moved: usize,
) -> Result<ItemOutcome, StoreError> {
    if moved > 0 {
        return Ok(ItemOutcome::Added);
    }
    let there = turn.runner.store.sources_by_ids(&[source]).await?;
    Ok(if there.is_empty() {
        ItemOutcome::Failed {
            code: UserErrorCode::NotFound,
            message: "It was removed before it was looked through.".to_owned(),
        }
    } else {
        ItemOutcome::AlreadyThere
    })
}
