//! What has to be tidied up from time to time. In: the clock. Out: old change rows gone. Must not know: who
//! reads them.

use std::error::Error;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Parts;

/// How often to look.
const EVERY: Duration = Duration::from_hours(1);

/// Trims the change log to `kept_days` now and then, until `stop`.
pub async fn run(parts: Parts, kept_days: i64, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => trim(&parts, kept_days).await,
        }
    }
}

async fn trim(parts: &Parts, kept_days: i64) {
    let before = parts.clock.now().plus_seconds(-kept_days * 24 * 60 * 60);
    match parts.store.trim_changes(before).await {
        Ok(0) => {}
        Ok(rows) => tracing::info!(rows, "change log trimmed"),
        Err(error) => {
            let error: &dyn Error = &error;
            tracing::error!(error, "change log not trimmed");
        }
    }
}
