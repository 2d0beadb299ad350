//! What normalising gives and storing takes: a feed's facts and its entries, ready to be compared with
//! what is stored. In: nothing. Out: plain values. Must not know: XML, HTTP or SQL.

use std::sync::OnceLock;

use entity::{DateQuality, FeedFormat, FindingCode, Millis};
use serde::{Deserialize, Serialize};

/// One reading of one feed.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedDraft {
    /// The feed's own facts.
    pub feed: FeedFacts,
    /// Its entries in the publisher's order, at most one of each identity.
    pub entries: Vec<EntryDraft>,
    /// Entries that the publisher took back (RFC 6721), each once.
    pub tombstones: Vec<TombstoneDraft>,
    /// What was repaired or looks wrong.
    pub findings: Vec<Finding>,
}

/// An entry that the publisher took back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TombstoneDraft {
    /// The identity of the entry, as [`EntryDraft::identity`] is made from its identifier.
    pub identity: [u8; 16],
    /// The publisher's identifier of the entry (`ref`).
    pub guid: String,
    /// When it was taken back, where that could be read.
    pub when: Option<Millis>,
    /// Where it was, absolute.
    pub url: Option<String>,
    /// Hash of the canonical form of `url`.
    pub url_key: Option<[u8; 16]>,
}

/// What a feed says of itself. Texts are plain, links absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedFacts {
    /// The family of format; none when it cannot be told.
    pub format: Option<FeedFormat>,
    /// Title, plain text.
    pub title: Option<String>,
    /// The page that the feed belongs to.
    pub site_url: Option<String>,
    /// Description, plain text.
    pub description: Option<String>,
    /// BCP 47 language tag.
    pub language: Option<String>,
    /// Icon, or else logo.
    pub icon_url: Option<String>,
    /// When to come again, as the feed asks.
    pub rhythm: Rhythm,
    /// Where the feed says that it is (`atom:link rel=self`).
    pub self_url: Option<String>,
    /// Where the feed says that it has moved to (`itunes:new-feed-url`).
    pub new_feed_url: Option<String>,
    /// `WebSub` hubs (`rel=hub`), each once.
    pub hubs: Vec<String>,
    /// The other documents of the feed.
    pub pages: FeedPages,
}

/// The other documents of a feed (RFC 5005; `next_url` of JSON Feed), absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedPages {
    /// The next older page of a paged feed.
    pub next: Option<String>,
    /// The archive before this document, which never changes.
    pub previous_archive: Option<String>,
    /// The document that new entries are in, told by an archive.
    pub current: Option<String>,
    /// This document is an archive that never changes.
    pub is_archive: bool,
    /// This document holds every entry: what is missing was taken out.
    pub is_complete: bool,
}

/// When the feed itself asks to be read again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rhythm {
    /// Shortest wait in seconds (RSS `ttl`, `sy:updatePeriod` over `sy:updateFrequency`).
    pub ttl_seconds: Option<i64>,
    /// Hours of the day, UTC, 0 to 23, in which it does not change (RSS `skipHours`).
    pub skip_hours: Vec<u8>,
    /// Days, 0 for Monday to 6 for Sunday, on which it does not change (RSS `skipDays`).
    pub skip_days: Vec<u8>,
}

/// A normalised entry that is not stored yet.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryDraft {
    /// What makes it this entry within its source; see `normalize::identity`.
    pub identity: [u8; 16],
    /// The publisher's identifier, or one made from link or content.
    pub guid: String,
    /// True when `guid` was made here, since the publisher gave none.
    pub guid_is_made: bool,
    /// Its page, absolute.
    pub url: Option<String>,
    /// Hash of the canonical form of `url`.
    pub url_key: Option<[u8; 16]>,
    /// Hash of what the publisher said: equal means that nothing needs to be compared or stored.
    pub content_hash: [u8; 16],
    /// Plain text; empty when there is none.
    pub title: String,
    /// What the publisher says of times.
    pub dates: Dates,
    /// BCP 47 language tag, declared or detected.
    pub language: Option<String>,
    /// Who wrote it, in the publisher's order; the feed's author where the entry names none.
    pub authors: Vec<AuthorDraft>,
    /// Tags in the publisher's order and spelling, without repeats.
    pub tags: Vec<String>,
    /// Files that it carries.
    pub enclosures: Vec<EnclosureDraft>,
    /// Its picture.
    pub image_url: Option<String>,
    /// Where it is discussed.
    pub comments_url: Option<String>,
    /// The dear part, made only when it is asked for: an entry whose `content_hash` is stored already
    /// is never sanitised again.
    pub content: LazyContent,
}

