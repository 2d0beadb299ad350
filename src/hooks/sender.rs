//! The sender: compares what each webhook was told with the change log, and sends what is missing. In: nothing; it is woken
//! by the bell and by a clock. Out: messages. On another node or after a restart it goes on where the rows say. Must not
//! know: who registered.

use std::collections::HashSet;
use std::error::Error;
use std::time::Duration;

use entity::{Millis, WebhookId, webhook, webhook_delivery};
use futures::future::join_all;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::backoff::next_attempt;
use super::message::{Event, sign};
use crate::clock::Clock;
use crate::fetch::{Delivery, Fetcher};
use crate::publish::Bell;
use crate::store::{DeliveryOutcome, Store, StoreError};

/// How often to look for messages whose time has come.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// For how long a message is taken by one node, in seconds; longer than [`PATIENCE`], so that only a message whose node
/// died is sent by another.
const LEASE_SECONDS: i64 = 20;
/// Messages that one webhook is sent at once.
const AT_ONCE: u64 = 8;

/// Sends messages; cheap to clone.
#[derive(Clone)]
pub struct Sender {
    /// Where messages are.
    pub store: Store,
    /// Who posts.
    pub fetcher: Fetcher,
    /// Rung when the change log grows.
    pub bell: Bell,
    /// The time.
    pub clock: Clock,
}

impl Sender {
    /// Sends until `shutdown`; what is in hand is then answered or left to its lease.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut listener = self.bell.subscribe();
        let mut busy: HashSet<WebhookId> = HashSet::new();
        let mut at_work: JoinSet<WebhookId> = JoinSet::new();
        while !shutdown.is_cancelled() {
            match self.with_work().await {
                Ok(hooks) => {
                    for hook in hooks {
                        // One that is slow holds up nobody but itself.
                        if busy.insert(hook.id) {
                            let sender = self.clone();
                            at_work.spawn(async move {
                                let id = hook.id;
                                sender.serve(hook).await;
                                id
                            });
                        }
                    }
                }
                Err(error) => logged(&error),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                _ = listener.wait() => {}
                Some(done) = at_work.join_next() => {
                    if let Ok(id) = done {
                        busy.remove(&id);
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        at_work.abort_all();
    }

    /// The webhooks that have not read the whole change log, or are to be sent something now: two statements.
    async fn with_work(&self) -> Result<Vec<webhook::Model>, StoreError> {
        let mut hooks = self.store.all_webhooks().await?;
        hooks.retain(|hook| hook.enabled);
        if hooks.is_empty() {
            return Ok(hooks);
        }
        let due = self.store.webhooks_due(self.clock.now()).await?;
        let newest = self.bell.last();
        hooks.retain(|hook| hook.told_to < newest || due.contains(&hook.id));
        Ok(hooks)
    }

    /// Reads on for one webhook, and sends it what is due.
    async fn serve(&self, hook: webhook::Model) {
        if let Err(error) = self.try_serve(&hook).await {
            logged(&error);
        }
    }

    async fn try_serve(&self, hook: &webhook::Model) -> Result<(), StoreError> {
        while self
            .store
            .put_down_deliveries(hook.id, self.clock.now())
            .await?
        {}
        loop {
            let now = self.clock.now();
            let until = now.plus_seconds(LEASE_SECONDS);
            let due = self
                .store
                .take_deliveries(hook.id, now, until, AT_ONCE)
                .await?;
            if due.is_empty() {
                return Ok(());
            }
            let sent = due.iter().map(|delivery| self.send(hook, delivery));
            let outcomes = join_all(sent).await;
            for (delivery, outcome) in due.iter().zip(outcomes) {
                self.store
                    .finish_delivery(delivery, &outcome?, self.clock.now())
                    .await?;
            }
        }
    }

    async fn send(
        &self,
        hook: &webhook::Model,
        delivery: &webhook_delivery::Model,
    ) -> Result<DeliveryOutcome, StoreError> {
        let Some(event) = self.event(delivery).await? else {
            // It was taken out since; there is nothing to tell any more.
            return Ok(DeliveryOutcome::Dropped);
        };
        let now = self.clock.now();
        let Ok(url) = Url::parse(&hook.url) else {
            return Ok(failed(delivery, None, "its URL is none", None, now));
        };
        let body = event.body();
        let id = format!("msg_{}_{}", hook.id.0, delivery.revision.0);
        let seconds = now.0.div_euclid(1_000);
        let message = Delivery {
            url,
            headers: vec![
                (
                    "webhook-signature",
                    sign(&secrets(hook, now), &id, seconds, &body),
                ),
                ("webhook-id", id),
                ("webhook-timestamp", seconds.to_string()),
            ],
            body,
        };
        let answer = self.fetcher.deliver(message, PATIENCE).await;
        let now = self.clock.now();
        let receipt = match answer {
            Ok(receipt) => receipt,
            Err(failure) => return Ok(failed(delivery, None, &failure.message, None, now)),
        };
        Ok(match receipt.status {
            200..=299 => DeliveryOutcome::Taken,
            // As Standard Webhooks has it: the receiver wants no more.
            410 => DeliveryOutcome::Unwanted,
            status => {
                let words = format!("the server answered {status}");
                let asked = receipt.retry_after.map(|wait| wait.seconds_from(now));
                failed(delivery, Some(status), &words, asked, now)
            }
        })
    }

    async fn event(&self, delivery: &webhook_delivery::Model) -> Result<Option<Event>, StoreError> {
        let ids = [delivery.entry_id];
        let store = &self.store;
        let Some(entry) = store.entries_by_ids(&ids).await?.remove(&delivery.entry_id) else {
            return Ok(None);
        };
        Ok(Some(Event {
            kind: delivery.kind,
            at: delivery.created_at,
            body: store.bodies_of(&ids).await?.remove(&entry.id),
            source: store
                .sources_by_ids(&[entry.source_id])
                .await?
                .remove(&entry.source_id),
            authors: store
                .authors_of(&ids)
                .await?
                .remove(&entry.id)
                .unwrap_or_default(),
            tags: store
                .tags_of(&ids)
                .await?
                .remove(&entry.id)
                .unwrap_or_default(),
            entry,
        }))
    }
}

fn failed(
    delivery: &webhook_delivery::Model,
    status: Option<u16>,
    words: &str,
    asked: Option<i64>,
    now: Millis,
) -> DeliveryOutcome {
    let first = delivery.first_attempt_at.unwrap_or(now);
    let chance = i64::from(rand::random::<u8>()) * 99 / 255;
    DeliveryOutcome::Failed {
        status,
        message: words.to_owned(),
        next: next_attempt(delivery.attempts, asked, first, now, chance),
    }
}

/// The secret, and for a while after a change also the one before.
fn secrets(hook: &webhook::Model, now: Millis) -> Vec<&str> {
    let former = hook.former_secret.as_deref();
    let former = former.filter(|_| hook.former_until.is_some_and(|until| now < until));
    std::iter::once(hook.secret.as_str())
        .chain(former)
        .collect()
}

fn logged(error: &StoreError) {
    let error: &(dyn Error + 'static) = error;
    tracing::error!(error, "webhooks not served");
}
