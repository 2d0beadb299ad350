//! When each program would poll next. In: a feed and the time of the poll just made. Out: seconds to wait. Must not
//! know: what is counted.

use entity::Millis;
use feedgraph::normalize::Rhythm;
use feedgraph::poll::schedule::{Bounds, Facts, Happened, Wishes, next};

use super::feeds::{DAY, Feed, HOUR};

const MINUTE: i64 = 60;
const WEEK: i64 = 7 * DAY;
/// 2026-11-01, a Sunday, so that days of the week are real ones.
const BEGIN: i64 = 1_793_491_200;

/// What a rule remembers of a feed.
#[derive(Default)]
pub struct View {
    interval: i64,
}

/// A way of scheduling.
pub enum Rule {
    /// Ours, with a floor in seconds.
    Feedgraph(i64),
    /// Always the same, in seconds.
    Fixed(i64),
    /// `POLLING_SCHEDULER=round_robin`, if all that is due were polled at once.
    MinifluxRoundRobin,
    /// `POLLING_SCHEDULER=entry_frequency`, likewise.
    MinifluxEntryFrequency,
    /// `interval` 5 minutes, `max-interval` 4 hours, `interval-empirical`.
    CommaFeed,
}

/// All that are compared.
pub fn all() -> [(&'static str, Rule); 6] {
    [
        (
            "**Feedgraph**, 1 hour to 24 hours (the default)",
            Rule::Feedgraph(HOUR),
        ),
        (
            "**Feedgraph**, 5 minutes to 24 hours",
            Rule::Feedgraph(5 * MINUTE),
        ),
        ("fixed 60 minutes", Rule::Fixed(HOUR)),
        (
            "Miniflux, round_robin without a limit",
            Rule::MinifluxRoundRobin,
        ),
        (
            "Miniflux, entry_frequency without a limit",
            Rule::MinifluxEntryFrequency,
        ),
        ("CommaFeed", Rule::CommaFeed),
    ]
}

impl Rule {
    /// Seconds from a poll at `at` to the next.
    pub fn wait(&self, feed: &Feed, at: i64, view: &mut View, chance: i64) -> i64 {
        match self {
            Self::Feedgraph(floor) => feedgraph(feed, at, (*floor, chance), view),
            Self::Fixed(seconds) => *seconds,
            Self::MinifluxRoundRobin => miniflux_round_robin(feed),
            Self::MinifluxEntryFrequency => miniflux_entry_frequency(feed, at),
            Self::CommaFeed => commafeed(feed, at),
        }
    }
}

fn feedgraph(feed: &Feed, at: i64, (floor, chance): (i64, i64), view: &mut View) -> i64 {
    let instant = |seconds: i64| Millis(0).plus_seconds(BEGIN + seconds);
    let now = instant(at);
    let decided = next(&Facts {
        now,
        happened: Happened::Well,
        bounds: Bounds {
            min_seconds: floor,
            max_seconds: DAY,
        },
        wishes: Wishes {
            rhythm: Rhythm {
                ttl_seconds: feed.ttl,
                ..Rhythm::default()
            },
            fresh_seconds: feed.max_age,
            retry_after_seconds: None,
        },
        recent: feed.newest(at, 16).map(instant).collect(),
        last_interval: view.interval,
        failures: 0,
        failing_since: None,
        is_pushed: false,
        chance,
    });
    view.interval = decided.interval_seconds;
    decided
        .at
        .expect("an active feed is polled again")
        .since(now)
        / 1_000
}

/// An hour, or what the feed asks for, at most a day.
pub fn miniflux_round_robin(feed: &Feed) -> i64 {
    HOUR.max(wish(feed)).min(DAY)
}

/// A week by the entries of the last week, reckoned from their spacing; none or one count as none.
fn miniflux_entry_frequency(feed: &Feed, at: i64) -> i64 {
    let week = feed.between(at - WEEK, at);
    let weekly = match week {
        [first, .., last] if last > first => {
            let spacing = (last - first) as f64 / (week.len() - 1) as f64;
            (WEEK as f64 / spacing).ceil() as i64
        }
        _ => 0,
    };
    let interval = match weekly {
        ..=0 => DAY,
        count => (WEEK / count).clamp(5 * MINUTE, DAY),
    };
    interval.max(wish(feed)).min(DAY)
}

fn wish(feed: &Feed) -> i64 {
    feed.ttl.unwrap_or(0).max(feed.max_age.unwrap_or(0))
}

/// By whole days since the last entry, else half the average time between the document's entries.
fn commafeed(feed: &Feed, at: i64) -> i64 {
    let (floor, most) = (5 * MINUTE, 4 * HOUR);
    let newest: Vec<i64> = feed.newest(at, 20).collect();
    let days = newest.first().map_or(i64::MAX, |last| (at - last) / DAY);
    let own = match (days, newest.as_slice()) {
        (30.., _) => most,
        (14.., _) => most / 2,
        (7.., _) => most / 4,
        (_, [last, .., first]) => {
            let average = (last - first) / (newest.len() as i64 - 1);
            (average / 2).clamp(floor, most / 4)
        }
        _ => most,
    };
    own.max(feed.max_age.unwrap_or(0)).clamp(floor, most)
}