/// What the publisher says of an entry's times. Deciding its place in time needs the time it was first
/// seen, so that is left to [`Dates::place`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    /// The publication date, where it could be read.
    pub published: Option<Millis>,
    /// The date of the last change, where it could be read.
    pub updated: Option<Millis>,
}

impl Dates {
    /// Where an entry first seen at `seen` stands in time, and where that comes from: the publication
    /// date, else the update date, else `seen`. A date after `seen` is not believed.
    #[must_use]
    pub fn place(self, seen: Millis) -> (Millis, DateQuality) {
        let past = |date: Option<Millis>| date.filter(|date| *date <= seen);
        if let Some(date) = past(self.published) {
            (date, DateQuality::Published)
        } else if let (None, Some(date)) = (self.published, past(self.updated)) {
            (date, DateQuality::Updated)
        } else {
            (seen, DateQuality::FirstSeen)
        }
    }
}

/// Who wrote an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AuthorDraft {
    /// Plain text, never an e-mail address, never empty.
    pub name: String,
    /// Home page, absolute.
    pub url: Option<String>,
    /// Picture, absolute.
    pub avatar_url: Option<String>,
}

/// A file that an entry carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnclosureDraft {
    /// Where it is, absolute.
    pub url: String,
    /// As the publisher says.
    pub mime_type: Option<String>,
    /// As the publisher says; bytes.
    pub size_bytes: Option<i64>,
    /// Length of sound or film in seconds.
    pub duration_seconds: Option<i64>,
    /// Plain text.
    pub title: Option<String>,
}

/// The content of an entry, made ready for storing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Sanitised HTML.
    pub html: Option<String>,
    /// The same as plain text.
    pub text: Option<String>,
    /// Plain-text abstract, at most 500 characters, cut at a word.
    pub summary: String,
    /// Words in `text`.
    pub word_count: i32,
    /// The first picture in the content, for entries that name none.
    pub first_image: Option<String>,
    /// Language detected from the text, for entries that declare none.
    pub language: Option<String>,
}

/// Content as published, sanitised at the first [`LazyContent::get`] and kept.
#[derive(Clone, Debug, Default)]
pub struct LazyContent {
    pub(crate) raw: RawContent,
    pub(crate) made: OnceLock<Content>,
}

impl LazyContent {
    /// Content that is made already.
    #[must_use]
    pub fn ready(content: Content) -> Self {
        Self {
            raw: RawContent::default(),
            made: OnceLock::from(content),
        }
    }
}

impl PartialEq for LazyContent {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

/// Content as published, and what is needed to clean it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawContent {
    /// HTML (or plain text already escaped to HTML) of the content; none when there is none.
    pub content_html: Option<String>,
    /// HTML of the summary; none when there is none.
    pub summary_html: Option<String>,
    /// What relative links are resolved against.
    pub base_url: Option<String>,
    /// Language that the entry or feed declares.
    pub declared_language: Option<String>,
}

/// Something repaired or wrong in a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind of thing.
    pub code: FindingCode,
    /// In words.
    pub message: String,
    /// How often.
    pub count: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Millis = Millis(1_000);

    #[test]
    fn a_publication_date_in_the_past_is_believed() {
        let dates = Dates {
            published: Some(Millis(5)),
            updated: Some(Millis(9)),
        };
        assert_eq!(dates.place(SEEN), (Millis(5), DateQuality::Published));
    }

    #[test]
    fn an_update_date_stands_in_for_a_missing_publication_date() {
        let dates = Dates {
            published: None,
            updated: Some(Millis(9)),
        };
        assert_eq!(dates.place(SEEN), (Millis(9), DateQuality::Updated));
    }

    #[test]
    fn no_date_or_a_future_one_means_first_seen() {
        let future = Dates {
            published: Some(Millis(2_000)),
            updated: None,
        };
        assert_eq!(future.place(SEEN), (SEEN, DateQuality::FirstSeen));
        assert_eq!(Dates::default().place(SEEN), (SEEN, DateQuality::FirstSeen));
    }
}
