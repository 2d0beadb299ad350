//! When to poll next, and why. In: what is known of a source and of the attempt just made. Out: the next
//! time, with its reason in words. Pure: the time and chance are passed in. Must not know: HTTP, SQL.

use std::cmp::Ordering;

use entity::{Millis, PollErrorKind, SourceStatus};

use super::backoff::{self, Curve};
use super::habit::Habit;
use super::words::span;
use crate::normalize::Rhythm;

/// The longest wait that a publisher can impose.
pub const LONGEST_WISH_SECONDS: i64 = 24 * 3600;

/// A source that fails for so long is dead, and tried once in [`DEAD_RETRY_SECONDS`].
pub const DEAD_AFTER_SECONDS: i64 = 90 * 24 * 3600;

/// How often a dead source is tried.
pub const DEAD_RETRY_SECONDS: i64 = 30 * 24 * 3600;

/// A feed that publishes once in so long is asked as often as it publishes; one that publishes more rarely, several
/// times for each entry. Tuned with `examples/month`.
const YARDSTICK_SECONDS: i64 = 40 * 60;

/// What is published at the same time each day is looked for up to so long after it.
const AFTER_HABIT_MILLIS: i64 = 15 * 60_000;

/// Chance is passed in as a number from 0 to this.
pub const CHANCE_RANGE: i64 = 1000;

/// How the attempt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A document was read, or is unchanged.
    Well,
    /// 410.
    Gone,
    /// Nothing could be had, with the HTTP status if one came.
    Failed(PollErrorKind, Option<u16>),
}

/// All that the next time is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// When the attempt ended.
    pub now: Millis,
    /// How it went.
    pub happened: Happened,
    /// Shortest and longest interval in seconds: the editor's for this source, or else the server's.
    pub bounds: Bounds,
    /// What the publisher asks for.
    pub wishes: Wishes,
    /// When the newest entries were published, newest first.
    pub recent: Vec<Millis>,
    /// Whether a hub pushes what is new, and has not missed anything lately.
    pub is_pushed: bool,
    /// The interval chosen last, in seconds; 0 when there was none.
    pub last_interval: i64,
    /// Failures in a row, this attempt included.
    pub failures: i32,
    /// When they began.
    pub failing_since: Option<Millis>,
    /// Chance, from 0 to [`CHANCE_RANGE`]: spreads polls, so that what was due together comes apart.
    pub chance: i64,
}

/// Shortest and longest interval, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Never more often.
    pub min_seconds: i64,
    /// Never more rarely, as long as all is well.
    pub max_seconds: i64,
}

impl Bounds {
    fn clamp(self, seconds: i64) -> i64 {
        seconds.min(self.max_seconds).max(self.min_seconds)
    }
}

/// What a publisher asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// From the feed.
    pub rhythm: Rhythm,
    /// Shortest wait in seconds, from the answer (`Cache-Control`, `Expires`).
    pub fresh_seconds: Option<i64>,
    /// Shortest wait in seconds after a refusal (`Retry-After`).
    pub retry_after_seconds: Option<i64>,
}

/// When to poll next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// Then; never again when there is none.
    pub at: Option<Millis>,
    /// The interval chosen, in seconds, before chance.
    pub interval_seconds: i64,
    /// Why, in words.
    pub reason: String,
    /// How the source is doing.
    pub status: SourceStatus,
}

/// Decides when to poll next.
#[must_use]
pub fn next(facts: &Facts) -> Next {
    match facts.happened {
        Happened::Well => after_success(facts),
        Happened::Gone => Next {
            at: None,
            interval_seconds: facts.last_interval,
            reason: "Not again: the publisher says that it is gone for good (410).".to_owned(),
            status: SourceStatus::Dead,
        },
        Happened::Failed(kind, status) => after_failure(facts, backoff::curve(kind, status)),
    }
}

fn after_success(facts: &Facts) -> Next {
    let (own, why) = own_interval(facts);
    let asked = [
        (facts.wishes.rhythm.ttl_seconds, "the feed asks for that"),
        (
            facts.wishes.fresh_seconds,
            "the server says that it stays fresh so long",
        ),
    ];
    let (wish, because) = asked
        .into_iter()
        .filter_map(|(seconds, why)| Some((seconds?.min(LONGEST_WISH_SECONDS), why)))
        .max_by_key(|(seconds, _)| *seconds)
        .unwrap_or_default();
    let (interval, why) = if wish > own {
        (wish, because.to_owned())
    } else {
        (own, why)
    };
    let floor = wish.max(facts.bounds.min_seconds);
    let first = facts.now.plus_millis(spread(interval, floor, facts));
    let usual = after_the_usual_time(first, facts);
    let (at, moved) = past_skipped(usual.unwrap_or(first), facts);
    let moved = if moved {
        ", and later by the hours and days that the feed skips"
    } else {
        ""
    };
    let reason = match usual {
        Some(_) => format!(
            "In {}: {why}, always at about the same time of the day{moved}.",
            span(at.since(facts.now) / 1000)
        ),
        None => format!("Every {}: {why}{moved}.", span(interval)),
    };
    Next {
        at: Some(at),
        interval_seconds: interval,
        reason,
        status: SourceStatus::Active,
    }
}

