//! Where a stream of the change log stands. In: what the stream has told and looked at. Out: the same, for whoever
//! shares one stream among many. Given to a request as data. Must not know: who shares, with whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use entity::Revision;
use tokio::sync::watch;

/// The root fields whose streams keep a [`Place`]: they follow the change log and nothing else.
pub const FOLLOWING: &[&str] = &["entryAdded", "entryUpdated", "changes"];

/// The place of one stream; clones are the same place.
#[derive(Clone, Debug)]
pub struct Place {
    from: Option<Revision>,
    told: Arc<AtomicI64>,
    looked: watch::Sender<Revision>,
}

impl Place {
    /// Of a stream that begins where its document says.
    #[must_use]
    pub fn anywhere() -> Self {
        Self {
            from: None,
            told: Arc::new(AtomicI64::new(-1)),
            looked: watch::Sender::new(Revision(-1)),
        }
    }

    /// Of a stream that begins after a number, whatever its document says.
    #[must_use]
    pub fn after(from: Revision) -> Self {
        Self {
            from: Some(from),
            ..Self::anywhere()
        }
    }

    /// The number of the last event. An event and its number belong together only until the stream is asked for
    /// more.
    #[must_use]
    pub fn told(&self) -> Revision {
        Revision(self.told.load(Ordering::Acquire))
    }

    /// The number up to which everything was looked at, and every event that came of it was taken.
    #[must_use]
    pub fn looked(&self) -> watch::Receiver<Revision> {
        self.looked.subscribe()
    }

    pub(super) const fn beginning(&self) -> Option<Revision> {
        self.from
    }

    pub(super) fn tell(&self, revision: Revision) {
        self.told.store(revision.0, Ordering::Release);
    }

    pub(super) fn look(&self, revision: Revision) {
        self.looked.send_replace(revision);
    }
}
