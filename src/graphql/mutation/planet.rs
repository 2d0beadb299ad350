//! Mutations about planets. In: inputs. Out: payloads with the planet as it is now, or with what was wrong.
//! Must not know: SQL, how texts are checked.

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::{PlanetId, Role, SourceId, UserErrorCode, planet};

use super::owned;
use super::planet_input::{CreatePlanetInput, UpdatePlanetInput};
use super::user_error::{UserError, Wrong, no_such};
use crate::follow::{Refusal, check, quoted};
use crate::graphql::error::Result;
use crate::graphql::needs::Needs;
use crate::graphql::planet::Planet;
use crate::graphql::{Services, services};
use crate::store::{WritePlanet, Written};

/// Most sources named in one call.
const SOURCE_COUNT: usize = 1_000;

/// A planet that was written.
#[derive(SimpleObject)]
pub struct PlanetPayload {
    /// As it is now; null when something was wrong.
    planet: Option<Planet>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

impl From<Wrong> for PlanetPayload {
    fn from(wrong: Wrong) -> Self {
        Self {
            planet: None,
            user_errors: wrong.into(),
        }
    }
}

/// A planet that was removed.
#[derive(SimpleObject)]
pub struct RemovePlanetPayload {
    /// Its former id; null when something was wrong.
    removed_id: Option<ID>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// Mutations about planets.
#[derive(Default)]
pub struct PlanetMutation;

#[Object]
impl PlanetMutation {
    /// Makes a planet. The first one becomes the default planet. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn create_planet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new planet.")] input: CreatePlanetInput,
    ) -> Result<PlanetPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let ids = input.source_ids.clone().unwrap_or_default();
        let sources = sources(services, &["input", "sourceIds"], &ids, &mut wrong).await?;
        owned::refuse_sources(services, &["input", "sourceIds"], &sources, &mut wrong).await?;
        let now = services.clock.now();
        let Some(new) = input.checked(sources, now, &mut wrong) else {
            return Ok(wrong.into());
        };
        let written = services.store.create_planet(&new).await?;
        Ok(answer(services, written, None, Some(&new.slug)))
    }

    /// Changes a planet's name, texts or links. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn update_planet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdatePlanetInput,
    ) -> Result<PlanetPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let key = wrong.key::<PlanetId>(&["input", "id"], &input.id);
        let changes = input.checked(&mut wrong);
        owned::refuse_planets(services, &["input", "id"], key.as_slice(), &mut wrong).await?;
        let (Some(key), true) = (key, wrong.is_empty()) else {
            return Ok(wrong.into());
        };
        let now = services.clock.now();
        let written = services.store.update_planet(key, &changes, now).await?;
        Ok(answer(
            services,
            written,
            Some(key),
            changes.slug.as_deref(),
        ))
    }

    /// Removes a planet; its sources stay followed. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn remove_planet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The planet.")] id: ID,
    ) -> Result<RemovePlanetPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let mut removed_id = None;
        let key = wrong.key::<PlanetId>(&["id"], &id);
        owned::refuse_planets(services, &["id"], key.as_slice(), &mut wrong).await?;
        if let Some(key) = key.filter(|_| wrong.is_empty()) {
            match services
                .store
                .remove_planet(key, services.clock.now())
                .await?
            {
                Some(revision) => {
                    services.bell.ring(revision);
                    removed_id = Some(id);
                }
                None => wrong.add(&["id"], no_such(key)),
            }
        }
        Ok(RemovePlanetPayload {
            removed_id,
            user_errors: wrong.into(),
        })
    }

    /// Puts sources into a planet; those in it already stay. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn add_sources_to_planet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The planet.")] planet_id: ID,
        #[graphql(desc = "The sources; at most 1,000.")] source_ids: Vec<ID>,
    ) -> Result<PlanetPayload> {
        let services = services(ctx)?;
        let (planet, sources) = match members(services, &planet_id, &source_ids).await? {
            Ok(members) => members,
            Err(wrong) => return Ok(wrong.into()),
        };
        let now = services.clock.now();
        let written = services
            .store
            .add_sources_to_planet(planet, &sources, now)
            .await?;
        Ok(answer_members(services, planet, written))
    }

    /// Takes sources out of a planet; they stay followed, and those that are not in it are passed over.
    /// Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn remove_sources_from_planet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The planet.")] planet_id: ID,
        #[graphql(desc = "The sources; at most 1,000.")] source_ids: Vec<ID>,
    ) -> Result<PlanetPayload> {
        let services = services(ctx)?;
        let (planet, sources) = match members(services, &planet_id, &source_ids).await? {
            Ok(members) => members,
            Err(wrong) => return Ok(wrong.into()),
        };
        let now = services.clock.now();
        let written = services
            .store
            .remove_sources_from_planet(planet, &sources, now)
            .await?;
        Ok(answer_members(services, planet, written))
    }
}

