//! What a visit takes from the store and leaves in it. In: nothing. Out: plain values. Must not know: SQL.

use entity::{Millis, PollErrorKind, PollOutcome, Revision, SourceId, SourceStatus};

use super::packed::pack;
use crate::fetch::Validators;
use crate::normalize::{FeedDraft, Finding, Rhythm};

/// How much of what is due a node takes at once. Hosts that are paused in the table `host` are passed over
/// besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimLimits {
    /// At most so many sources.
    pub sources: u64,
    /// At most so many of one host.
    pub per_host: u32,
    /// None of these hosts: the node has enough of them in hand.
    pub busy_hosts: Vec<String>,
}

/// A source that this node may poll until its lease ends: all that is known before fetching, so that
/// fetching and scheduling need no further read.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The source.
    pub source_id: SourceId,
    /// Where it is polled.
    pub feed_url: String,
    /// Its host as the limits per host count it.
    pub host: String,
    /// How it was doing.
    pub status: SourceStatus,
    /// Rises with every claim; a visit with an older one is refused.
    pub fence: i64,
    /// Until when a hub pushes the feed, where its pushes have brought what polls would have found.
    pub pushed_until: Option<Millis>,
    /// When it was due.
    pub due_at: Option<Millis>,
    /// Size of the document last read, which a 304 saves.
    pub body_bytes: i64,
    /// Whether its host had asked for rest, and has not been asked since: this visit is the probe.
    pub host_rested: bool,
    /// What to ask conditionally with.
    pub validators: Validators,
    /// Hash of the last body read.
    pub body_hash: Option<Vec<u8>>,
    /// Whether it was never read before: its entries are backlog.
    pub first_visit: bool,
    /// Whether an editor asked for this poll.
    pub due_now: bool,
    /// The editor's floor for the interval.
    pub min_interval_seconds: Option<i64>,
    /// The editor's ceiling for the interval.
    pub max_interval_seconds: Option<i64>,
    /// On the first visit, leave out entries older than this.
    pub max_age_days: Option<i64>,
    /// Regular expressions of which one must match title or a tag; all pass when there is none.
    pub keep_rules: Vec<String>,
    /// Regular expressions of which none may match title or a tag.
    pub drop_rules: Vec<String>,
    /// The interval chosen last.
    pub interval_seconds: i64,
    /// When the last attempt ended.
    pub last_polled_at: Option<Millis>,
    /// When a changed document was last read.
    pub last_changed_at: Option<Millis>,
    /// Failures since the last success.
    pub consecutive_failures: i32,
    /// When the present row of failures began.
    pub first_failed_at: Option<Millis>,
    /// When the feed asked to be read again, when last read.
    pub rhythm: Rhythm,
    /// Where permanent redirects led last time.
    pub redirect_url: Option<String>,
    /// Since when they lead there.
    pub redirect_since: Option<Millis>,
    /// `published_at` of the newest stored entries, newest first, at most 16: the feed's own rhythm.
    pub recent_published: Vec<Millis>,
}

/// All that a visit leaves behind; stored in one transaction, or refused as a whole when the claim's
/// fence is no longer the newest or the source is gone.
#[derive(Clone, Debug)]
pub struct VisitRecord {
    /// When the attempt ended; new entries are first seen then.
    pub at: Millis,
    /// How the attempt went.
    pub attempt: Attempt,
    /// What was read, when a new document was.
    pub reading: Option<Reading>,
    /// What to keep for the next poll.
    pub state: NextState,
}

/// One attempt to poll, for the record. `added` and `updated` are counted by the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// How it ended.
    pub outcome: PollOutcome,
    /// Status of the last hop, where one answered.
    pub http_status: Option<u16>,
    /// How long it took.
    pub duration_ms: i64,
    /// Size of the body after decompression.
    pub bytes: i64,
    /// What went wrong, or what is worth telling.
    pub message: Option<String>,
    /// What kind of thing went wrong; none for a success.
    pub error: Option<PollErrorKind>,
}

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What it says, rules already applied.
    pub draft: FeedDraft,
    /// Hash of its bytes.
    pub body_hash: Vec<u8>,
    /// Its bytes, to be read again; none when they are too many to keep.
    pub body: Option<PackedBody>,
}

/// The bytes of a document, compressed, and what it takes to read them again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedBody {
    pub(super) packed: Vec<u8>,
    pub(super) content_type: Option<String>,
    pub(super) url: String,
}

impl PackedBody {
    /// Compresses the bytes that `url` answered with; none when they are more than `most` even so.
    #[must_use]
    pub fn pack(bytes: &[u8], content_type: Option<&str>, url: &str, most: usize) -> Option<Self> {
        if most == 0 {
            return None;
        }
        let packed = pack(bytes);
        (packed.len() <= most).then(|| Self {
            packed,
            content_type: content_type.map(str::to_owned),
            url: url.to_owned(),
        })
    }
}

/// What to keep for the next poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextState {
    /// How the source is doing now. A change of it is a change row.
    pub status: SourceStatus,
    /// When to poll next; none ends polling.
    pub next_poll_at: Option<Millis>,
    /// Why then, in words.
    pub reason: String,
    /// The interval chosen.
    pub interval_seconds: i64,
    /// Validators to keep, complete (already merged with the old ones on a 304).
    pub validators: Validators,
    /// Failures since the last success, this attempt included.
    pub consecutive_failures: i32,
    /// When the present row of failures began.
    pub first_failed_at: Option<Millis>,
    /// When the feed asks to be read again.
    pub rhythm: Rhythm,
    /// Where permanent redirects led this time.
    pub redirect_url: Option<String>,
    /// Since when they lead there.
    pub redirect_since: Option<Millis>,
    /// A new feed URL to keep (permanent redirects held long enough); the old one stays as an alias.
    pub moved_to: Option<String>,
    /// A whole host, the source's own or one that it redirects to, asked for rest until then (429 or 503): nothing of it
    /// is claimed before.
    pub rest_host: Option<(String, Millis)>,
    /// The source's host, which had asked for rest, answers again: it need not be probed any more.
    pub resume_host: bool,
    /// What the visit says of a hub.
    pub hub: HubNews,
    /// Findings that replace the stored ones; none keeps them.
    pub findings: Option<Vec<Finding>>,
}

/// What a visit says of a hub that pushes the feed (`WebSub`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HubNews {
    /// Nothing: no new document was read, or hubs are not listened to.
    #[default]
    Unknown,
    /// The feed names no hub.
    Unnamed,
    /// The feed names a hub.
    Named(Offer),
    /// A hub brought the document.
    Pushed,
}

/// A hub, and what it calls the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The hub.
    pub hub: String,
    /// The topic.
    pub topic: String,
}

/// What storing a visit did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitSummary {
    /// New entries.
    pub added: i32,
    /// Changed entries.
    pub updated: i32,
    /// The newest change row that it wrote; none when nothing public changed.
    pub revision: Option<Revision>,
    /// Key of the row in `poll_attempt`.
    pub attempt_id: i64,
}
