//! Keeps sources current. In: due sources. Out: visits stored; the store rings the bell. Must not know:
//! GraphQL, who reads.
//!
//! What is due is asked of the database against the wall clock every second or so and never slept towards, so that a
//! clock that jumps, a machine that slept, a restart and a second node are all the same case.

mod aside;
mod backoff;
mod conclude;
mod crew;
mod drift;
mod habit;
mod hosts;
mod hub;
mod meter;
mod moved;
mod outage;
mod preview;
mod pulse;
mod push;
mod reading;
mod reparse;
pub mod schedule;
mod settings;
mod visit;
mod words;

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use entity::SourceId;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use self::aside::Submitted;
use self::crew::Crew;
pub use self::crew::{PollReport, Progress};
use self::drift::Drift;
use self::hosts::Hosts;
use self::outage::Outage;
pub use self::preview::{Candidate, Discovered, Wanted};
use self::pulse::Pulse;
pub use self::push::Taken;
use self::reading::Reader;
pub use self::reparse::Reparsed;
pub use self::schedule::Bounds;
pub use self::settings::PollSettings;
pub use self::visit::Visited;
use crate::clock::Clock;
use crate::fetch::{Fetcher, Guard};
use crate::metrics::Metrics;
use crate::store::{Lease, Store, StoreError};

/// How often the wall clock is looked at.
const TICK: Duration = Duration::from_secs(1);

/// Polls sources. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Poller(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    fetcher: Fetcher,
    clock: Clock,
    settings: PollSettings,
    node: String,
    hosts: Hosts,
    /// Visits that may fetch and read at once; what an editor asks for waits for none.
    places: Arc<Semaphore>,
    reader: Reader,
    outage: Mutex<Outage>,
    wake: Notify,
    pulse: Pulse,
    metrics: Metrics,
}

impl Poller {
    /// A poller that is not at work yet. `node` tells this process from others that share the database.
    #[must_use]
    pub fn new(
        store: Store,
        fetcher: Fetcher,
        clock: Clock,
        settings: PollSettings,
        node: String,
    ) -> Self {
        Self(Arc::new(Inner {
            hosts: Hosts::new(settings.per_host, settings.host_spacing),
            places: Arc::new(Semaphore::new(settings.concurrency.max(1))),
            reader: Reader::new(settings.parsers, settings.limits, settings.kept_body_bytes),
            outage: Mutex::default(),
            wake: Notify::new(),
            pulse: Pulse::default(),
            metrics: Metrics::default(),
            store,
            fetcher,
            clock,
            settings,
            node,
        }))
    }

    /// Polls whatever is due until `stop`; then gives visits in hand a moment to end, and gives back the rest.
    pub async fn run(&self, stop: CancellationToken) {
        let mut crew = Crew::new(self.clone());
        let mut drift = Drift::new(self.clock().now());
        self.mend_due_times().await;
        self.0.pulse.begin(Instant::now());
        while !stop.is_cancelled() {
            if drift.jumped(self.clock().now()) {
                tracing::warn!("the clock was set");
                self.mend_due_times().await;
            }
            if let Err(error) = crew.take().await {
                let error: &dyn Error = &error;
                tracing::error!(error, "claiming failed");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.0.wake.notified() => {}
                () = crew.room() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
        crew.drain().await;
        self.0.pulse.end();
    }

    /// Whether polling goes on, where it should.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        let fetch = self.fetcher().longest();
        let longest = fetch * 2 + self.settings().host_spacing;
        self.0.pulse.check(longest, Instant::now())
    }

    /// Visits under way, and the most that there may be.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        (self.0.pulse.running(), self.settings().concurrency)
    }

    /// What is counted while polling.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Puts right the due times that a clock left behind which was ahead.
    async fn mend_due_times(&self) {
        match self.store().mend_due_times(self.clock().now()).await {
            Ok(0) => {}
            Ok(sources) => tracing::warn!(sources, "due times mended: the clock had been ahead"),
            Err(error) => {
                let error: &dyn Error = &error;
                tracing::error!(error, "due times not looked at");
            }
        }
    }

    /// Polls what is due now, once, and says how it went; `progress` is told of every visit.
    ///
    /// # Errors
    /// When the store fails; what was stored until then stays.
    pub async fn poll_due_once(
        &self,
        stop: &CancellationToken,
        progress: impl FnMut(&Progress<'_>),
    ) -> Result<PollReport, StoreError> {
        self.mend_due_times().await;
        Crew::new(self.clone()).run_once(stop, progress).await
    }

    /// Looks for due sources at once: something was made due.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Visits one source now, due or not, and returns when that is stored. None when it is gone, or is being
    /// visited already. Goes on when the caller stops waiting.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn visit_now(&self, source: SourceId) -> Result<Option<Visited>, StoreError> {
        let Some(claim) = self.store().claim_source(source, &self.lease()).await? else {
            return Ok(None);
        };
        let poller = self.clone();
        let visiting = tokio::spawn(async move {
            let never = CancellationToken::new();
            visit::run(&poller, claim, &never, None).await
        });
        // A visit does not panic; if one did, its claim would run out like that of a dead node.
        visiting.await.unwrap_or(Ok(None))
    }

    fn lease(&self) -> Lease<'_> {
        Lease {
            now: self.clock().now(),
            node: &self.0.node,
            seconds: self.0.settings.lease_seconds,
        }
    }

    /// Says which addresses may be reached.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        self.0.fetcher.guard()
    }

    /// What this process is called among those that share the database.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.0.node
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    /// Fetches, for requests other than visits.
    #[must_use]
    pub fn fetcher(&self) -> &Fetcher {
        &self.0.fetcher
    }

    fn clock(&self) -> &Clock {
        &self.0.clock
    }

    fn settings(&self) -> &PollSettings {
        &self.0.settings
    }

    fn places(&self) -> &Arc<Semaphore> {
        &self.0.places
    }

    fn hosts(&self) -> &Hosts {
        &self.0.hosts
    }

    fn reader(&self) -> &Reader {
        &self.0.reader
    }

    fn pulse(&self) -> &Pulse {
        &self.0.pulse
    }

    fn outage(&self) -> &Mutex<Outage> {
        &self.0.outage
    }
}