/// The keys of sources that exist; refusals for the others.
async fn sources(
    services: &Services,
    path: &[&str],
    ids: &[ID],
    wrong: &mut Wrong,
) -> Result<Vec<SourceId>> {
    if ids.len() > SOURCE_COUNT {
        wrong.add(path, check::too_many("sources", ids.len(), SOURCE_COUNT));
        return Ok(Vec::new());
    }
    let keys = wrong.keys::<SourceId>(path, ids).unwrap_or_default();
    let known = services.store.sources_by_ids(&keys).await?;
    for (at, key) in keys.iter().enumerate() {
        if !known.contains_key(key) {
            wrong.push(path, Some(at), no_such(*key));
        }
    }
    Ok(keys)
}

/// The planet as it was written; `key` is none for a new one.
fn answer(
    services: &Services,
    written: WritePlanet,
    key: Option<PlanetId>,
    slug: Option<&str>,
) -> PlanetPayload {
    match (written, key) {
        (WritePlanet::Written(written), _) => {
            services.bell.ring(written.revision);
            PlanetPayload {
                planet: Some(written.row.into()),
                user_errors: Vec::new(),
            }
        }
        (WritePlanet::NotFound, Some(key)) => Wrong::only(&["input", "id"], no_such(key)).into(),
        (WritePlanet::SlugTaken | WritePlanet::NotFound, _) => {
            let slug = quoted(slug.unwrap_or_default());
            let message = format!("There is a planet {slug} already; choose another slug.");
            let refusal = Refusal::new(UserErrorCode::AlreadyExists, message);
            Wrong::only(&["input", "slug"], refusal).into()
        }
    }
}

/// The planet and the sources that are named, or what is wrong with the names.
async fn members(
    services: &Services,
    planet_id: &ID,
    source_ids: &[ID],
) -> Result<std::result::Result<(PlanetId, Vec<SourceId>), Wrong>> {
    let mut wrong = Wrong::default();
    let planet = wrong.key::<PlanetId>(&["planetId"], planet_id);
    let sources = sources(services, &["sourceIds"], source_ids, &mut wrong).await?;
    owned::refuse_planets(services, &["planetId"], planet.as_slice(), &mut wrong).await?;
    owned::refuse_sources(services, &["sourceIds"], &sources, &mut wrong).await?;
    Ok(match planet {
        Some(planet) if wrong.is_empty() => Ok((planet, sources)),
        _ => Err(wrong),
    })
}

/// The planet with its new members; none when it is gone.
fn answer_members(
    services: &Services,
    key: PlanetId,
    written: Option<Written<planet::Model>>,
) -> PlanetPayload {
    let Some(written) = written else {
        return Wrong::only(&["planetId"], no_such(key)).into();
    };
    services.bell.ring(written.revision);
    PlanetPayload {
        planet: Some(written.row.into()),
        user_errors: Vec::new(),
    }
}
