//! Rings the bell for everything that is committed: by this process, by other nodes (`PostgreSQL` tells), and, should
//! both be missed, by a slow look at the head of the change log. In: a store. Out: rings. Must not know: who listens.

use std::time::Duration;

use entity::{JobId, Revision, UserId};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use super::Bell;
use crate::store::{Backend, Notice, Notices, Store, StoreError};

/// Runs until `shutdown`; looks at the head every `every` at the latest. A database that does not answer
/// is tried again then, and the failure is logged.
pub async fn follow(store: Store, bell: Bell, every: Duration, shutdown: CancellationToken) {
    let mut committed = store.committed();
    bell.knows(store.committed());
    let mut moved = store.moved_jobs();
    let mut notices = listen(&store).await;
    hear(&store, &bell, notices.as_ref()).await;
    let mut timer = interval_at(Instant::now() + every, every);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let heard = tokio::select! {
            () = shutdown.cancelled() => return,
            _ = timer.tick() => Heard::Tick,
            heard = own(&mut committed) => heard,
            heard = own_job(&mut moved) => heard,
            heard = next(&mut notices) => heard,
        };
        match heard {
            Heard::Revision(revision) => bell.ring(revision),
            Heard::Job(job) => bell.ring_job(job),
            Heard::Account(account) => store.tell_account(account),
            Heard::Lost => {
                bell.ring_jobs();
                bell.hears(false);
                hear(&store, &bell, notices.as_ref()).await;
            }
            Heard::Deaf => {
                bell.hears(false);
                notices = None;
            }
            Heard::Tick => {
                if notices.is_none() {
                    notices = listen(&store).await;
                }
                bell.ring_jobs();
                hear(&store, &bell, notices.as_ref()).await;
            }
        }
    }
}

enum Heard {
    Revision(Revision),
    Job(JobId),
    Account(UserId),
    /// Something may have been missed.
    Lost,
    /// The connection that listens is gone.
    Deaf,
    Tick,
}

async fn own(committed: &mut watch::Receiver<Revision>) -> Heard {
    match committed.changed().await {
        Ok(()) => Heard::Revision(*committed.borrow_and_update()),
        Err(_) => std::future::pending().await,
    }
}

async fn own_job(moved: &mut broadcast::Receiver<JobId>) -> Heard {
    match moved.recv().await {
        Ok(job) => Heard::Job(job),
        Err(broadcast::error::RecvError::Lagged(_)) => Heard::Lost,
        Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
    }
}

async fn next(notices: &mut Option<Notices>) -> Heard {
    let Some(notices) = notices else {
        return std::future::pending().await;
    };
    match notices.next().await {
        Ok(Notice::Revision(revision)) => Heard::Revision(revision),
        Ok(Notice::Job(job)) => Heard::Job(job),
        Ok(Notice::Account(account)) => Heard::Account(account),
        Ok(Notice::Lost) => Heard::Lost,
        Err(error) => {
            deaf(&error);
            Heard::Deaf
        }
    }
}

async fn listen(store: &Store) -> Option<Notices> {
    match store.notices().await {
        Ok(notices) => notices,
        Err(error) => {
            deaf(&error);
            None
        }
    }
}

/// Looks how far the change log has come. From then on nothing goes unheard, if `notices` come or none are needed.
async fn hear(store: &Store, bell: &Bell, notices: Option<&Notices>) {
    match store.head().await {
        Ok(head) => {
            bell.ring(head.revision);
            bell.hears(notices.is_some() || store.backend() == Backend::Sqlite);
        }
        Err(error) => {
            bell.hears(false);
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "looking at the change log failed");
        }
    }
}

fn deaf(error: &StoreError) {
    let error: &dyn std::error::Error = error;
    tracing::warn!(error, "listening for other nodes failed");
}
