//! The time of the day at which a feed is published. In: when its newest entries came. Out: a part of the day, if one is
//! enough for all. Pure. Must not know: intervals.

use entity::Millis;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Fewer entries, or of fewer days, tell no habit.
const ENTRIES: usize = 8;
const DAYS: i64 = 4;
/// All entries come within so long of the day.
const LONGEST: i64 = 3 * HOUR;

/// The part of the day, in UTC, in which a feed is published: that of a programme, not that of a person's waking hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habit {
    /// Its beginning, in milliseconds from midnight.
    begins: i64,
    /// How long it is.
    lasts: i64,
}

impl Habit {
    /// The habit that publication times show, if they show one.
    #[must_use]
    pub fn of(recent: &[Millis]) -> Option<Self> {
        let (first, last) = (recent.iter().min()?, recent.iter().max()?);
        if recent.len() < ENTRIES || last.since(*first) < DAYS * DAY {
            return None;
        }
        let mut times: Vec<i64> = recent.iter().map(|time| time.0.rem_euclid(DAY)).collect();
        times.sort_unstable();
        // The longest stretch without an entry, around midnight too.
        let next = times.iter().skip(1).copied().chain([times.first()? + DAY]);
        let (free, begins) = times
            .iter()
            .zip(next)
            .map(|(one, next)| (next - one, next % DAY))
            .max()?;
        (DAY - free <= LONGEST).then_some(Self {
            begins,
            lasts: DAY - free,
        })
    }

    /// The first instant from `at` on at which the time of the day is over, so that what is published that day is there.
    #[must_use]
    pub fn over(self, at: Millis) -> Millis {
        let into = (at.0 - self.begins).rem_euclid(DAY);
        at.plus_millis((self.lasts - into).rem_euclid(DAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 2026-11-23 04:00 UTC.
    const NOW: Millis = Millis(1_795_406_400_000);

    fn daily(count: i64, hours: &[i64]) -> Vec<Millis> {
        let hour = |n: i64| {
            hours
                .iter()
                .cycle()
                .nth(usize::try_from(n).unwrap())
                .unwrap()
        };
        (1..=count)
            .map(|n| NOW.plus_millis(-n * DAY + hour(n) * HOUR))
            .collect()
    }

    #[test]
    fn a_feed_with_a_fixed_time_is_looked_at_when_that_is_over() {
        // Between 10 and 12 o'clock.
        let habit = Habit::of(&daily(16, &[6, 7, 8])).unwrap();
        let over = NOW.plus_millis(8 * HOUR);
        for hours in [0, 5, 6, 7, 8] {
            assert_eq!(habit.over(NOW.plus_millis(hours * HOUR)), over);
        }
        let tomorrow = over.plus_millis(DAY);
        assert_eq!(habit.over(over.plus_millis(1)), tomorrow);
        assert_eq!(habit.over(NOW.plus_millis(20 * HOUR)), tomorrow);
    }

    #[test]
    fn a_fixed_time_may_be_around_midnight() {
        let habit = Habit::of(&daily(9, &[19, 20, 21])).unwrap();
        assert_eq!(
            habit.over(NOW.plus_millis(19 * HOUR + HOUR / 2)),
            NOW.plus_millis(21 * HOUR)
        );
    }

    #[test]
    fn few_entries_or_days_or_a_spread_day_tell_no_habit() {
        assert_eq!(Habit::of(&daily(7, &[6])), None);
        assert_eq!(Habit::of(&daily(16, &[0, 4, 8, 12, 16, 20])), None);
        let one_day: Vec<Millis> = (0..16).map(|n| NOW.plus_millis(n * HOUR / 8)).collect();
        assert_eq!(Habit::of(&one_day), None);
        assert_eq!(Habit::of(&[]), None);
    }
}
