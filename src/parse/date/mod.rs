//! From the text of a date to an instant. In: what a publisher wrote. Out: milliseconds UTC, or none. Pure.
//! Must not know: now; whether a date is believable is decided elsewhere.

mod loose;
mod names;
mod zone;

use chrono::{Datelike, NaiveDate, Weekday};
use entity::Millis;

/// Longer texts are no dates.
const LONGEST: usize = 120;

/// Reads RFC 3339, ISO 8601 and W3CDTF, RFC 822 and 2822, `asctime`, localised forms and Unix times.
/// A date without a zone is taken for UTC, one without a time for midnight.
#[must_use]
pub fn parse(text: &str) -> Option<Millis> {
    let text = text.trim();
    // The year before the first is what programs make of no date at all.
    if text.is_empty() || text.len() > LONGEST || text.contains("-0001") {
        return None;
    }
    unix_time(text)
        .or_else(|| iso(text))
        .or_else(|| loose::parse(text))
}

/// Seconds (9 or 10 digits) or milliseconds (12 or 13 digits) since 1970.
fn unix_time(text: &str) -> Option<Millis> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    match text.len() {
        9 | 10 => Some(Millis(number * 1000)),
        12 | 13 => Some(Millis(number)),
        _ => None,
    }
}

/// ISO 8601 in its many habits: dashes, slashes, dots or nothing between; `T` or a space; week and
/// ordinal dates; a cut-off date stands for its first day.
fn iso(text: &str) -> Option<Millis> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let year = i32::try_from(take_digits(&mut rest, 4, 4)?).ok()?;
    let date = calendar_date(year, &mut rest)?;
    let rest = rest.trim_start_matches(['T', 't', ' ', '_', ',', '\u{a0}']);
    if rest.is_empty() {
        return instant(date, 0, 0);
    }
    let (time, rest) = clock_time(rest)?;
    instant(date, time, zone::offset_seconds(rest)?)
}

fn calendar_date(year: i32, rest: &mut &str) -> Option<NaiveDate> {
    let separated = take_any(rest, &['-', '/', '.']);
    if rest.is_empty() {
        return NaiveDate::from_ymd_opt(year, 1, 1);
    }
    if let Some(after) = rest.strip_prefix(['W', 'w']) {
        *rest = after;
        return week_date(year, rest);
    }
    let run = rest.bytes().take_while(u8::is_ascii_digit).count();
    if run == 3 {
        return NaiveDate::from_yo_opt(year, take_digits(rest, 3, 3)?);
    }
    let month = take_digits(rest, 1, 2)?;
    let again = take_any(rest, &['-', '/', '.']);
    if separated && !again && !rest.is_empty() {
        return None;
    }
    let day = take_digits(rest, 1, 2).unwrap_or(1);
    NaiveDate::from_ymd_opt(year, month, day)
}

fn week_date(year: i32, rest: &mut &str) -> Option<NaiveDate> {
    let week = take_digits(rest, 2, 2)?;
    take_any(rest, &['-']);
    let day = take_digits(rest, 1, 1).unwrap_or(1);
    let monday = NaiveDate::from_isoywd_opt(year, week, Weekday::Mon)?;
    monday.checked_add_days(chrono::Days::new(u64::from(day.checked_sub(1)?)))
}

