//! Making, changing and removing planets. In: what an editor says. Out: rows, with the revision. Must not
//! know: who may do it, which sources are in them.

use entity::{Millis, PlanetId, Revision, SourceId, planet, planet_entry, planet_link};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;

use super::audit::{Note, target, with};
use super::membership::{join, lock_members, lock_planet};
use super::write::{NewChange, Tx, Work, transaction};
use super::{Store, StoreError, Written, portrait};

/// A planet to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPlanet {
    /// Short name in URLs.
    pub slug: String,
    /// Plain text.
    pub title: String,
    /// Plain text.
    pub description: Option<String>,
    /// Its home page.
    pub link: Option<String>,
    /// Who runs it.
    pub owner_name: Option<String>,
    /// Links beside it, in order.
    pub links: Vec<NewLink>,
    /// The sources in it; those that do not exist are left out.
    pub source_ids: Vec<SourceId>,
    /// When.
    pub at: Millis,
}

/// A link beside a planet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLink {
    /// Heading that it stands under.
    pub group: String,
    /// Plain text.
    pub title: String,
    /// Where it leads.
    pub url: String,
}

/// What is to change of a planet. An outer none leaves it, an inner one takes it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanetChanges {
    /// Short name in URLs.
    pub slug: Option<String>,
    /// Plain text.
    pub title: Option<String>,
    /// Plain text.
    pub description: Option<Option<String>>,
    /// Its home page.
    pub link: Option<Option<String>>,
    /// Who runs it.
    pub owner_name: Option<Option<String>>,
    /// All links beside it.
    pub links: Option<Vec<NewLink>>,
}

/// What became of writing a planet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WritePlanet {
    /// It is stored.
    Written(Written<planet::Model>),
    /// Another planet has the slug; nothing changed.
    SlugTaken,
    /// There is no such planet.
    NotFound,
}

impl Store {
    /// Makes a planet. The first one is the default.
    ///
    /// # Errors
    /// When the transaction fails; nothing is stored then.
    pub async fn create_planet(&self, new: &NewPlanet) -> Result<WritePlanet, StoreError> {
        let committed = transaction!(self, "making a planet", |tx| create(tx, new))?;
        Ok(match committed.value {
            Some(row) => WritePlanet::Written(Written::of(row, committed.revision)),
            None => WritePlanet::SlugTaken,
        })
    }

    /// Changes a planet.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn update_planet(
        &self,
        id: PlanetId,
        changes: &PlanetChanges,
        at: Millis,
    ) -> Result<WritePlanet, StoreError> {
        let committed = transaction!(self, "changing a planet", |tx| update(tx, id, changes, at))?;
        Ok(match committed.value {
            Updated::Row(row) => WritePlanet::Written(Written::of(*row, committed.revision)),
            Updated::SlugTaken => WritePlanet::SlugTaken,
            Updated::NotFound => WritePlanet::NotFound,
        })
    }

    /// Removes a planet; its sources stay. When it was the default, the oldest other one is from now on.
    /// None: there is none.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn remove_planet(
        &self,
        id: PlanetId,
        at: Millis,
    ) -> Result<Option<Revision>, StoreError> {
        let committed = transaction!(self, "removing a planet", |tx| remove(tx, id, at))?;
        Ok(committed.revision)
    }
}

pub(super) enum Updated {
    Row(Box<planet::Model>),
    SlugTaken,
    NotFound,
}

pub(super) async fn create(tx: &Tx, new: &NewPlanet) -> Result<Work<Option<planet::Model>>, DbErr> {
    if holder(tx, &new.slug).await?.is_some() {
        return Ok(Work::quiet(None));
    }
    let mut row = planet::Model {
        id: PlanetId(0),
        slug: new.slug.clone(),
        title: new.title.clone(),
        description: new.description.clone(),
        link: new.link.clone(),
        owner_name: new.owner_name.clone(),
        is_default: oldest(tx).await?.is_none(),
        created_at: new.at,
    }
    .into_active_model()
    .reset_all();
    row.id = NotSet;
    let row = planet::Entity::insert(row)
        .exec_with_returning(&tx.db)
        .await?;
    write_links(tx, row.id, &new.links).await?;
    join(tx, row.id, &new.source_ids, new.at).await?;
    let facts = with(portrait::planet(&row), "sourceIds", json!(new.source_ids));
    let note = Note::new(target::planet(row.id), None, Some(facts));
    Ok(Work::told(Some(row), vec![NewChange::other(new.at)]).noting(note))
}

