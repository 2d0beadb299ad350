//! Asking hubs to push, to go on pushing, and to stop. In: subscriptions whose time has come. Out: requests; when to ask
//! again. Must not know: what hubs push.

use entity::{Millis, PushState, subscription};
use url::Url;

use super::{AT_ONCE, Subscriber};
use crate::fetch::Failure;
use crate::poll::Submitted;
use crate::store::StoreError;

/// How long a hub is asked to push before it must be asked again: ten days, as in the specification's example.
pub const LEASE_SECONDS: i64 = 864_000;

/// A hub that is told to stop and does not answer is not told for ever.
const MOST_GOODBYES: i32 = 3;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The longest that a hub's wish to be left alone is heeded, in seconds.
const LONGEST_WAIT: i64 = 30 * DAY;

impl Subscriber {
    /// Asks every hub whose time has come.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ask_all(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        if self.store.next_hub_at().await?.is_none_or(|at| at > now) {
            return Ok(());
        }
        let due = self.store.hubs_to_ask(now, AT_ONCE).await?;
        let asking = due.iter().map(|row| self.ask(row));
        for asked in futures::future::join_all(asking).await {
            asked?;
        }
        Ok(())
    }

    async fn ask(&self, row: &subscription::Model) -> Result<(), StoreError> {
        let is_leaving = row.state == PushState::Leaving;
        if is_leaving && (row.lease_until.is_none() || row.tries > MOST_GOODBYES) {
            return self.store.end_subscription(row).await;
        }
        let answer = match self.request(row, is_leaving).await? {
            Ok(Submitted::Rests(until)) => return self.store.hub_asked(row, until).await,
            Ok(Submitted::Answered(receipt)) => Ok(receipt),
            Err(failure) => Err(failure),
        };
        let source = row.source_id.0;
        match &answer {
            Ok(answer) => {
                tracing::debug!(source.id = source, http.status = answer.status, "hub asked");
            }
            Err(failure) => {
                let message = &failure.message;
                tracing::warn!(
                    source.id = source,
                    error.message = message,
                    "hub not reached"
                );
            }
        }
        let now = self.clock.now();
        let answer = answer.ok();
        let asked = answer.and_then(|answer| answer.retry_after);
        let asked = asked.map_or(0, |wait| wait.seconds_from(now));
        let wait = wait(answer.map(|answer| answer.status), row.tries);
        let again_at = now.plus_seconds(wait.max(asked.min(LONGEST_WAIT)));
        self.store.hub_asked(row, again_at).await
    }

    async fn request(
        &self,
        row: &subscription::Model,
        is_leaving: bool,
    ) -> Result<Result<Submitted, Failure>, StoreError> {
        let Ok(hub) = Url::parse(&row.hub) else {
            return Ok(Err(Failure {
                kind: entity::PollErrorKind::Other,
                message: "the hub's address is no URL".to_owned(),
            }));
        };
        let callback = self.callback(&row.callback_key);
        let lease = LEASE_SECONDS.to_string();
        let mode = if is_leaving {
            "unsubscribe"
        } else {
            "subscribe"
        };
        let mut fields = vec![
            ("hub.callback", callback.as_str()),
            ("hub.mode", mode),
            ("hub.topic", &row.topic),
        ];
        if !is_leaving {
            fields.push(("hub.lease_seconds", &lease));
            fields.push(("hub.secret", &row.secret));
        }
        self.poller.submit_aside(&hub, &fields).await
    }

    /// Where a hub is to push.
    fn callback(&self, key: &str) -> String {
        let base = self.public_url.as_str().trim_end_matches('/');
        format!("{base}/websub/{key}")
    }

    /// When a lease is renewed: with a fifth of it left.
    pub(super) fn renewal(now: Millis, lease_seconds: i64) -> Millis {
        now.plus_seconds(lease_seconds - lease_seconds / 5)
    }
}

/// Seconds until a hub is asked again that has not confirmed: it said yes and may still be about to, it has a fault or too
/// much to do, or it refuses.
fn wait(status: Option<u16>, tries: i32) -> i64 {
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or_default();
    let factor = 1_i64 << doublings.min(10);
    let (first, longest) = match status {
        Some(400..=428 | 430..=499) => (DAY, 30 * DAY),
        Some(200..=299) => (HOUR, 7 * DAY),
        _ => (HOUR / 2, 2 * DAY),
    };
    (first * factor).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hubs_that_do_not_answer_are_asked_less_and_less() {
        assert_eq!(wait(None, 1), HOUR / 2);
        assert_eq!(wait(None, 4), 4 * HOUR);
        assert_eq!(wait(Some(503), 99), 2 * DAY);
        assert_eq!(wait(Some(429), 1), HOUR / 2);
        assert_eq!(wait(Some(202), 1), HOUR);
        assert_eq!(wait(Some(404), 3), 4 * DAY);
        assert_eq!(wait(Some(404), i32::MAX), 30 * DAY);
    }

    #[test]
    fn leases_are_renewed_before_they_end() {
        assert_eq!(Subscriber::renewal(Millis(0), 100), Millis(80_000));
    }
}
