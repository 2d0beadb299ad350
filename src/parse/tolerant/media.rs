//! Files and pictures: RSS enclosures, Media RSS, iTunes. In: elements of an entry. Out: its files and its picture. Must
//! not know: the rest of the entry.

use super::body;
use super::scan::Element;
use super::space::Space;
use crate::parse::document::{RawEnclosure, RawEntry, RawLink, RawPerson};

/// Files of Media RSS that are looked at in one entry.
const MOST_MEDIA: usize = 100;

/// RSS `enclosure`, and whatever else is written like it.
pub(super) fn enclosure(element: &Element<'_>, entry: &mut RawEntry) {
    let url = element
        .attribute("url")
        .or_else(|| element.attribute("href"))
        .or_else(|| element.value());
    let Some(url) = url.filter(|url| !url.is_empty()) else {
        return;
    };
    entry.enclosures.push(RawEnclosure {
        url,
        mime_type: element.attribute("type"),
        size_bytes: element
            .attribute("length")
            .and_then(|length| length.parse().ok()),
        duration_seconds: None,
        title: element.attribute("title"),
        base: element.base(),
    });
}

/// Elements of Media RSS.
pub(super) fn media(element: &Element<'_>, entry: &mut RawEntry) {
    match element.local.to_ascii_lowercase().as_str() {
        "group" => element
            .children()
            .take(100)
            .for_each(|child| media_child(&child, entry)),
        _ => media_child(element, entry),
    }
}

fn media_child(element: &Element<'_>, entry: &mut RawEntry) {
    if element.space != Space::Media {
        return;
    }
    match element.local.to_ascii_lowercase().as_str() {
        "content" => content(element, entry),
        "thumbnail" => thumbnail(element, entry),
        "description" => {
            let description = body::unsaid(element);
            entry.summary = entry.summary.take().or(description);
        }
        "title" => entry.title = entry.title.take().or_else(|| body::unsaid(element)),
        _ => {}
    }
}

fn content(element: &Element<'_>, entry: &mut RawEntry) {
    for child in element.children().take(50) {
        let (title, description) = &mut entry.caption;
        match child.local {
            "thumbnail" => thumbnail(&child, entry),
            "title" => *title = title.take().or_else(|| body::unsaid(&child)),
            "description" => *description = description.take().or_else(|| body::unsaid(&child)),
            _ => {}
        }
    }
    let Some(url) = element.attribute("url").filter(|url| !url.is_empty()) else {
        return;
    };
    let mime_type = element
        .attribute("type")
        .or_else(|| element.attribute("medium"));
    let is_picture = mime_type
        .as_deref()
        .is_some_and(|mime_type| mime_type.starts_with("image"));
    if is_picture && entry.image.is_none() {
        entry.image = Some(link(element, &url));
    }
    let file = RawEnclosure {
        mime_type: mime_type.filter(|mime_type| mime_type.contains('/')),
        size_bytes: element
            .attribute("fileSize")
            .and_then(|size| size.parse().ok()),
        duration_seconds: element.attribute("duration").as_deref().and_then(duration),
        title: element.child("title").and_then(|title| title.value()),
        base: element.base(),
        url,
    };
    if entry.media.len() < MOST_MEDIA {
        entry.media.push(file);
    }
}

/// Files of Media RSS add to what is known of the enclosures. They are none themselves: what a publisher attaches to an
/// entry is said by RSS `enclosure` and its kin, and Media RSS lists every rendition and picture besides.
pub(super) fn settle(entry: &mut RawEntry) {
    let (title, description) = std::mem::take(&mut entry.caption);
    entry.title = entry.title.take().or(title);
    entry.summary = entry
        .summary
        .take()
        .or(description.filter(|_| entry.content.is_none()));
    for file in std::mem::take(&mut entry.media) {
        if let Some(known) = entry
            .enclosures
            .iter_mut()
            .find(|known| known.url == file.url)
        {
            known.mime_type = known.mime_type.take().or(file.mime_type);
            known.size_bytes = known.size_bytes.or(file.size_bytes);
            known.duration_seconds = known.duration_seconds.or(file.duration_seconds);
            known.title = known.title.take().or(file.title);
        }
    }
    if let Some(file) = entry.enclosures.first_mut() {
        file.duration_seconds = file.duration_seconds.or(entry.duration_seconds.take());
    }
}

