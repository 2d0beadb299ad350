//! Carrying a plan out. In: steps, within a transaction. Out: rows, and change rows for the log. Must not know: why.

use std::collections::HashMap;

use entity::{Millis, PlanetId, SourceId, declared_planet, declared_source, planet};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::plan::{Change, Plan};
use super::{DeclaredPlanet, DeclaredSource};
use crate::store::edit::{self, Pause, SourceChanges};
use crate::store::follow::{self, NewSource, find_by_key};
use crate::store::membership;
use crate::store::planet::{self as planets, NewPlanet, PlanetChanges};
use crate::store::rules::{self, RuleScope};
use crate::store::text::feed_key;
use crate::store::write::{NewChange, Tx};

/// Takes all steps. Gives whose rules changed, and what the change log is to tell.
pub(super) async fn out(
    tx: &Tx,
    plan: &Plan,
    at: Millis,
) -> Result<(Vec<RuleScope>, Vec<NewChange>), DbErr> {
    let mut carrier = Carrier {
        tx,
        at,
        ruled: Vec::new(),
        changes: Vec::new(),
    };
    let (mut joins, mut leaves): (Pairs, Pairs) = (HashMap::new(), HashMap::new());
    for change in &plan.changes {
        match change {
            Change::Join(url, slug) => joins.entry(slug).or_default().push(url),
            Change::Leave(url, slug) => leaves.entry(slug).or_default().push(url),
            other => carrier.step(other).await?,
        }
    }
    carrier.members(joins, leaves).await?;
    Ok((carrier.ruled, carrier.changes))
}

/// URLs of sources by slugs of planets.
type Pairs<'a> = HashMap<&'a String, Vec<&'a String>>;

struct Carrier<'a> {
    tx: &'a Tx,
    at: Millis,
    ruled: Vec<RuleScope>,
    changes: Vec<NewChange>,
}

