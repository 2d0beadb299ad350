//! One visit, start to end: wait for the host, fetch, read, conclude, store. In: a claim. Out: what was
//! stored, or nothing when it was given back or refused. Must not know: who asked for it.

use std::error::Error;
use std::sync::{Arc, PoisonError};

use entity::{Millis, PollErrorKind, PollOutcome, SourceId};
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Poller;
use super::conclude::{Moment, conclude};
use super::reading::{Seen, What};
use super::schedule::CHANCE_RANGE;
use crate::fetch::{Failure, Outcome};
use crate::store::{Attempt, Claim, StoreError, VisitRecord, VisitSummary};

/// A visit that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visited {
    /// The source.
    pub source_id: SourceId,
    /// Where it was polled.
    pub feed_url: String,
    /// When the attempt ended.
    pub at: Millis,
    /// How it went.
    pub attempt: Attempt,
    /// What storing it did.
    pub summary: VisitSummary,
}

/// Visits a claimed source, and holds on to the claim as long as that takes. None when `hurry` came before anything
/// was read and the claim was given back, or when the claim is not the newest any more. `place` is given back
/// before the visit is stored.
///
/// # Errors
/// When the store fails. The claim then runs out by itself, and the source is visited again.
pub async fn run(
    poller: &Poller,
    claim: Claim,
    hurry: &CancellationToken,
    place: Option<SemaphorePermit<'_>>,
) -> Result<Option<Visited>, StoreError> {
    let record = tokio::select! {
        record = look(poller, &claim, hurry) => record,
        () = lost(poller, &claim) => return Ok(None),
    };
    drop(place);
    let Some(record) = record else {
        poller.store().release(&[&claim]).await?;
        return Ok(None);
    };
    let record = Arc::new(record);
    let store = poller.store();
    let summary = store
        .record_with_others(&claim, Arc::clone(&record))
        .await?;
    Ok(report(&claim, &record, summary))
}

/// Waits for the host, fetches and reads; nothing when `hurry` came before.
async fn look(poller: &Poller, claim: &Claim, hurry: &CancellationToken) -> Option<VisitRecord> {
    let pass = tokio::select! {
        pass = poller.hosts().enter(&claim.host) => pass,
        () = hurry.cancelled() => return None,
    };
    let began = Instant::now();
    let outcome = tokio::select! {
        outcome = fetch(poller, claim) => outcome,
        () = hurry.cancelled() => return None,
    };
    drop(pass);
    let at = poller.clock().now();
    let seen = poller.reader().read(claim, outcome).await;
    let moment = Moment {
        at,
        duration_ms: i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX),
        chance: rand::random_range(0..=CHANCE_RANGE),
        outage: note_outage(poller, claim, &seen),
        settings: poller.settings(),
    };
    Some(conclude(claim, seen, &moment))
}

/// Renews the claim well before it runs out; returns when it is lost to another node.
async fn lost(poller: &Poller, claim: &Claim) {
    let every = poller.settings().renew_every();
    let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
    loop {
        ticks.tick().await;
        match poller.store().renew(&poller.lease(), &[claim]).await {
            Ok(0) => {
                tracing::warn!(source.id = claim.source_id.0, "claim lost");
                return;
            }
            Ok(_) => {}
            Err(error) => {
                let error: &dyn Error = &error;
                tracing::warn!(error, source.id = claim.source_id.0, "claim not renewed");
            }
        }
    }
}

async fn fetch(poller: &Poller, claim: &Claim) -> Outcome {
    match Url::parse(&claim.feed_url) {
        Ok(url) => poller.fetcher().fetch(&url, &claim.validators).await,
        Err(_) => Outcome::Failed {
            answer: None,
            failure: Failure {
                kind: PollErrorKind::Other,
                message: "the feed's address is no URL".to_owned(),
            },
        },
    }
}

fn note_outage(poller: &Poller, claim: &Claim, seen: &Seen) -> bool {
    let error = match &seen.what {
        What::Failed(failure) => Some(failure.kind),
        _ => None,
    };
    // Nothing panics while holding it.
    let mut outage = poller
        .outage()
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    outage.note(&claim.host, error)
}

/// What changed or failed is news; that nothing changed is what most polls say.
fn report_attempt(claim: &Claim, attempt: &Attempt, summary: &VisitSummary) {
    let source = claim.source_id.0;
    let duration_ms = attempt.duration_ms;
    if attempt.outcome == PollOutcome::Unchanged {
        tracing::debug!(source.id = source, duration_ms, "source unchanged");
        return;
    }
    tracing::info!(
        source.id = source,
        outcome = ?attempt.outcome,
        http.status = attempt.http_status,
        error.kind = ?attempt.error,
        duration_ms,
        bytes = attempt.bytes,
        entries.added = summary.added,
        entries.updated = summary.updated,
        "source polled"
    );
}

fn report(claim: &Claim, record: &VisitRecord, summary: Option<VisitSummary>) -> Option<Visited> {
    let VisitRecord {
        at, attempt, state, ..
    } = record;
    let Some(summary) = summary else {
        tracing::warn!(
            source.id = claim.source_id.0,
            "visit refused: the claim is not the newest"
        );
        return None;
    };
    report_attempt(claim, attempt, &summary);
    if state.status != claim.status {
        tracing::warn!(
            source.id = claim.source_id.0,
            status.old = ?claim.status,
            status.new = ?state.status,
            error.message = attempt.message,
            "source status changed"
        );
    }
    Some(Visited {
        source_id: claim.source_id,
        feed_url: claim.feed_url.clone(),
        at: *at,
        attempt: attempt.clone(),
        summary,
    })
}
