//! Feedgraph's rows and the words for them: one module per table, typed keys, and the enumerations
//! that the database, the stages and the API share.
//!
//! In: nothing. Out: `SeaORM` entities. Must not know: how rows are found, or who asks for them.

pub mod api_token;
pub mod audit;
pub mod author;
pub mod author_alias;
pub mod change;
pub mod change_head;
pub mod declared_planet;
pub mod declared_source;
pub mod enclosure;
pub mod entry;
pub mod entry_alias;
pub mod entry_author;
pub mod entry_body;
pub mod entry_print;
pub mod entry_revision;
pub mod entry_tag;
pub mod host;
pub mod icon;
pub mod job;
pub mod job_item;
pub mod key;
pub mod planet;
pub mod planet_entry;
pub mod planet_hidden;
pub mod planet_link;
pub mod planet_source;
pub mod poll_attempt;
pub mod poll_state;
pub mod proposal;
pub mod read_mark;
pub mod reading;
pub mod refresh_token;
pub mod retraction;
pub mod rule;
pub mod session;
pub mod signing_key;
pub mod source;
pub mod source_alias;
pub mod source_author;
pub mod source_body;
pub mod star;
pub mod subscription;
pub mod tag;
pub mod time;
pub mod tombstone;
pub mod user;
pub mod webhook;
pub mod webhook_delivery;
pub mod wish;
pub mod withheld_entry;
pub mod word;

pub use key::{
    ApiTokenId, AuditId, AuthorId, EntryId, JobId, PlanetId, ProposalId, Revision, RuleId,
    SessionId, SourceId, TagId, UserId, WebhookId,
};
pub use time::Millis;
pub use wish::{
    JobKind, JobStatus, ProposalState, Role, RuleAction, RuleField, SubscriptionFormat,
    UserErrorCode,
};
pub use word::{
    ChangeKind, DateQuality, FeedFormat, FindingCode, PollErrorKind, PollOutcome, PushState,
    SourceStatus,
};
