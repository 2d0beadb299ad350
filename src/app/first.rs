//! The first start on a new database. In: the parts. Out: a default planet, an admin whose password is made
//! up, and the starter list. Must not know: how a planet is shown.

use entity::{PlanetId, Role};

use super::{Parts, StartError};
use crate::auth::{AuthError, password};
use crate::config::Config;
use crate::follow::{self, Wish};
use crate::starter;
use crate::store::{NewPlanet, NewUser, WritePlanet};

/// The name of the first account.
pub const FIRST_ADMIN: &str = "admin";
/// The slug of the first planet.
const DEFAULT_PLANET: &str = "planet";

/// What a new database was given; nothing when it was not new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirstRun {
    /// The password of the account `admin`, if that was made now. Kept nowhere else.
    pub admin_password: Option<String>,
    /// Feeds of the starter list that are followed from now on.
    pub starter_feeds: usize,
}

/// Gives a new database what it needs.
///
/// # Errors
/// When the store fails.
pub async fn prepare(parts: &Parts, config: &Config) -> Result<FirstRun, StartError> {
    let mut first_run = FirstRun {
        admin_password: make_admin(parts).await?,
        starter_feeds: 0,
    };
    if let Some(planet) = prepare_planet(parts, config).await?
        && config.starter_feeds
    {
        first_run.starter_feeds = follow_starters(parts, planet).await?;
    }
    Ok(first_run)
}

/// An admin, when there is no account at all.
async fn make_admin(parts: &Parts) -> Result<Option<String>, StartError> {
    if parts.store.count_users().await? > 0 {
        return Ok(None);
    }
    let password = password::generate();
    let new = NewUser {
        username: FIRST_ADMIN.to_owned(),
        password_hash: password::hash(&password).map_err(AuthError::from)?,
        role: Role::Admin,
        at: parts.clock.now(),
    };
    // None when another node was faster: its password counts then.
    let made = parts.store.create_user(&new).await?;
    Ok(made.map(|_| password))
}

/// Makes the planet that is shown when none is named, when there is no planet at all.
///
/// # Errors
/// When the store fails.
pub async fn prepare_planet(
    parts: &Parts,
    config: &Config,
) -> Result<Option<PlanetId>, StartError> {
    if parts.store.count_planets().await? > 0 {
        return Ok(None);
    }
    let new = NewPlanet {
        slug: DEFAULT_PLANET.to_owned(),
        title: config.name.clone(),
        description: None,
        link: None,
        owner_name: None,
        links: Vec::new(),
        source_ids: Vec::new(),
        at: parts.clock.now(),
    };
    Ok(match parts.store.create_planet(&new).await? {
        WritePlanet::Written(written) => Some(written.row.id),
        // Another node was faster.
        WritePlanet::SlugTaken | WritePlanet::NotFound => None,
    })
}

async fn follow_starters(parts: &Parts, planet: PlanetId) -> Result<usize, StartError> {
    let mut followed = 0;
    for feed in starter::feeds()? {
        // The bundled list has no URL that is refused.
        let Ok(mut wish) = Wish::listed(&feed.url, feed.title.as_deref(), &feed.tags) else {
            continue;
        };
        wish.planet_ids.push(planet);
        follow::subscribe(&parts.store, &parts.bell, &wish, parts.clock.now()).await?;
        followed += 1;
    }
    Ok(followed)
}
