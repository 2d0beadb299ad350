//! A bell that says how far the store has come and carries no data: who wants to know reads the change log from
//! where it stood. In: rings. Out: wakes. Must not know: what changed, SQL.

mod follow;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use entity::{JobId, Revision};
use tokio::sync::{broadcast, watch};

pub use follow::follow;

/// Job rings that a slow listener may fall behind by; after more of them it is told to look.
const JOB_RINGS: usize = 256;

/// Rung after each commit; cheap to clone. A ring that is missed is made up for by the next one, and by the
/// slow timer of [`follow`].
#[derive(Clone, Debug)]
pub struct Bell {
    revision: watch::Sender<Revision>,
    jobs: broadcast::Sender<Option<JobId>>,
    /// What this process committed itself, known before anyone is told that it is done.
    own: Arc<OnceLock<watch::Receiver<Revision>>>,
    /// Whether every commit is heard, those of other nodes too.
    hearing: Arc<AtomicBool>,
}

/// Waits for the change log to grow.
#[derive(Debug)]
pub struct Listener(watch::Receiver<Revision>);

/// Waits for jobs to move.
#[derive(Debug)]
pub struct JobListener(broadcast::Receiver<Option<JobId>>);

impl Default for Bell {
    fn default() -> Self {
        Self::new()
    }
}

impl Bell {
    /// A bell that was never rung.
    #[must_use]
    pub fn new() -> Self {
        Self {
            revision: watch::Sender::new(Revision(0)),
            jobs: broadcast::Sender::new(JOB_RINGS),
            own: Arc::default(),
            hearing: Arc::default(),
        }
    }

    /// The version of all public data: rises with everything that changes any of it, and before who changed it is
    /// told that it is done. None while commits may go unheard.
    #[must_use]
    pub fn version(&self) -> Option<Revision> {
        let hears_all = self.own.get().is_some() && self.hearing.load(Ordering::Acquire);
        hears_all.then(|| self.last())
    }

    /// From now on the bell knows what this process commits, without being rung.
    fn knows(&self, committed: watch::Receiver<Revision>) {
        // A second time it knows it already.
        self.own.set(committed).ok();
    }

    fn hears(&self, all: bool) {
        self.hearing.store(all, Ordering::Release);
    }

    /// Says that the change log has come to `revision`. An older number than the last wakes nobody.
    pub fn ring(&self, revision: Revision) {
        self.revision.send_if_modified(|last| {
            let newer = revision > *last;
            *last = revision.max(*last);
            newer
        });
    }

    /// Says that a job moved.
    pub fn ring_job(&self, job: JobId) {
        // An error means that nobody listens.
        self.jobs.send(Some(job)).ok();
    }

    /// Says that any job may have moved.
    pub fn ring_jobs(&self) {
        self.jobs.send(None).ok();
    }

    /// The newest number that was rung or committed here; 0 before the first.
    #[must_use]
    pub fn last(&self) -> Revision {
        let own = self.own.get().map_or(Revision(0), |own| *own.borrow());
        own.max(*self.revision.borrow())
    }

    /// A listener that has heard everything up to now. Subscribe before reading the change log: what is
    /// committed in between then wakes it.
    #[must_use]
    pub fn subscribe(&self) -> Listener {
        Listener(self.revision.subscribe())
    }

    /// A listener for jobs. Subscribe before reading the job.
    #[must_use]
    pub fn jobs(&self) -> JobListener {
        JobListener(self.jobs.subscribe())
    }
}

impl Listener {
    /// Waits for a number that this listener has not heard; safe to cancel. Many rings in between are one.
    /// When the bell is gone it waits for ever.
    pub async fn wait(&mut self) -> Revision {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        *self.0.borrow_and_update()
    }
}

impl JobListener {
    /// Waits until `job` may have moved: look at it again then. Safe to cancel. When the bell is gone it waits
    /// for ever.
    pub async fn wait(&mut self, job: JobId) {
        loop {
            match self.0.recv().await {
                Ok(Some(moved)) if moved != job => {}
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn rings_wake_once_and_in_rising_order() {
        let bell = Bell::new();
        bell.ring(Revision(3));
        let mut listener = bell.subscribe();
        assert!(listener.wait().now_or_never().is_none(), "heard before");
        bell.ring(Revision(5));
        bell.ring(Revision(4));
        assert_eq!(listener.wait().now_or_never(), Some(Revision(5)));
        assert!(listener.wait().now_or_never().is_none());
        assert_eq!(bell.last(), Revision(5));
    }

    #[tokio::test]
    async fn a_listener_hears_its_job_and_that_it_may_have_missed_it() {
        let bell = Bell::new();
        let mut listener = bell.jobs();
        bell.ring_job(JobId(1));
        assert!(listener.wait(JobId(2)).now_or_never().is_none());
        bell.ring_job(JobId(2));
        assert!(listener.wait(JobId(2)).now_or_never().is_some());
        for _ in 0..=JOB_RINGS {
            bell.ring_job(JobId(1));
        }
        assert!(listener.wait(JobId(2)).now_or_never().is_some());
    }
}
