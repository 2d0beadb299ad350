//! All that a file could declare, as it is stored. In: a database. Out: plain values with keys. Must not know: what a file
//! says.

use std::collections::{HashMap, HashSet};

use entity::{
    PlanetId, SourceId, SourceStatus, declared_planet, declared_source, planet, planet_link,
    planet_source, rule, source, source_alias,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::{Declared, DeclaredPlanet, DeclaredSource};
use crate::store::batch::grouped;
use crate::store::text::texts;
use crate::store::{NewLink, NewRule};

/// What is stored.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    /// In the order in which they were made, the default first.
    pub(super) planets: Vec<(PlanetId, DeclaredPlanet)>,
    /// By title.
    pub(super) sources: Vec<(SourceId, DeclaredSource)>,
    /// Sources by all keys of their present and former URLs.
    pub(super) by_url: HashMap<String, SourceId>,
    pub(super) owned_planets: HashSet<PlanetId>,
    pub(super) owned_sources: HashSet<SourceId>,
}

/// The rows that a snapshot is made of.
struct Rows {
    planets: Vec<planet::Model>,
    links: Vec<planet_link::Model>,
    rules: Vec<rule::Model>,
    sources: Vec<source::Model>,
    members: Vec<planet_source::Model>,
    aliases: Vec<source_alias::Model>,
}

impl Rows {
    async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, DbErr> {
        Ok(Self {
            planets: planet::Entity::find()
                .order_by_desc(planet::Column::IsDefault)
                .order_by_asc(planet::Column::Id)
                .all(db)
                .await?,
            links: planet_link::Entity::find()
                .order_by_asc(planet_link::Column::PlanetId)
                .order_by_asc(planet_link::Column::Position)
                .all(db)
                .await?,
            rules: rule::Entity::find()
                .order_by_asc(rule::Column::Id)
                .all(db)
                .await?,
            sources: source::Entity::find()
                .filter(source::Column::RemovedAt.is_null())
                .order_by_asc(source::Column::TitleKey)
                .order_by_asc(source::Column::Id)
                .all(db)
                .await?,
            members: planet_source::Entity::find().all(db).await?,
            aliases: source_alias::Entity::find().all(db).await?,
        })
    }
}

impl Snapshot {
    /// Eight statements, whatever is stored.
    pub(super) async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, DbErr> {
        let mut snapshot = Self::of(Rows::read(db).await?);
        let planets = declared_planet::Entity::find().all(db).await?;
        let sources = declared_source::Entity::find().all(db).await?;
        snapshot.owned_planets = planets.into_iter().map(|row| row.planet_id).collect();
        snapshot.owned_sources = sources.into_iter().map(|row| row.source_id).collect();
        Ok(snapshot)
    }

    fn of(rows: Rows) -> Self {
        let slug = |row: &planet::Model| (row.id, row.slug.clone());
        let slugs: HashMap<PlanetId, String> = rows.planets.iter().map(slug).collect();
        let joined = rows.members.iter();
        let mut joined: HashMap<SourceId, Vec<String>> = grouped(
            joined.filter_map(|row| Some((row.source_id, slugs.get(&row.planet_id)?.clone()))),
        );
        let mut links = grouped(rows.links.into_iter().map(|row| (row.planet_id, link(row))));
        let of_planets = rows.rules.iter();
        let of_planets = of_planets.filter_map(|row| Some((row.planet_id?, new(row))));
        let mut of_planets: HashMap<PlanetId, Vec<NewRule>> = grouped(of_planets);
        let of_sources = rows.rules.iter();
        let of_sources = of_sources.filter_map(|row| Some((row.source_id?, new(row))));
        let mut of_sources: HashMap<SourceId, Vec<NewRule>> = grouped(of_sources);
        let mut snapshot = Self {
            by_url: by_url(&rows.sources, rows.aliases),
            ..Self::default()
        };
        for row in rows.planets {
            let links = links.remove(&row.id).unwrap_or_default();
            let rules = of_planets.remove(&row.id).unwrap_or_default();
            snapshot.planets.push((row.id, planet(row, links, rules)));
        }
        for row in rows.sources {
            let mut planets = joined.remove(&row.id).unwrap_or_default();
            planets.sort_unstable();
            let rules = of_sources.remove(&row.id).unwrap_or_default();
            snapshot.sources.push((row.id, source(row, planets, rules)));
        }
        snapshot
    }

    /// All of it as a file would have it. That a source is not paused is left unsaid.
    pub(super) fn declared(self) -> Declared {
        let sources = self.sources.into_iter().map(|(_, source)| DeclaredSource {
            paused: source.paused.filter(|paused| *paused),
            ..source
        });
        Declared {
            planets: self.planets.into_iter().map(|(_, planet)| planet).collect(),
            sources: sources.collect(),
        }
    }
}

/// Former URLs first, so that present ones win.
fn by_url(
    sources: &[source::Model],
    aliases: Vec<source_alias::Model>,
) -> HashMap<String, SourceId> {
    let alive: HashSet<SourceId> = sources.iter().map(|row| row.id).collect();
    let former = aliases.into_iter().map(|row| (row.url_key, row.source_id));
    let mut all: HashMap<String, SourceId> = former.filter(|(_, id)| alive.contains(id)).collect();
    all.extend(
        sources
            .iter()
            .filter_map(|row| Some((row.feed_url_key.clone()?, row.id))),
    );
    all
}

fn planet(row: planet::Model, links: Vec<NewLink>, rules: Vec<NewRule>) -> DeclaredPlanet {
    DeclaredPlanet {
        slug: row.slug,
        title: row.title,
        description: row.description,
        link: row.link,
        owner_name: row.owner_name,
        links,
        rules,
    }
}

fn source(row: source::Model, planets: Vec<String>, rules: Vec<NewRule>) -> DeclaredSource {
    DeclaredSource {
        title: row.editor_title,
        site_url: row.editor_site_url,
        tags: texts(&row.tags),
        planets,
        min_interval_seconds: row.min_interval_seconds,
        max_interval_seconds: row.max_interval_seconds,
        max_age_days: row.max_age_days,
        keep: texts(&row.keep_rules),
        drop: texts(&row.drop_rules),
        rules,
        paused: Some(row.status == SourceStatus::Paused),
        feed_url: row.feed_url,
    }
}

fn link(row: planet_link::Model) -> NewLink {
    NewLink {
        group: row.group_name,
        title: row.title,
        url: row.url,
    }
}

fn new(row: &rule::Model) -> NewRule {
    NewRule {
        action: row.action,
        field: row.field,
        pattern: row.pattern.clone(),
        note: row.note.clone(),
    }
}
