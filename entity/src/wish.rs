//! The words of what people ask for, shared by the database, the stages and the API. Numbers are stored:
//! never change one.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

/// What an account may do; each role may do what those before it may.
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
pub enum Role {
    /// Keeps own marks.
    #[sea_orm(num_value = 0)]
    Reader,
    /// Manages sources, planets and entries.
    #[sea_orm(num_value = 1)]
    Editor,
    /// Manages accounts too.
    #[sea_orm(num_value = 2)]
    Admin,
}

/// What a background job does.
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
pub enum JobKind {
    /// Follows the feeds of a document.
    #[sea_orm(num_value = 0)]
    Import,
    /// Polls sources now.
    #[sea_orm(num_value = 1)]
    Refresh,
    /// Looks through stored entries after rules have changed.
    #[sea_orm(num_value = 11)]
    Rules,
}

/// How far a job is.
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
pub enum JobStatus {
    /// Not begun.
    #[sea_orm(num_value = 0)]
    Queued,
    /// At work.
    #[sea_orm(num_value = 1)]
    Running,
    /// Finished; single items may have failed.
    #[sea_orm(num_value = 2)]
    Done,
    /// Ended by an error.
    #[sea_orm(num_value = 3)]
    Failed,
    /// Ended by an editor's wish.
    #[sea_orm(num_value = 4)]
    Cancelled,
}

/// How a list of subscriptions is written.
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
pub enum SubscriptionFormat {
    /// Found out from the document.
    #[sea_orm(num_value = 0)]
    Auto,
    /// OPML 1 or 2.
    #[sea_orm(num_value = 1)]
    Opml,
    /// A Planet or Venus config.ini.
    #[sea_orm(num_value = 2)]
    PlanetIni,
    /// One URL a line.
    #[sea_orm(num_value = 3)]
    UrlList,
}

/// Why an input was refused, or an item of a job failed.
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
pub enum UserErrorCode {
    /// Not an absolute http or https URL.
    #[sea_orm(num_value = 0)]
    InvalidUrl,
    /// The address may not be reached.
    #[sea_orm(num_value = 1)]
    ForbiddenAddress,
    /// There is no feed there.
    #[sea_orm(num_value = 2)]
    NotAFeed,
    /// The server could not be reached or answered with an error.
    #[sea_orm(num_value = 3)]
    Unreachable,
    /// There is one already.
    #[sea_orm(num_value = 4)]
    AlreadyExists,
    /// There is none.
    #[sea_orm(num_value = 5)]
    NotFound,
    /// The value is not one of those allowed.
    #[sea_orm(num_value = 6)]
    InvalidValue,
    /// The value is too long.
    #[sea_orm(num_value = 7)]
    TooLong,
    /// User name and password do not fit.
    #[sea_orm(num_value = 8)]
    WrongCredentials,
    /// The password is too easy to guess.
    #[sea_orm(num_value = 9)]
    WeakPassword,
    /// The document could not be read.
    #[sea_orm(num_value = 10)]
    MalformedDocument,
    /// Too many tries; wait.
    #[sea_orm(num_value = 11)]
    RateLimited,
    /// The last admin must stay.
    #[sea_orm(num_value = 12)]
    LastAdmin,
    /// A file says so: change it there.
    #[sea_orm(num_value = 110)]
    ManagedByFile,
}

/// What a rule does with the entries that it matches.
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
pub enum RuleAction {
    /// Only entries that match a rule of this kind are shown, where there is one.
    #[sea_orm(num_value = 0)]
    Keep,
    /// They are not shown.
    #[sea_orm(num_value = 1)]
    Drop,
}

/// What of an entry a rule looks at.
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
pub enum RuleField {
    /// Its title.
    #[sea_orm(num_value = 0)]
    Title,
    /// Any of its tags.
    #[sea_orm(num_value = 1)]
    Tag,
    /// Any of its authors' names.
    #[sea_orm(num_value = 2)]
    Author,
    /// The text of its content.
    #[sea_orm(num_value = 3)]
    Text,
    /// Its language, as a BCP 47 tag.
    #[sea_orm(num_value = 4)]
    Language,
}

/// What became of a proposal.
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
pub enum ProposalState {
    /// Nobody has decided yet.
    #[sea_orm(num_value = 0)]
    Pending,
    /// It is followed.
    #[sea_orm(num_value = 1)]
    Approved,
    /// It is not wanted.
    #[sea_orm(num_value = 2)]
    Declined,
}