/// What suits the feed's own rhythm, within the bounds. For a given number of requests the entries of all
/// feeds together wait the least when the interval goes with the square root of a feed's own gap, not with the gap
/// itself: one that publishes a hundred times as often is asked ten times as often.
fn own_interval(facts: &Facts) -> (i64, String) {
    if facts.is_pushed {
        let why = "its hub pushes what is new, and polls only check";
        return (facts.bounds.max_seconds, why.to_owned());
    }
    let Some(gap) = usual_gap(facts) else {
        let interval = facts.bounds.clamp(facts.last_interval.saturating_mul(2));
        return (
            interval,
            "it has published nothing with a date yet".to_owned(),
        );
    };
    let wanted = gap.saturating_mul(YARDSTICK_SECONDS).max(0).isqrt();
    let interval = facts.bounds.clamp(wanted);
    let bound = match wanted.cmp(&interval) {
        Ordering::Less => ", and this is as often as it may be asked",
        Ordering::Equal => "",
        Ordering::Greater => ", and this is as rarely as it may be asked",
    };
    (
        interval,
        format!("it publishes about once in {}{bound}", span(gap)),
    )
}

/// Seconds from one entry to the next, on average over the recent ones; the silence since the last counts,
/// so that a feed that stops is asked less and less.
fn usual_gap(facts: &Facts) -> Option<i64> {
    let oldest = facts.recent.iter().min()?;
    let count = i64::try_from(facts.recent.len()).ok()?;
    Some((facts.now.since(*oldest) / 1000 / count).max(1))
}

/// Milliseconds to wait for an interval in seconds: up to a tenth more, or less where more is not allowed.
fn spread(interval: i64, floor: i64, facts: &Facts) -> i64 {
    let millis = interval.saturating_mul(1000);
    let by = millis / 10 / CHANCE_RANGE * facts.chance;
    let later = millis.saturating_add(by);
    if floor >= interval || later <= facts.bounds.max_seconds.saturating_mul(1000) {
        later
    } else {
        (millis - by).max(floor.saturating_mul(1000))
    }
}

/// A feed that is published at about the same time of the day is looked at when that is over, never later than the
/// longest interval allows.
fn after_the_usual_time(at: Millis, facts: &Facts) -> Option<Millis> {
    let latest = facts.now.plus_seconds(facts.bounds.max_seconds);
    let habit = Habit::of(&facts.recent).filter(|_| at < latest)?;
    let spread = AFTER_HABIT_MILLIS / CHANCE_RANGE * facts.chance;
    Some(habit.over(at).plus_millis(spread).min(latest))
}

/// The first time from `at` on that the feed does not skip. One that skips everything is not believed.
fn past_skipped(at: Millis, facts: &Facts) -> (Millis, bool) {
    const HOUR: i64 = 3_600_000;
    let Rhythm {
        skip_hours,
        skip_days,
        ..
    } = &facts.wishes.rhythm;
    let skipped = |hour: i64| {
        // 1970-01-01 was a Thursday, day 3.
        let (day, hour) = ((hour.div_euclid(24) + 3).rem_euclid(7), hour.rem_euclid(24));
        let has = |list: &[u8], number| list.iter().any(|one| i64::from(*one) == number);
        has(skip_hours, hour) || has(skip_days, day)
    };
    let first = at.0.div_euclid(HOUR);
    match (first..first + 7 * 24).find(|hour| !skipped(*hour)) {
        Some(hour) if hour > first => {
            // Not all at the full hour.
            let spread = HOUR / 4 / CHANCE_RANGE * facts.chance;
            (Millis(hour * HOUR + spread), true)
        }
        _ => (at, false),
    }
}

fn after_failure(facts: &Facts, curve: Curve) -> Next {
    let failing = facts
        .failing_since
        .map_or(0, |since| facts.now.since(since) / 1000);
    if failing >= DEAD_AFTER_SECONDS {
        return Next {
            at: Some(facts.now.plus_millis(jittered(DEAD_RETRY_SECONDS, facts))),
            interval_seconds: DEAD_RETRY_SECONDS,
            reason: format!(
                "Once in {}: it has failed for {}.",
                span(DEAD_RETRY_SECONDS),
                span(failing)
            ),
            status: SourceStatus::Dead,
        };
    }
    let wait = curve.wait(facts.failures, facts.bounds.min_seconds);
    let asked = facts
        .wishes
        .retry_after_seconds
        .map(|seconds| seconds.min(LONGEST_WISH_SECONDS));
    let (wait, why) = match asked {
        Some(asked) if asked > wait => (asked, "the server asks for that".to_owned()),
        _ => (wait, failures(facts.failures, curve.what)),
    };
    Next {
        at: Some(facts.now.plus_millis(jittered(wait, facts))),
        interval_seconds: wait,
        reason: format!("Again after {}: {why}.", span(wait)),
        status: SourceStatus::Failing,
    }
}

/// Milliseconds for a wait in seconds, up to a quarter more.
fn jittered(wait: i64, facts: &Facts) -> i64 {
    let millis = wait.saturating_mul(1000);
    millis.saturating_add(millis / 4 / CHANCE_RANGE * facts.chance)
}

fn failures(count: i32, what: &str) -> String {
    if count <= 1 {
        format!("it failed ({what})")
    } else {
        format!("it failed {count} times in a row ({what})")
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
