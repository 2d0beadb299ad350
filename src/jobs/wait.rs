//! Waiting until the poller has been at a job's sources. In: items and their sources. Out: how each item
//! ended. The poller does the polling, with all its courtesy to hosts; this only compares what is stored
//! with when the job was made, so it does not matter which node polls. Must not know: how polling works.

use std::collections::VecDeque;
use std::time::Duration;

use entity::{JobKind, Millis, SourceId, UserErrorCode, job_item, poll_state};
use tokio::time::Instant;

use super::turn::{Standing, Turn};
use crate::follow::code_of;
use crate::store::{ItemOutcome, StoreError};

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Most sources to look at in one go.
const LOOK_AT: usize = 500;
/// A job in which nothing has moved for so long reports what is left as failed: hosts may ask for hours of rest.
const PATIENCE: Duration = Duration::from_mins(10);

/// An item whose source is to be polled.
#[derive(Debug)]
pub(super) struct Waiting {
    pub item: job_item::Model,
    pub source: SourceId,
}

/// Finishes each item once its source was polled.
pub(super) async fn until_polled(
    turn: &mut Turn<'_>,
    waiting: Vec<Waiting>,
) -> Result<Standing, StoreError> {
    let mut waiting = VecDeque::from(waiting);
    let mut moved = Instant::now();
    loop {
        let standing = turn.standing().await?;
        if standing != Standing::GoOn {
            return Ok(standing);
        }
        if look(turn, &mut waiting).await? {
            moved = Instant::now();
        }
        if waiting.is_empty() {
            return Ok(Standing::GoOn);
        }
        if moved.elapsed() > PATIENCE {
            return give_up(turn, waiting).await;
        }
        tokio::select! {
            () = turn.shutdown.cancelled() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Looks at the longest unseen ones once; true when one of them was finished.
async fn look(turn: &Turn<'_>, waiting: &mut VecDeque<Waiting>) -> Result<bool, StoreError> {
    let these: Vec<Waiting> = waiting.drain(..waiting.len().min(LOOK_AT)).collect();
    let ids: Vec<SourceId> = these.iter().map(|one| one.source).collect();
    let states = turn.runner.store.poll_states_of(&ids).await?;
    let mut moved = false;
    for one in these {
        let state = states.get(&one.source);
        if let Some(outcome) = outcome(turn.job.kind, turn.job.created_at, state) {
            turn.finish(&one.item, outcome).await?;
            moved = true;
        } else {
            waiting.push_back(one);
        }
    }
    Ok(moved)
}

async fn give_up(turn: &Turn<'_>, waiting: VecDeque<Waiting>) -> Result<Standing, StoreError> {
    for one in waiting {
        let message = "It was not polled within ten minutes, since its host asks for rest; it is polled when its turn comes.";
        turn.finish(&one.item, failed(UserErrorCode::Unreachable, message))
            .await?;
    }
    Ok(Standing::GoOn)
}

/// How an item of a job made at `since` ended; none while its source has not been polled since then.
fn outcome(kind: JobKind, since: Millis, state: Option<&poll_state::Model>) -> Option<ItemOutcome> {
    let Some(state) = state else {
        return Some(failed(
            UserErrorCode::NotFound,
            "It was removed before it was polled.",
        ));
    };
    let after = |at: Option<Millis>| at.is_some_and(|at| at >= since);
    if !after(state.last_polled_at) {
        let ended = state.next_poll_at.is_none() && state.claimed_until.is_none();
        return ended.then(|| {
            failed(
                UserErrorCode::Unreachable,
                "It was paused before it was polled.",
            )
        });
    }
    if after(state.last_error_at) {
        return Some(failure(kind, state));
    }
    let new = kind == JobKind::Import || after(state.last_changed_at);
    Some(if new {
        ItemOutcome::Added
    } else {
        ItemOutcome::AlreadyThere
    })
}

fn failure(kind: JobKind, state: &poll_state::Model) -> ItemOutcome {
    let code = state
        .last_error_kind
        .map_or(UserErrorCode::Unreachable, code_of);
    let said = state
        .last_error_message
        .as_deref()
        .unwrap_or("It could not be polled.");
    match kind {
        JobKind::Import => failed(code, &format!("{said} It is followed all the same.")),
        JobKind::Refresh | JobKind::Rules => failed(code, said),
    }
}

fn failed(code: UserErrorCode, message: &str) -> ItemOutcome {
    ItemOutcome::Failed {
        code,
        message: message.to_owned(),
    }
}
