//! Dates with the parts in any order, as in mail and in prose. In: text. Out: an instant. Must not know: ISO forms
//! beyond handing them back once eastern and localised words are put into digits.

use std::borrow::Cow;

use chrono::NaiveDate;
use entity::Millis;

use super::{clock_time, instant, names, zone};

#[derive(Default)]
struct Parts {
    /// Numbers with their number of digits, in the order written.
    numbers: Vec<(u32, usize)>,
    month: Option<u32>,
    time_millis: Option<i64>,
    zone: Option<i64>,
    afternoon: Option<bool>,
}

/// Reads a date whose parts are told by their looks.
pub(super) fn parse(text: &str) -> Option<Millis> {
    let text = western(text);
    let text = without_comments(&text);
    if let Some(millis) = iso_with_month_name(&text) {
        return Some(millis);
    }
    let dotted = text.contains('.');
    let parts = split(&text)?;
    let date = date_of(&parts, dotted)?;
    let mut time = parts.time_millis.unwrap_or(0);
    if parts.afternoon == Some(true) && time < 12 * 3_600_000 {
        time += 12 * 3_600_000;
    }
    instant(date, time, parts.zone.unwrap_or(0))
}

/// Puts the words of Korean, Japanese and Chinese dates into western form.
fn western(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut out = text
        .replace(['년', '年', '월', '月'], "-")
        .replace(['일', '日'], " ")
        .replace("오후", " PM ")
        .replace("오전", " AM ")
        .replace("下午", " PM ")
        .replace("上午", " AM ")
        .replace("午後", " PM ")
        .replace("午前", " AM ")
        .replace(['時', '时', '시', '分', '분'], ":")
        .replace(['秒', '초'], " ");
    // Spaces between the parts of an eastern date; elsewhere a dash between spaces stands between date and time.
    while out != text && out.contains("- ") {
        out = out.replace("- ", "-");
    }
    if out.contains(|c: char| matches!(c, '\u{e01}'..='\u{e5b}')) {
        // Thai names of months are abbreviated with dots inside.
        out = out.replace('.', "");
    }
    Cow::Owned(out)
}

/// Leaves out what stands in parentheses (RFC 822, section 3.4.3; they may be nested), but for a lone word: that may be the
/// zone. What is opened and never closed ends the date.
fn without_comments(text: &str) -> Cow<'_, str> {
    if !text.contains('(') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('(') {
        let mut depth = 1;
        let end = after.char_indices().find(|(_, c)| {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let end = end.map_or(after.len(), |(at, _)| at);
        let (comment, tail) = after.split_at(end);
        out.push_str(before);
        out.push(' ');
        if comment.trim().chars().all(|c| c.is_ascii_uppercase()) {
            out.push_str(comment);
        }
        out.push(' ');
        rest = tail.strip_prefix(')').unwrap_or(tail);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// `2004-július-13T9:15-05:00`.
fn iso_with_month_name(text: &str) -> Option<Millis> {
    let (year, rest) = text.split_once('-')?;
    let (name, rest) = rest.split_once('-')?;
    if year.len() != 4 || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let month = names::month(name)?;
    super::iso(&format!("{year}-{month:02}-{rest}"))
}

fn split(text: &str) -> Option<Parts> {
    let mut parts = Parts::default();
    let mut after_time = false;
    for token in text.split([' ', ',', '\t', '\n', '\r', '\u{a0}', '\u{202f}']) {
        let token = token.trim_matches(['(', ')', ';']);
        if token.is_empty() {
            continue;
        }
        if parts.time_millis.is_none() && is_time(token) {
            let (before, time) = token.rsplit_once('T').unwrap_or(("", token));
            numbers_and_month(before, &mut parts);
            let (millis, rest) = clock_time(time)?;
            parts.time_millis = Some(millis);
            if !rest.trim().is_empty() {
                parts.zone = zone::offset_seconds(rest);
            }
            after_time = true;
        } else if let Some(afternoon) = half_of_day(token) {
            take_half(afternoon, &mut parts);
        } else if after_time && parts.zone.is_none() && is_zone(token) {
            parts.zone = zone::offset_seconds(token);
        } else {
            numbers_and_month(token, &mut parts);
        }
    }
    Some(parts)
}

fn take_half(afternoon: bool, parts: &mut Parts) {
    parts.afternoon = Some(afternoon);
    if let Some(millis) = parts.time_millis
        && !afternoon
        && millis >= 12 * 3_600_000
    {
        parts.time_millis = Some(millis - 12 * 3_600_000);
    }
}

fn is_time(token: &str) -> bool {
    let half = token.to_ascii_lowercase();
    (token.contains(':') || half.ends_with("am") || half.ends_with("pm"))
        && token.chars().any(|c| c.is_ascii_digit())
        && !token.starts_with(['+', '-'])
        && (token.contains(':') || token.starts_with(|c: char| c.is_ascii_digit()))
        && !token.starts_with("GMT")
        && !token.starts_with("UTC")
}

fn half_of_day(token: &str) -> Option<bool> {
    match token.to_lowercase().as_str() {
        "am" | "a.m." => Some(false),
        "pm" | "p.m." => Some(true),
        _ => None,
    }
}

/// After a time: an offset, or capitals that name no month.
fn is_zone(token: &str) -> bool {
    let digits = token.trim_start_matches(['+', '-', '\u{2212}']);
    let signed = digits.len() < token.len() && digits.starts_with(|c: char| c.is_ascii_digit());
    let named = token.starts_with(|c: char| c.is_ascii_uppercase())
        && (token.starts_with("Etc/")
            || token.starts_with("GMT")
            || token.starts_with("UTC")
            || token.chars().all(|c| c.is_ascii_uppercase()))
        && (names::month(token).is_none() || token.len() > 3 && token != "MARCH");
    signed || named
}

fn numbers_and_month(token: &str, parts: &mut Parts) {
    for piece in token.split(['-', '/', '.', '\'', '\u{2019}']) {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let (number, suffix) = piece.split_at(digits);
        if digits > 0 && digits <= 4 {
            if let Ok(number) = number.parse() {
                parts.numbers.push((number, digits));
            }
        } else if !suffix.is_empty()
            && let Some(month) = names::month(suffix)
        {
            parts.month = Some(month);
        }
    }
}

fn date_of(parts: &Parts, dotted: bool) -> Option<NaiveDate> {
    let mut numbers = parts.numbers.iter().copied();
    let (first, second) = (numbers.next()?, numbers.next()?);
    if let Some(month) = parts.month {
        let (day, year) = if first.1 == 4 || first.0 > 31 {
            (second, first)
        } else {
            (first, second)
        };
        return NaiveDate::from_ymd_opt(full_year(year)?, month, day.0);
    }
    let third = numbers.next()?;
    if first.1 == 4 {
        return NaiveDate::from_ymd_opt(full_year(first)?, second.0, third.0);
    }
    let day_first = first.0 > 12 || (dotted && second.0 <= 12);
    let (day, month) = if day_first {
        (first.0, second.0)
    } else {
        (second.0, first.0)
    };
    NaiveDate::from_ymd_opt(full_year(third)?, month, day)
}

/// RFC 2822, section 4.3: two digits below 50 are of this century, three digits count from 1900.
fn full_year((number, digits): (u32, usize)) -> Option<i32> {
    let year = i32::try_from(number).ok()?;
    match digits {
        1 | 2 if year < 50 => Some(2000 + year),
        1..=3 => Some(1900 + year),
        // The Buddhist era.
        _ if (2443..2700).contains(&year) => Some(year - 543),
        _ => Some(year),
    }
}
