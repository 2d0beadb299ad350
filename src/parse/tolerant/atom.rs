//! Atom 0.3 and 1.0 (RFC 4287). In: elements. Out: facts of a feed and entries. Must not know: RSS, beyond sharing how
//! dates are ranked.

use super::rss::DateParts;
use super::scan::Element;
use super::space::Space;
use super::{body, media, syndication};
use crate::parse::document::{RawEnclosure, RawEntry, RawFeed, RawLink, RawPerson};

/// Takes a fact of the feed out of an element beside the entries.
pub(super) fn fact(element: &Element<'_>, feed: &mut RawFeed) {
    let local = element.local.to_ascii_lowercase();
    match (element.space, local.as_str()) {
        (Space::Own, "title") => feed.title = feed.title.take().or_else(|| body::atom(element)),
        (Space::DublinCore, "title") => {
            feed.title = feed.title.take().or_else(|| body::unsaid(element));
        }
        (Space::Own, "subtitle" | "tagline") => {
            feed.description = body::atom(element).or(feed.description.take());
        }
        (Space::Own, "info") => {
            feed.description = feed.description.take().or_else(|| body::atom(element));
        }
        (Space::DublinCore, "description") => {
            feed.description = feed.description.take().or_else(|| body::unsaid(element));
        }
        (Space::Own | Space::Atom, "link") => feed.links.extend(link(element)),
        (Space::Own | Space::Atom, "author") => feed.authors.extend(person(element)),
        (Space::DublinCore, "creator") => feed.authors.extend(free(element)),
        (Space::Own, "icon") => feed.icon = picture(element).or(feed.icon.take()),
        (Space::Own, "logo") => feed.icon = feed.icon.take().or_else(|| picture(element)),
        (Space::DublinCore | Space::Own, "language") => {
            feed.language = element.value().or(feed.language.take());
        }
        (Space::Syndication, "updateperiod") => syndication::period(element, feed),
        (Space::Syndication, "updatefrequency") => syndication::frequency(element, feed),
        _ => {}
    }
}

fn picture(element: &Element<'_>) -> Option<RawLink> {
    element.value().map(|href| RawLink {
        base: element.base(),
        ..RawLink::new(href, "icon")
    })
}

/// Reads an entry.
pub(super) fn entry(element: &Element<'_>) -> RawEntry {
    let mut entry = RawEntry {
        base: element.base(),
        language: element.language(),
        ..RawEntry::default()
    };
    let mut dates = DateParts::default();
    let mut source_authors = Vec::new();
    for child in element.children().take(super::MOST_CHILDREN) {
        let local = child.local.to_ascii_lowercase();
        match (child.space, local.as_str()) {
            (Space::Own, "contributor") => entry.contributors.extend(person(&child)),
            (Space::Own, "source") => source_authors = authors_of(&child),
            (Space::Own, "title") => {
                entry.title = entry.title.take().or_else(|| body::atom(&child));
            }
            (Space::Own, "summary") => entry.summary = body::atom(&child).or(entry.summary.take()),
            (Space::Own, "content") => {
                entry.content = entry.content.take().or_else(|| body::atom(&child));
            }
            (Space::Own, "id") => {
                // Many are the address of the page, and stand in for a link that is not there.
                entry.id = child.value().or(entry.id.take());
                entry.id_is_link = true;
            }
            (Space::Own, "author") => entry.authors.extend(person(&child)),
            (Space::Own, "category") => entry.tags.extend(category(&child)),
            (Space::Own, "published" | "pubdate") => dates.publish(0, &child),
            (Space::Own, "issued") => dates.publish(1, &child),
            (Space::Own, "created") => dates.publish(2, &child),
            (Space::Own, "updated" | "modified") => dates.update(0, &child),
            (Space::Own | Space::Atom, "link") => take_link(&child, &mut entry),
            _ => borrowed(&child, &local, &mut entry, &mut dates),
        }
    }
    if entry.authors.is_empty() {
        entry.authors = source_authors;
    }
    dates.settle(&mut entry);
    media::settle(&mut entry);
    entry
}

