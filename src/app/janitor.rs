//! What has to be tidied up from time to time. In: the clock. Out: old rows of the logs, sessions, jobs and attempts gone.
//! Must not know: who reads them.

use std::error::Error;
use std::time::Duration;

use entity::Millis;
use tokio_util::sync::CancellationToken;

use super::Parts;
use crate::store::StoreError;

/// How often to look.
const EVERY: Duration = Duration::from_hours(1);
/// Jobs that ended are kept so long, so that whoever began one can look what became of it.
const JOB_DAYS: i64 = 30;
/// Sessions are kept so long after their end, so that a token that is used again is still known.
const SESSION_DAYS: i64 = 7;
/// Attempts of sources that are polled so rarely that the newest fifty go back further.
const ATTEMPT_DAYS: i64 = 180;

/// How long things are kept, in days.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// The change log.
    pub changes_days: i64,
    /// Who changed what.
    pub audit_days: i64,
}

/// Tidies up now and then, until `stop`.
pub async fn run(parts: Parts, kept: Kept, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => tidy(&parts, kept).await,
        }
    }
}

async fn tidy(parts: &Parts, kept: Kept) {
    let now = parts.clock.now();
    let store = &parts.store;
    told(
        "change log",
        store.trim_changes(before(now, kept.changes_days)).await,
    );
    told(
        "audit log",
        store.trim_audit(before(now, kept.audit_days)).await,
    );
    told(
        "sessions",
        store.delete_old_sessions(before(now, SESSION_DAYS)).await,
    );
    told("jobs", store.delete_old_jobs(before(now, JOB_DAYS)).await);
    told(
        "attempts",
        store.delete_old_attempts(before(now, ATTEMPT_DAYS)).await,
    );
}

const fn before(now: Millis, days: i64) -> Millis {
    now.plus_seconds(days.saturating_mul(-24 * 60 * 60))
}

fn told(what: &'static str, done: Result<u64, StoreError>) {
    match done {
        Ok(0) => {}
        Ok(rows) => tracing::info!(what, rows, "old rows deleted"),
        Err(error) => {
            let error: &dyn Error = &error;
            tracing::error!(error, what, "old rows not deleted");
        }
    }
}
