//! Mutations about webhooks. In: inputs. Out: payloads; a secret is shown once, when it is made. Must not know: SQL, how
//! messages are sent.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use entity::{AuthorId, PlanetId, Role, SourceId, WebhookId, webhook};

use super::user_error::{UserError, Wrong, no_such};
use crate::follow::{Refusal, check};
use crate::graphql::error::Result;
use crate::graphql::needs::Needs;
use crate::graphql::scalar::{Url, int};
use crate::graphql::webhook::{Webhook, WebhookEvent};
use crate::graphql::{Services, services};
use crate::hooks;
use crate::store::{HookFilter, NewWebhook, WebhookChanges};

/// Most webhooks.
const MOST: i64 = 100;
/// Most sources, authors or tags of a filter, and messages named in one call.
const LISTED: usize = 100;

/// Which entries a webhook is told of. All that is given must hold; null or left out lets all through.
#[derive(InputObject, Default)]
pub struct WebhookFilterInput {
    /// Only entries of this planet.
    planet_id: Option<ID>,
    /// Only entries of these sources; at most 100.
    source_ids: Option<Vec<ID>>,
    /// Only entries by these authors; at most 100.
    author_ids: Option<Vec<ID>>,
    /// Only entries with one of these tags; at most 100.
    tags: Option<Vec<String>>,
    /// Only entries in this language, such as en or pt-BR.
    language: Option<String>,
    /// Also the entries that a feed already had when it was first followed.
    #[graphql(default)]
    include_backlog: bool,
}

/// A new webhook.
#[derive(InputObject)]
pub struct CreateWebhookInput {
    /// Where messages are posted: a public http or https address.
    url: Url,
    /// What it is for; at most 200 characters.
    description: Option<String>,
    /// What it is told; new and changed entries when left out.
    events: Option<Vec<WebhookEvent>>,
    /// Which entries; all when left out.
    filter: Option<WebhookFilterInput>,
}

/// Changes of a webhook. Left out: unchanged.
#[derive(InputObject)]
pub struct UpdateWebhookInput {
    /// The webhook.
    id: ID,
    /// Where messages are posted. May not be null.
    url: MaybeUndefined<Url>,
    /// What it is for; null for nothing.
    description: MaybeUndefined<String>,
    /// What it is told. May not be null.
    events: MaybeUndefined<Vec<WebhookEvent>>,
    /// Which entries; null for all.
    filter: MaybeUndefined<WebhookFilterInput>,
    /// Whether it is told anything. What changes while it is not is not told later. May not be null.
    enabled: MaybeUndefined<bool>,
}

/// A webhook as it was written.
#[derive(SimpleObject, Default)]
pub struct WebhookPayload {
    /// As it is now; null when something was wrong.
    webhook: Option<Webhook>,
    /// What messages are signed with, `whsec_…`; shown this once, where a new one was made.
    secret: Option<String>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// A webhook that was removed.
#[derive(SimpleObject)]
pub struct RemoveWebhookPayload {
    /// Its former id; null when something was wrong.
    removed_id: Option<ID>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// Messages that are sent again.
#[derive(SimpleObject)]
pub struct ReplayWebhookDeliveriesPayload {
    /// How many.
    replayed_count: i32,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// Mutations about webhooks.
#[derive(Default)]
pub struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Registers a server that is told of what changes from now on. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn create_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where, and of what.")] input: CreateWebhookInput,
    ) -> Result<WebhookPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let url = wrong.check(&["input", "url"], address(services, &input.url));
        let description = input.description.as_deref().map(description);
        let description = wrong.check_given(&["input", "description"], description);
        let both = vec![WebhookEvent::EntryAdded, WebhookEvent::EntryUpdated];
        let events = input.events.unwrap_or(both);
        wrong.check(&["input", "events"], some(&events));
        let filter = filter(services, input.filter.unwrap_or_default(), &mut wrong).await?;
        if services.store.count_webhooks().await? >= MOST {
            let message = format!("There are {MOST} webhooks already; remove one first.");
            wrong.add(&["input"], check::invalid(message));
        }
        let (Some(url), Some(description), true) = (url, description, wrong.is_empty()) else {
            return Ok(wrong.into());
        };
        let new = NewWebhook {
            url,
            description,
            secret: hooks::new_secret(),
            filter,
            added: events.contains(&WebhookEvent::EntryAdded),
            updated: events.contains(&WebhookEvent::EntryUpdated),
            at: services.clock.now(),
        };
        let row = services.store.create_webhook(&new).await?;
        Ok(WebhookPayload {
            secret: Some(row.secret.clone()),
            webhook: Some(Webhook(row)),
            user_errors: Vec::new(),
        })
    }

