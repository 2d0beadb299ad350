//! A node's turn at a job: its lease, and what may end the work early. In: a claimed job. Out: whether to
//! go on. Must not know: what kind of work it is.

use entity::{JobStatus, job, job_item};
use tokio_util::sync::CancellationToken;

use super::runner::Runner;
use crate::store::{ItemOutcome, StoreError};

/// How long a claim holds without being renewed, in seconds.
pub(super) const LEASE_SECONDS: i64 = 30;

/// Whether to go on with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is still ours, and wanted.
    GoOn,
    /// An editor asked for its end.
    Cancelled,
    /// Leave it as it is: this node is stopping, or another one has it.
    Leave,
}

/// One node working at one job.
pub(super) struct Turn<'a> {
    pub runner: &'a Runner,
    pub job: job::Model,
    pub shutdown: &'a CancellationToken,
}

impl Turn<'_> {
    /// Renews the lease when a third of it is over, and says whether to go on.
    pub async fn standing(&mut self) -> Result<Standing, StoreError> {
        let (store, now) = (&self.runner.store, self.runner.clock.now());
        if self.shutdown.is_cancelled() {
            store
                .renew_job(self.job.id, self.runner.node(), now)
                .await?;
            return Ok(Standing::Leave);
        }
        let left = self.job.claimed_until.map_or(0, |until| until.since(now));
        let seen = if left < LEASE_SECONDS * 1_000 * 2 / 3 {
            let until = now.plus_seconds(LEASE_SECONDS);
            store
                .renew_job(self.job.id, self.runner.node(), until)
                .await?
        } else {
            store
                .jobs_by_ids(&[self.job.id])
                .await?
                .remove(&self.job.id)
        };
        let Some(job) = seen.filter(|job| job.claimed_by.as_deref() == Some(self.runner.node()))
        else {
            return Ok(Standing::Leave);
        };
        self.job = job;
        Ok(match (self.job.status, self.job.cancel_asked) {
            (JobStatus::Running, false) => Standing::GoOn,
            (JobStatus::Running, true) => Standing::Cancelled,
            _ => Standing::Leave,
        })
    }

    /// Writes down how an item ended, and tells who watches the job.
    pub async fn finish(
        &self,
        item: &job_item::Model,
        outcome: ItemOutcome,
    ) -> Result<(), StoreError> {
        self.runner
            .store
            .finish_item(self.job.id, item.position, &outcome)
            .await?;
        self.runner.bell.ring_job(self.job.id);
        Ok(())
    }

    /// Ends the job.
    pub async fn end(&self, status: JobStatus) -> Result<(), StoreError> {
        let now = self.runner.clock.now();
        self.runner
            .store
            .finish_job(self.job.id, status, now)
            .await?;
        self.runner.bell.ring_job(self.job.id);
        Ok(())
    }
}