/// Milliseconds since midnight and what follows. Hour 24 and second 60 run over into what comes next.
pub(super) fn clock_time(text: &str) -> Option<(i64, &str)> {
    let mut rest = text;
    let mut hour = take_digits(&mut rest, 1, 2)?;
    let separated = take_any(&mut rest, &[':', '.', 'h', 'H']);
    let minute = if separated || rest.starts_with(|c: char| c.is_ascii_digit()) {
        take_digits(&mut rest, 1, 2).unwrap_or(0)
    } else {
        0
    };
    let mut second = 0;
    let mut milli = 0;
    let before = rest;
    if take_any(&mut rest, &[':', '.', 'm']) || rest.starts_with(|c: char| c.is_ascii_digit()) {
        if let Some(seconds) = take_digits(&mut rest, 1, 2) {
            second = seconds;
            milli = fraction(&mut rest);
        } else {
            rest = before;
        }
    }
    rest = rest.trim_start();
    let lower = rest.get(..2).map(str::to_ascii_lowercase);
    match lower.as_deref() {
        Some("pm") if hour < 12 => hour += 12,
        Some("am") if hour == 12 => hour = 0,
        _ => {}
    }
    if matches!(lower.as_deref(), Some("am" | "pm")) {
        rest = rest.get(2..).unwrap_or_default();
    }
    if hour > 24 || minute > 59 || second > 61 {
        return None;
    }
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    Some((seconds * 1000 + milli, rest))
}

/// A decimal fraction of a second, in milliseconds.
fn fraction(rest: &mut &str) -> i64 {
    let Some(after) = rest.strip_prefix(['.', ',', ':']) else {
        return 0;
    };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let (written, tail) = after.split_at(digits);
    *rest = tail;
    let padded: String = written.chars().chain("000".chars()).take(3).collect();
    padded.parse().unwrap_or(0)
}

/// A date, milliseconds after its midnight, and the zone's distance from UTC in seconds.
pub(super) fn instant(date: NaiveDate, time_millis: i64, offset_seconds: i64) -> Option<Millis> {
    if !(1..=9999).contains(&date.year()) {
        return None;
    }
    let midnight = date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis();
    Some(Millis(midnight + time_millis - offset_seconds * 1000))
}

/// Takes between `least` and `most` digits off the front.
pub(super) fn take_digits(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let run = rest
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if run < least {
        return None;
    }
    let (digits, tail) = rest.split_at(run);
    *rest = tail;
    digits.parse().ok()
}

