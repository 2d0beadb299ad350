//! When a message that was not taken is tried again. In: how often it was tried, since when, what the receiver asks
//! for, and chance. Out: an instant, or
//! none: it is given up. Pure.

use entity::Millis;

/// For how long a message is tried, in seconds: a day, as Standard Webhooks has it.
pub const FIRST_DAY: i64 = 24 * 60 * 60;
/// Waits in seconds; the last one repeats.
const WAITS: [i64; 8] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400];
/// What chance adds at most, in percent of a wait, so that many messages do not come back together.
const SPREAD: i64 = 20;

/// The next try after `attempts` tries, not sooner than `asked` seconds from now (`Retry-After`), as long as that is not longer
/// than the longest wait of our own; `chance` is from 0 to 99.
#[must_use]
pub fn next_attempt(
    attempts: i32,
    asked: Option<i64>,
    first: Millis,
    now: Millis,
    chance: i64,
) -> Option<Millis> {
    let step = usize::try_from(attempts.max(1) - 1).unwrap_or(0);
    let wait = WAITS
        .get(step)
        .or(WAITS.last())
        .copied()
        .unwrap_or(FIRST_DAY);
    let longest = WAITS.last().copied().unwrap_or(FIRST_DAY);
    let wait = wait.max(asked.unwrap_or(0).min(longest));
    let spread = wait * 1_000 * SPREAD * chance / 10_000;
    let next = now.plus_seconds(wait).plus_millis(spread);
    (next <= first.plus_seconds(FIRST_DAY)).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_for_a_day_more_and_more_rarely() {
        let first = Millis(0);
        let (mut now, mut tries) = (first, 0);
        let mut waits = Vec::new();
        loop {
            tries += 1;
            let Some(next) = next_attempt(tries, None, first, now, 0) else {
                break;
            };
            waits.push(next.since(now) / 1_000);
            now = next;
        }
        assert_eq!(
            waits,
            [
                5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 14_400, 14_400, 14_400, 14_400
            ]
        );
        assert!(now.0 > 20 * 3_600_000 && now.0 <= FIRST_DAY * 1_000);
        assert_eq!(next_attempt(1, None, first, first, 99), Some(Millis(5_990)));
    }

    #[test]
    fn what_the_receiver_asks_for_is_kept_within_reason() {
        let at = |asked| {
            next_attempt(1, Some(asked), Millis(0), Millis(0), 0)
                .unwrap()
                .0
                / 1_000
        };
        assert_eq!([at(600), at(1), at(-9), at(i64::MAX)], [600, 5, 5, 14_400]);
    }
}
