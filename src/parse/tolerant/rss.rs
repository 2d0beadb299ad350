//! RSS 0.90 to 2.0 and RDF. In: elements. Out: facts of a feed and entries. Must not know: Atom, beyond the elements of
//! it that RSS feeds borrow.

use super::scan::Element;
use super::space::Space;
use super::{atom, body, media, syndication};
use crate::parse::date;
use crate::parse::document::{RawEntry, RawFeed, RawLink, RawPerson};

/// Takes a fact of the feed out of an element beside the items.
pub(super) fn fact(element: &Element<'_>, feed: &mut RawFeed) {
    let local = element.local.to_ascii_lowercase();
    match (element.space, local.as_str()) {
        (Space::Own, "title") => feed.title = feed.title.take().or_else(|| body::unsaid(element)),
        (Space::DublinCore, "title") => {
            feed.title = feed.title.take().or_else(|| body::unsaid(element));
        }
        (Space::Own, "description" | "tagline" | "subtitle") => {
            feed.description = body::unsaid(element).or(feed.description.take());
        }
        (Space::Itunes, "summary" | "subtitle") | (Space::DublinCore, "description") => {
            feed.description = feed.description.take().or_else(|| body::unsaid(element));
        }
        (Space::Own | Space::Atom, "link") => feed.links.extend(link(element)),
        (Space::Own, "language") => feed.language = element.value().or(feed.language.take()),
        (Space::DublinCore, "language") => {
            feed.language = feed.language.take().or_else(|| element.value());
        }
        (Space::Own, "managingeditor" | "author")
        | (Space::DublinCore, "creator")
        | (Space::Itunes, "author")
            if (feed.authors.is_empty() || element.space == Space::DublinCore) =>
        {
            feed.authors.extend(person(element));
        }
        (Space::Podcast, "person") if feed.authors.is_empty() => {
            feed.authors.extend(media::host(element));
        }
        (Space::Atom, "author") => feed.authors.extend(atom::person(element)),
        (Space::Own, "image" | "logo") => feed.icon = feed.icon.take().or_else(|| image(element)),
        (Space::Itunes, "image") => {
            feed.icon = feed.icon.take().or_else(|| {
                Some(RawLink {
                    base: element.base(),
                    ..RawLink::new(element.attribute("href")?, "icon")
                })
            });
        }
        (Space::Itunes, "new-feed-url") => feed.new_url = element.value(),
        (Space::Own, "ttl") => syndication::ttl(element, feed),
        (Space::Own, "skiphours") => syndication::skip_hours(element, feed),
        (Space::Own, "skipdays") => syndication::skip_days(element, feed),
        (Space::Syndication, "updateperiod") => syndication::period(element, feed),
        (Space::Syndication, "updatefrequency") => syndication::frequency(element, feed),
        _ => {}
    }
}

fn image(element: &Element<'_>) -> Option<RawLink> {
    let href = element
        .child("url")
        .and_then(|url| url.value())
        .or_else(|| element.attribute("href"))?;
    Some(RawLink {
        base: element.base(),
        ..RawLink::new(href, "icon")
    })
}

/// A link: the text of an RSS one, the `href` of an Atom one.
fn link(element: &Element<'_>) -> Option<RawLink> {
    match element.attribute("href") {
        Some(_) => atom::link(element),
        None => element.value().map(|href| RawLink {
            base: element.base(),
            ..RawLink::new(href, "alternate")
        }),
    }
}

fn person(element: &Element<'_>) -> Option<RawPerson> {
    if element.has_markup() && element.child("name").is_some() {
        return atom::person(element);
    }
    let name = element.value()?;
    Some(RawPerson {
        name: Some(name),
        base: element.base(),
        ..RawPerson::default()
    })
}

/// Who a `dc:creator` names, which may hold a list of RDF.
fn creators(element: &Element<'_>) -> Vec<RawPerson> {
    let list = ["Bag", "Seq", "Alt"]
        .iter()
        .find_map(|name| element.child(name));
    match list.filter(|list| list.space == Space::Rdf) {
        Some(list) => list
            .children()
            .take(100)
            .filter_map(|item| person(&item))
            .collect(),
        None => person(element).into_iter().collect(),
    }
}

