//! From a document to drafts. In: what parsing gave. Out: a [`FeedDraft`]. Pure: no clock, no network, no SQL.

mod author;
mod content;
mod danger;
mod draft;
mod embed;
mod entry;
mod findings;
mod fingerprint;
mod finish;
mod identity;
mod language;
mod link;
mod markup;
mod meaning;
mod noise;
mod quiet_link;
pub mod rules;
mod sanitize;
mod tame;
mod text;

use std::collections::HashSet;

use entity::FindingCode;
use url::Url;

pub use draft::{
    AuthorDraft, Content, Dates, EnclosureDraft, EntryDraft, FeedDraft, FeedFacts, FeedPages,
    Finding, LazyContent, RawContent, Rhythm, TombstoneDraft,
};
pub use identity::shared_identity;
pub use link::{canonical_url, url_key};
pub use meaning::{claimed, meaning, page_path, text_key, version};
pub use text::fold;

use crate::parse::{Document, RawFeed, RawLink, RawTombstone};

/// More hubs than this are not remembered.
const MOST_HUBS: usize = 5;

/// Normalises a document. `feed_url` is where it was fetched from: what its relative links are resolved against
/// in the last resort, and no part of any identity.
#[must_use]
pub fn feed(document: Document, feed_url: &Url) -> FeedDraft {
    let feed = facts(&document, feed_url);
    let context = entry::Context::new(&document.feed, &feed, feed_url);
    let tombstones = tombstones(&document.tombstones, feed_url);
    let mut findings = findings::of_document(&document, &feed, feed_url);
    let entries = document
        .entries
        .into_iter()
        .map(|raw| entry::draft(raw, &context))
        .collect();
    let (entries, clashes) = identity::resolve(entries);
    if clashes > 0 {
        findings.push(Finding {
            code: FindingCode::DuplicateIds,
            message: "identifiers carried by several entries".to_owned(),
            count: clashes,
        });
    }
    FeedDraft {
        feed,
        entries,
        tombstones,
        findings,
    }
}

/// What the publisher took back; of several tombstones for one entry the first stands.
fn tombstones(raw: &[RawTombstone], feed_url: &Url) -> Vec<TombstoneDraft> {
    let mut seen = HashSet::new();
    raw.iter()
        .map(|raw| {
            let guid = text::collapse(&raw.id);
            let url = raw
                .link
                .as_deref()
                .and_then(|link| link::web(feed_url, link));
            TombstoneDraft {
                identity: identity::of_guid(&guid),
                when: raw.when,
                url_key: url.as_deref().map(link::url_key),
                url,
                guid,
            }
        })
        .filter(|tombstone| seen.insert(tombstone.identity))
        .collect()
}

fn facts(document: &Document, feed_url: &Url) -> FeedFacts {
    let raw = &document.feed;
    let title = raw
        .title
        .as_ref()
        .map(text::title)
        .filter(|title| !title.is_empty());
    let description = raw
        .description
        .as_ref()
        .map(text::title)
        .filter(|text| !text.is_empty());
    FeedFacts {
        format: document.format,
        title,
        site_url: alternate_page(&raw.links, feed_url),
        description,
        language: raw.language.as_deref().and_then(language::declared),
        icon_url: raw.icon.as_ref().and_then(|icon| resolved(icon, feed_url)),
        rhythm: Rhythm {
            ttl_seconds: raw.ttl_seconds.filter(|seconds| *seconds > 0),
            skip_hours: raw.skip_hours.clone(),
            skip_days: raw.skip_days.clone(),
        },
        self_url: of_relation(raw, "self", feed_url).next(),
        new_feed_url: raw
            .new_url
            .as_deref()
            .and_then(|url| link::web(feed_url, url))
            .filter(|url| url.starts_with("http")),
        hubs: hubs(raw, feed_url),
        pages: FeedPages {
            next: of_relation(raw, "next", feed_url).next(),
            previous_archive: of_relation(raw, "prev-archive", feed_url).next(),
            current: of_relation(raw, "current", feed_url).next(),
            is_archive: raw.archive,
            is_complete: raw.complete,
        },
    }
}

fn hubs(raw: &RawFeed, feed_url: &Url) -> Vec<String> {
    let mut hubs: Vec<String> = Vec::new();
    for hub in of_relation(raw, "hub", feed_url) {
        if hubs.len() < MOST_HUBS && !hubs.contains(&hub) {
            hubs.push(hub);
        }
    }
    hubs
}

/// The page that links lead to: an HTML alternate before others.
fn alternate_page(links: &[RawLink], document: &Url) -> Option<String> {
    let alternates = || links.iter().filter(|link| link.rel == "alternate");
    let is_page = |link: &&RawLink| {
        link.mime_type
            .as_deref()
            .is_none_or(|mime_type| mime_type.contains("html"))
    };
    alternates()
        .filter(is_page)
        .chain(alternates())
        .find_map(|link| resolved(link, document))
}

fn of_relation<'a>(
    raw: &'a RawFeed,
    rel: &'a str,
    feed_url: &'a Url,
) -> impl Iterator<Item = String> + 'a {
    raw.links
        .iter()
        .filter(move |link| link.rel == rel)
        .filter_map(move |link| resolved(link, feed_url))
}

/// A link made absolute; none unless it leads to the web.
fn resolved(link: &RawLink, document: &Url) -> Option<String> {
    link::web(&link::base_url(&link.base, document), &link.href)
}

/// Whether two addresses are one, apart from their scheme and a slash at the end.
fn same_address(url: &str, other: &Url) -> bool {
    link::canonical(url, false) == link::canonical(other.as_str(), false)
}
