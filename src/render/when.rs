//! Instants as feeds write them. In: milliseconds. Out: text. Pure.

use chrono::{DateTime, Utc};
use entity::Millis;

/// 0001-01-01 and 9999-12-31: what lies outside of them has no four-digit year.
const FIRST: i64 = -62_135_596_800_000;
const LAST: i64 = 253_402_300_799_000;

/// RFC 3339, as Atom (RFC 4287, section 3.3) and JSON Feed take it.
#[must_use]
pub fn rfc3339(at: Millis) -> String {
    instant(at).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// RFC 822 with the four-digit year that RSS 2.0 prefers.
#[must_use]
pub fn rfc822(at: Millis) -> String {
    instant(at).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn instant(at: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.0.clamp(FIRST, LAST)).unwrap_or(DateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instant_has_a_year_of_four_digits() {
        assert_eq!(rfc3339(Millis(1_767_225_600_123)), "2026-01-01T00:00:00Z");
        assert_eq!(
            rfc822(Millis(1_767_225_600_000)),
            "Thu, 01 Jan 2026 00:00:00 GMT"
        );
        assert_eq!(rfc3339(Millis(i64::MIN)), "0001-01-01T00:00:00Z");
        assert_eq!(rfc3339(Millis(i64::MAX)), "9999-12-31T23:59:59Z");
    }
}
