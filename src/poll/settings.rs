//! How polling is set up. In: nothing. Out: plain values with defaults. Must not know: where they are read from.

use std::time::Duration;

use super::schedule::Bounds;
use crate::parse::Limits;

/// What a [`crate::poll::Poller`] works by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollSettings {
    /// Most visits at once on this node.
    pub concurrency: usize,
    /// Most visits at once to one host, on all nodes together.
    pub per_host: u32,
    /// Shortest time between the beginnings of two requests to one host.
    pub host_spacing: Duration,
    /// How long a claim holds, in seconds, unless it is renewed.
    pub lease_seconds: i64,
    /// Shortest and longest interval, for sources whose editor says nothing.
    pub bounds: Bounds,
    /// How long permanent redirects must lead to the same place before it is believed, in seconds.
    pub redirect_hold_seconds: i64,
    /// Whether hubs can reach this server, so that feeds may be pushed.
    pub listens_to_hubs: bool,
    /// Documents parsed at once: the one part that takes memory and processor.
    pub parsers: usize,
    /// What a document may cost.
    pub limits: Limits,
    /// Most bytes of a source's last body that are kept, compressed; 0 keeps none.
    pub kept_body_bytes: usize,
    /// How long visits in hand may go on fetching when polling stops.
    pub drain: Duration,
}

impl PollSettings {
    /// How often a claim is renewed whose visit takes its time.
    #[must_use]
    pub fn renew_every(&self) -> Duration {
        let lease = u64::try_from(self.lease_seconds).unwrap_or_default();
        Duration::from_secs(lease.max(1)) / 3
    }
}

impl Default for PollSettings {
    fn default() -> Self {
        Self {
            concurrency: 32,
            per_host: 2,
            host_spacing: Duration::from_millis(500),
            lease_seconds: 120,
            bounds: Bounds {
                min_seconds: 3_600,
                max_seconds: 24 * 3_600,
            },
            redirect_hold_seconds: 3 * 24 * 3_600,
            listens_to_hubs: false,
            parsers: 2,
            limits: Limits::default(),
            kept_body_bytes: 2 * 1024 * 1024,
            drain: Duration::from_secs(5),
        }
    }
}