    /// Changes a webhook. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn update_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateWebhookInput,
    ) -> Result<WebhookPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let Some(stored) = stored(services, &["input", "id"], &input.id, &mut wrong).await? else {
            return Ok(wrong.into());
        };
        let events = wrong.change_kept(&["input", "events"], input.events, |events| {
            some(&events).map(|()| events)
        });
        let filter = match input.filter {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(HookFilter::default()),
            MaybeUndefined::Value(given) => Some(filter(services, given, &mut wrong).await?),
        };
        let changes = WebhookChanges {
            url: wrong.change_kept(&["input", "url"], input.url, |url| address(services, &url)),
            description: wrong.change(&["input", "description"], input.description, |text| {
                description(&text)
            }),
            filter,
            added: events
                .as_ref()
                .map(|events| events.contains(&WebhookEvent::EntryAdded)),
            updated: events
                .as_ref()
                .map(|events| events.contains(&WebhookEvent::EntryUpdated)),
            enabled: wrong.change_kept(&["input", "enabled"], input.enabled, Ok),
            secret: None,
        };
        if !wrong.is_empty() {
            return Ok(wrong.into());
        }
        written(services, stored.id, &changes).await
    }

    /// Ends a webhook; what it was still to be told is dropped. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn remove_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The webhook.")] id: ID,
    ) -> Result<RemoveWebhookPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let mut removed_id = None;
        if let Some(key) = wrong.key::<WebhookId>(&["id"], &id) {
            if services.store.remove_webhook(key).await? {
                removed_id = Some(id);
            } else {
                wrong.add(&["id"], no_such(key));
            }
        }
        Ok(RemoveWebhookPayload {
            removed_id,
            user_errors: wrong.into(),
        })
    }

    /// Gives a webhook a new secret. For a day messages carry signatures by both, so that the receiver can change over.
    /// Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The webhook.")] id: ID,
    ) -> Result<WebhookPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let Some(stored) = stored(services, &["id"], &id, &mut wrong).await? else {
            return Ok(wrong.into());
        };
        let secret = hooks::new_secret();
        let until = services.clock.now().plus_seconds(hooks::FIRST_DAY);
        let changes = WebhookChanges {
            secret: Some((secret.clone(), until)),
            ..WebhookChanges::default()
        };
        let payload = written(services, stored.id, &changes).await?;
        let secret = payload.webhook.is_some().then_some(secret);
        Ok(WebhookPayload { secret, ..payload })
    }

    /// Sends messages again that were given up: those named, or all of the webhook. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn replay_webhook_deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The webhook.")] webhook_id: ID,
        #[graphql(desc = "Ids of its `deadLetters`, at most 100; all when left out.")] delivery_ids: Option<Vec<ID>>,
    ) -> Result<ReplayWebhookDeliveriesPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let stored = stored(services, &["webhookId"], &webhook_id, &mut wrong).await?;
        let which = delivery_ids.map(|ids| deliveries(&ids, &mut wrong));
        let mut replayed_count = 0;
        if let (Some(stored), true) = (stored, wrong.is_empty()) {
            let now = services.clock.now();
            let store = &services.store;
            let again = store
                .replay_dead_letters(stored.id, which.as_deref(), now)
                .await?;
            replayed_count = int(i64::try_from(again).unwrap_or(i64::MAX));
        }
        Ok(ReplayWebhookDeliveriesPayload {
            replayed_count,
            user_errors: wrong.into(),
        })
    }
}

