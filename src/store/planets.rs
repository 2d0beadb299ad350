//! Reading planets. In: keys, slugs, slices. Out: rows and pages. Must not know: days, outputs.

use std::collections::HashMap;

use entity::{Millis, PlanetId, SourceId, planet, planet_link, planet_source, source};
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::batch::grouped;
use super::error::Reading;
use super::page::{Keyset, Page, Slice};
use super::{Store, StoreError};

impl Store {
    /// A page of planets, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_planets(
        &self,
        slice: &Slice<PlanetId>,
    ) -> Result<Page<planet::Model>, StoreError> {
        let keyset = Keyset {
            columns: vec![Expr::col((planet::Entity, planet::Column::Id))],
            order: Order::Asc,
        };
        let mut select = planet::Entity::find();
        keyset.apply(QuerySelect::query(&mut select), slice, |id| {
            vec![Expr::value(*id)]
        });
        let rows = select
            .all(self.reader())
            .await
            .reading("a page of planets")?;
        Ok(slice.page(rows))
    }

    /// How many planets there are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_planets(&self) -> Result<i64, StoreError> {
        let count = planet::Entity::find()
            .count(self.reader())
            .await
            .reading("how many planets there are")?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// The planet with a slug.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_planet(&self, slug: &str) -> Result<Option<planet::Model>, StoreError> {
        planet::Entity::find()
            .filter(planet::Column::Slug.eq(slug))
            .one(self.reader())
            .await
            .reading("a planet by its slug")
    }

    /// The planets with these slugs.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn planets_by_slugs(
        &self,
        slugs: &[String],
    ) -> Result<HashMap<String, planet::Model>, StoreError> {
        if slugs.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = planet::Entity::find()
            .filter(planet::Column::Slug.is_in(slugs))
            .all(self.reader())
            .await
            .reading("planets by their slugs")?;
        Ok(rows
            .into_iter()
            .map(|row| (row.slug.clone(), row))
            .collect())
    }

    /// The planet that is shown when none is named.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn default_planet(&self) -> Result<Option<planet::Model>, StoreError> {
        planet::Entity::find()
            .filter(planet::Column::IsDefault.eq(true))
            .one(self.reader())
            .await
            .reading("the default planet")
    }

    /// The sources in a planet, by key.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn planet_members(&self, planet: PlanetId) -> Result<Vec<SourceId>, StoreError> {
        planet_source::Entity::find()
            .select_only()
            .column(planet_source::Column::SourceId)
            .filter(planet_source::Column::PlanetId.eq(planet))
            .order_by_asc(planet_source::Column::SourceId)
            .into_tuple()
            .all(self.reader())
            .await
            .reading("the sources of a planet")
    }

    /// The links beside planets, in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn links_of_planets(
        &self,
        planets: &[PlanetId],
    ) -> Result<HashMap<PlanetId, Vec<planet_link::Model>>, StoreError> {
        if planets.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = planet_link::Entity::find()
            .filter(planet_link::Column::PlanetId.is_in(planets.iter().copied()))
            .order_by_asc(planet_link::Column::PlanetId)
            .order_by_asc(planet_link::Column::Position)
            .all(self.reader())
            .await
            .reading("links of planets")?;
        Ok(grouped(rows.into_iter().map(|row| (row.planet_id, row))))
    }

    /// When an entry of each planet was last added, changed or removed; planets without any are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn planets_updated_at(
        &self,
        planets: &[PlanetId],
    ) -> Result<HashMap<PlanetId, Millis>, StoreError> {
        if planets.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<(PlanetId, Option<Millis>)> = planet_source::Entity::find()
            .select_only()
            .column(planet_source::Column::PlanetId)
            .column_as(source::Column::EntriesChangedAt.max(), "updated_at")
            .inner_join(source::Entity)
            .filter(planet_source::Column::PlanetId.is_in(planets.iter().copied()))
            .group_by(planet_source::Column::PlanetId)
            .into_tuple()
            .all(self.reader())
            .await
            .reading("when planets changed")?;
        let rows = rows.into_iter();
        Ok(rows.filter_map(|(id, at)| Some((id, at?))).collect())
    }
}