impl Carrier<'_> {
    async fn step(&mut self, change: &Change) -> Result<(), DbErr> {
        let (tx, at) = (self.tx, self.at);
        match change {
            Change::AddPlanet(new) => self.add_planet(new).await?,
            Change::UpdatePlanet(id, new, what) => self.update_planet(*id, new, what).await?,
            Change::OwnPlanet(id, _) => own_planet(tx, *id, at).await?,
            Change::AddSource(new) => self.add_source(new).await?,
            Change::UpdateSource(id, new, what) => self.update_source(*id, new, what).await?,
            Change::OwnSource(id, _) => own_source(tx, *id, at).await?,
            Change::RemoveSource(id, _) => {
                let ((), changes) = follow::remove(tx, *id, at).await?.split();
                self.changes.extend(changes);
                declared_source::Entity::delete_by_id(*id)
                    .exec(&tx.db)
                    .await?;
            }
            Change::RemovePlanet(id, _) => {
                let ((), changes) = planets::remove(tx, *id, at).await?.split();
                self.changes.extend(changes);
            }
            Change::Join(..) | Change::Leave(..) => {}
        }
        Ok(())
    }

    async fn add_planet(&mut self, new: &DeclaredPlanet) -> Result<(), DbErr> {
        let made = NewPlanet {
            slug: new.slug.clone(),
            title: new.title.clone(),
            description: new.description.clone(),
            link: new.link.clone(),
            owner_name: new.owner_name.clone(),
            links: new.links.clone(),
            source_ids: Vec::new(),
            at: self.at,
        };
        let (row, _) = planets::create(self.tx, &made).await?.split();
        let Some(row) = row else {
            return Err(DbErr::Custom(format!("planet {} came meanwhile", new.slug)));
        };
        self.set_rules(RuleScope::Planet(row.id), &new.rules)
            .await?;
        own_planet(self.tx, row.id, self.at).await
    }

    async fn update_planet(
        &mut self,
        id: PlanetId,
        new: &DeclaredPlanet,
        what: &[&str],
    ) -> Result<(), DbErr> {
        let changes = PlanetChanges {
            slug: None,
            title: Some(new.title.clone()),
            description: Some(new.description.clone()),
            link: Some(new.link.clone()),
            owner_name: Some(new.owner_name.clone()),
            links: Some(new.links.clone()),
        };
        planets::update(self.tx, id, &changes, self.at).await?;
        if what.contains(&"rules") {
            self.set_rules(RuleScope::Planet(id), &new.rules).await?;
        }
        Ok(())
    }

    async fn add_source(&mut self, new: &DeclaredSource) -> Result<(), DbErr> {
        let mut made = NewSource::new(new.feed_url.clone(), self.at);
        made.title.clone_from(&new.title);
        made.site_url.clone_from(&new.site_url);
        made.tags.clone_from(&new.tags);
        made.max_age_days = new.max_age_days;
        let ((row, _), changes) = follow::add(self.tx, &made).await?.split();
        self.changes.extend(changes);
        let more = SourceChanges {
            min_interval_seconds: Some(new.min_interval_seconds),
            max_interval_seconds: Some(new.max_interval_seconds),
            keep_rules: Some(new.keep.clone()),
            drop_rules: Some(new.drop.clone()),
            ..SourceChanges::default()
        };
        let has_bounds = new
            .min_interval_seconds
            .or(new.max_interval_seconds)
            .is_some();
        if has_bounds || !new.keep.is_empty() || !new.drop.is_empty() {
            edit::update(self.tx, row.id, &more, self.at).await?;
        }
        if !new.rules.is_empty() {
            self.set_rules(RuleScope::Source(row.id), &new.rules)
                .await?;
        }
        if new.paused == Some(true) {
            edit::set_paused(self.tx, row.id, Pause::Pause, self.at).await?;
        }
        own_source(self.tx, row.id, self.at).await
    }

    async fn update_source(
        &mut self,
        id: SourceId,
        new: &DeclaredSource,
        what: &[&str],
    ) -> Result<(), DbErr> {
        let all = SourceChanges {
            title: Some(new.title.clone()),
            feed_url: None,
            site_url: Some(new.site_url.clone()),
            tags: Some(new.tags.clone()),
            min_interval_seconds: Some(new.min_interval_seconds),
            max_interval_seconds: Some(new.max_interval_seconds),
            keep_rules: Some(new.keep.clone()),
            drop_rules: Some(new.drop.clone()),
            max_age_days: Some(new.max_age_days),
        };
        let (_, changes) = edit::update(self.tx, id, &all, self.at).await?.split();
        self.changes.extend(changes);
        if what.contains(&"rules") {
            self.set_rules(RuleScope::Source(id), &new.rules).await?;
        }
        if let Some(paused) = new.paused.filter(|_| what.contains(&"paused")) {
            let pause = if paused { Pause::Pause } else { Pause::Resume };
            let (_, changes) = edit::set_paused(self.tx, id, pause, self.at).await?.split();
            self.changes.extend(changes);
        }
        Ok(())
    }

    async fn set_rules(
        &mut self,
        scope: RuleScope,
        rules: &[crate::store::NewRule],
    ) -> Result<(), DbErr> {
        if rules::set(self.tx, scope, rules, self.at).await? {
            self.ruled.push(scope);
        }
        Ok(())
    }

    /// Planet by planet, since joining locks sources.
    async fn members(&self, joins: Pairs<'_>, leaves: Pairs<'_>) -> Result<(), DbErr> {
        for (slug, urls) in leaves {
            if let Some(planet) = self.planet(slug).await? {
                membership::leave(self.tx, planet, &self.sources(&urls).await?).await?;
            }
        }
        for (slug, urls) in joins {
            if let Some(planet) = self.planet(slug).await? {
                membership::join(self.tx, planet, &self.sources(&urls).await?, self.at).await?;
            }
        }
        Ok(())
    }

    async fn planet(&self, slug: &str) -> Result<Option<PlanetId>, DbErr> {
        planet::Entity::find()
            .select_only()
            .column(planet::Column::Id)
            .filter(planet::Column::Slug.eq(slug))
            .into_tuple()
            .one(&self.tx.db)
            .await
    }

    async fn sources(&self, urls: &[&String]) -> Result<Vec<SourceId>, DbErr> {
        let mut ids = Vec::with_capacity(urls.len());
        for url in urls {
            let found = find_by_key(&self.tx.db, &feed_key(url)).await?;
            ids.extend(found.map(|row| row.id));
        }
        Ok(ids)
    }
}

async fn own_planet(tx: &Tx, id: PlanetId, at: Millis) -> Result<(), DbErr> {
    let row = declared_planet::ActiveModel {
        planet_id: Set(id),
        at: Set(at),
    };
    declared_planet::Entity::insert_many([row])
        .on_conflict(
            OnConflict::column(declared_planet::Column::PlanetId)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

async fn own_source(tx: &Tx, id: SourceId, at: Millis) -> Result<(), DbErr> {
    let row = declared_source::ActiveModel {
        source_id: Set(id),
        at: Set(at),
    };
    declared_source::Entity::insert_many([row])
        .on_conflict(
            OnConflict::column(declared_source::Column::SourceId)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}
