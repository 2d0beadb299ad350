//! Feeds as lists of times. In: a number. Out: feeds of mixed rhythm, the same ones every time. Must not know: rules.

use super::chance::{Chance, STEP};

/// Seconds.
pub const HOUR: i64 = 3_600;
/// Seconds.
pub const DAY: i64 = 24 * HOUR;
/// So long before the month feeds were published already, so that their rhythm is known.
const BEFORE: i64 = 400 * DAY;
/// So long after it they go on.
const AFTER: i64 = 32 * DAY;

/// A feed that is published somewhere.
pub struct Feed {
    /// When its entries came, in seconds from the beginning of the month, rising.
    times: Vec<i64>,
    /// It answers 304.
    pub is_conditional: bool,
    /// What it asks for, in seconds: `ttl` and the like, `Cache-Control`.
    pub ttl: Option<i64>,
    /// The same from the answer's headers.
    pub max_age: Option<i64>,
}

impl Feed {
    /// Entries that came after `from` and until `to`.
    pub fn between(&self, from: i64, to: i64) -> &[i64] {
        let first = self.times.partition_point(|time| *time <= from);
        let end = self.times.partition_point(|time| *time <= to);
        &self.times[first..end.max(first)]
    }

    /// The newest so many until `to`, newest first.
    pub fn newest(&self, to: i64, count: usize) -> impl Iterator<Item = i64> + '_ {
        let end = self.times.partition_point(|time| *time <= to);
        self.times[..end].iter().rev().take(count).copied()
    }
}

/// Chance for the n-th of something.
pub const fn chance(number: u64) -> Chance {
    Chance(number.wrapping_mul(STEP))
}

/// A number below another.
pub const fn below(chance: &mut Chance, limit: i64) -> i64 {
    chance.below(limit as u64) as i64
}

fn part(chance: &mut Chance) -> f64 {
    (chance.number() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Seconds until something that happens once in `mean` on average.
fn wait(chance: &mut Chance, mean: f64) -> f64 {
    -mean * (1.0 - part(chance)).ln()
}

/// One kind of feed: how many of a hundred, and how often it is published.
struct Kind {
    percent: usize,
    rhythm: Rhythm,
}

enum Rhythm {
    /// Somebody writes now and then in waking hours, once in so many seconds on average, between the two.
    Writing(f64, f64),
    /// A programme: every so many days at the same time, give or take a quarter of an hour.
    Programme(i64),
    /// It fell asleep long ago.
    Silent,
}

const HOURS: f64 = 3_600.0;
const DAYS: f64 = 24.0 * HOURS;

/// What readers of many blogs follow: few feeds write most entries.
const KINDS: [Kind; 8] = [
    Kind {
        percent: 3,
        rhythm: Rhythm::Writing(0.4 * HOURS, 1.5 * HOURS),
    },
    Kind {
        percent: 9,
        rhythm: Rhythm::Writing(1.5 * HOURS, 12.0 * HOURS),
    },
    Kind {
        percent: 20,
        rhythm: Rhythm::Writing(0.5 * DAYS, 3.0 * DAYS),
    },
    Kind {
        percent: 22,
        rhythm: Rhythm::Writing(3.0 * DAYS, 14.0 * DAYS),
    },
    Kind {
        percent: 22,
        rhythm: Rhythm::Writing(14.0 * DAYS, 90.0 * DAYS),
    },
    Kind {
        percent: 4,
        rhythm: Rhythm::Programme(1),
    },
    Kind {
        percent: 8,
        rhythm: Rhythm::Programme(7),
    },
    Kind {
        percent: 12,
        rhythm: Rhythm::Silent,
    },
];

/// Makes the feeds.
pub fn make(count: usize, days: i64) -> Vec<Feed> {
    (0..count).map(|number| feed(number, days * DAY)).collect()
}

fn feed(number: usize, month: i64) -> Feed {
    let mut chance = chance(number as u64 + 1);
    let mut place = number % 100;
    let kind = KINDS
        .iter()
        .find(|kind| {
            let here = place < kind.percent;
            place = place.wrapping_sub(kind.percent);
            here
        })
        .expect("percents make a hundred");
    let times = times(&kind.rhythm, month + AFTER, &mut chance);
    Feed {
        times,
        is_conditional: below(&mut chance, 100) < 75,
        ttl: (below(&mut chance, 100) < 15).then_some(HOUR),
        max_age: match below(&mut chance, 100) {
            0..10 => Some(300),
            10..20 => Some(900),
            20..30 => Some(HOUR),
            30..33 => Some(12 * HOUR),
            _ => None,
        },
    }
}

fn times(rhythm: &Rhythm, end: i64, chance: &mut Chance) -> Vec<i64> {
    let mut times = Vec::new();
    match rhythm {
        Rhythm::Writing(least, most) => {
            // Evenly on a scale of powers, since feeds differ so.
            let mean = least * (most / least).powf(part(chance));
            // Where the writers live.
            let zone = below(chance, 24) * HOUR;
            let mut at = -(BEFORE as f64);
            while at < end as f64 {
                // As often as that in waking hours, which are fourteen of the day, and hardly at night.
                at += wait(chance, mean * 14.5 / 24.0);
                let hour = (at as i64 + zone).rem_euclid(DAY) / HOUR;
                if (8..22).contains(&hour) || below(chance, 100) < 5 {
                    times.push(at as i64);
                }
            }
        }
        Rhythm::Programme(days) => {
            let mut at = below(chance, days * DAY) - BEFORE;
            while at < end {
                times.push(at + below(chance, HOUR / 2));
                at += days * DAY;
            }
        }
        Rhythm::Silent => times.extend((0..20).map(|n| n * 3 * DAY - BEFORE - 200 * DAY)),
    }
    times.sort_unstable();
    times
}
