//! From a document to drafts. In: what parsing gave. Out: a [`FeedDraft`]. Pure: no clock, no network, no SQL.

mod author;
mod content;
mod draft;
mod entry;
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
mod text;

use entity::FindingCode;
use url::Url;

pub use draft::{
    AuthorDraft, Content, Dates, EnclosureDraft, EntryDraft, FeedDraft, FeedFacts, Finding,
    LazyContent, RawContent, Rhythm,
};
pub use identity::shared_identity;
pub use link::{canonical_url, url_key};
pub use meaning::{claimed, meaning, page_path, text_key, version};
pub use text::fold;

use crate::parse::{Document, Note, RawFeed, RawLink};

/// Normalises a document. `feed_url` is where it was fetched from: what its relative links are resolved against
/// in the last resort, and no part of any identity.
#[must_use]
pub fn feed(document: Document, feed_url: &Url) -> FeedDraft {
    let feed = facts(&document, feed_url);
    let context = entry::Context::new(&document.feed, &feed, feed_url);
    let mut findings: Vec<Finding> = document.notes.iter().map(finding).collect();
    findings.extend(entry::findings(&document.entries));
    let entries = document
        .entries
        .into_iter()
        .map(|raw| entry::draft(&raw, &context))
        .collect();
    let (entries, clashes) = identity::resolve(entries);
    if clashes > 0 {
        findings.push(found(
            FindingCode::DuplicateIds,
            "identifiers carried by several entries",
            clashes,
        ));
    }
    FeedDraft {
        feed,
        entries,
        findings,
    }
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
        self_url: raw
            .new_url
            .as_deref()
            .and_then(|url| link::web(feed_url, url))
            .or_else(|| of_relation(raw, "self", feed_url).next()),
        hubs: of_relation(raw, "hub", feed_url).collect(),
    }
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

fn finding(note: &Note) -> Finding {
    found(note.code, &note.message, note.count)
}

fn found(code: FindingCode, message: &str, count: i32) -> Finding {
    Finding {
        code,
        message: message.to_owned(),
        count,
    }
}