pub(super) async fn update(
    tx: &Tx,
    id: PlanetId,
    changes: &PlanetChanges,
    at: Millis,
) -> Result<Work<Updated>, DbErr> {
    let Some(mut row) = lock_planet(tx, id).await? else {
        return Ok(Work::quiet(Updated::NotFound));
    };
    if let Some(slug) = &changes.slug
        && holder(tx, slug).await?.is_some_and(|holder| holder != id)
    {
        return Ok(Work::quiet(Updated::SlugTaken));
    }
    let mut before = portrait::planet(&row);
    apply(&mut row, changes);
    let mut after = portrait::planet(&row);
    planet::Entity::update(row.clone().into_active_model().reset_all())
        .exec(&tx.db)
        .await?;
    if let Some(links) = &changes.links {
        planet_link::Entity::delete_many()
            .filter(planet_link::Column::PlanetId.eq(id))
            .exec(&tx.db)
            .await?;
        write_links(tx, id, links).await?;
        before = with(before, "links", json!("the former ones"));
        let links = links.iter();
        let links = links.map(|link| json!([link.group, link.title, link.url]));
        after = with(after, "links", links.collect());
    }
    let row = Updated::Row(Box::new(row));
    let note = Note::changed(target::planet(id), before, after);
    Ok(Work::told(row, vec![NewChange::other(at)]).noting(note))
}

fn apply(row: &mut planet::Model, changes: &PlanetChanges) {
    let PlanetChanges {
        slug,
        title,
        description,
        link,
        owner_name,
        links: _,
    } = changes.clone();
    row.slug = slug.unwrap_or_else(|| std::mem::take(&mut row.slug));
    row.title = title.unwrap_or_else(|| std::mem::take(&mut row.title));
    row.description = description.unwrap_or_else(|| row.description.take());
    row.link = link.unwrap_or_else(|| row.link.take());
    row.owner_name = owner_name.unwrap_or_else(|| row.owner_name.take());
}

pub(super) async fn remove(tx: &Tx, id: PlanetId, at: Millis) -> Result<Work<()>, DbErr> {
    let Some(row) = lock_planet(tx, id).await? else {
        return Ok(Work::quiet(()));
    };
    lock_members(tx, id).await?;
    planet_entry::Entity::delete_many()
        .filter(planet_entry::Column::PlanetId.eq(id))
        .exec(&tx.db)
        .await?;
    // Its links and its list of sources go with it.
    planet::Entity::delete_by_id(id).exec(&tx.db).await?;
    if let Some(heir) = oldest(tx).await?.filter(|_| row.is_default) {
        planet::Entity::update_many()
            .col_expr(planet::Column::IsDefault, Expr::value(true))
            .filter(planet::Column::Id.eq(heir))
            .exec(&tx.db)
            .await?;
    }
    let note = Note::new(target::planet(id), Some(portrait::planet(&row)), None);
    Ok(Work::told((), vec![NewChange::other(at)]).noting(note))
}

async fn holder(tx: &Tx, slug: &str) -> Result<Option<PlanetId>, DbErr> {
    planet::Entity::find()
        .select_only()
        .column(planet::Column::Id)
        .filter(planet::Column::Slug.eq(slug))
        .into_tuple()
        .one(&tx.db)
        .await
}

async fn oldest(tx: &Tx) -> Result<Option<PlanetId>, DbErr> {
    planet::Entity::find()
        .select_only()
        .column(planet::Column::Id)
        .order_by_asc(planet::Column::Id)
        .into_tuple()
        .one(&tx.db)
        .await
}

async fn write_links(tx: &Tx, id: PlanetId, links: &[NewLink]) -> Result<(), DbErr> {
    let rows: Vec<planet_link::ActiveModel> = (0_i16..)
        .zip(links)
        .map(|(position, link)| {
            let row = planet_link::Model {
                planet_id: id,
                position,
                group_name: link.group.clone(),
                title: link.title.clone(),
                url: link.url.clone(),
            };
            row.into_active_model().reset_all()
        })
        .collect();
    if !rows.is_empty() {
        planet_link::Entity::insert_many(rows)
            .exec_without_returning(&tx.db)
            .await?;
    }
    Ok(())
}