fn thumbnail(element: &Element<'_>, entry: &mut RawEntry) {
    if let Some(url) = element.attribute("url").or_else(|| element.value())
        && entry.image.is_none()
    {
        entry.image = Some(link(element, &url));
    }
}

/// iTunes elements of an entry; `itunes:duration` belongs to its one file.
pub(super) fn itunes(element: &Element<'_>, entry: &mut RawEntry) {
    match element.local.to_ascii_lowercase().as_str() {
        "duration" => {
            entry.duration_seconds = element.value().as_deref().and_then(duration);
        }
        "image" => {
            if let Some(href) = element.attribute("href").or_else(|| element.value()) {
                entry.image = Some(link(element, &href));
            }
        }
        _ => {}
    }
}

/// Seconds, or `h:mm:ss`, or `mm:ss`, or numbers with units (`1h 2m`, `90 min`, `PT1H2M`); a fraction is dropped.
fn duration(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.contains(|c: char| c.is_ascii_alphabetic()) {
        return with_units(text);
    }
    let mut seconds: i64 = 0;
    if text.split(':').count() > 3 {
        return None;
    }
    for part in text.split(':') {
        let whole = part.split('.').next().unwrap_or_default().trim();
        let number: i64 = whole.parse().ok().filter(|number| *number >= 0)?;
        seconds = seconds.checked_mul(60)?.checked_add(number)?;
    }
    (seconds < 1_000_000).then_some(seconds)
}

/// `podcast:person` (Podcasting 2.0), where it names whose podcast it is: guests, editors and the like are none of its authors.
pub(super) fn host(element: &Element<'_>) -> Option<RawPerson> {
    let role = element.attribute("role").unwrap_or_default();
    let hosts = ["", "host", "co-host", "guest host", "author", "writer"];
    let is_host = hosts.iter().any(|host| role.eq_ignore_ascii_case(host));
    Some(RawPerson {
        name: element.value().filter(|_| is_host)?.into(),
        uri: element.attribute("href"),
        avatar: element.attribute("img"),
        base: element.base(),
        ..RawPerson::default()
    })
}

/// Numbers, each followed by a unit.
fn with_units(text: &str) -> Option<i64> {
    let lower = text.to_ascii_lowercase();
    let mut rest = lower.strip_prefix("pt").unwrap_or(&lower);
    let mut seconds: i64 = 0;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let tail = tail.trim_start();
        let end = tail.find(|c: char| !c.is_ascii_alphabetic());
        let (unit, tail) = tail.split_at(end.unwrap_or(tail.len()));
        let factor = match unit {
            "h" | "hr" | "hrs" | "hour" | "hours" => 3_600,
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "s" | "sec" | "secs" | "second" | "seconds" => 1,
            _ => return None,
        };
        let number: i64 = number.parse().ok()?;
        seconds = seconds.checked_add(number.checked_mul(factor)?)?;
        rest = tail.trim_start_matches([' ', ',', '.']);
    }
    (seconds < 1_000_000).then_some(seconds)
}

fn link(element: &Element<'_>, href: &str) -> RawLink {
    RawLink {
        base: element.base(),
        ..RawLink::new(href, "icon")
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("90", Some(90)),
            ("1:02:03", Some(3723)),
            ("02:03", Some(123)),
            ("12.5", Some(12)),
            ("99999999999999999999", None),
            ("-1", None),
            ("1:2:3:4", None),
            ("1h 2m", Some(3720)),
            ("90 min.", Some(5400)),
            ("PT1H2M3S", Some(3723)),
            ("an hour", None),
            ("", None),
        ] {
            assert_eq!(duration(text), seconds, "{text}");
        }
    }
}
