//! What hubs send to a callback: whether a subscription was meant (`WebSub`, section 5.3), and what is new (section 7).
//! In: the secret part of the path, parameters, headers, a body. Out: what to answer. Must not know: HTTP servers.

use bytes::Bytes;
use entity::{Millis, PushState, SourceStatus, subscription};

use super::Subscriber;
use super::ask::LEASE_SECONDS;
use super::signature::is_genuine;
use crate::parse;
use crate::poll::Taken;
use crate::store::{StoreError, was_pushed};

/// The shortest and longest lease that is believed.
const LEASES: std::ops::RangeInclusive<i64> = 60..=90 * 24 * 3_600;
/// How long after it was asked a hub may confirm.
const PATIENCE_SECONDS: i64 = 24 * 3_600;
/// When to ask a hub again that denied.
const DENIED_SECONDS: i64 = 7 * 24 * 3_600;
/// The longest challenge that is sent back, in bytes.
const LONGEST_CHALLENGE: usize = 4_096;

/// A hub's question whether a subscription was meant, or its refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// `hub.mode`.
    pub mode: Option<String>,
    /// `hub.topic`.
    pub topic: Option<String>,
    /// `hub.challenge`.
    pub challenge: Option<String>,
    /// `hub.lease_seconds`.
    pub lease_seconds: Option<String>,
}

/// Something pushed.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// `X-Hub-Signature`.
    pub signature: Option<String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// 200 with the challenge.
    Confirmed(String),
    /// 202: taken note of, which says nothing of what became of it.
    Noted,
    /// 404: nobody here meant that, or there is no such callback.
    Unknown,
    /// 410: it has ended, and the hub may forget it.
    Ended,
    /// 503: later.
    Later,
}

impl Subscriber {
    /// Answers a hub's question.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn verify(&self, key: &str, intent: Intent) -> Result<Reply, StoreError> {
        let now = self.clock.now();
        let Some(row) = self.store.subscription_by_key(key).await? else {
            return Ok(Reply::Unknown);
        };
        if intent.topic.as_deref() != Some(&row.topic) {
            return Ok(Reply::Unknown);
        }
        let source = row.source_id.0;
        let challenge = intent
            .challenge
            .filter(|text| (1..=LONGEST_CHALLENGE).contains(&text.len()));
        match (intent.mode.as_deref(), challenge) {
            (Some("subscribe"), Some(challenge)) if is_meant(&row, now) => {
                let lease = lease(intent.lease_seconds.as_deref());
                let renew_at = Self::renewal(now, lease);
                let until = now.plus_seconds(lease);
                self.store
                    .confirm_subscription(&row, until, renew_at)
                    .await?;
                tracing::info!(
                    source.id = source,
                    lease_seconds = lease,
                    "hub pushes a source"
                );
                Ok(Reply::Confirmed(challenge))
            }
            (Some("unsubscribe"), Some(challenge)) if row.state == PushState::Leaving => {
                self.store.end_subscription(&row).await?;
                Ok(Reply::Confirmed(challenge))
            }
            (Some("denied"), _) if row.state != PushState::Leaving => {
                let again_at = now.plus_seconds(DENIED_SECONDS);
                self.store.deny_subscription(&row, again_at).await?;
                tracing::warn!(source.id = source, "hub denied a subscription");
                Ok(Reply::Noted)
            }
            _ => Ok(Reply::Unknown),
        }
    }

    /// Whether something may be pushed there; asked before it is read.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn expects(&self, key: &str) -> Result<Reply, StoreError> {
        Ok(match self.expected(key).await? {
            Ok(_) => Reply::Noted,
            Err(reply) => reply,
        })
    }

    async fn expected(&self, key: &str) -> Result<Result<subscription::Model, Reply>, StoreError> {
        let Some(row) = self.store.subscription_by_key(key).await? else {
            return Ok(Err(self.count("unknown", Reply::Unknown)));
        };
        let now = self.clock.now();
        let is_over = row.lease_until.is_none_or(|until| until <= now);
        Ok(match row.state {
            PushState::Leaving => Err(self.count("ended", Reply::Ended)),
            PushState::Wanted | PushState::Denied => Err(self.count("unknown", Reply::Unknown)),
            PushState::Confirmed if is_over => Err(self.count("ended", Reply::Ended)),
            PushState::Confirmed => Ok(row),
        })
    }

    /// Stores what is pushed, if it is from the hub, in time and new. What is not believed is noted like what is, so
    /// that nobody can find out a secret by trying.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn deliver(&self, key: &str, delivery: Delivery) -> Result<Reply, StoreError> {
        let row = match self.expected(key).await? {
            Ok(row) => row,
            Err(reply) => return Ok(reply),
        };
        if !is_genuine(delivery.signature.as_deref(), &row.secret, &delivery.body) {
            tracing::warn!(
                source.id = row.source_id.0,
                "push is not signed as it should be"
            );
            return Ok(self.count("forged", Reply::Noted));
        }
        if was_pushed(&row, &parse::body_hash(&delivery.body)) {
            return Ok(self.count("stale", Reply::Noted));
        }
        self.store_push(&row, delivery).await
    }

    async fn store_push(
        &self,
        row: &subscription::Model,
        delivery: Delivery,
    ) -> Result<Reply, StoreError> {
        let sources = self.store.sources_by_ids(&[row.source_id]).await?;
        let status = sources.get(&row.source_id).map(|source| source.status);
        if !matches!(status, Some(SourceStatus::Active | SourceStatus::Failing)) {
            return Ok(self.count("unwanted", Reply::Noted));
        }
        let Delivery {
            content_type, body, ..
        } = delivery;
        let taken = self.poller.take_push(row.source_id, body, content_type);
        Ok(match taken.await? {
            Taken::Stored(_) => self.count("stored", Reply::Noted),
            Taken::Known => self.count("known", Reply::Noted),
            Taken::Unreadable => self.count("unreadable", Reply::Noted),
            Taken::Busy => self.count("busy", Reply::Later),
        })
    }

    fn count(&self, outcome: &'static str, reply: Reply) -> Reply {
        self.poller.metrics().pushed(outcome);
        reply
    }
}

/// Whether a subscription was asked for lately, or is one that the hub makes sure of.
fn is_meant(row: &subscription::Model, now: Millis) -> bool {
    let lately = row
        .asked_at
        .is_some_and(|at| now.since(at) <= PATIENCE_SECONDS * 1000);
    match row.state {
        PushState::Confirmed => true,
        PushState::Wanted | PushState::Denied => lately,
        PushState::Leaving => false,
    }
}

/// The lease that a hub grants; what it does not say is what it was asked for.
fn lease(seconds: Option<&str>) -> i64 {
    let granted = seconds.and_then(|text| text.trim().parse().ok());
    let granted: i64 = granted.unwrap_or(LEASE_SECONDS);
    granted.clamp(*LEASES.start(), *LEASES.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_are_believed_within_reason() {
        assert_eq!(lease(Some("3600")), 3_600);
        assert_eq!(lease(Some("0")), 60);
        assert_eq!(lease(Some("99999999999")), 90 * 24 * 3_600);
        assert_eq!(lease(Some("soon")), LEASE_SECONDS);
        assert_eq!(lease(None), LEASE_SECONDS);
    }
}
