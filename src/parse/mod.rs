//! From bytes to a document. In: a body and its `Content-Type`, or a list of subscriptions. Out: a [`Document`] or
//! the list, or why it is neither. Pure; must not know: networks, SQL, the time.

pub mod date;
mod decode;
mod discover;
mod document;
mod icons;
mod other;
pub(crate) mod reference;
pub mod subscriptions;
mod tolerant;

pub use discover::{FeedLink, discover, well_known_paths};
pub use document::{
    Base, Document, Note, RawEnclosure, RawEntry, RawFeed, RawLink, RawPerson, RawText,
    RawTombstone, TextKind,
};
pub use icons::icons;

use entity::{FeedFormat, FindingCode, PollErrorKind};
use sha2::{Digest, Sha256};

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
    document
        .notes
        .extend(content_type.and_then(|said| wrong_type(said, document.format)));
    Ok(document)
}

/// A `Content-Type` that is not one of the format (RFC 7303, RFC 4287, JSON Feed 1.1).
fn wrong_type(said: &str, format: Option<FeedFormat>) -> Option<Note> {
    let essence = said.split(';').next()?.trim().to_ascii_lowercase();
    let fitting: &[&str] = if format == Some(FeedFormat::JsonFeed) {
        &["json"]
    } else {
        &["xml", "rss", "atom", "rdf"]
    };
    let fits = essence.is_empty() || fitting.iter().any(|word| essence.contains(word));
    (!fits).then(|| Note {
        code: FindingCode::WrongContentType,
        message: format!("sent as {}", essence.chars().take(80).collect::<String>()),
        count: 1,
    })
}

/// What our reader makes of a text; what feed-rs does where ours finds no entry.
fn document(text: &str, limits: &Limits) -> Option<Document> {
    let text = text.get(text.find(['<', '{'])?..)?;
    let json = text
        .starts_with('{')
        .then(|| tolerant::read_json(text, limits.max_entries))
        .flatten();
    let own = json.or_else(|| tolerant::read(text, limits.max_entries));
    if own.as_ref().is_some_and(|own| !own.entries.is_empty()) {
        return own;
    }
    let other =
        other::read(text).filter(|other| (1..=limits.max_entries).contains(&other.entries.len()));
    other.or(own)
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

/// Whether a document ends before its end: an XML feed whose root is not closed anywhere.
#[must_use]
pub fn breaks_off(bytes: &[u8]) -> bool {
    // Most documents end with their end.
    let tail = bytes.len().saturating_sub(256);
    !closes(bytes.get(tail..).unwrap_or(bytes)) && !is_json(bytes) && !closes(bytes)
}

fn closes(bytes: &[u8]) -> bool {
    const ENDS: [&[u8]; 5] = [b"</rss", b"</feed", b":feed>", b"rdf>", b"</channel"];
    const ENTRIES: [&[u8]; 2] = [b"<item", b"<entry"];
    // In UTF-16, every other byte of a tag is zero.
    let letters = bytes.iter().filter(|byte| **byte != 0);
    let text: Vec<u8> = letters.map(u8::to_ascii_lowercase).collect();
    let has = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
    let is_empty = || text.trim_ascii_end().ends_with(b"/>") && !ENTRIES.into_iter().any(has);
    ENDS.into_iter().any(has) || is_empty()
}

fn is_json(bytes: &[u8]) -> bool {
    let first = bytes.iter().find(|byte| byte.is_ascii_punctuation());
    first == Some(&b'{')
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