/// Dates of an entry, of which some kinds are better than others.
#[derive(Default)]
pub(super) struct DateParts {
    /// Of the format; its other words for it; when it was created; a date of Dublin Core, which may be any.
    published: [Option<String>; 4],
    updated: [Option<String>; 2],
}

/// Reads an item.
pub(super) fn entry(element: &Element<'_>) -> RawEntry {
    let mut entry = RawEntry {
        base: element.base(),
        language: element.language(),
        ..RawEntry::default()
    };
    let mut dates = DateParts::default();
    let mut people = People::default();
    let mut title = None;
    for child in element.children().take(super::MOST_CHILDREN) {
        let local = child.local.to_ascii_lowercase();
        match child.space {
            Space::Own if local == "title" => title = title.or_else(|| body::unsaid(&child)),
            Space::Own => own(&child, &local, &mut entry, &mut dates, &mut people),
            _ => borrowed(&child, &local, &mut entry, &mut dates, &mut people),
        }
    }
    // The format's own title goes before borrowed ones, the first before others.
    entry.title = title.or(entry.title.take());
    attributes(element, &mut entry, &mut dates);
    entry.contributors = std::mem::take(&mut people.contributors);
    entry.authors = people.best();
    dates.settle(&mut entry);
    media::settle(&mut entry);
    entry
}

/// What RDF (`rdf:about` names the item, RSS 1.0 section 5.5) and CDF (`href`, `lastmod`) say in attributes.
fn attributes(element: &Element<'_>, entry: &mut RawEntry, dates: &mut DateParts) {
    if let Some(about) = element
        .attribute("rdf:about")
        .filter(|about| !about.is_empty())
    {
        entry.id_is_link = true;
        entry.id = Some(about);
    }
    if let Some(href) = element.attribute("href").filter(|_| entry.links.is_empty()) {
        entry.links.push(RawLink {
            base: element.base(),
            ..RawLink::new(href, "alternate")
        });
    }
    dates.update_text(element.attribute("lastmod"));
}

fn own(
    child: &Element<'_>,
    local: &str,
    entry: &mut RawEntry,
    dates: &mut DateParts,
    people: &mut People,
) {
    match local {
        "link" => {
            let found = link(child);
            let files = found.as_ref().is_some_and(|link| link.rel == "enclosure");
            if files {
                media::enclosure(child, entry);
            } else {
                // The format's own link goes before borrowed ones.
                entry.links.splice(0..0, found);
            }
        }
        "guid" | "id" if entry.id.is_none() => {
            let permanent = child.attribute("isPermaLink").unwrap_or_default();
            entry.id = child.value();
            let denied = ["false", "no", "0"];
            entry.id_is_link =
                local == "guid" && denied.iter().all(|no| !permanent.eq_ignore_ascii_case(no));
        }
        "description" => entry.summary = body::unsaid(child).or(entry.summary.take()),
        "summary" | "abstract" => {
            entry.summary = entry.summary.take().or_else(|| body::unsaid(child));
        }
        "content" | "body" | "fullitem" => {
            entry.content = entry.content.take().or_else(|| body::unsaid(child));
        }
        "pubdate" => dates.publish(0, child),
        "published" | "issued" => dates.publish(1, child),
        "created" => dates.publish(2, child),
        "date" => dates.publish(3, child),
        "updated" | "modified" | "lastbuilddate" => dates.update(0, child),
        "author" | "managingeditor" => people.named.extend(person(child)),
        "category" | "keywords" => entry.tags.extend(child.value()),
        "comments" => {
            entry.comments = child.value().map(|href| RawLink {
                base: child.base(),
                ..RawLink::new(href, "replies")
            });
        }
        "enclosure" => media::enclosure(child, entry),
        _ => {}
    }
}

