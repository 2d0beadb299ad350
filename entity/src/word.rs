//! The words that the database, the stages and the API share. Numbers are stored: never change one.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

/// How a source is doing.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    DeriveActiveEnum,
)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SourceStatus {
    /// Polled on schedule.
    #[sea_orm(num_value = 0)]
    Active,
    /// Polled, and the last attempts failed.
    #[sea_orm(num_value = 1)]
    Failing,
    /// Not polled, by an editor's wish.
    #[sea_orm(num_value = 2)]
    Paused,
    /// Not polled any more: the publisher answered 410 Gone, or it failed for too long.
    #[sea_orm(num_value = 3)]
    Dead,
}

/// The family of format that a feed is written in.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    DeriveActiveEnum,
)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FeedFormat {
    /// RSS 0.90 to 0.94.
    #[sea_orm(num_value = 0)]
    Rss0,
    /// RSS 1.0 (RDF).
    #[sea_orm(num_value = 1)]
    Rss1,
    /// RSS 2.0.
    #[sea_orm(num_value = 2)]
    Rss2,
    /// Atom 0.3.
    #[sea_orm(num_value = 3)]
    Atom0,
    /// Atom 1.0 (RFC 4287).
    #[sea_orm(num_value = 4)]
    Atom1,
    /// JSON Feed 1.0 or 1.1.
    #[sea_orm(num_value = 5)]
    JsonFeed,
}

/// Where an entry's place in time comes from.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    DeriveActiveEnum,
)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DateQuality {
    /// The publisher's publication date.
    #[sea_orm(num_value = 0)]
    Published,
    /// The publisher gave only an update date.
    #[sea_orm(num_value = 1)]
    Updated,
    /// No usable date: the time it was first seen.
    #[sea_orm(num_value = 2)]
    FirstSeen,
}

/// How an attempt to poll ended.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    DeriveActiveEnum,
)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PollOutcome {
    /// A new document was read.
    #[sea_orm(num_value = 0)]
    Changed,
    /// The publisher said, or the bytes showed, that nothing changed.
    #[sea_orm(num_value = 1)]
    Unchanged,
    /// No document could be had or read.
    #[sea_orm(num_value = 2)]
    Failed,
}

/// How far a subscription at a hub is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    DeriveActiveEnum,
)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PushState {
    /// The hub has not confirmed it.
    #[sea_orm(num_value = 0)]
    Wanted,
    /// The hub has confirmed it, and pushes.
    #[sea_orm(num_value = 1)]
    Confirmed,
    /// The hub will not have it.
    #[sea_orm(num_value = 2)]
    Denied,
    /// It is to end.
    #[sea_orm(num_value = 3)]
    Leaving,
}

/// What kind of thing went wrong in a poll.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    DeriveActiveEnum,
)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PollErrorKind {
    /// The host name did not resolve.
    #[sea_orm(num_value = 0)]
    Dns,
    /// No connection to the host.
    #[sea_orm(num_value = 1)]
    Connect,
    /// The TLS handshake or certificate failed.
    #[sea_orm(num_value = 2)]
    Tls,
    /// A time limit ran out.
    #[sea_orm(num_value = 3)]
    Timeout,
    /// An HTTP status that is no success.
    #[sea_orm(num_value = 4)]
    HttpStatus,
    /// The body is over the size limit.
    #[sea_orm(num_value = 5)]
    TooLarge,
    /// Too many redirects, a loop, or one that may not be followed.
    #[sea_orm(num_value = 6)]
    Redirect,
    /// The address is private or otherwise not to be reached.
    #[sea_orm(num_value = 7)]
    ForbiddenAddress,
    /// The document is no feed.
    #[sea_orm(num_value = 8)]
    NotAFeed,
    /// The document is a feed, but broken beyond reading.
    #[sea_orm(num_value = 9)]
    Malformed,
    /// Anything else.
    #[sea_orm(num_value = 10)]
    Other,
}

/// What was repaired or looks wrong in a feed.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    DeriveActiveEnum,
)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FindingCode {
    /// The document is not well-formed, and was repaired.
    #[sea_orm(num_value = 0)]
    MalformedXml,
    /// The declared character set is not the real one.
    #[sea_orm(num_value = 1)]
    WrongCharset,
    /// The Content-Type says it is something else.
    #[sea_orm(num_value = 2)]
    WrongContentType,
    /// Entries carry no identifier.
    #[sea_orm(num_value = 3)]
    MissingIds,
    /// Several entries carry one identifier.
    #[sea_orm(num_value = 4)]
    DuplicateIds,
    /// Entries carry no date.
    #[sea_orm(num_value = 5)]
    MissingDates,
    /// Dates could not be read.
    #[sea_orm(num_value = 6)]
    UnreadableDates,
    /// Dates lie in the future.
    #[sea_orm(num_value = 7)]
    FutureDates,
    /// Links had to be made absolute.
    #[sea_orm(num_value = 8)]
    RelativeLinks,
    /// Scripts or other unsafe markup were taken out.
    #[sea_orm(num_value = 9)]
    UnsafeHtml,
    /// Entries carry no title.
    #[sea_orm(num_value = 10)]
    MissingTitles,
    /// The document ends before its end.
    #[sea_orm(num_value = 11)]
    Truncated,
    /// More entries than the limit; the rest was left out.
    #[sea_orm(num_value = 12)]
    TooManyEntries,
    /// The publisher gave known entries new identifiers.
    #[sea_orm(num_value = 13)]
    IdsChanged,
    /// The feed says, or its redirects say, that it moved.
    #[sea_orm(num_value = 14)]
    Moved,
    /// Anything else worth telling.
    #[sea_orm(num_value = 15)]
    Other,
}

/// What a row of the change log tells.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    DeriveActiveEnum,
)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeKind {
    /// An entry was stored.
    #[sea_orm(num_value = 0)]
    EntryAdded,
    /// A stored entry changed.
    #[sea_orm(num_value = 1)]
    EntryUpdated,
    /// An entry was taken out.
    #[sea_orm(num_value = 2)]
    EntryRemoved,
    /// A source is followed.
    #[sea_orm(num_value = 3)]
    SourceAdded,
    /// A source's public facts changed.
    #[sea_orm(num_value = 4)]
    SourceUpdated,
    /// A source is no longer followed.
    #[sea_orm(num_value = 5)]
    SourceRemoved,
    /// Other public data changed (a planet, an author); moves the revision, and is shown to nobody.
    #[sea_orm(num_value = 6)]
    Other,
}
