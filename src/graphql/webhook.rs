//! Webhooks, for editors. In: stored rows. Out: `Webhook`, `WebhookDelivery`. Must not know: SQL, signatures. Secrets never
//! leave through here.

use async_graphql::{Context, Enum, ID, Object};
use entity::{webhook, webhook_delivery};

use super::error::Result;
use super::page::{self, Connection, Window};
use super::planet::Planet;
use super::scalar::{DateTime, Url, int};
use super::{id, store};
use crate::store::hook_filter;

/// What a webhook is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum WebhookEvent {
    /// An entry was stored for the first time, or is shown again.
    EntryAdded,
    /// Its publisher changed an entry.
    EntryUpdated,
}

/// A webhook.
#[derive(Clone, Debug)]
pub struct Webhook(pub webhook::Model);

/// A server that is told of new and changed entries, signed after Standard Webhooks. Each message comes at least once,
/// in no certain order; its header `webhook-id` tells repeats.
#[Object]
impl Webhook {
    /// Opaque and lasting.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Where messages are posted.
    fn url(&self) -> Url {
        Url(self.0.url.clone())
    }

    /// What it is for.
    fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Whether it is told anything. A receiver that answers 410 is told no more.
    fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// What it is told.
    fn events(&self) -> Vec<WebhookEvent> {
        let added = self.0.added.then_some(WebhookEvent::EntryAdded);
        let updated = self.0.updated.then_some(WebhookEvent::EntryUpdated);
        added.into_iter().chain(updated).collect()
    }

    /// Only entries of this planet; null for all.
    async fn planet(&self, ctx: &Context<'_>) -> Option<Result<Planet>> {
        let planet = hook_filter(&self.0.filter).planet?;
        let read = async { Ok(store(ctx)?.planets_by_ids(&[planet]).await?.remove(&planet)) };
        read.await.map(|row| row.map(Planet)).transpose()
    }

    /// Only entries of these sources; null for all.
    fn source_ids(&self) -> Option<Vec<ID>> {
        let sources = hook_filter(&self.0.filter).source_ids?;
        Some(sources.into_iter().map(id::encode).collect())
    }

    /// Only entries by these authors; null for all.
    fn author_ids(&self) -> Option<Vec<ID>> {
        let authors = hook_filter(&self.0.filter).author_ids?;
        Some(authors.into_iter().map(id::encode).collect())
    }

    /// Only entries with one of these tags; null for all.
    fn tags(&self) -> Option<Vec<String>> {
        hook_filter(&self.0.filter).tags
    }

    /// Only entries in this language; null for all.
    fn language(&self) -> Option<String> {
        hook_filter(&self.0.filter).language
    }

    /// Also the entries that a feed already had when it was first followed.
    fn include_backlog(&self) -> bool {
        hook_filter(&self.0.filter).backlog
    }

    /// When it was made.
    fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When a message was last taken.
    fn last_success_at(&self) -> Option<DateTime> {
        self.0.last_success_at.map(DateTime)
    }

    /// When one was last not taken.
    fn last_failure_at(&self) -> Option<DateTime> {
        self.0.last_failure_at.map(DateTime)
    }

    /// Why, in words.
    fn last_failure(&self) -> Option<&str> {
        self.0.last_failure.as_deref()
    }

    /// Messages that wait to be taken.
    async fn pending_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let (waiting, _) = store(ctx)?.count_deliveries(self.0.id).await?;
        Ok(int(waiting))
    }

    /// Messages that were not taken for a day and were given up, newest first; `replayWebhookDeliveries` sends them again.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn dead_letters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 1 to 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<WebhookDelivery>> {
        let window = Window {
            first,
            after,
            last,
            before,
        };
        let slice = window.slice::<i64>("deadLetters")?;
        let store = store(ctx)?;
        let page = store.list_dead_letters(self.0.id, &slice).await?;
        let total = if page::wants_total(&ctx.look_ahead()) {
            Some(store.count_deliveries(self.0.id).await?.1)
        } else {
            None
        };
        let page = page::map(page, WebhookDelivery);
        Ok(Connection::new("deadLetters", page, |one| one.0.id, total))
    }
}

/// A message that could not be handed over.
#[derive(Clone, Debug)]
pub struct WebhookDelivery(pub webhook_delivery::Model);

/// A message to a webhook that was given up.
#[Object]
impl WebhookDelivery {
    /// Opaque; `replayWebhookDeliveries` takes it.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What it tells.
    fn event(&self) -> WebhookEvent {
        match self.0.kind {
            entity::ChangeKind::EntryAdded => WebhookEvent::EntryAdded,
            _ => WebhookEvent::EntryUpdated,
        }
    }

    /// Of which entry; it may be gone.
    fn entry_id(&self) -> ID {
        id::encode(self.0.entry_id)
    }

    /// When the entry changed.
    fn changed_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// How often it was tried.
    fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// When it was given up.
    fn given_up_at(&self) -> Option<DateTime> {
        self.0.dead_at.map(DateTime)
    }

    /// The status of the last answer; null when there was none.
    fn last_status(&self) -> Option<i32> {
        self.0.last_status.map(i32::from)
    }

    /// Why it was not taken, in words.
    fn last_failure(&self) -> Option<&str> {
        self.0.last_failure.as_deref()
    }
}

/// A page of webhooks, oldest first.
///
/// # Errors
/// `INVALID_PAGE`, `INVALID_CURSOR`, or `INTERNAL` when the store fails.
pub async fn list(ctx: &Context<'_>, window: &Window) -> Result<Connection<Webhook>> {
    let slice = window.slice("webhooks")?;
    let store = store(ctx)?;
    let page = store.list_webhooks(&slice).await?;
    let total = if page::wants_total(&ctx.look_ahead()) {
        Some(store.count_webhooks().await?)
    } else {
        None
    };
    let page = page::map(page, Webhook);
    Ok(Connection::new("webhooks", page, |hook| hook.0.id, total))
}
