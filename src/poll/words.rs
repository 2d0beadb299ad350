//! Spans of time for people. In: seconds. Out: words. Pure.

/// A span in the largest unit that tells it well: `45 minutes`, `3 hours`, `2 days`.
#[must_use]
pub fn span(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..=119 => (seconds, "second"),
        120..=7_199 => (rounded(seconds, 60), "minute"),
        7_200..=172_799 => (rounded(seconds, 3_600), "hour"),
        _ => (rounded(seconds, 86_400), "day"),
    };
    match (count, unit) {
        (60, "minute") => "1 hour".to_owned(),
        (24, "hour") => "1 day".to_owned(),
        (1, _) => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    }
}

const fn rounded(seconds: i64, unit: i64) -> i64 {
    seconds.saturating_add(unit / 2) / unit
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        for (seconds, words) in [
            (1, "1 second"),
            (90, "90 seconds"),
            (900, "15 minutes"),
            (3_600, "1 hour"),
            (5_400, "90 minutes"),
            (7_200, "2 hours"),
            (86_400, "1 day"),
            (100_000, "28 hours"),
            (259_200, "3 days"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }
}
