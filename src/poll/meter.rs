//! What is counted of a visit. In: the claim, what was stored. Out: numbers. Pure. Must not know: who reads them.

use std::time::Duration;

use entity::{DateQuality, Millis, PollErrorKind, PollOutcome};

use crate::metrics::Polled;
use crate::store::{Attempt, Claim, Reading, VisitSummary};

/// What is known of a visit before it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    wire_bytes: u64,
    /// When the entries were published, newest first.
    published: Vec<Millis>,
}

impl Meter {
    /// Reads what storing takes away.
    #[must_use]
    pub fn new(claim: &Claim, wire_bytes: u64, reading: Option<&Reading>, at: Millis) -> Self {
        // What a feed had before it was followed says nothing of how soon its news come.
        let reading = reading.filter(|_| !claim.first_visit);
        let entries = reading.map(|reading| &reading.draft.entries);
        let mut published: Vec<Millis> = entries
            .into_iter()
            .flatten()
            .map(|entry| entry.dates.place(at))
            .filter(|(_, quality)| *quality != DateQuality::FirstSeen)
            .map(|(published, _)| published)
            .collect();
        published.sort_unstable_by(|a, b| b.cmp(a));
        Self {
            wire_bytes,
            published,
        }
    }

    /// What to count, once it is stored.
    #[must_use]
    pub fn read(
        self,
        claim: &Claim,
        at: Millis,
        attempt: &Attempt,
        summary: &VisitSummary,
    ) -> Polled {
        let took = millis(attempt.duration_ms);
        let began = at.plus_millis(-attempt.duration_ms);
        let added = usize::try_from(summary.added).unwrap_or_default();
        let saved = attempt.http_status == Some(304);
        let newest = self.published.into_iter().take(added);
        Polled {
            outcome: outcome(attempt.outcome),
            kind: attempt.error.map_or("", kind),
            took,
            late: claim
                .due_at
                .map_or(Duration::ZERO, |due| millis(began.since(due))),
            wire_bytes: self.wire_bytes,
            body_bytes: count(attempt.bytes),
            saved_bytes: if saved { count(claim.body_bytes) } else { 0 },
            added: count(summary.added.into()),
            updated: count(summary.updated.into()),
            freshness: newest
                .map(|published| millis(at.since(published)))
                .collect(),
        }
    }
}

fn millis(millis: i64) -> Duration {
    Duration::from_millis(count(millis))
}

/// Nothing that is counted is below zero; a clock that jumps may say so.
fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

const fn outcome(outcome: PollOutcome) -> &'static str {
    match outcome {
        PollOutcome::Changed => "changed",
        PollOutcome::Unchanged => "unchanged",
        PollOutcome::Failed => "failed",
    }
}

const fn kind(kind: PollErrorKind) -> &'static str {
    match kind {
        PollErrorKind::Dns => "dns",
        PollErrorKind::Connect => "connect",
        PollErrorKind::Tls => "tls",
        PollErrorKind::Timeout => "timeout",
        PollErrorKind::HttpStatus => "http_status",
        PollErrorKind::TooLarge => "too_large",
        PollErrorKind::Redirect => "redirect",
        PollErrorKind::ForbiddenAddress => "forbidden_address",
        PollErrorKind::NotAFeed => "not_a_feed",
        PollErrorKind::Malformed => "malformed",
        PollErrorKind::Other => "other",
    }
}
