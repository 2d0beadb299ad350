//! Entries that were stored before there was a search index. In: the store. Out: all of them indexed, a few at a
//! time, so that visits and mutations are not kept waiting. Must not know: what is indexed.

use std::error::Error;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::store::Store;

/// Entries of one transaction.
const AT_ONCE: u64 = 200;
/// How long others may write in between.
const REST: Duration = Duration::from_millis(20);

/// Indexes what is left, until nothing is, or until `stop`.
pub async fn run(store: Store, clock: Clock, stop: CancellationToken) {
    let mut entries = 0;
    while !stop.is_cancelled() {
        match store.index_backlog(AT_ONCE, clock.now()).await {
            Ok(0) => break,
            Ok(some) => entries += some,
            Err(error) => {
                let error: &dyn Error = &error;
                tracing::error!(
                    error,
                    "older entries not indexed for search; the next start goes on"
                );
                return;
            }
        }
        tokio::time::sleep(REST).await;
    }
    if entries > 0 {
        tracing::info!(entries, "older entries indexed for search");
    }
}
