//! Waiting for an event, never for a time. In: a question or a future. Out: its answer, or a failed
//! test that names what it waited for.

use std::future::Future;
use std::time::Duration;

use tokio::time::{sleep, timeout};

/// The longest that anything awaited may take; generous, since a loaded machine is no failure.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Asks again until there is an answer.
pub async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    within(what, asking).await
}

/// Awaits a future for at most [`DEADLINE`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future)
        .await
        .unwrap_or_else(|_| panic!("waited {DEADLINE:?} for this in vain: {what}"))
}
