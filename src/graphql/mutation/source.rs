//! Mutations about sources. In: inputs. Out: payloads with the source as it is now, or with what was wrong.
//! Must not know: SQL, how feeds are fetched, how texts are checked.

use std::time::Duration;

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::{Millis, PlanetId, Role, SourceId, UserErrorCode, poll_attempt, source};

use super::owned;
use super::source_input::{AddSourceInput, UpdateSourceInput};
use super::user_error::{UserError, Wrong, no_such};
use crate::follow::{self, Refusal, check};
use crate::graphql::error::Result;
use crate::graphql::needs::Needs;
use crate::graphql::polling::PollAttempt;
use crate::graphql::source::Source;
use crate::graphql::{Services, scalar, services};
use crate::poll::Candidate;
use crate::store::{Pause, SourceChanges, UpdateSource};

/// Most planets that a new source may join.
const MOST_PLANETS: usize = 100;
/// How often to look at a poll that somebody else began.
const PATIENCE_STEP: Duration = Duration::from_millis(100);
/// How many times to look at it.
const PATIENCE_TRIES: u32 = 600;

/// A source that is followed.
#[derive(SimpleObject)]
pub struct AddSourcePayload {
    /// As it is now; null when something was wrong.
    source: Option<Source>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// A source that was changed.
#[derive(SimpleObject)]
pub struct UpdateSourcePayload {
    /// As it is now; null when something was wrong.
    source: Option<Source>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// A source that was removed.
#[derive(SimpleObject)]
pub struct RemoveSourcePayload {
    /// Its former id; null when something was wrong.
    removed_id: Option<ID>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// A source that was polled.
#[derive(SimpleObject)]
pub struct RefreshSourcePayload {
    /// As it is now; null when something was wrong.
    source: Option<Source>,
    /// How the poll went; a failed poll is no user error.
    attempt: Option<PollAttempt>,
    /// What was wrong; then nothing was polled.
    user_errors: Vec<UserError>,
}

/// Mutations about sources.
#[derive(Default)]
pub struct SourceMutation;

#[Object]
impl SourceMutation {
    /// Fetches the feed (discovering it when the URL is a page), stores it with its entries, and follows it.
    /// Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn add_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to follow.")] input: AddSourceInput,
    ) -> Result<AddSourcePayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let path = ["input", "planetSlugs"];
        let planets = planets(services, input.planet_slugs.as_deref(), &path, &mut wrong).await?;
        owned::refuse_planets(services, &path, &planets, &mut wrong).await?;
        let mut source = None;
        if let Some(wish) = input.checked(planets, &mut wrong) {
            let followed =
                follow::read_and_follow(&services.store, &services.bell, &services.poller, &wish)
                    .await?;
            source = wrong.check(&["input", "url"], followed);
        }
        Ok(AddSourcePayload {
            source: source.map(Into::into),
            user_errors: wrong.into(),
        })
    }

    /// Changes what an editor may say of a source. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn update_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateSourceInput,
    ) -> Result<UpdateSourcePayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let stored = stored(services, &["input", "id"], &input.id, &mut wrong).await?;
        let Some(stored) = stored else {
            return Ok(wrong.into());
        };
        owned::refuse_sources(services, &["input", "id"], &[stored.id], &mut wrong).await?;
        let feed_url = wrong.change_kept(&["input", "feedUrl"], input.feed_url.clone(), |url| {
            check::url(&url.0)
        });
        let mut changes = input.checked(&stored, &mut wrong);
        if !wrong.is_empty() {
            return Ok(wrong.into());
        }
        let mut home = None;
        if let Some(url) = feed_url.filter(|url| url.as_str() != stored.feed_url) {
            let found = follow::new_home(&services.poller, &stored, &url).await?;
            home = wrong.check(&["input", "feedUrl"], found);
            changes.feed_url = home.as_ref().map(|home| home.feed_url.to_string());
        }
        if !wrong.is_empty() {
            return Ok(wrong.into());
        }
        update(services, stored.id, &changes, home.as_deref()).await
    }

    /// Ends following a source and takes its entries out; it may be added anew. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn remove_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The source.")] id: ID,
    ) -> Result<RemoveSourcePayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let mut removed_id = None;
        let key = wrong.key::<SourceId>(&["id"], &id);
        if let Some(key) = key {
            owned::refuse_sources(services, &["id"], &[key], &mut wrong).await?;
        }
        if let Some(key) = key.filter(|_| wrong.is_empty()) {
            match services
                .store
                .remove_source(key, services.clock.now())
                .await?
            {
                Some(revision) => {
                    services.bell.ring(revision);
                    removed_id = Some(id);
                }
                None => wrong.add(&["id"], no_such(key)),
            }
        }
        Ok(RemoveSourcePayload {
            removed_id,
            user_errors: wrong.into(),
        })
    }

    /// Stops polling a source; its entries stay. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn pause_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The source.")] id: ID,
    ) -> Result<UpdateSourcePayload> {
        set_paused(services(ctx)?, &id, Pause::Pause).await
    }

    /// Polls a paused or dead source again, at once. One that is polled stays as it is. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn resume_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The source.")] id: ID,
    ) -> Result<UpdateSourcePayload> {
        set_paused(services(ctx)?, &id, Pause::Resume).await
    }

    /// Polls now; returns when done. A paused source is polled this once. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn refresh_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The source.")] id: ID,
    ) -> Result<RefreshSourcePayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let (mut source, mut attempt) = (None, None);
        if let Some(key) = wrong.key::<SourceId>(&["id"], &id) {
            match refresh(services, key).await? {
                Ok((row, poll)) => {
                    services.store.note_refresh(key).await?;
                    (source, attempt) = (Some(row.into()), Some(poll.into()));
                }
                Err(refusal) => wrong.add(&["id"], refusal),
            }
        }
        Ok(RefreshSourcePayload {
            source,
            attempt,
            user_errors: wrong.into(),
        })
    }
}

