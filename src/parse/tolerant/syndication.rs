//! When a feed asks to be read again, what it took back, what kind of page it is. In: RSS `ttl`, `skipHours`, `skipDays`,
//! the syndication module, RFC 6721 and RFC 5005. Out: seconds, hours, days, tombstones. Must not know: when it will be read.

use super::scan::Element;
use crate::parse::date;
use crate::parse::document::{RawFeed, RawTombstone};

/// Minutes of RSS `ttl`.
pub(super) fn ttl(element: &Element<'_>, feed: &mut RawFeed) {
    let minutes: Option<i64> = element.value().and_then(|text| text.parse().ok());
    feed.ttl_seconds = minutes
        .filter(|minutes| (0..=525_600).contains(minutes))
        .map(|minutes| minutes * 60);
}

/// `sy:updatePeriod`, and `sy:updateFrequency` which divides it.
pub(super) fn period(element: &Element<'_>, feed: &mut RawFeed) {
    let text = element.value().unwrap_or_default().to_ascii_lowercase();
    let seconds = match text.as_str() {
        "hourly" => Some(3_600),
        "daily" => Some(86_400),
        "weekly" => Some(7 * 86_400),
        "monthly" => Some(30 * 86_400),
        "yearly" => Some(365 * 86_400),
        _ => None,
    };
    feed.ttl_seconds = feed.ttl_seconds.or(seconds);
}

/// See [`period`].
pub(super) fn frequency(element: &Element<'_>, feed: &mut RawFeed) {
    let times: Option<i64> = element.value().and_then(|text| text.parse().ok());
    if let (Some(seconds), Some(times)) = (feed.ttl_seconds, times.filter(|times| *times > 0)) {
        feed.ttl_seconds = Some((seconds / times).max(60));
    }
}

/// Hours of RSS `skipHours`; 24 is read as 0.
pub(super) fn skip_hours(element: &Element<'_>, feed: &mut RawFeed) {
    for hour in element.children() {
        let hour: Option<u8> = hour.value().and_then(|text| text.parse().ok());
        feed.skip_hours
            .extend(hour.filter(|hour| *hour <= 24).map(|hour| hour % 24));
    }
    feed.skip_hours.sort_unstable();
    feed.skip_hours.dedup();
}

/// Days of RSS `skipDays`.
pub(super) fn skip_days(element: &Element<'_>, feed: &mut RawFeed) {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    for day in element.children() {
        let text = day.value().unwrap_or_default().to_ascii_lowercase();
        let found = DAYS.iter().position(|name| text.starts_with(name));
        feed.skip_days
            .extend(found.and_then(|day| u8::try_from(day).ok()));
    }
    feed.skip_days.sort_unstable();
    feed.skip_days.dedup();
}

/// `at:deleted-entry` (RFC 6721, section 3); none without the identifier that it speaks of.
pub(super) fn tombstone(element: &Element<'_>) -> Option<RawTombstone> {
    if !element.local.eq_ignore_ascii_case("deleted-entry") {
        return None;
    }
    let when = element.attribute("when").as_deref().and_then(date::parse);
    let link = element
        .children()
        .take(super::MOST_CHILDREN)
        .filter(|child| child.local == "link")
        .find_map(|link| link.attribute("href"));
    Some(RawTombstone {
        id: element.attribute("ref").filter(|id| !id.is_empty())?,
        when,
        link,
    })
}

/// `fh:complete` and `fh:archive` (RFC 5005, sections 2 and 4).
pub(super) fn history(element: &Element<'_>, feed: &mut RawFeed) {
    match element.local {
        "complete" => feed.complete = true,
        "archive" => feed.archive = true,
        _ => {}
    }
}
