//! The steps from what is stored to what a file declares. In: both. Out: steps in the order in which they must be taken. Pure:
//! no step means that nothing has drifted. Must not know: SQL.

use std::collections::{HashMap, HashSet};
use std::fmt;

use entity::{PlanetId, SourceId};

use super::snapshot::Snapshot;
use super::{Declared, DeclaredPlanet, DeclaredSource};
use crate::store::text::feed_key;

/// Steps, and what stands in their way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order in which they must be taken.
    pub changes: Vec<Change>,
    /// Why it cannot be carried out, in words; then nothing is.
    pub problems: Vec<String>,
    /// What is worth knowing, in words.
    pub notes: Vec<String>,
}

/// A planet or a source of which a step tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A planet by its slug.
    Planet(String),
    /// A source by its URL.
    Source(String),
}

impl fmt::Display for Thing {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Planet(slug) => write!(to, "planet {slug}"),
            Self::Source(url) => write!(to, "source {url}"),
        }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Make a planet.
    AddPlanet(Box<DeclaredPlanet>),
    /// Change a planet's own facts.
    UpdatePlanet(PlanetId, Box<DeclaredPlanet>, Vec<&'static str>),
    /// Take a planet over from editors.
    OwnPlanet(PlanetId, String),
    /// Follow a source.
    AddSource(Box<DeclaredSource>),
    /// Change a source's own facts.
    UpdateSource(SourceId, Box<DeclaredSource>, Vec<&'static str>),
    /// Take a source over from editors.
    OwnSource(SourceId, String),
    /// Put a source into a planet.
    Join(String, String),
    /// Take a source out of a planet.
    Leave(String, String),
    /// Stop following a source that the file had and has no more.
    RemoveSource(SourceId, String),
    /// Remove a planet that the file had and has no more.
    RemovePlanet(PlanetId, String),
}

impl fmt::Display for Change {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let planet = |slug: &str| Thing::Planet(slug.to_owned());
        let source = |url: &str| Thing::Source(url.to_owned());
        match self {
            Self::AddPlanet(new) => write!(to, "+ {}", planet(&new.slug)),
            Self::UpdatePlanet(_, new, what) => {
                write!(to, "~ {}: {}", planet(&new.slug), what.join(", "))
            }
            Self::OwnPlanet(_, slug) => write!(to, "~ {}: owned by the file", planet(slug)),
            Self::AddSource(new) => write!(to, "+ {}", source(&new.feed_url)),
            Self::UpdateSource(_, new, what) => {
                write!(to, "~ {}: {}", source(&new.feed_url), what.join(", "))
            }
            Self::OwnSource(_, url) => write!(to, "~ {}: owned by the file", source(url)),
            Self::Join(url, slug) => write!(to, "~ {}: joins {}", source(url), planet(slug)),
            Self::Leave(url, slug) => write!(to, "~ {}: leaves {}", source(url), planet(slug)),
            Self::RemoveSource(_, url) => write!(to, "- {}", source(url)),
            Self::RemovePlanet(_, slug) => write!(to, "- {}", planet(slug)),
        }
    }
}

/// Compares.
pub(super) fn plan(stored: &Snapshot, declared: &Declared) -> Plan {
    let mut plan = Plan::default();
    planets(stored, declared, &mut plan);
    let known = sources(stored, declared, &mut plan);
    let declared_planets: HashSet<&str> = declared
        .planets
        .iter()
        .map(|planet| planet.slug.as_str())
        .collect();
    // Sources that are not the file's leave the file's planets.
    for (id, source) in &stored.sources {
        if known.contains_key(id) || stored.owned_sources.contains(id) {
            continue;
        }
        for slug in source
            .planets
            .iter()
            .filter(|slug| declared_planets.contains(slug.as_str()))
        {
            plan.changes
                .push(Change::Leave(source.feed_url.clone(), slug.clone()));
        }
    }
    for (id, source) in &stored.sources {
        if stored.owned_sources.contains(id) && !known.contains_key(id) {
            plan.changes
                .push(Change::RemoveSource(*id, source.feed_url.clone()));
        }
    }
    for (id, planet) in &stored.planets {
        if stored.owned_planets.contains(id) && !declared_planets.contains(planet.slug.as_str()) {
            plan.changes
                .push(Change::RemovePlanet(*id, planet.slug.clone()));
        }
    }
    plan
}

