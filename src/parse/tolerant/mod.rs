//! Our own reader, for what feed-rs refuses, loses or mangles. In: a document in UTF-8, well-formed or not. Out: a
//! [`Document`] with all that can be made sense of. Linear in time. Must not know: character sets, feed-rs.

mod atom;
mod body;
mod json;
mod media;
mod rss;
mod scan;
mod space;
mod syndication;
mod tag;

use std::sync::Arc;

use entity::{FeedFormat, FindingCode};

use self::scan::{Element, Level};
use self::space::Space;
use super::document::{Document, Note, RawEntry, RawFeed, RawLink};

pub(super) use self::json::read as read_json;
pub(super) use self::scan::depth_within;

/// What the entries of a document are read with.
type ReadEntry = fn(&Element<'_>) -> RawEntry;
/// What the facts of a feed are read with.
type ReadFact = fn(&Element<'_>, &mut RawFeed);

/// Children of one entry that are looked at.
const MOST_CHILDREN: usize = 2_000;

/// Names that the root of a feed may have.
const ROOTS: &[&str] = &["rss", "rdf", "feed", "channel", "entry"];

/// A document from the start tag of its root on; all of it when it has none of a feed.
pub(super) fn from_root(text: &str) -> &str {
    scan::find_tag(text, ROOTS)
        .and_then(|start| text.get(start..))
        .unwrap_or(text)
}

/// Reads an XML feed; none when no root of a feed is in the text.
pub(super) fn read(text: &str, max_entries: usize) -> Option<Document> {
    scan::find_tag(text, ROOTS)?;
    let text = from_root(text);
    let (root, attributes, position, scope) = scan::root(text)?;
    let format = format_of(root, attributes);
    let (entry, fact): (ReadEntry, ReadFact) = match format {
        FeedFormat::Atom0 | FeedFormat::Atom1 => (atom::entry, atom::fact),
        _ => (rss::entry, rss::fact),
    };
    let mut document = Document {
        format: Some(format),
        ..Document::default()
    };
    let root_is_entry = root.eq_ignore_ascii_case("entry");
    let position = if root_is_entry { 0 } else { position };
    let mut level = Level::document(text, position, Arc::clone(&scope));
    document.feed.language.clone_from(&scope.language);
    if let Some(href) = tag::attribute(attributes, "href") {
        document.feed.links.push(RawLink::new(href, "alternate"));
    }
    let mut cut = 0;
    for element in level.by_ref() {
        if is_entry(&element) {
            if document.entries.len() >= max_entries {
                document.notes.push(too_many(max_entries));
                break;
            }
            if !element.closed
                && element_reaches_end(text, &element)
                && !document.entries.is_empty()
            {
                cut += 1;
                continue;
            }
            document.entries.push(entry(&element));
        } else {
            fact(&element, &mut document.feed);
        }
    }
    if document.feed.language.is_none() {
        document.feed.language.clone_from(&level.scope().language);
    }
    document.notes.extend(truncated(cut));
    Some(document)
}

fn format_of(root: &str, attributes: &str) -> FeedFormat {
    let lower = root.to_ascii_lowercase();
    let version = tag::attribute(attributes, "version").unwrap_or_default();
    match lower.as_str() {
        "feed" | "entry" if attributes.contains("purl.org/atom/") || version == "0.3" => {
            FeedFormat::Atom0
        }
        "feed" | "entry" => FeedFormat::Atom1,
        "rdf" if attributes.contains("netscape.com") && !attributes.contains("purl.org/rss/1") => {
            FeedFormat::Rss0
        }
        "rdf" => FeedFormat::Rss1,
        _ if version.starts_with("0.9") => FeedFormat::Rss0,
        _ => FeedFormat::Rss2,
    }
}

fn is_entry(element: &Element<'_>) -> bool {
    let named =
        element.local.eq_ignore_ascii_case("item") || element.local.eq_ignore_ascii_case("entry");
    named && matches!(element.space, Space::Own | Space::Atom | Space::Other)
}

/// Whether an element that is not closed is so because the document ends in it.
fn element_reaches_end(text: &str, element: &Element<'_>) -> bool {
    text.trim_end().ends_with(element.inner.trim_end())
}

fn too_many(max_entries: usize) -> Note {
    Note {
        code: FindingCode::TooManyEntries,
        message: format!("more than {max_entries} entries; the rest was left out"),
        count: 1,
    }
}

fn truncated(cut: i32) -> Option<Note> {
    (cut > 0).then(|| Note {
        code: FindingCode::Truncated,
        message: "the document ends in the middle of an entry, which was left out".to_owned(),
        count: cut,
    })
}