impl From<Wrong> for WebhookPayload {
    fn from(wrong: Wrong) -> Self {
        Self {
            user_errors: wrong.into(),
            ..Self::default()
        }
    }
}

async fn stored(
    services: &Services,
    path: &[&str],
    id: &ID,
    wrong: &mut Wrong,
) -> Result<Option<webhook::Model>> {
    let Some(key) = wrong.key::<WebhookId>(path, id) else {
        return Ok(None);
    };
    let found = services.store.webhooks_by_ids(&[key]).await?.remove(&key);
    if found.is_none() {
        wrong.add(path, no_such(key));
    }
    Ok(found)
}

async fn written(
    services: &Services,
    key: WebhookId,
    changes: &WebhookChanges,
) -> Result<WebhookPayload> {
    Ok(match services.store.update_webhook(key, changes).await? {
        Some(row) => WebhookPayload {
            webhook: Some(Webhook(row)),
            ..WebhookPayload::default()
        },
        None => Wrong::only(&["input", "id"], no_such(key)).into(),
    })
}

/// The guard looks again at what a name leads to whenever a message is sent.
fn address(services: &Services, url: &Url) -> std::result::Result<String, Refusal> {
    let url = check::url(&url.0)?;
    services.poller.guard().check_url(&url)?;
    Ok(url.into())
}

fn description(text: &str) -> std::result::Result<String, Refusal> {
    check::line("The description", text, check::TITLE_LENGTH)
}

fn some(events: &[WebhookEvent]) -> std::result::Result<(), Refusal> {
    if events.is_empty() {
        return Err(check::invalid(
            "Say at least one event, or disable the webhook.",
        ));
    }
    Ok(())
}

async fn filter(
    services: &Services,
    given: WebhookFilterInput,
    wrong: &mut Wrong,
) -> Result<HookFilter> {
    let path = |field| ["input", "filter", field];
    let mut planet = None;
    if let Some(id) = &given.planet_id {
        planet = wrong.key::<PlanetId>(&path("planetId"), id);
        if let Some(key) = planet
            && services.store.planets_by_ids(&[key]).await?.is_empty()
        {
            wrong.add(&path("planetId"), no_such(key));
        }
    }
    for (field, count) in [
        ("sourceIds", given.source_ids.as_ref().map_or(0, Vec::len)),
        ("authorIds", given.author_ids.as_ref().map_or(0, Vec::len)),
        ("tags", given.tags.as_ref().map_or(0, Vec::len)),
    ] {
        if count > LISTED {
            wrong.add(&path(field), check::too_many(field, count, LISTED));
            return Ok(HookFilter::default());
        }
    }
    let sources = given.source_ids.as_ref();
    let authors = given.author_ids.as_ref();
    let tags = given.tags.as_ref().map(|tags| {
        let tags = tags.iter().enumerate();
        tags.filter_map(|(at, tag)| {
            let path = ["input", "filter", "tags", &at.to_string()];
            wrong.check(&path, check::line("The tag", tag, check::TAG_LENGTH))
        })
        .collect()
    });
    let language = given.language.as_deref();
    let language = language.map(|text| check::line("The language", text, 35));
    Ok(HookFilter {
        planet,
        tags,
        source_ids: sources.and_then(|ids| wrong.keys::<SourceId>(&path("sourceIds"), ids)),
        author_ids: authors.and_then(|ids| wrong.keys::<AuthorId>(&path("authorIds"), ids)),
        language: wrong.check_given(&path("language"), language).flatten(),
        backlog: given.include_backlog,
    })
}

fn deliveries(ids: &[ID], wrong: &mut Wrong) -> Vec<i64> {
    if ids.len() > LISTED {
        wrong.add(
            &["deliveryIds"],
            check::too_many("messages", ids.len(), LISTED),
        );
        return Vec::new();
    }
    let keys = ids.iter().enumerate().filter_map(|(at, id)| {
        let key: Option<i64> = id.parse().ok();
        if key.is_none() {
            let refusal = check::invalid("This is not the id of a message.");
            wrong.push(&["deliveryIds"], Some(at), refusal);
        }
        key
    });
    keys.collect()
}