fn borrowed(child: &Element<'_>, local: &str, entry: &mut RawEntry, dates: &mut DateParts) {
    match (child.space, local) {
        (Space::DublinCore, "creator" | "author") if entry.authors.is_empty() => {
            entry.authors.extend(free(child));
        }
        (Space::DublinCore, "title") => {
            entry.title = entry.title.take().or_else(|| body::unsaid(child));
        }
        (Space::DublinCore, "description" | "abstract") => {
            entry.summary = entry.summary.take().or_else(|| body::unsaid(child));
        }
        (Space::DublinCore, "subject") => entry.tags.extend(child.value()),
        (Space::DublinCore, "issued") => dates.publish(1, child),
        (Space::DublinCore, "created") => dates.publish(2, child),
        (Space::DublinCore, "date") => dates.publish(3, child),
        (Space::DublinCore, "modified") => dates.update(1, child),
        (Space::Content, "encoded") => {
            entry.content = entry.content.take().or_else(|| body::unsaid(child));
        }
        (Space::Own, "enclosure") => media::enclosure(child, entry),
        (Space::Media, _) => media::media(child, entry),
        (Space::Itunes, _) => media::itunes(child, entry),
        _ => {}
    }
}

fn authors_of(source: &Element<'_>) -> Vec<RawPerson> {
    source
        .children()
        .take(100)
        .filter(|child| child.local == "author")
        .filter_map(|child| person(&child))
        .collect()
}

fn category(element: &Element<'_>) -> Option<String> {
    let filled = |name| element.attribute(name).filter(|text| !text.is_empty());
    filled("label")
        .or_else(|| filled("term"))
        .or_else(|| element.value())
}

/// A person construct (RFC 4287, section 3.2), or just text.
pub(super) fn person(element: &Element<'_>) -> Option<RawPerson> {
    if !element.has_markup() {
        return free(element);
    }
    let mut person = RawPerson {
        base: element.base(),
        ..RawPerson::default()
    };
    for child in element.children().take(50) {
        match child.local.to_ascii_lowercase().as_str() {
            "name" => person.name = child.value(),
            "email" => person.email = child.value(),
            "uri" | "url" | "homepage" => person.uri = child.value(),
            "image" => person.avatar = child.attribute("src").or_else(|| child.value()),
            _ => {}
        }
    }
    Some(person)
}

fn free(element: &Element<'_>) -> Option<RawPerson> {
    element.value().map(|name| RawPerson {
        name: Some(name),
        base: element.base(),
        ..RawPerson::default()
    })
}

/// A link (RFC 4287, section 4.2.7); relations registered by URI are known by their last word.
pub(super) fn link(element: &Element<'_>) -> Option<RawLink> {
    let href = element.attribute("href").or_else(|| element.value())?;
    let rel = element.attribute("rel").filter(|rel| !rel.is_empty());
    let rel = rel
        .unwrap_or_else(|| "alternate".to_owned())
        .to_ascii_lowercase();
    let rel = rel
        .strip_prefix("http://www.iana.org/assignments/relation/")
        .unwrap_or(&rel)
        .to_owned();
    Some(RawLink {
        href,
        rel,
        mime_type: element.attribute("type"),
        base: element.base(),
    })
}

/// Puts a link of an entry where it belongs.
pub(super) fn take_link(element: &Element<'_>, entry: &mut RawEntry) {
    let Some(link) = link(element) else {
        return;
    };
    match link.rel.as_str() {
        "enclosure" => entry.enclosures.push(RawEnclosure {
            url: link.href,
            mime_type: link.mime_type,
            size_bytes: element
                .attribute("length")
                .and_then(|length| length.parse().ok()),
            duration_seconds: None,
            title: element.attribute("title"),
            base: link.base,
        }),
        "replies"
            if link
                .mime_type
                .as_deref()
                .is_none_or(|mime_type| mime_type.contains("html")) =>
        {
            entry.comments = entry.comments.take().or(Some(link));
        }
        _ => entry.links.push(link),
    }
}