fn borrowed(
    child: &Element<'_>,
    local: &str,
    entry: &mut RawEntry,
    dates: &mut DateParts,
    people: &mut People,
) {
    match (child.space, local) {
        (Space::Content, "encoded") => entry.content = body::unsaid(child).or(entry.content.take()),
        (Space::Content, "items") => {
            entry.content = entry.content.take().or_else(|| body::items(child));
        }
        (Space::Xhtml, _) => entry.content = entry.content.take().or_else(|| body::xhtml(child)),
        (Space::DublinCore, "title") => {
            entry.title = entry.title.take().or_else(|| body::unsaid(child));
        }
        (Space::DublinCore, "creator" | "author") => people.creators.extend(creators(child)),
        (Space::DublinCore, "contributor") => people.contributors.extend(person(child)),
        (Space::DublinCore, "subject") => entry.tags.extend(child.value()),
        (Space::DublinCore, "created") => dates.publish(2, child),
        (Space::DublinCore, "date") => dates.publish(3, child),
        (Space::DublinCore, "modified") => dates.update(1, child),
        (Space::DublinCore, "description" | "abstract") => {
            entry.summary = entry.summary.take().or_else(|| body::unsaid(child));
        }
        (Space::DublinCore, "language") => entry.language = child.value().or(entry.language.take()),
        (Space::Atom, "link") => atom::take_link(child, entry),
        (Space::Atom, "author") => people.named.extend(atom::person(child)),
        (Space::Atom, "id") => entry.id = entry.id.take().or_else(|| child.value()),
        (Space::Atom, "title") => entry.title = entry.title.take().or_else(|| body::atom(child)),
        (Space::Atom, "updated" | "modified") => dates.update(0, child),
        (Space::Atom, "published" | "issued") | (Space::DublinCore, "issued") => {
            dates.publish(1, child);
        }
        (Space::Atom, "summary") => {
            entry.summary = entry.summary.take().or_else(|| body::atom(child));
        }
        (Space::Atom, "content") => {
            entry.content = entry.content.take().or_else(|| body::atom(child));
        }
        (Space::Itunes, "author") => people.itunes.extend(person(child)),
        (Space::Podcast, "person") => people.hosts.extend(media::host(child)),
        (Space::Itunes, "summary" | "subtitle") => {
            entry.summary = entry.summary.take().or_else(|| body::unsaid(child));
        }
        (Space::Itunes, _) => media::itunes(child, entry),
        (Space::Media, _) => media::media(child, entry),
        _ => {}
    }
}

/// Who is named in which way: the first way that names anyone is believed.
#[derive(Default)]
pub(super) struct People {
    named: Vec<RawPerson>,
    creators: Vec<RawPerson>,
    itunes: Vec<RawPerson>,
    hosts: Vec<RawPerson>,
    contributors: Vec<RawPerson>,
}

impl People {
    fn best(self) -> Vec<RawPerson> {
        let ways = [self.creators, self.named, self.itunes, self.hosts];
        ways.into_iter()
            .find(|people| !people.is_empty())
            .unwrap_or_default()
    }
}

impl DateParts {
    pub(super) fn publish(&mut self, rank: usize, element: &Element<'_>) {
        if let Some(place) = self.published.get_mut(rank) {
            *place = element.value().or(place.take());
        }
    }

    pub(super) fn update(&mut self, rank: usize, element: &Element<'_>) {
        if let Some(place) = self.updated.get_mut(rank) {
            *place = element.value().or(place.take());
        }
    }

    fn update_text(&mut self, text: Option<String>) {
        if let Some(place) = self.updated.first_mut() {
            *place = place.take().or(text);
        }
    }

    /// Reads the dates, the best first. A date of Dublin Core beside a publication date is that of a change.
    pub(super) fn settle(mut self, entry: &mut RawEntry) {
        let [own, other, _, any] = &mut self.published;
        if let ([updated, None], true) = (&mut self.updated, own.is_some() || other.is_some()) {
            *updated = updated.take().or_else(|| any.take());
        }
        let mut unreadable = 0;
        let mut best = |texts: &[Option<String>]| {
            texts.iter().flatten().find_map(|text| {
                let read = date::parse(text);
                unreadable += i32::from(read.is_none());
                read
            })
        };
        entry.published = best(&self.published);
        entry.updated = best(&self.updated);
        entry.unreadable_dates = unreadable;
    }
}
