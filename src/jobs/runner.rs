//! Works jobs off. In: nothing; it compares what is stored with what should be, so a job goes on after a
//! restart or on another node. Out: finished jobs. Must not know: who asked for them.

use std::error::Error;
use std::time::Duration;

use entity::{JobKind, JobStatus, job};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::turn::{LEASE_SECONDS, Standing, Turn};
use super::{MOST_ITEMS, import, refresh, rules, wait};
use crate::clock::Clock;
use crate::poll::Poller;
use crate::publish::Bell;
use crate::store::{Store, StoreError};

/// How often to look for a new job.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Most jobs at work at once on one node: a slow one does not hold up the others.
const MOST_AT_ONCE: usize = 4;

/// Takes queued jobs, and those whose node died; cheap to clone.
#[derive(Clone)]
pub struct Runner {
    /// Where jobs are.
    pub store: Store,
    /// Who polls.
    pub poller: Poller,
    /// Rung at every step.
    pub bell: Bell,
    /// The time.
    pub clock: Clock,
}

impl Runner {
    /// Works jobs off until `shutdown`, then leaves unfinished ones to be taken up again at once.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut at_work = JoinSet::new();
        while !shutdown.is_cancelled() {
            while at_work.len() < MOST_AT_ONCE
                && let Some(job) = self.next_job().await
            {
                let (runner, shutdown) = (self.clone(), shutdown.clone());
                at_work.spawn(async move { runner.work_off(job, &shutdown).await });
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                Some(_) = at_work.join_next() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        while at_work.join_next().await.is_some() {}
    }

    /// Works one claimed job off. A failure of the store is logged; the job is taken up again when its lease ends.
    async fn work_off(&self, job: job::Model, shutdown: &CancellationToken) {
        let id = job.id;
        self.bell.ring_job(id);
        if let Err(error) = self.try_work_off(job, shutdown).await {
            let cause: &(dyn Error + 'static) = &error;
            tracing::error!(job.id = id.0, error = cause, "job interrupted");
        }
    }

    async fn try_work_off(
        &self,
        job: job::Model,
        shutdown: &CancellationToken,
    ) -> Result<(), StoreError> {
        let most = u32::try_from(MOST_ITEMS).unwrap_or(u32::MAX);
        let items = self.store.open_items(job.id, most).await?;
        let kind = job.kind;
        let mut turn = Turn {
            runner: self,
            job,
            shutdown,
        };
        let standing = match kind {
            JobKind::Import => {
                let waiting = import::follow_all(&mut turn, items).await?;
                wait::until_polled(&mut turn, waiting).await?
            }
            JobKind::Refresh => {
                let waiting = refresh::make_all_due(&turn, items).await?;
                wait::until_polled(&mut turn, waiting).await?
            }
            JobKind::Rules => rules::look_through(&mut turn, items).await?,
        };
        match standing {
            Standing::GoOn => turn.end(JobStatus::Done).await,
            Standing::Cancelled => turn.end(JobStatus::Cancelled).await,
            Standing::Leave => Ok(()),
        }
    }

    async fn next_job(&self) -> Option<job::Model> {
        let claimed = self
            .store
            .claim_job(self.clock.now(), self.node(), LEASE_SECONDS)
            .await;
        claimed.unwrap_or_else(|error| {
            let cause: &(dyn Error + 'static) = &error;
            tracing::error!(error = cause, "no job could be claimed");
            None
        })
    }

    /// Under what name this node claims.
    pub(super) fn node(&self) -> &str {
        self.poller.node()
    }
}
