//! How far a long command is. In: steps. Out: a bar at a terminal, plain lines elsewhere. Must not know:
//! what the steps are.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::warn;

/// Lines are printed after so many steps where there is no terminal.
const LINE_EVERY: u64 = 50;

/// A bar, or lines.
pub struct Progress {
    bar: ProgressBar,
    verb: &'static str,
}

impl Progress {
    /// At the beginning of `total` steps. `verb` says what is done, such as "polled".
    #[must_use]
    pub fn new(verb: &'static str, total: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {prefix} {wide_msg}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(verb);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, verb }
    }

    /// One step is done; `what` names it.
    pub fn step(&self, what: &str) {
        self.bar.set_message(what.to_owned());
        self.bar.inc(1);
        let (done, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
        if self.bar.is_hidden() && (done % LINE_EVERY == 0 || done == total) {
            warn(format!("{done} of {total} {}", self.verb));
        }
    }

    /// Something worth a line of its own.
    pub fn note(&self, line: &str) {
        self.bar.suspend(|| warn(line));
    }

    /// All is done; the bar goes away.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}
