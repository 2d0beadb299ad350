//! Typed keys: a source's key cannot be passed where an entry's is wanted.

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType,
        )]
        #[sea_orm(try_from_u64)]
        pub struct $name(pub i64);
    )*};
}

keys! {
    /// Key of a row in `api_token`.
    ApiTokenId
    /// Key of a row in `audit`.
    AuditId
    /// Key of a row in `author`.
    AuthorId
    /// Key of a row in `entry`.
    EntryId
    /// Key of a row in `job`.
    JobId
    /// Key of a row in `planet`.
    PlanetId
    /// Key of a row in `proposal`.
    ProposalId
    /// Key of a row in `rule`.
    RuleId
    /// Number of a row in `change`; rises in commit order, without holes.
    Revision
    /// Key of a row in `session`.
    SessionId
    /// Key of a row in `source`.
    SourceId
    /// Key of a row in `tag`.
    TagId
    /// Key of a row in `user_account`.
    UserId
    /// Key of a row in `webhook`.
    WebhookId
}
