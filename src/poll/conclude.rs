//! What a visit leaves behind. In: the claim, what was seen, the time and chance. Out: the record to store.
//! Pure. Must not know: HTTP, SQL.

use entity::{DateQuality, Millis, PollErrorKind, PollOutcome, SourceStatus};

use super::hub;
use super::moved::{self, Trail, Verdict};
use super::reading::{Seen, What};
use super::schedule::{
    self, Bounds, CHANCE_RANGE, Facts, Happened, LONGEST_WISH_SECONDS, Next, Wishes,
};
use super::settings::PollSettings;
use crate::fetch::{Answer, Failure, Validators, host_key};
use crate::normalize::{FeedDraft, Finding, Rhythm};
use crate::store::{Attempt, Claim, HubNews, NextState, VisitRecord};

/// How many entries tell a feed's rhythm.
const RHYTHM: usize = 16;
/// How long a host rests that answers 429 without saying for how long, in seconds.
const REST_SECONDS: i64 = 900;
/// How soon everything is tried again when our own network is down, in seconds.
pub const OUTAGE_RETRY_SECONDS: i64 = 300;

/// The circumstances of a visit.
#[derive(Clone, Debug)]
pub struct Moment<'a> {
    /// When the attempt ended.
    pub at: Millis,
    /// How long it took.
    pub duration_ms: i64,
    /// From 0 to [`CHANCE_RANGE`].
    pub chance: i64,
    /// Nearly nothing can be reached: it is our own network.
    pub outage: bool,
    /// How polling is set up.
    pub settings: &'a PollSettings,
}

/// What to store of a visit.
#[must_use]
pub fn conclude(claim: &Claim, seen: Seen, moment: &Moment<'_>) -> VisitRecord {
    let attempt = attempt(&seen, moment.duration_ms);
    let state = state(claim, &seen, moment);
    VisitRecord {
        at: moment.at,
        attempt,
        state,
        reading: match seen.what {
            What::Changed(reading) => Some(*reading),
            _ => None,
        },
    }
}

fn attempt(seen: &Seen, duration_ms: i64) -> Attempt {
    let (outcome, error, message) = match &seen.what {
        What::Changed(_) if seen.is_push => {
            let message = "pushed by its hub".to_owned();
            (PollOutcome::Changed, None, Some(message))
        }
        What::Changed(_) => (PollOutcome::Changed, None, None),
        What::NotModified | What::Same => (PollOutcome::Unchanged, None, None),
        What::Gone => (
            PollOutcome::Failed,
            Some(PollErrorKind::HttpStatus),
            Some("the server answered 410 Gone: it will not come back".to_owned()),
        ),
        What::Failed(Failure { kind, message }) => {
            (PollOutcome::Failed, Some(*kind), Some(message.clone()))
        }
    };
    Attempt {
        outcome,
        http_status: seen.answer.as_ref().map(|answer| answer.status),
        duration_ms,
        bytes: seen.bytes,
        message,
        error,
    }
}

fn state(claim: &Claim, seen: &Seen, moment: &Moment<'_>) -> NextState {
    let draft = match &seen.what {
        What::Changed(reading) => Some(&reading.draft),
        _ => None,
    };
    let well = matches!(seen.what, What::Changed(_) | What::NotModified | What::Same);
    let answer = seen.answer.as_ref();
    let rest = answer.and_then(|answer| rest_of(answer, moment.at));
    let verdict = verdict(claim, answer.filter(|_| well), well, moment);
    let spared = moment.outage && !well;
    let failures = match (well, spared) {
        (true, _) => 0,
        (false, true) => claim.consecutive_failures,
        (false, false) => claim.consecutive_failures.saturating_add(1),
    };
    let first_failed_at = (failures > 0).then(|| claim.first_failed_at.unwrap_or(moment.at));
    let next = if spared {
        after_outage(claim, moment)
    } else {
        schedule::next(&facts(
            claim,
            seen,
            draft,
            moment,
            (failures, first_failed_at),
        ))
    };
    let next = if claim.status == SourceStatus::Paused {
        paused(&next)
    } else {
        next
    };
    NextState {
        status: next.status,
        next_poll_at: next.at,
        reason: next.reason,
        interval_seconds: next.interval_seconds,
        validators: validators(claim, seen),
        consecutive_failures: failures,
        first_failed_at,
        rhythm: rhythm(claim, draft).clone(),
        findings: draft.map(|draft| findings(draft, &verdict, moment.at)),
        redirect_url: verdict.trail.url,
        redirect_since: verdict.trail.since,
        moved_to: verdict.moved_to,
        // Any answer but a wish for more rest is one, a redirect too; silence is none.
        resume_host: claim.host_rested
            && answer.is_some()
            && rest.as_ref().is_none_or(|(host, _)| *host != claim.host),
        rest_host: rest,
        hub: hub_news(claim, seen, draft, moment),
    }
}

