//! Table `poll_state`. Observed.

use sea_orm::entity::prelude::*;

use crate::{Millis, PollErrorKind, SourceId};

/// How polling a source goes. Apart from `source`, since every visit rewrites it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "poll_state")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: SourceId,
    /// The publisher's host as the limits per host count it (`fetch::host_key` of the feed URL), so that a
    /// claim can pass over hosts that are busy or paused.
    pub host: String,
    /// When it is due; null when it is not polled (paused, dead, removed).
    pub next_poll_at: Option<Millis>,
    /// An editor asked for a poll now: host spacing still holds, the interval does not.
    pub due_now: bool,
    /// Why the next poll is when it is, in words.
    pub reason: String,
    /// The interval chosen last.
    pub interval_seconds: i64,
    /// The publisher's `ETag`, byte for byte.
    pub etag: Option<Vec<u8>>,
    /// The publisher's Last-Modified, byte for byte.
    pub last_modified: Option<Vec<u8>>,
    /// Which address gave them, after redirects; null when that is not known.
    pub validators_url: Option<String>,
    /// Hash of the last body read, to see an equal one.
    pub body_hash: Option<Vec<u8>>,
    /// When the last attempt ended.
    pub last_polled_at: Option<Millis>,
    /// When a changed document was last read.
    pub last_changed_at: Option<Millis>,
    /// When the present row of failures began.
    pub first_failed_at: Option<Millis>,
    /// Failures since the last success.
    pub consecutive_failures: i32,
    /// The last failure, cleared by a success.
    pub last_error_kind: Option<PollErrorKind>,
    /// In words, without insides.
    pub last_error_message: Option<String>,
    /// Its HTTP status.
    pub last_error_status: Option<i16>,
    /// When.
    pub last_error_at: Option<Millis>,
    /// What was repaired or looks wrong as last read: a JSON list of {code, message, count}.
    pub findings: String,
    /// Where permanent redirects led last time.
    pub redirect_url: Option<String>,
    /// Since when they lead there.
    pub redirect_since: Option<Millis>,
    /// When the feed itself asked to be read again, when last read: a JSON object of {`ttl_seconds`, `skip_hours`,
    /// `skip_days`}. It counts on a 304 too.
    pub rhythm: String,
    /// Size of the last document read, which a 304 saves.
    pub body_bytes: Option<i64>,
    /// Until when a hub pushes the feed.
    pub push_until: Option<Millis>,
    /// Whether its pushes have brought what polls would have found.
    pub push_trusted: bool,
    /// End of the lease of the node that is polling it now.
    pub claimed_until: Option<Millis>,
    /// That node.
    pub claimed_by: Option<String>,
    /// Rises with every claim; a late write with an older one is refused.
    pub fence: i64,
    /// When the newest entries were published, at most 16, newest first: a JSON list of instants. The
    /// feed's own rhythm, kept here so that claiming does not read entries.
    pub recent_published: String,
}

/// What it belongs to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its source.
    #[sea_orm(
        belongs_to = "super::source::Entity",
        from = "Column::SourceId",
        to = "super::source::Column::Id"
    )]
    Source,
}

impl Related<super::source::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Source.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
