//! The words of the contract: the stored enumerations as GraphQL enumerations. In: nothing. Out: types
//! with conversions both ways. Must not know: where they are used.

use async_graphql::Enum;

/// How a source is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::SourceStatus")]
pub enum SourceStatus {
    /// Polled on schedule.
    Active,
    /// Polled, and the last attempts failed.
    Failing,
    /// Not polled, by an editor's wish.
    Paused,
    /// Not polled any more: the publisher answered 410 Gone, or it failed for too long.
    Dead,
}

/// The family of format that a feed is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::FeedFormat")]
pub enum FeedFormat {
    /// RSS 0.90 to 0.94.
    #[graphql(name = "RSS_0")]
    Rss0,
    /// RSS 1.0 (RDF).
    #[graphql(name = "RSS_1")]
    Rss1,
    /// RSS 2.0.
    #[graphql(name = "RSS_2")]
    Rss2,
    /// Atom 0.3.
    #[graphql(name = "ATOM_0")]
    Atom0,
    /// Atom 1.0 (RFC 4287).
    #[graphql(name = "ATOM_1")]
    Atom1,
    /// JSON Feed 1.0 or 1.1.
    JsonFeed,
}

/// Where an entry's place in time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::DateQuality")]
pub enum DateQuality {
    /// The publisher's publication date.
    Published,
    /// The publisher gave only an update date.
    Updated,
    /// No usable date: the time it was first seen.
    FirstSeen,
}

/// How an attempt to poll ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::PollOutcome")]
pub enum PollOutcome {
    /// A new document was read.
    Changed,
    /// The publisher said, or the bytes showed, that nothing changed.
    Unchanged,
    /// No document could be had or read.
    Failed,
}

/// What kind of thing went wrong in a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::PollErrorKind")]
pub enum PollErrorKind {
    /// The host name did not resolve.
    Dns,
    /// No connection to the host.
    Connect,
    /// The TLS handshake or certificate failed.
    Tls,
    /// A time limit ran out.
    Timeout,
    /// An HTTP status that is no success.
    HttpStatus,
    /// The body is over the size limit.
    TooLarge,
    /// Too many redirects, a loop, or one that may not be followed.
    Redirect,
    /// The address is private or otherwise not to be reached.
    ForbiddenAddress,
    /// The document is no feed.
    NotAFeed,
    /// The document is a feed, but broken beyond reading.
    Malformed,
    /// Anything else.
    Other,
}

/// What was repaired or looks wrong in a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::FindingCode")]
pub enum FindingCode {
    /// The document is not well-formed, and was repaired.
    MalformedXml,
    /// The declared character set is not the real one.
    WrongCharset,
    /// The Content-Type says it is something else.
    WrongContentType,
    /// Entries carry no identifier.
    MissingIds,
    /// Several entries carry one identifier.
    DuplicateIds,
    /// Entries carry no date.
    MissingDates,
    /// Dates could not be read.
    UnreadableDates,
    /// Dates lie in the future.
    FutureDates,
    /// Links had to be made absolute.
    RelativeLinks,
    /// Scripts or other unsafe markup were taken out.
    UnsafeHtml,
    /// Entries carry no title.
    MissingTitles,
    /// The document ends before its end.
    Truncated,
    /// More entries than the limit; the rest was left out.
    TooManyEntries,
    /// The publisher gave known entries new identifiers.
    IdsChanged,
    /// The feed says, or its redirects say, that it moved.
    Moved,
    /// Anything else worth telling.
    Other,
}

/// What an account may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::Role")]
pub enum Role {
    /// Keeps own marks.
    Reader,
    /// Manages sources, planets and entries.
    Editor,
    /// Manages accounts too.
    Admin,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::JobStatus")]
pub enum JobStatus {
    /// Not begun.
    Queued,
    /// At work.
    Running,
    /// Finished; single items may have failed.
    Done,
    /// Ended by an error.
    Failed,
    /// Ended by an editor's wish.
    Cancelled,
}

/// How a list of subscriptions is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::SubscriptionFormat")]
pub enum SubscriptionFormat {
    /// Found out from the document.
    Auto,
    /// OPML 1 or 2.
    Opml,
    /// A Planet or Venus config.ini.
    PlanetIni,
    /// One URL a line.
    UrlList,
}

/// Why an input was refused, or an item of a job failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::UserErrorCode")]
pub enum UserErrorCode {
    /// Not an absolute http or https URL.
    InvalidUrl,
    /// The address may not be reached.
    ForbiddenAddress,
    /// There is no feed there.
    NotAFeed,
    /// The server could not be reached or answered with an error.
    Unreachable,
    /// There is one already.
    AlreadyExists,
    /// There is none.
    NotFound,
    /// The value is not one of those allowed.
    InvalidValue,
    /// The value is too long.
    TooLong,
    /// User name and password do not fit.
    WrongCredentials,
    /// The password is too easy to guess.
    WeakPassword,
    /// The document could not be read.
    MalformedDocument,
    /// Too many tries; wait.
    RateLimited,
    /// The last admin must stay.
    LastAdmin,
    /// A file owns this: change it there and apply the file again.
    ManagedByFile,
}

/// What a rule does with the entries that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::RuleAction")]
pub enum RuleAction {
    /// Where there are rules of this kind, only entries that match one of them are shown.
    Keep,
    /// They are not shown.
    Drop,
}

/// What of an entry a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::RuleField")]
pub enum RuleField {
    /// Its title.
    Title,
    /// Any of its tags.
    Tag,
    /// Any of its authors' names.
    Author,
    /// The text of its content.
    Text,
    /// Its language, as a BCP 47 tag.
    Language,
}

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::ProposalState")]
pub enum ProposalState {
    /// Nobody has decided yet.
    Pending,
    /// It is followed.
    Approved,
    /// It is not wanted.
    Declined,
}

/// Who says what a planet or a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ManagedBy {
    /// Editors, through this API.
    Editors,
    /// A file, through `feedgraph apply`: the API refuses to change it.
    File,
}

impl ManagedBy {
    /// By whether a file owns it.
    #[must_use]
    pub const fn of(since: Option<entity::Millis>) -> Self {
        match since {
            Some(_) => Self::File,
            None => Self::Editors,
        }
    }
}