fn hub_news(claim: &Claim, seen: &Seen, draft: Option<&FeedDraft>, moment: &Moment<'_>) -> HubNews {
    match draft {
        Some(_) if seen.is_push => HubNews::Pushed,
        Some(draft) if moment.settings.listens_to_hubs => {
            hub::news(seen.answer.as_ref(), &draft.feed, &claim.feed_url)
        }
        _ => HubNews::Unknown,
    }
}

/// A failure says nothing of where a feed moved, so the trail is kept.
fn verdict(claim: &Claim, answer: Option<&Answer>, well: bool, moment: &Moment<'_>) -> Verdict {
    let trail = Trail {
        url: claim.redirect_url.clone(),
        since: claim.redirect_since,
    };
    if !well {
        return Verdict {
            trail,
            moved_to: None,
        };
    }
    let leads_to = answer.and_then(|answer| answer.permanent_url.as_ref());
    let hold = moment.settings.redirect_hold_seconds;
    moved::judge(&trail, leads_to.map(url::Url::as_str), moment.at, hold)
}

fn facts(
    claim: &Claim,
    seen: &Seen,
    draft: Option<&FeedDraft>,
    moment: &Moment<'_>,
    (failures, failing_since): (i32, Option<Millis>),
) -> Facts {
    let answer = seen.answer.as_ref();
    Facts {
        now: moment.at,
        happened: match &seen.what {
            What::Changed(_) | What::NotModified | What::Same => Happened::Well,
            What::Gone => Happened::Gone,
            What::Failed(failure) => {
                Happened::Failed(failure.kind, answer.map(|answer| answer.status))
            }
        },
        bounds: bounds(claim, moment.settings),
        wishes: Wishes {
            rhythm: rhythm(claim, draft).clone(),
            fresh_seconds: answer.and_then(|answer| Some(answer.fresh?.seconds_from(moment.at))),
            retry_after_seconds: answer
                .and_then(|answer| Some(answer.retry_after?.seconds_from(moment.at))),
        },
        recent: recent(claim, draft, moment.at),
        is_pushed: claim.pushed_until.is_some_and(|until| until > moment.at),
        last_interval: claim.interval_seconds,
        failures,
        failing_since,
        chance: moment.chance,
    }
}

/// When the feed asks to be read again: as just read, or as last read.
fn rhythm<'r>(claim: &'r Claim, draft: Option<&'r FeedDraft>) -> &'r Rhythm {
    draft.map_or(&claim.rhythm, |draft| &draft.feed.rhythm)
}

/// The editor's bounds before the server's; a ceiling below the floor gives way.
fn bounds(claim: &Claim, settings: &PollSettings) -> Bounds {
    let max = claim
        .max_interval_seconds
        .unwrap_or(settings.bounds.max_seconds);
    let min = claim
        .min_interval_seconds
        .unwrap_or(settings.bounds.min_seconds.min(max));
    Bounds {
        min_seconds: min,
        max_seconds: max.max(min),
    }
}

/// When the newest entries were published, stored and just read, newest first.
fn recent(claim: &Claim, draft: Option<&FeedDraft>, at: Millis) -> Vec<Millis> {
    let mut times = claim.recent_published.clone();
    for entry in draft.into_iter().flat_map(|draft| &draft.entries) {
        let (placed, quality) = entry.dates.place(at);
        if quality != DateQuality::FirstSeen {
            times.push(placed);
        }
    }
    times.sort_unstable_by(|a, b| b.cmp(a));
    times.dedup();
    times.truncate(RHYTHM);
    times
}

