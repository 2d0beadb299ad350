//! What reading gives and normalising takes: a feed as it was published, its texts still raw. In: nothing.
//! Out: plain values. Must not know: which reader filled them, or what becomes of them.

use std::sync::Arc;

use entity::{FeedFormat, FindingCode, Millis};

/// One feed document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// The family of format; none when it cannot be told.
    pub format: Option<FeedFormat>,
    /// What it says of itself.
    pub feed: RawFeed,
    /// Its entries, in the publisher's order.
    pub entries: Vec<RawEntry>,
    /// Entries that the publisher took back (RFC 6721).
    pub tombstones: Vec<RawTombstone>,
    /// What had to be repaired to read it.
    pub notes: Vec<Note>,
}

/// Something repaired or odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What kind of thing.
    pub code: FindingCode,
    /// In words.
    pub message: String,
    /// How often.
    pub count: i32,
}

/// `xml:base` values from the outermost to the innermost; none is the address of the document.
pub type Base = Option<Arc<[String]>>;

/// A feed's own facts, as published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawFeed {
    /// Title.
    pub title: Option<RawText>,
    /// Description, tagline or subtitle.
    pub description: Option<RawText>,
    /// Every link.
    pub links: Vec<RawLink>,
    /// Declared language.
    pub language: Option<String>,
    /// Icon or image.
    pub icon: Option<RawLink>,
    /// Who writes it.
    pub authors: Vec<RawPerson>,
    /// RSS `ttl`, or the syndication module's period, in seconds.
    pub ttl_seconds: Option<i64>,
    /// Hours of the day, UTC, in which it does not change.
    pub skip_hours: Vec<u8>,
    /// Days, 0 for Monday, on which it does not change.
    pub skip_days: Vec<u8>,
    /// Where the feed says that it has moved to (`itunes:new-feed-url`).
    pub new_url: Option<String>,
    /// Whether it holds all its entries, so that what is missing was taken out (RFC 5005, section 2).
    pub complete: bool,
    /// Whether it is an archive that never changes (RFC 5005, section 4).
    pub archive: bool,
}

/// An entry that the publisher took back (RFC 6721, section 3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawTombstone {
    /// The identifier of the entry.
    pub id: String,
    /// When it was taken back.
    pub when: Option<Millis>,
    /// Where it was.
    pub link: Option<String>,
}

/// An entry as published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawEntry {
    /// The publisher's identifier.
    pub id: Option<String>,
    /// Whether the publisher says that `id` is the address of the entry.
    pub id_is_link: bool,
    /// Every link.
    pub links: Vec<RawLink>,
    /// Title.
    pub title: Option<RawText>,
    /// Abstract.
    pub summary: Option<RawText>,
    /// The whole content.
    pub content: Option<RawText>,
    /// Publication date.
    pub published: Option<Millis>,
    /// Date of the last change.
    pub updated: Option<Millis>,
    /// Dates that could not be read.
    pub unreadable_dates: i32,
    /// Who wrote it.
    pub authors: Vec<RawPerson>,
    /// Who helped.
    pub contributors: Vec<RawPerson>,
    /// Categories, subjects, keywords.
    pub tags: Vec<String>,
    /// Files.
    pub enclosures: Vec<RawEnclosure>,
    /// Files of Media RSS, while reading; then merged into `enclosures`.
    pub(super) media: Vec<RawEnclosure>,
    /// Title and description of a file of Media RSS, while reading; then those of an entry that has none.
    pub(super) caption: (Option<RawText>, Option<RawText>),
    /// `itunes:duration`, while reading; then that of the first file.
    pub(super) duration_seconds: Option<i64>,
    /// Its picture.
    pub image: Option<RawLink>,
    /// Where it is discussed.
    pub comments: Option<RawLink>,
    /// Declared language.
    pub language: Option<String>,
    /// `xml:base` in force at the entry.
    pub base: Base,
}

/// How a text is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextKind {
    /// Plain text.
    Plain,
    /// HTML.
    Html,
    /// The format does not say (RSS): markup where it looks like markup.
    #[default]
    Unsaid,
}

/// A text as published, XML's own escaping undone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawText {
    /// The text.
    pub value: String,
    /// How it is written.
    pub kind: TextKind,
    /// What its relative links are resolved against.
    pub base: Base,
    /// Language declared on it.
    pub language: Option<String>,
}

/// A link as published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawLink {
    /// Where to.
    pub href: String,
    /// The relation; `alternate` when the format gives none.
    pub rel: String,
    /// Media type.
    pub mime_type: Option<String>,
    /// What `href` is resolved against.
    pub base: Base,
}

/// A person as published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawPerson {
    /// Name, or free text that may hold an e-mail address.
    pub name: Option<String>,
    /// E-mail address; only ever used to recognise it in names.
    pub email: Option<String>,
    /// Home page.
    pub uri: Option<String>,
    /// Picture.
    pub avatar: Option<String>,
    /// What `uri` and `avatar` are resolved against.
    pub base: Base,
}

/// A file as published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawEnclosure {
    /// Where it is.
    pub url: String,
    /// Media type.
    pub mime_type: Option<String>,
    /// Bytes.
    pub size_bytes: Option<i64>,
    /// Seconds.
    pub duration_seconds: Option<i64>,
    /// Title.
    pub title: Option<String>,
    /// What `url` is resolved against.
    pub base: Base,
}

impl RawText {
    /// A text of some kind, without base or language of its own.
    #[must_use]
    pub fn new(value: impl Into<String>, kind: TextKind) -> Self {
        Self {
            value: value.into(),
            kind,
            ..Self::default()
        }
    }
}

impl RawLink {
    /// A link with a relation, without base of its own.
    #[must_use]
    pub fn new(href: impl Into<String>, rel: impl Into<String>) -> Self {
        Self {
            href: href.into(),
            rel: rel.into(),
            ..Self::default()
        }
    }
}
