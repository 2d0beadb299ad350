//! One visit, start to end: wait for the host, fetch, read, conclude, store. In: a claim. Out: what was
//! stored, or nothing when it was given back or refused. Must not know: who asked for it.

use std::error::Error;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use entity::{Millis, PollErrorKind, PollOutcome, SourceId};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Poller;
use super::conclude::{Moment, OUTAGE_RETRY_SECONDS, conclude};
use super::hosts::Turn;
use super::meter::Meter;
use super::outage::{Outage, is_silence};
use super::reading::{Seen, What};
use super::schedule::CHANCE_RANGE;
use crate::fetch::{Failure, Outcome};
use crate::store::{Attempt, Claim, HubNews, Pardon, StoreError, VisitRecord, VisitSummary};

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
    place: Option<OwnedSemaphorePermit>,
) -> Result<Option<Visited>, StoreError> {
    let seen = tokio::select! {
        seen = look(poller, &claim, hurry) => seen,
        () = lost(poller, &claim) => return Ok(None),
    };
    drop(place);
    let Some((seen, took)) = seen else {
        poller.store().release(&[&claim]).await?;
        return Ok(None);
    };
    settle(poller, &claim, seen, took).await
}

/// Waits for the host, fetches and reads, and says how long that took; nothing when `hurry` came before, or the host
/// asked for rest.
async fn look(
    poller: &Poller,
    claim: &Claim,
    hurry: &CancellationToken,
) -> Option<(Seen, Duration)> {
    let pass = tokio::select! {
        pass = poller.hosts().enter(&claim.host) => pass,
        () = hurry.cancelled() => return None,
    };
    let now = poller.clock().now();
    if poller.hosts().rests_until(&claim.host, now).is_some() {
        // Another visit was told so while this one waited for its turn.
        return None;
    }
    let turn = poller.hosts().turn(pass);
    let began = Instant::now();
    let outcome = tokio::select! {
        outcome = fetch(poller, claim, &turn) => outcome,
        () = hurry.cancelled() => return None,
    };
    if let Some(answer) = outcome.answer() {
        poller.heed_rest(answer);
    }
    drop(turn);
    let seen = poller.reader().read(claim, outcome).await;
    Some((seen, began.elapsed()))
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

/// Concludes from what was seen and stores that; None when the store refused it.
///
/// # Errors
/// When the store fails.
pub async fn settle(
    poller: &Poller,
    claim: &Claim,
    seen: Seen,
    took: Duration,
) -> Result<Option<Visited>, StoreError> {
    let at = poller.clock().now();
    let error = match &seen.what {
        What::Failed(failure) => Some(failure.kind),
        _ => None,
    };
    let moment = Moment {
        at,
        duration_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        chance: rand::random_range(0..=CHANCE_RANGE),
        outage: outage(poller).note(&claim.host, error),
        settings: poller.settings(),
    };
    let wire_bytes = seen.answer.as_ref().map_or(0, |answer| answer.wire_bytes);
    let record = Arc::new(conclude(claim, seen, &moment));
    clean_what_is_new(poller, claim, &record).await?;
    let meter = Meter::new(claim, wire_bytes, record.reading.as_ref(), at);
    let store = poller.store();
    let summary = store.record_with_others(claim, Arc::clone(&record)).await?;
    if let Some(summary) = &summary {
        let mut counted = meter.read(claim, at, &record.attempt, summary);
        if record.state.hub == HubNews::Pushed {
            counted.outcome = "pushed";
        }
        poller.metrics().polled(&counted);
    }
    if error.is_some_and(is_silence) {
        blame(poller, claim, at, moment.outage).await?;
    }
    Ok(report(claim, &record, summary))
}

/// Cleans the contents that will be stored before a transaction is open: it is most of the work of a visit, and whoever
/// writes would wait for it.
async fn clean_what_is_new(
    poller: &Poller,
    claim: &Claim,
    record: &Arc<VisitRecord>,
) -> Result<(), StoreError> {
    let Some(reading) = &record.reading else {
        return Ok(());
    };
    let new = poller
        .store()
        .not_stored(claim, &reading.draft.entries)
        .await?;
    if new.is_empty() {
        return Ok(());
    }
    let record = Arc::clone(record);
    let cleaning = move || {
        let drafts = record
            .reading
            .as_ref()
            .map(|reading| &reading.draft.entries);
        for position in new {
            if let Some(draft) = drafts.and_then(|drafts| drafts.get(position)) {
                draft.content.get();
            }
        }
    };
    // What stops here stops again where the content is asked for.
    poller.reader().apart(cleaning).await.ok();
    Ok(())
}

fn outage(poller: &Poller) -> MutexGuard<'_, Outage> {
    // Nothing panics while holding it.
    let outage = poller.outage().lock();
    outage.unwrap_or_else(PoisonError::into_inner)
}

/// Remembers who was blamed for silence; once the silence is seen to be our own, takes the blame back.
async fn blame(
    poller: &Poller,
    claim: &Claim,
    at: Millis,
    was_spared: bool,
) -> Result<(), StoreError> {
    let pardons = {
        let mut outage = outage(poller);
        if !was_spared {
            outage.blame(Pardon {
                source_id: claim.source_id,
                fence: claim.fence,
                failures: claim.consecutive_failures,
                first_failed_at: claim.first_failed_at,
                status: claim.status,
                at,
            });
        }
        outage.pardons(at)
    };
    if pardons.is_empty() {
        return Ok(());
    }
    let due = at.plus_seconds(OUTAGE_RETRY_SECONDS);
    let sources = poller.store().pardon(&pardons, due, at).await?;
    tracing::warn!(sources, "nothing can be reached: blame taken back");
    Ok(())
}

async fn fetch(poller: &Poller, claim: &Claim, turn: &Turn) -> Outcome {
    let wait = |host| poller.go_on(turn, host);
    match Url::parse(&claim.feed_url) {
        Ok(url) => {
            let asked = &claim.validators;
            poller.fetcher().fetch_in_turn(&url, asked, &wait).await
        }
        Err(_) => Outcome::Failed {
            answer: None,
            failure: Failure {
                kind: PollErrorKind::Other,
                message: "the feed's address is no URL".to_owned(),
            },
        },
    }
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