/// What to ask with next time. Of a new document, exactly what came with it, since older
/// validators are of an older one; otherwise each is renewed where a new one came. A document that could
/// not be read, or not in whole, leaves the old ones, so that it is not taken for read.
fn validators(claim: &Claim, seen: &Seen) -> Validators {
    let old = &claim.validators;
    if !seen.is_whole {
        return old.clone();
    }
    match (&seen.what, &seen.answer) {
        (What::Changed(_), Some(answer)) => answer.validators.clone(),
        (What::NotModified | What::Same, Some(answer)) => {
            let new = &answer.validators;
            if !old.are_of(&answer.final_url) {
                // The same document from another address: what the old one gave is of no use there.
                return new.clone();
            }
            Validators {
                etag: new.etag.clone().or_else(|| old.etag.clone()),
                last_modified: new
                    .last_modified
                    .clone()
                    .or_else(|| old.last_modified.clone()),
                url: new.url.clone(),
            }
        }
        _ => old.clone(),
    }
}

fn findings(draft: &FeedDraft, verdict: &Verdict, at: Millis) -> Vec<Finding> {
    let mut findings = draft.findings_at(at);
    if let Some(url) = &verdict.trail.url {
        findings.push(Finding {
            code: entity::FindingCode::Moved,
            message: format!("Permanent redirects lead to {url}."),
            count: 1,
        });
    }
    findings
}

/// Which host, after redirects, is left alone as a whole, and until when: as long as it asks with 429 or 503, within reason.
#[must_use]
pub fn rest_of(answer: &Answer, at: Millis) -> Option<(String, Millis)> {
    let asked = answer.retry_after.map(|wait| wait.seconds_from(at));
    let asked = asked.filter(|seconds| *seconds > 0);
    let seconds = match answer.status {
        429 => asked.unwrap_or(REST_SECONDS),
        503 => asked?,
        _ => return None,
    };
    let until = at.plus_seconds(seconds.min(LONGEST_WISH_SECONDS));
    Some((host_key(answer.final_url.as_str()), until))
}

fn after_outage(claim: &Claim, moment: &Moment<'_>) -> Next {
    let wait = OUTAGE_RETRY_SECONDS * 1000;
    Next {
        at: Some(
            moment
                .at
                .plus_millis(wait + wait / CHANCE_RANGE * moment.chance),
        ),
        interval_seconds: claim.interval_seconds,
        reason: "Again soon: nothing can be reached, so it seems to be our own network.".to_owned(),
        status: claim.status,
    }
}

fn paused(next: &Next) -> Next {
    Next {
        at: None,
        interval_seconds: next.interval_seconds,
        reason: "Not polled: an editor has paused it.".to_owned(),
        status: SourceStatus::Paused,
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::fetch::Wait;

    fn answer(status: u16, retry_after: Option<i64>) -> Answer {
        Answer {
            status,
            final_url: Url::parse("https://example.org/feed").unwrap(),
            permanent_url: None,
            validators: Validators::default(),
            fresh: None,
            retry_after: retry_after.map(Wait::Seconds),
            links: Vec::new(),
            wire_bytes: 0,
            is_framed: true,
        }
    }

    #[test]
    fn a_host_rests_as_long_as_it_asks_within_reason() {
        let rest = |status, asked| {
            let (host, until) = rest_of(&answer(status, asked), Millis(0))?;
            assert_eq!(host, "example.org");
            Some(until.0 / 1000)
        };
        assert_eq!(rest(429, None), Some(900));
        assert_eq!(rest(429, Some(120)), Some(120));
        assert_eq!(rest(429, Some(0)), Some(900));
        assert_eq!(rest(429, Some(i64::MAX)), Some(LONGEST_WISH_SECONDS));
        assert_eq!(rest(503, Some(60)), Some(60));
        assert_eq!(rest(503, None), None);
        assert_eq!(rest(503, Some(0)), None);
        assert_eq!(rest(500, Some(60)), None);
    }
}