impl From<Wrong> for UpdateSourcePayload {
    fn from(wrong: Wrong) -> Self {
        Self {
            source: None,
            user_errors: wrong.into(),
        }
    }
}

async fn update(
    services: &Services,
    key: SourceId,
    changes: &SourceChanges,
    home: Option<&Candidate>,
) -> Result<UpdateSourcePayload> {
    let now = services.clock.now();
    match services.store.update_source(key, changes, now).await? {
        UpdateSource::Updated(written) => {
            services.bell.ring(written.revision);
            let mut row = written.row;
            if let Some(home) = home {
                // What was read there just now need not be asked for again.
                services.poller.adopt(key, home).await?;
                let mut found = services.store.sources_by_ids(&[key]).await?;
                row = found.remove(&key).unwrap_or(row);
            }
            services.poller.wake();
            Ok(UpdateSourcePayload {
                source: Some(row.into()),
                user_errors: Vec::new(),
            })
        }
        UpdateSource::UrlTaken(other) => {
            Ok(Wrong::only(&["input", "feedUrl"], follow::already_followed(&other)).into())
        }
        UpdateSource::NotFound => Ok(Wrong::only(&["input", "id"], no_such(key)).into()),
    }
}

async fn set_paused(services: &Services, id: &ID, pause: Pause) -> Result<UpdateSourcePayload> {
    let mut wrong = Wrong::default();
    let Some(key) = wrong.key::<SourceId>(&["id"], id) else {
        return Ok(wrong.into());
    };
    let Some(written) = services
        .store
        .set_paused(key, pause, services.clock.now())
        .await?
    else {
        return Ok(Wrong::only(&["id"], no_such(key)).into());
    };
    services.bell.ring(written.revision);
    services.poller.wake();
    Ok(UpdateSourcePayload {
        source: Some(written.row.into()),
        user_errors: Vec::new(),
    })
}

/// Polls a source now. When it is being polled already, that poll is waited for instead.
async fn refresh(
    services: &Services,
    key: SourceId,
) -> Result<Result<(source::Model, poll_attempt::Model), Refusal>> {
    let store = &services.store;
    let began = services.clock.now();
    for _ in 0..PATIENCE_TRIES {
        if let Some(until) = store.host_rests_until(key, began).await? {
            return Ok(Err(host_rests(until)));
        }
        let visited = services.poller.visit_now(key).await?;
        let attempt = match &visited {
            Some(visited) => store.find_attempt(visited.summary.attempt_id).await?,
            None => newest_attempt(services, key)
                .await?
                .filter(|attempt| attempt.at >= began),
        };
        let source = store.sources_by_ids(&[key]).await?.remove(&key);
        match (source, attempt) {
            (None, _) => return Ok(Err(no_such(key))),
            (Some(source), Some(attempt)) => return Ok(Ok((source, attempt))),
            (Some(_), None) => tokio::time::sleep(PATIENCE_STEP).await,
        }
    }
    let message =
        "This source is being polled already, and that takes long; look at it again later.";
    Ok(Err(Refusal::new(UserErrorCode::RateLimited, message)))
}

/// The publisher said when to come again, and an editor's wish does not change that.
fn host_rests(until: Millis) -> Refusal {
    let message = format!(
        "The publisher's server asked to be left alone until {}.",
        scalar::write(until)
    );
    Refusal::new(UserErrorCode::RateLimited, message)
}

async fn newest_attempt(services: &Services, key: SourceId) -> Result<Option<poll_attempt::Model>> {
    let mut attempts = services.store.attempts_of(&[key], 1).await?;
    Ok(attempts
        .remove(&key)
        .and_then(|attempts| attempts.into_iter().next()))
}

/// The stored row of an id; none with a refusal.
async fn stored(
    services: &Services,
    path: &[&str],
    id: &ID,
    wrong: &mut Wrong,
) -> Result<Option<source::Model>> {
    let Some(key) = wrong.key::<SourceId>(path, id) else {
        return Ok(None);
    };
    let found = services.store.sources_by_ids(&[key]).await?.remove(&key);
    if found.is_none() {
        wrong.add(path, no_such(key));
    }
    Ok(found)
}

/// The planets that a new source joins; refusals for slugs that name none.
pub(super) async fn planets(
    services: &Services,
    slugs: Option<&[String]>,
    path: &[&str],
    wrong: &mut Wrong,
) -> Result<Vec<PlanetId>> {
    let Some(slugs) = slugs else {
        let default = services.store.default_planet().await?;
        return Ok(default.into_iter().map(|planet| planet.id).collect());
    };
    if slugs.len() > MOST_PLANETS {
        wrong.add(path, check::too_many("planets", slugs.len(), MOST_PLANETS));
        return Ok(Vec::new());
    }
    let known = services.store.planets_by_slugs(slugs).await?;
    let mut ids = Vec::new();
    for (at, slug) in slugs.iter().enumerate() {
        match known.get(slug) {
            Some(planet) if ids.contains(&planet.id) => {}
            Some(planet) => ids.push(planet.id),
            None => wrong.push(path, Some(at), Refusal::not_found("planet", slug)),
        }
    }
    Ok(ids)
}
