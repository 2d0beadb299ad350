//! What whoever watches the program is shown. In: the parts. Out: the numbers for `/metrics`, and whether all is well
//! for `/readyz`. Must not know: how they are served.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use entity::{Millis, SourceStatus};

use super::Parts;
use crate::http::{Gather, Health};
use crate::metrics::{Pool, Snapshot};
use crate::store::StoreError;

/// Gives the numbers: counts, and a look at the database.
pub fn gather(parts: &Parts) -> Gather {
    let parts = parts.clone();
    Arc::new(move || {
        let parts = parts.clone();
        Box::pin(async move {
            let now = snapshot(&parts).await.unwrap_or_else(|error| {
                let error: &dyn Error = &error;
                tracing::warn!(error, "database not counted");
                unread(&parts)
            });
            parts.poller.metrics().text(&now)
        })
    })
}

/// Ready means that the database answers, and that polling goes on where it should.
pub fn health(parts: &Parts) -> Health {
    let (store, poller) = (parts.store.clone(), parts.poller.clone());
    Health::default()
        .asking("database", move || {
            let store = store.clone();
            Box::pin(async move {
                let gone = |_| "the database does not answer".to_owned();
                store.ping().await.map_err(gone)
            })
        })
        .asking("polling", move || {
            let check = poller.check();
            Box::pin(async move { check })
        })
}

async fn snapshot(parts: &Parts) -> Result<Snapshot, StoreError> {
    let (store, now) = (&parts.store, parts.clock.now());
    let gauges = store.gauges(now).await?;
    let head = store.head().await?;
    let lag = store
        .next_due_at(now)
        .await?
        .map_or(Duration::ZERO, |due| since(now, due));
    Ok(Snapshot {
        due_sources: store.count_due(now).await?,
        due_lag_seconds: lag.as_secs_f64(),
        sources: gauges
            .sources
            .into_iter()
            .map(|(status, count)| (word(status), count))
            .collect(),
        hosts_paused: number(gauges.hosts_paused),
        pushed_sources: number(gauges.pushed),
        revision: head.revision.0,
        ..unread(parts)
    })
}

/// What can be said without the database.
fn unread(parts: &Parts) -> Snapshot {
    let (running, limit) = parts.poller.load();
    let pools = parts.store.pools().into_iter().map(|pool| Pool {
        name: pool.name,
        open: pool.open,
        idle: pool.idle,
    });
    Snapshot {
        visits_running: i64::try_from(running).unwrap_or(i64::MAX),
        visits_limit: i64::try_from(limit).unwrap_or(i64::MAX),
        pools: pools.collect(),
        ..Snapshot::default()
    }
}

fn since(now: Millis, earlier: Millis) -> Duration {
    Duration::from_millis(u64::try_from(now.since(earlier)).unwrap_or_default())
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

const fn word(status: SourceStatus) -> &'static str {
    match status {
        SourceStatus::Active => "active",
        SourceStatus::Failing => "failing",
        SourceStatus::Paused => "paused",
        SourceStatus::Dead => "dead",
    }
}
