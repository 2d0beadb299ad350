//! From bytes to a document. In: a body and its `Content-Type`, or a list of subscriptions. Out: a [`Document`] or
//! the list, or why it is neither. Pure; must not know: networks, SQL, the time.

pub mod date;
mod decode;
mod discover;
mod document;
mod first;
mod merge;
pub(crate) mod reference;
pub mod subscriptions;
mod tolerant;

pub use discover::{FeedLink, discover, well_known_paths};
pub use document::{
    Base, Document, Note, RawEnclosure, RawEntry, RawFeed, RawLink, RawPerson, RawText, TextKind,
};

use entity::{FindingCode, PollErrorKind};
use sha2::{Digest, Sha256};

/// Documents nested deeper than this are not given to feed-rs, which goes down with them.
const DEEPEST: usize = 200;

/// What a document may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries that are read; the rest is left out, with a note.
    pub max_entries: usize,
    /// Bytes, after any wrapping.
    pub max_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_entries: 5_000,
            max_bytes: 10 * 1024 * 1024,
        }
    }
}

/// Why there is no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotAFeed {
    /// `NotAFeed`, `Malformed` or `TooLarge`.
    pub kind: PollErrorKind,
    /// In words that may be shown to anyone.
    pub message: String,
    /// It is a web page: it may offer feeds, see [`discover`].
    pub looks_like_html: bool,
}

impl NotAFeed {
    fn new(kind: PollErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            looks_like_html: false,
        }
    }
}

/// Reads a feed.
///
/// # Errors
/// [`NotAFeed`] when nothing in the bytes can be read as a feed, or they are over the limits.
pub fn read(
    bytes: &[u8],
    content_type: Option<&str>,
    limits: &Limits,
) -> Result<Document, NotAFeed> {
    let max_bytes = u64::try_from(limits.max_bytes).unwrap_or(u64::MAX);
    let too_large = || {
        NotAFeed::new(
            PollErrorKind::TooLarge,
            "the document is over the size limit",
        )
    };
    if bytes.len() > limits.max_bytes {
        return Err(too_large());
    }
    let bytes = decode::unwrap_gzip(bytes, max_bytes).ok_or_else(too_large)?;
    let decoded = decode::decode(&bytes, content_type);
    let text = decoded.text.as_ref();
    let mut document = document(text, limits).ok_or_else(|| not_a_feed(text))?;
    document.notes.extend(decoded.notes);
    Ok(document)
}

/// What both readers make of a text.
fn document(text: &str, limits: &Limits) -> Option<Document> {
    let text = text.get(text.find(['<', '{'])?..)?;
    let own = if text.starts_with('{') {
        tolerant::read_json(text, limits.max_entries)?
    } else {
        tolerant::read(text, limits.max_entries)?
    };
    if own.entries.len() >= limits.max_entries || !tolerant::depth_within(text, DEEPEST) {
        return Some(own);
    }
    // Without its declaration, which names the encoding that the bytes had.
    match first::read(tolerant::from_root(text)) {
        Some(first) if first.entries.len() == own.entries.len() => {
            Some(merge::corrected(first, own))
        }
        Some(_) => Some(own),
        None => Some(repaired(own)),
    }
}

/// The reading of a document that feed-rs refused, which is told.
fn repaired(mut own: Document) -> Document {
    own.notes.push(Note {
        code: FindingCode::MalformedXml,
        message: "the document breaks the rules of its format, and was repaired".to_owned(),
        count: 1,
    });
    own
}

fn not_a_feed(text: &str) -> NotAFeed {
    NotAFeed {
        looks_like_html: looks_like_html(text),
        ..NotAFeed::new(PollErrorKind::NotAFeed, "the document is no feed")
    }
}

/// Hash of a body, to see that it is the same as last time. Used for nothing else.
#[must_use]
pub fn body_hash(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

fn looks_like_html(text: &str) -> bool {
    let head: String = text
        .chars()
        .take(2000)
        .collect::<String>()
        .to_ascii_lowercase();
    ["<!doctype html", "<html", "<head", "<body"]
        .iter()
        .any(|mark| head.contains(mark))
}
