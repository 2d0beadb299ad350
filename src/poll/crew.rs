//! Many visits at once. In: claims, as many as there is room for. Out: visits, as they end. Must not know:
//! what a visit does.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use entity::PollOutcome;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Poller;
use super::visit::{self, Visited};
use crate::store::{Claim, ClaimLimits, StoreError};

/// Room is filled once this part of it is free, so that one claim serves several visits.
const FILL_AT: usize = 4;

/// So many times the visits at once are claimed ahead when more is due than fits in.
const AHEAD: usize = 3;

/// How long to wait for a host that was asked just now, when nothing else is to be done.
const PAUSE: Duration = Duration::from_millis(50);

type Ended = Result<Option<Visited>, StoreError>;

/// The visits under way, and the claims that wait for room.
#[derive(Debug)]
pub struct Crew {
    poller: Poller,
    visits: JoinSet<Ended>,
    waiting: VecDeque<Claim>,
    /// More is due than the last claim took.
    is_more_due: bool,
    renewed: Instant,
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
            waiting: VecDeque::new(),
            is_more_due: false,
            renewed: Instant::now(),
            hurry: CancellationToken::new(),
        }
    }

    /// Sets out on visits as far as there is room, and claims what is due for more. Says how many were claimed.
    ///
    /// # Errors
    /// When claiming fails; visits under way go on.
    pub async fn take(&mut self) -> Result<usize, StoreError> {
        self.set_out();
        self.hold_on().await?;
        let wanted = self.wanted();
        let poller = self.poller.clone();
        let lease = poller.lease();
        poller.pulse().look(self.visits.len(), Instant::now());
        if wanted == 0 {
            return Ok(0);
        }
        if !self.is_more_due {
            // Asking costs a read; claiming what is not there would cost a transaction every second.
            let due = poller.store().next_due_at(lease.now).await?;
            if due.is_none_or(|due| due > lease.now) {
                return Ok(0);
            }
        }
        let limits = ClaimLimits {
            sources: u64::try_from(wanted).unwrap_or(u64::MAX),
            per_host: poller.settings().per_host,
            busy_hosts: poller.hosts().busy(),
        };
        let claims = poller.store().claim_due(&lease, &limits).await?;
        let taken = claims.len();
        self.is_more_due = taken == wanted;
        self.waiting.extend(claims);
        self.set_out();
        Ok(taken)
    }

    /// How many to claim now; none while there is enough to do. Claims are made ahead only when the last
    /// one came back full: then there is plenty, also for other nodes.
    fn wanted(&self) -> usize {
        let at_once = self.poller.settings().concurrency;
        let held = self.visits.len() + self.waiting.len();
        let (most, worth_while) = if self.is_more_due {
            (at_once * (1 + AHEAD), at_once)
        } else {
            (at_once, at_once / FILL_AT)
        };
        let wanted = most.saturating_sub(held);
        if held == 0 || wanted >= worth_while {
            wanted
        } else {
            0
        }
    }

    /// In the order of claims, so that those that have waited longest come first.
    fn set_out(&mut self) {
        while self.may_set_out()
            && let Ok(place) = Arc::clone(self.poller.places()).try_acquire_owned()
        {
            self.set_out_in(place);
        }
    }

    /// As many again as fetch at once may be waiting to be stored, which takes no place of a fetch.
    fn may_set_out(&self) -> bool {
        !self.waiting.is_empty() && self.visits.len() < 2 * self.poller.settings().concurrency
    }

    fn set_out_in(&mut self, place: OwnedSemaphorePermit) {
        if let Some(claim) = self.waiting.pop_front() {
            let (poller, hurry) = (self.poller.clone(), self.hurry.clone());
            self.visits
                .spawn(async move { visit::run(&poller, claim, &hurry, Some(place)).await });
        }
    }

    /// Waits for the end of a visit, and sets out on others as places come free; none when no visit is under way.
    async fn next_end(&mut self) -> Option<Result<Ended, JoinError>> {
        loop {
            let places = Arc::clone(self.poller.places());
            let may_set_out = self.may_set_out();
            tokio::select! {
                end = self.visits.join_next() => return end,
                Ok(place) = places.acquire_owned(), if may_set_out => self.set_out_in(place),
            }
        }
    }

    /// Renews the claims that wait for room. Those that were lost all the same are refused when their visits end.
    async fn hold_on(&mut self) -> Result<(), StoreError> {
        if self.renewed.elapsed() < self.poller.settings().renew_every() {
            return Ok(());
        }
        self.renewed = Instant::now();
        let waiting: Vec<&Claim> = self.waiting.iter().collect();
        if !waiting.is_empty() {
            let lease = self.poller.lease();
            self.poller.store().renew(&lease, &waiting).await?;
        }
        Ok(())
    }

    /// Waits until visits have ended and something is to be claimed; for ever when none is under way.
    pub async fn room(&mut self) {
        if self.visits.is_empty() {
            std::future::pending::<()>().await;
        }
        while let Some(end) = self.next_end().await {
            self.poller.pulse().ended(Instant::now());
            log_error(end);
            self.set_out();
            if self.wanted() > 0 {
                return;
            }
        }
    }

    /// Gives back what waits, lets visits end by themselves for a moment, then gives back those that have read
    /// nothing yet.
    pub async fn drain(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let waiting: Vec<&Claim> = waiting.iter().collect();
        if let Err(error) = self.poller.store().release(&waiting).await {
            let error: &dyn Error = &error;
            tracing::warn!(error, "claims not given back: they run out by themselves");
        }
        let patience = self.poller.settings().drain;
        if tokio::time::timeout(patience, self.all_ended())
            .await
            .is_err()
        {
            self.hurry.cancel();
            self.all_ended().await;
        }
    }

    /// Without setting out on new ones.
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
                end = self.next_end() => end,
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

fn log_error(end: Result<Ended, JoinError>) {
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