fn planets(stored: &Snapshot, declared: &Declared, plan: &mut Plan) {
    for new in &declared.planets {
        let found = stored
            .planets
            .iter()
            .find(|(_, planet)| planet.slug == new.slug);
        let Some((id, old)) = found else {
            plan.changes.push(Change::AddPlanet(Box::new(new.clone())));
            continue;
        };
        let what = differences(&[
            ("title", old.title == new.title),
            ("description", old.description == new.description),
            ("link", old.link == new.link),
            ("owner", old.owner_name == new.owner_name),
            ("links", old.links == new.links),
            ("rules", old.rules == new.rules),
        ]);
        if !what.is_empty() {
            plan.changes
                .push(Change::UpdatePlanet(*id, Box::new(new.clone()), what));
        }
        if !stored.owned_planets.contains(id) {
            plan.changes.push(Change::OwnPlanet(*id, new.slug.clone()));
        }
    }
}

/// Gives the stored sources that the file names.
fn sources<'a>(
    stored: &Snapshot,
    declared: &'a Declared,
    plan: &mut Plan,
) -> HashMap<SourceId, &'a str> {
    let by_id: HashMap<SourceId, &DeclaredSource> = stored
        .sources
        .iter()
        .map(|(id, source)| (*id, source))
        .collect();
    let mut slugs: HashSet<&str> = stored
        .planets
        .iter()
        .map(|(_, planet)| planet.slug.as_str())
        .collect();
    slugs.extend(declared.planets.iter().map(|planet| planet.slug.as_str()));
    let mut known: HashMap<SourceId, &str> = HashMap::new();
    for new in &declared.sources {
        for slug in new
            .planets
            .iter()
            .filter(|slug| !slugs.contains(slug.as_str()))
        {
            plan.problems.push(format!(
                "{} is in planet {slug}, which there is not",
                new.feed_url
            ));
        }
        let key = feed_key(&new.feed_url);
        let Some((id, old)) = stored
            .by_url
            .get(&key)
            .and_then(|id| Some((*id, *by_id.get(id)?)))
        else {
            plan.changes.push(Change::AddSource(Box::new(new.clone())));
            for slug in &new.planets {
                plan.changes
                    .push(Change::Join(new.feed_url.clone(), slug.clone()));
            }
            continue;
        };
        if let Some(other) = known.insert(id, &new.feed_url) {
            plan.problems.push(format!(
                "{} and {other} are one source, which is at {} now; name it once",
                new.feed_url, old.feed_url
            ));
            continue;
        }
        if feed_key(&old.feed_url) != key {
            plan.notes
                .push(format!("{} is at {} now", new.feed_url, old.feed_url));
        }
        one_source(stored, (id, old), new, plan);
    }
    known
}

fn one_source(
    stored: &Snapshot,
    (id, old): (SourceId, &DeclaredSource),
    new: &DeclaredSource,
    plan: &mut Plan,
) {
    let what = differences(&[
        ("title", old.title == new.title),
        ("site", old.site_url == new.site_url),
        ("tags", old.tags == new.tags),
        (
            "min_interval_seconds",
            old.min_interval_seconds == new.min_interval_seconds,
        ),
        (
            "max_interval_seconds",
            old.max_interval_seconds == new.max_interval_seconds,
        ),
        ("max_age_days", old.max_age_days == new.max_age_days),
        ("keep", old.keep == new.keep),
        ("drop", old.drop == new.drop),
        ("rules", old.rules == new.rules),
        ("paused", new.paused.is_none() || old.paused == new.paused),
    ]);
    if !what.is_empty() {
        plan.changes
            .push(Change::UpdateSource(id, Box::new(new.clone()), what));
    }
    for slug in new
        .planets
        .iter()
        .filter(|slug| !old.planets.contains(slug))
    {
        plan.changes
            .push(Change::Join(new.feed_url.clone(), slug.clone()));
    }
    for slug in old
        .planets
        .iter()
        .filter(|slug| !new.planets.contains(slug))
    {
        plan.changes
            .push(Change::Leave(new.feed_url.clone(), slug.clone()));
    }
    if !stored.owned_sources.contains(&id) {
        plan.changes
            .push(Change::OwnSource(id, new.feed_url.clone()));
    }
}

fn differences(same: &[(&'static str, bool)]) -> Vec<&'static str> {
    same.iter()
        .filter(|(_, same)| !same)
        .map(|(name, _)| *name)
        .collect()
}
