//! Whether the wall clock was set. In: what it says, now and then. Out: yes or no. Must not know: what follows.

use entity::Millis;
use tokio::time::Instant;

/// Between two looks, wall clock and running time may differ by so much.
const SLACK_MILLIS: i64 = 60_000;

/// The last look at both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Drift {
    wall: Millis,
    running: Instant,
}

impl Drift {
    /// The first look.
    #[must_use]
    pub fn new(wall: Millis) -> Self {
        Self {
            wall,
            running: Instant::now(),
        }
    }

    /// Looks again, and says whether the wall clock was set meanwhile (or the machine slept).
    pub fn jumped(&mut self, wall: Millis) -> bool {
        let running = i64::try_from(self.running.elapsed().as_millis()).unwrap_or(i64::MAX);
        let off = wall.since(self.wall).saturating_sub(running);
        *self = Self::new(wall);
        off.saturating_abs() > SLACK_MILLIS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_is_noticed_once() {
        let mut drift = Drift::new(Millis(0));
        assert!(!drift.jumped(Millis(1_000)));
        assert!(drift.jumped(Millis(90_000_000)));
        assert!(!drift.jumped(Millis(90_000_000)));
        assert!(drift.jumped(Millis(-90_000_000)));
    }
}
