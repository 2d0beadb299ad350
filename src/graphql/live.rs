//! Following the change log. In: where to begin. Out: a stream of what comes after, first what is stored
//! already, then what is stored from now on; both are the same loop, so there is no gap and no repeat.
//! Must not know: GraphQL documents, transports.

use async_stream::stream;
use entity::{JobId, Revision, change, job};
use futures::Stream;

use super::change::expired;
use super::error::Result;
use crate::publish::Bell;
use crate::store::Store;

/// The most rows that are read at once.
const CHUNK: u32 = 200;

/// Rows of the change log after `from`, in batches that are never empty; ends only with an error.
pub fn changes(
    store: Store,
    bell: &Bell,
    from: Revision,
) -> impl Stream<Item = Result<Vec<change::Model>>> + use<> {
    // Listening begins before the first read, so nothing falls between the two.
    let mut listener = bell.subscribe();
    stream! {
        let mut until = from;
        loop {
            match next(&store, until).await {
                Err(fault) => {
                    yield Err(fault);
                    return;
                }
                Ok(Some((last, rows))) => {
                    until = last;
                    yield Ok(rows);
                }
                Ok(None) => {
                    listener.wait().await;
                }
            }
        }
    }
}

/// Numbers have no holes, so a hole means that the log was trimmed under a reader who fell behind.
async fn next(store: &Store, until: Revision) -> Result<Option<(Revision, Vec<change::Model>)>> {
    let rows = store.changes_after(until, CHUNK).await?;
    let (Some(first), Some(last)) = (rows.first(), rows.last().map(|row| row.revision)) else {
        return Ok(None);
    };
    if first.revision.0 != until.0.saturating_add(1) {
        return Err(expired());
    }
    Ok(Some((last, rows)))
}

/// A job as it is, then at every step; ends when the job does, or is gone.
pub fn job(store: Store, bell: &Bell, id: JobId) -> impl Stream<Item = Result<job::Model>> + use<> {
    let mut listener = bell.jobs();
    stream! {
        let mut shown: Option<job::Model> = None;
        loop {
            match store.jobs_by_ids(&[id]).await {
                Err(cause) => {
                    yield Err(cause.into());
                    return;
                }
                Ok(mut found) => {
                    let Some(row) = found.remove(&id) else { return };
                    let ended = row.finished_at.is_some();
                    if shown.as_ref() != Some(&row) {
                        shown = Some(row.clone());
                        yield Ok(row);
                    }
                    if ended {
                        return;
                    }
                }
            }
            listener.wait(id).await;
        }
    }
}
