//! How polling goes, for editors. In: stored rows. Out: the contract's `Polling` and what hangs on it.
//! Must not know: SQL, or how the next poll is chosen.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use entity::{poll_attempt, poll_state};

use super::error::Result;
use super::loader::{self, AttemptsOf};
use super::page;
use super::scalar::{DateTime, int};
use super::{services, word};
use crate::{normalize, store};

/// The most attempts that are kept of a source.
const KEPT: u32 = 50;

/// How polling a source goes.
#[derive(Clone, Debug)]
pub struct Polling(pub Arc<poll_state::Model>);

/// How polling a source goes.
#[Object]
impl Polling {
    /// When the last attempt ended.
    fn last_polled_at(&self) -> Option<DateTime> {
        self.0.last_polled_at.map(DateTime)
    }

    /// When a changed document was last read.
    fn last_changed_at(&self) -> Option<DateTime> {
        self.0.last_changed_at.map(DateTime)
    }

    /// When it is due; null when it is not polled.
    fn next_poll_at(&self) -> Option<DateTime> {
        self.0.next_poll_at.map(DateTime)
    }

    /// The interval chosen last, in seconds.
    fn interval_seconds(&self) -> i32 {
        int(self.0.interval_seconds)
    }

    /// Failures since the last success.
    fn consecutive_failures(&self) -> i32 {
        self.0.consecutive_failures
    }

    /// The last failure; null after a success.
    fn last_error(&self) -> Option<PollError> {
        Some(PollError {
            kind: self.0.last_error_kind?.into(),
            message: self.0.last_error_message.clone().unwrap_or_default(),
            http_status: self.0.last_error_status.map(i32::from),
            at: DateTime(self.0.last_error_at?),
        })
    }

    /// True while a WebSub hub pushes this feed.
    fn push(&self, ctx: &Context<'_>) -> Result<bool> {
        let now = services(ctx)?.clock.now();
        Ok(self.0.push_until.is_some_and(|until| until > now))
    }

    /// Why the next poll is when it is, in words.
    fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The newest attempts, newest first; the last 50 are kept.
    async fn recent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many, 1 to 50; 20 when left out.")] first: Option<i32>,
    ) -> Result<Vec<PollAttempt>> {
        let size = first.map_or(Ok(page::USUAL), |first| page::size("first", first, KEPT))?;
        let attempts = loader::find(ctx, AttemptsOf(self.0.source_id, size)).await?;
        Ok(attempts
            .unwrap_or_default()
            .into_iter()
            .map(PollAttempt::from)
            .collect())
    }

    /// What was repaired or looks wrong in the feed as last read.
    fn findings(&self) -> Vec<Finding> {
        store::findings(&self.0.findings)
            .into_iter()
            .map(Finding::from)
            .collect()
    }
}

/// Why a poll failed.
#[derive(Clone, Debug, SimpleObject)]
pub struct PollError {
    /// What kind of thing went wrong.
    kind: word::PollErrorKind,
    /// In words.
    message: String,
    /// The HTTP status, where a server answered.
    http_status: Option<i32>,
    /// When.
    at: DateTime,
}

/// One attempt to poll a source.
#[derive(Clone, Debug, SimpleObject)]
pub struct PollAttempt {
    /// When it ended.
    at: DateTime,
    /// How it ended.
    outcome: word::PollOutcome,
    /// The HTTP status, where a server answered.
    http_status: Option<i32>,
    /// How long it took, in milliseconds.
    duration_ms: i32,
    /// Size of the document in bytes, after decompression.
    bytes: i32,
    /// New entries.
    added: i32,
    /// Changed entries.
    updated: i32,
    /// What went wrong, or what is worth telling.
    message: Option<String>,
}

impl From<poll_attempt::Model> for PollAttempt {
    fn from(row: poll_attempt::Model) -> Self {
        Self {
            at: DateTime(row.at),
            outcome: row.outcome.into(),
            http_status: row.http_status.map(i32::from),
            duration_ms: int(row.duration_ms),
            bytes: int(row.bytes),
            added: row.added,
            updated: row.updated,
            message: row.message,
        }
    }
}

/// Something repaired or wrong in a feed.
#[derive(Clone, Debug, SimpleObject)]
pub struct Finding {
    /// What kind of thing.
    code: word::FindingCode,
    /// In words.
    message: String,
    /// How often.
    count: i32,
}

impl From<normalize::Finding> for Finding {
    fn from(finding: normalize::Finding) -> Self {
        Self {
            code: finding.code.into(),
            message: finding.message,
            count: finding.count,
        }
    }
}
