//! Many visits at once. In: claims, as many as there is room for. Out: visits, as they end. Must not know:
//! what a visit does.

use std::error::Error;
use std::time::Duration;

use entity::PollOutcome;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Poller;
use super::visit::{self, Visited};
use crate::store::{ClaimLimits, StoreError};

/// Room is filled once this part of it is free, so that one claim serves several visits.
const FILL_AT: usize = 8;

/// How long to wait for a host that was asked just now, when nothing else is to be done.
const PAUSE: Duration = Duration::from_millis(50);

type Ended = Result<Option<Visited>, StoreError>;

/// The visits under way.
#[derive(Debug)]
pub struct Crew {
    poller: Poller,
    visits: JoinSet<Ended>,
    hurry: CancellationToken,
}

/// How far polling once is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Visits that ended.
    pub done: u64,
    /// Sources that were due at the start.
    pub due: u64,
    /// The visit that just ended.
    pub visited: &'a Visited,
}

/// How polling once went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PollReport {
    /// Visits that were stored.
    pub polled: u64,
    /// Of them, those that read a new document.
    pub changed: u64,
    /// Those to which nothing had changed.
    pub unchanged: u64,
    /// Those that failed.
    pub failed: u64,
    /// New entries.
    pub added: u64,
    /// Changed entries.
    pub updated: u64,
}

impl PollReport {
    fn count(&mut self, visited: &Visited) {
        self.polled += 1;
        match visited.attempt.outcome {
            PollOutcome::Changed => self.changed += 1,
            PollOutcome::Unchanged => self.unchanged += 1,
            PollOutcome::Failed => self.failed += 1,
        }
        self.added += u64::try_from(visited.summary.added).unwrap_or_default();
        self.updated += u64::try_from(visited.summary.updated).unwrap_or_default();
    }
}

impl Crew {
    /// Nobody at work yet.
    #[must_use]
    pub fn new(poller: Poller) -> Self {
        Self {
            poller,
            visits: JoinSet::new(),
            hurry: CancellationToken::new(),
        }
    }

    /// Claims what is due, as far as there is room, and sets out. Says how many.
    ///
    /// # Errors
    /// When claiming fails; visits under way go on.
    pub async fn take(&mut self) -> Result<usize, StoreError> {
        let poller = &self.poller;
        let free = poller
            .settings()
            .concurrency
            .saturating_sub(self.visits.len());
        let lease = poller.lease();
        let due = poller.store().next_due_at(lease.now).await?;
        if free == 0 || due.is_none_or(|due| due > lease.now) {
            return Ok(0);
        }
        let limits = ClaimLimits {
            sources: u64::try_from(free).unwrap_or(u64::MAX),
            per_host: poller.settings().per_host,
            busy_hosts: poller.hosts().busy(),
        };
        let claims = poller.store().claim_due(&lease, &limits).await?;
        let taken = claims.len();
        for claim in claims {
            let (poller, hurry) = (self.poller.clone(), self.hurry.clone());
            self.visits
                .spawn(async move { visit::run(&poller, claim, &hurry).await });
        }
        Ok(taken)
    }

    /// Waits until visits have ended and there is room for several more; for ever when none is under way.
    pub async fn room(&mut self) {
        let enough = self.poller.settings().concurrency / FILL_AT;
        let mut ended = 0;
        while ended < enough.max(1) {
            match self.visits.join_next().await {
                Some(end) => log_error(end),
                None if ended > 0 => return,
                None => std::future::pending().await,
            }
            ended += 1;
        }
    }

    /// Lets visits end by themselves for a moment, then gives back those that have read nothing yet.
    pub async fn drain(&mut self) {
        let patience = self.poller.settings().drain;
        if tokio::time::timeout(patience, self.all_ended())
            .await
            .is_err()
        {
            self.hurry.cancel();
            self.all_ended().await;
        }
    }

    async fn all_ended(&mut self) {
        while let Some(end) = self.visits.join_next().await {
            log_error(end);
        }
    }

    /// Visits everything that is due, until nothing is.
    ///
    /// # Errors
    /// When claiming or storing fails.
    pub async fn run_once(
        mut self,
        stop: &CancellationToken,
        mut progress: impl FnMut(&Progress<'_>),
    ) -> Result<PollReport, StoreError> {
        let now = self.poller.clock().now();
        let due = self.poller.store().count_due(now).await?;
        let due = u64::try_from(due).unwrap_or_default();
        let mut report = PollReport::default();
        while !stop.is_cancelled() {
            let taken = self.take().await?;
            let end = tokio::select! {
                end = self.visits.join_next() => end,
                () = stop.cancelled() => break,
            };
            match end {
                Some(Ok(end)) => {
                    if let Some(visited) = &end? {
                        report.count(visited);
                        progress(&Progress {
                            done: report.polled,
                            due,
                            visited,
                        });
                    }
                }
                Some(Err(_)) => {}
                None if taken == 0 && self.poller.hosts().busy().is_empty() => break,
                None => tokio::time::sleep(PAUSE).await,
            }
        }
        self.drain().await;
        Ok(report)
    }
}

fn log_error(end: Result<Ended, tokio::task::JoinError>) {
    match end {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => {
            let error: &dyn Error = &error;
            tracing::error!(error, "storing a visit failed");
        }
        Err(error) => {
            let error: &dyn Error = &error;
            tracing::error!(error, "a visit ended abnormally");
        }
    }
}