/// Takes one of some characters off the front.
fn take_any(rest: &mut &str, wanted: &[char]) -> bool {
    let Some(after) = rest.strip_prefix(wanted) else {
        return false;
    };
    *rest = after;
    true
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, expected: &str) {
        let read = parse(text)
            .and_then(|millis| chrono::DateTime::from_timestamp_millis(millis.0))
            .map_or_else(
                || "none".to_owned(),
                |t| t.format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
            );
        assert_eq!(read, expected, "{text:?}");
    }

    #[test]
    fn iso_forms() {
        check("2024-03-06T10:11:12Z", "2024-03-06T10:11:12");
        check("2024-03-06T10:11:12.345+01:00", "2024-03-06T09:11:12.345");
        check("2024-03-06T10:11:12+0130", "2024-03-06T08:41:12");
        check("2024-03-06 10:11:12", "2024-03-06T10:11:12");
        check("2024-03-06 10:11 PM -05:00", "2024-03-07T03:11:00");
        check("2024/03/06", "2024-03-06T00:00:00");
        check("2024-03", "2024-03-01T00:00:00");
        check("2024", "2024-01-01T00:00:00");
        check("20240306T101112Z", "2024-03-06T10:11:12");
        check("20240306", "2024-03-06T00:00:00");
        check("2003-335", "2003-12-01T00:00:00");
        check("2004-W01-2", "2003-12-30T00:00:00");
        check("2024-03-06T24:00:00Z", "2024-03-07T00:00:00");
        check("2016-12-31T23:59:60Z", "2017-01-01T00:00:00");
        check("2024-03-06T10:11Z", "2024-03-06T10:11:00");
        check("2024-03-06T10:11:12[UTC]", "2024-03-06T10:11:12");
        check("2024-03-06T10:11:12+01:00Z", "2024-03-06T09:11:12");
    }

    #[test]
    fn mail_forms() {
        check("Wed, 06 Mar 2024 10:11:12 +0000", "2024-03-06T10:11:12");
        check("Wed, 6 Mar 24 10:11 EST", "2024-03-06T15:11:00");
        check("6 Mar 2024 10:11:12 CEST", "2024-03-06T08:11:12");
        check("Wed, 06-Mar-2024 10:11:12 GMT", "2024-03-06T10:11:12");
        check("Thu, 01 Jan 2004 19:48:21 Etc/GMT", "2004-01-01T19:48:21");
        check("Wed Mar 06 10:11:12 2024", "2024-03-06T10:11:12");
        check("Wed Mar  6 10:11:12 PST 2024", "2024-03-06T18:11:12");
        check("March 6, 2024 at 3:04 pm", "2024-03-06T15:04:00");
        check("Mar 6, 2024", "2024-03-06T00:00:00");
        check("Wed, 06 Mar 2024 10:11:12 GMT+0200", "2024-03-06T08:11:12");
        check("Wed, 06 Mar 2024 10:11:12 IDT", "2024-03-06T07:11:12");
        check("Wed, 06 Mar 2024 10:11:12 NPT", "2024-03-06T04:26:12");
    }

    #[test]
    fn comments_in_mail_forms() {
        check(
            "Wed, 06 Mar 2024 10:11:12 +0100 (CET)",
            "2024-03-06T09:11:12",
        );
        check("Wed, 06 Mar 2024 10:11:12 (EST)", "2024-03-06T15:11:12");
        check(
            "Wed (the 3rd day), 06 (six (6)) Mar 2024 10:11:12 +0000 (Coordinated Universal Time, 2003)",
            "2024-03-06T10:11:12",
        );
        check(
            "6 Mar 2024 10:11:12 -0500 (never closed 2003",
            "2024-03-06T15:11:12",
        );
    }

    #[test]
    fn localised_forms() {
        check("Mi, 06 März 2024 10:11:12 +0100", "2024-03-06T09:11:12");
        check("mar., 05 mars 2024 10:11:12 +0100", "2024-03-05T09:11:12");
        check("mié, 06 dic 2023 10:11:12 +0000", "2023-12-06T10:11:12");
        check("Ср, 06 мая 2024 10:11:12 +0300", "2024-05-06T07:11:12");
        check("Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T17:00:00");
        check("2004-július-13T9:15-05:00", "2004-07-13T14:15:00");
        check("2004년 05월 25일  11:23:17", "2004-05-25T11:23:17");
        check("2004-05-25 오후 11:23:17", "2004-05-25T23:23:17");
        check("06.03.2024 10:11", "2024-03-06T10:11:00");
        check("03/16/2024", "2024-03-16T00:00:00");
        check("5 ianuarie 2024", "2024-01-05T00:00:00");
        check("5 noiembrie 2024", "2024-11-05T00:00:00");
        check("5 лютого 2024", "2024-02-05T00:00:00");
        check("5 юни 2024", "2024-06-05T00:00:00");
        check("5 lipnja 2024", "2024-06-05T00:00:00");
        check("5 lipca 2024", "2024-07-05T00:00:00");
        check("5 Agustus 2024", "2024-08-05T00:00:00");
        check("5 أبريل 2024", "2024-04-05T00:00:00");
        check("5 ม.ค. 2567 10:00", "2024-01-05T10:00:00");
        check("5 มกราคม 2567", "2024-01-05T00:00:00");
        check("Sonntag, 05. Mai 2024 - 10:11", "2024-05-05T10:11:00");
        check(
            "Thursday, September 5th, 2024 at 3pm",
            "2024-09-05T15:00:00",
        );
    }

    #[test]
    fn unix_times() {
        check("1709719872", "2024-03-06T10:11:12");
        check("1709719872345", "2024-03-06T10:11:12.345");
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "soon",
            "yesterday 10:00",
            "99",
            "2024-13-45",
            "Wed, 31 Feb 2024 10:00:00 GMT",
            "Mon, 30 Nov -0001 00:00:00 +0000",
        ] {
            check(text, "none");
        }
    }
}
