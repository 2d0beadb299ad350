//! Our own reader, for what feed-rs refuses, loses or mangles. In: a document in UTF-8, well-formed or not. Out: a
//! [`Document`] with all that can be made sense of. Linear in time. Must not know: character sets, feed-rs.

mod atom;
mod body;
mod declared;
mod json;
mod media;
mod repairs;
mod rss;
mod scan;
mod space;
mod syndication;
mod tag;

use std::borrow::Cow;

use entity::{FeedFormat, FindingCode};
use memchr::memmem;

use self::repairs::Repairs;
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

/// A document from the start tag of its root on; none when it has none of a feed.
pub(super) fn from_root(text: &str) -> Option<&str> {
    text.get(scan::find_tag(text, ROOTS)?..)
}

/// Reads an XML feed; none when no root of a feed is in the text.
pub(super) fn read(text: &str, max_entries: usize) -> Option<Document> {
    let start = scan::find_tag(text, ROOTS)?;
    let closed = without_open_section(text);
    let text = closed.as_ref();
    let expanded = declared::expand(text, start);
    let text = expanded.text.as_ref();
    let body = text.get(start..)?;
    let (root, attributes, position, scope) = scan::root(body)?;
    let scope = match cdf_base(root, attributes) {
        Some(base) => scope.based_on(base),
        None => scope,
    };
    let format = format_of(root, attributes);
    let mut document = Document {
        format: Some(format),
        ..Document::default()
    };
    document.feed.language.clone_from(&scope.language);
    if let Some((href, _)) = tag::attribute(attributes, "href") {
        document.feed.links.push(RawLink::new(href, "alternate"));
    }
    let root_is_entry = root.eq_ignore_ascii_case("entry");
    let position = if root_is_entry { 0 } else { position };
    let repairs = Repairs::default();
    let mut level = Level::document(body, position, scope, &repairs);
    let cut = elements(&mut level, format, &mut document, max_entries);
    if document.feed.language.is_none() {
        document.feed.language.clone_from(&level.scope().language);
    }
    document
        .notes
        .extend(repairs.notes(text, start, expanded.is_partial));
    let ends = level.ended() || root_is_entry || document.entries.len() >= max_entries;
    if ends && matches!(closed, Cow::Owned(_)) {
        document.notes.push(Note {
            code: FindingCode::MalformedXml,
            message: "a CDATA section that never ends".to_owned(),
            count: 1,
        });
    }
    document.notes.extend(truncated(cut, ends));
    Some(document)
}

/// A document without the beginning of a CDATA section that never ends, which would take the rest of it.
fn without_open_section(text: &str) -> Cow<'_, str> {
    const BEGIN: &str = "<![CDATA[";
    // Looking forward is much faster, and enough for the many that have no section at all.
    if memmem::find(text.as_bytes(), BEGIN.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let ended = memmem::rfind(text.as_bytes(), b"]]>").unwrap_or(0);
    match text.split_at_checked(ended) {
        Some((before, after)) if after.contains(BEGIN) => {
            Cow::Owned(format!("{before}{}", after.replace(BEGIN, "")))
        }
        _ => Cow::Borrowed(text),
    }
}

/// Puts the elements below the root where they belong; gives how many entries were left out since they are cut.
fn elements(
    level: &mut Level<'_>,
    format: FeedFormat,
    document: &mut Document,
    max_entries: usize,
) -> i32 {
    let (entry, fact): (ReadEntry, ReadFact) = match format {
        FeedFormat::Atom0 | FeedFormat::Atom1 => (atom::entry, atom::fact),
        _ => (rss::entry, rss::fact),
    };
    let mut cut = 0;
    while let Some(element) = level.next() {
        if is_entry(&element) {
            if document.entries.len() >= max_entries {
                document.notes.push(too_many(max_entries));
                break;
            }
            let read = entry(&element);
            let is_cut = !element.closed && level.at_end();
            if is_cut && !(document.entries.is_empty() && read.id.is_some()) {
                cut += 1;
            } else {
                document.entries.push(read);
            }
        } else if element.space == Space::Tombstones {
            let room = document.tombstones.len() < max_entries;
            document
                .tombstones
                .extend(syndication::tombstone(&element).filter(|_| room));
        } else if element.space == Space::History {
            syndication::history(&element, &mut document.feed);
        } else {
            fact(&element, &mut document.feed);
        }
    }
    cut
}

/// What the links of a CDF document are relative to.
fn cdf_base<'a>(root: &str, attributes: &'a str) -> Option<&'a str> {
    tag::attributes(attributes)
        .filter(|_| root.eq_ignore_ascii_case("channel"))
        .find(|(name, _)| name.eq_ignore_ascii_case("base"))
        .map(|(_, value)| value.text)
}

fn format_of(root: &str, attributes: &str) -> FeedFormat {
    let lower = root.to_ascii_lowercase();
    let version =
        tag::attribute(attributes, "version").map_or_else(String::new, |(version, _)| version);
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

fn too_many(max_entries: usize) -> Note {
    Note {
        code: FindingCode::TooManyEntries,
        message: format!("more than {max_entries} entries; the rest was left out"),
        count: 1,
    }
}

/// `ends`: whether the end of the root, or an entry that was cut, was met.
fn truncated(cut: i32, ends: bool) -> Option<Note> {
    let message = if cut > 0 {
        "the document ends in the middle of an entry, which was left out"
    } else {
        "the document ends before its end"
    };
    (cut > 0 || !ends).then(|| Note {
        code: FindingCode::Truncated,
        message: message.to_owned(),
        count: cut.max(1),
    })
}
