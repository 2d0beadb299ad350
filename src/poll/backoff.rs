//! How long to leave a source alone after failures of each kind. In: a kind and a count. Out: seconds. Pure.

use entity::PollErrorKind;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Waits that double from the first to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Curve {
    /// After the first failure, in seconds; never less than the source's shortest interval.
    pub first_seconds: i64,
    /// Never more than this.
    pub longest_seconds: i64,
    /// What went wrong, in words.
    pub what: &'static str,
}

impl Curve {
    /// Seconds to wait after so many failures in a row.
    #[must_use]
    pub fn wait(self, failures: i32, shortest_seconds: i64) -> i64 {
        let doublings = u32::try_from(failures.saturating_sub(1))
            .unwrap_or_default()
            .min(20);
        let first = self.first_seconds.max(shortest_seconds);
        let wait = first.saturating_mul(1_i64 << doublings);
        wait.min(self.longest_seconds.max(shortest_seconds))
    }
}

/// What usually passes by itself starts at the source's own pace; what needs somebody to act starts slower.
#[must_use]
pub const fn curve(kind: PollErrorKind, status: Option<u16>) -> Curve {
    let (first_seconds, longest_seconds, what) = match (kind, status) {
        (PollErrorKind::HttpStatus, Some(429)) => (2 * HOUR, DAY, "too many requests"),
        (PollErrorKind::HttpStatus, Some(500..)) => (0, DAY, "the server has a fault"),
        (PollErrorKind::HttpStatus, _) => (4 * HOUR, 2 * DAY, "the server refuses"),
        (PollErrorKind::Dns, _) => (HOUR, DAY, "its name does not resolve"),
        (PollErrorKind::Connect, _) => (0, DAY, "no connection"),
        (PollErrorKind::Timeout, _) => (0, DAY, "time ran out"),
        (PollErrorKind::Tls, _) => (2 * HOUR, DAY, "no secure connection"),
        (PollErrorKind::TooLarge, _) => (6 * HOUR, 2 * DAY, "it is too large"),
        (PollErrorKind::Redirect, _) => (4 * HOUR, 2 * DAY, "its redirects lead nowhere"),
        (PollErrorKind::ForbiddenAddress, _) => {
            (6 * HOUR, 2 * DAY, "its address may not be reached")
        }
        (PollErrorKind::NotAFeed, _) => (4 * HOUR, DAY, "there is no feed"),
        (PollErrorKind::Malformed, _) => (2 * HOUR, DAY, "it cannot be read"),
        (PollErrorKind::Other, _) => (HOUR, DAY, "something went wrong"),
    };
    Curve {
        first_seconds,
        longest_seconds,
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let curve = curve(PollErrorKind::Timeout, None);
        let waits: Vec<i64> = (1..=7)
            .map(|failures| curve.wait(failures, HOUR) / HOUR)
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 24, 24]);
        assert_eq!(curve.wait(i32::MAX, HOUR), DAY);
    }

    #[test]
    fn what_needs_somebody_to_act_starts_slower() {
        let first = |kind, status| curve(kind, status).wait(1, 300);
        assert_eq!(first(PollErrorKind::HttpStatus, Some(404)), 4 * HOUR);
        assert_eq!(first(PollErrorKind::HttpStatus, Some(503)), 300);
        assert_eq!(first(PollErrorKind::NotAFeed, None), 4 * HOUR);
        assert_eq!(first(PollErrorKind::Dns, None), HOUR);
    }

    #[test]
    fn an_editors_floor_above_the_longest_wait_holds() {
        let curve = curve(PollErrorKind::Connect, None);
        assert_eq!(curve.wait(9, 7 * DAY), 7 * DAY);
    }
}
