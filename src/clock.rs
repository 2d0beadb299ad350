//! The time. In: nothing. Out: now, and waiting. Everything that wants to know the time is given a
//! [`Clock`], so that a test can move it by hand. Must not know: who asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use entity::Millis;

/// Tells the wall-clock time; cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Inner);

#[derive(Clone, Debug)]
enum Inner {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(Inner::System)
    }

    /// A clock that stands still until [`Clock::advance`] or [`Clock::set`]; for tests.
    #[must_use]
    pub fn manual(start: Millis) -> Self {
        Self(Inner::Manual(Arc::new(AtomicI64::new(start.0))))
    }

    /// The present instant. A machine clock before 1970 reads as 1970.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the machine"
    )]
    pub fn now(&self) -> Millis {
        match &self.0 {
            Inner::System => {
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Inner::Manual(millis) => Millis(millis.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock by a number of milliseconds; does nothing to the machine's.
    pub fn advance(&self, by_millis: i64) {
        if let Inner::Manual(millis) = &self.0 {
            millis.fetch_add(by_millis, Ordering::SeqCst);
        }
    }

    /// Sets a manual clock; does nothing to the machine's.
    pub fn set(&self, to: Millis) {
        if let Inner::Manual(millis) = &self.0 {
            millis.store(to.0, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand_and_its_clones_with_it() {
        let clock = Clock::manual(Millis(1_000));
        let clone = clock.clone();
        clock.advance(500);
        assert_eq!(clone.now(), Millis(1_500));
        clone.set(Millis(7));
        assert_eq!(clock.now(), Millis(7));
    }
}
