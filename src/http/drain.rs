//! Stopping in good order. In: one signal. Out: every live connection is told and waited for. Must not
//! know: what the connections carry.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// Shared by the listener and all live connections; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Drain {
    stop: CancellationToken,
    live: TaskTracker,
}

impl Drain {
    /// Stops when `stop` does.
    #[must_use]
    pub fn on(stop: CancellationToken) -> Self {
        Self {
            stop,
            live: TaskTracker::new(),
        }
    }

    /// Waits for the signal.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Whether the signal was given.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Held by a live connection that the listener does not see, as long as it lives.
    pub fn hold(&self) -> TaskTrackerToken {
        self.live.token()
    }

    /// Waits until nobody holds on.
    pub async fn released(&self) {
        self.live.close();
        self.live.wait().await;
    }
}
