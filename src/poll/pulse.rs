//! Whether polling goes on. In: signs of life from the loop. Out: what is wrong, where something is. Must not know:
//! what is polled. It is told the machine's running time, not the wall clock, which may jump.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The loop looks every second; after so long without a look, something is wrong.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// The signs of life.
#[derive(Debug, Default)]
pub struct Pulse(Mutex<Signs>);

#[derive(Clone, Copy, Debug, Default)]
struct Signs {
    /// When the loop began.
    began: Option<Instant>,
    /// When it last looked at what is due, and the database answered.
    looked: Option<Instant>,
    /// When a visit last ended or began.
    moved: Option<Instant>,
    /// Visits under way.
    running: usize,
}

impl Pulse {
    /// The loop begins.
    pub fn begin(&self, now: Instant) {
        self.change(|signs| {
            *signs = Signs {
                began: Some(now),
                ..Signs::default()
            };
        });
    }

    /// The loop ends as it should.
    pub fn end(&self) {
        self.change(|signs| *signs = Signs::default());
    }

    /// What is due was looked at, with so many visits under way afterwards.
    pub fn look(&self, running: usize, now: Instant) {
        self.change(|signs| {
            signs.looked = Some(now);
            if running != signs.running || running == 0 {
                signs.moved = Some(now);
            }
            signs.running = running;
        });
    }

    /// A visit ended.
    pub fn ended(&self, now: Instant) {
        self.change(|signs| {
            signs.moved = Some(now);
            signs.running = signs.running.saturating_sub(1);
        });
    }

    /// Visits under way.
    #[must_use]
    pub fn running(&self) -> usize {
        self.signs().running
    }

    /// What is wrong. `longest` is the longest that a visit may take.
    ///
    /// # Errors
    /// When the loop has not looked for long, or no visit moves on.
    pub fn check(&self, longest: Duration, now: Instant) -> Result<(), String> {
        let signs = self.signs();
        let Some(began) = signs.began else {
            return Ok(());
        };
        let silent = now.duration_since(signs.looked.unwrap_or(began));
        if silent > LONGEST_SILENCE {
            return Err(format!(
                "what is due was last looked at {} seconds ago",
                silent.as_secs()
            ));
        }
        let stuck = now.duration_since(signs.moved.unwrap_or(began));
        if signs.running > 0 && stuck > longest {
            return Err(format!("no poll has ended for {} seconds", stuck.as_secs()));
        }
        Ok(())
    }

    fn signs(&self) -> Signs {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Signs)) {
        // Nothing panics while holding it.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_secs(90);

    #[test]
    fn a_loop_that_does_not_look_any_more_has_stalled() {
        let (pulse, start) = (Pulse::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(pulse.check(LONGEST, after(3_600)), Ok(()));
        pulse.begin(start);
        assert_eq!(pulse.check(LONGEST, after(30)), Ok(()));
        let wrong = "what is due was last looked at 31 seconds ago".to_owned();
        assert_eq!(pulse.check(LONGEST, after(31)), Err(wrong));
        pulse.look(0, after(31));
        assert_eq!(pulse.check(LONGEST, after(60)), Ok(()));
        pulse.end();
        assert_eq!(pulse.check(LONGEST, after(3_600)), Ok(()));
    }

    #[test]
    fn visits_that_never_end_are_a_stall() {
        let (pulse, start) = (Pulse::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        pulse.begin(start);
        for seconds in 0..=10 {
            pulse.look(3, after(seconds * 10));
        }
        let wrong = "no poll has ended for 100 seconds".to_owned();
        assert_eq!(pulse.check(LONGEST, after(100)), Err(wrong));
        pulse.ended(after(100));
        assert_eq!(
            (pulse.check(LONGEST, after(100)), pulse.running()),
            (Ok(()), 2)
        );
    }
}
