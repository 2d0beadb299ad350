//! Who owns planets and sources: a file, or editors. In: keys. Out: those that a file owns. Must not know: which file.

use std::collections::HashMap;

use entity::{Millis, PlanetId, SourceId, declared_planet, declared_source};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::store::error::Reading;
use crate::store::{Store, StoreError};

impl Store {
    /// Those of these planets that a file owns, and since when.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn declared_planets(
        &self,
        ids: &[PlanetId],
    ) -> Result<HashMap<PlanetId, Millis>, StoreError> {
        let rows = declared_planet::Entity::find()
            .filter(declared_planet::Column::PlanetId.is_in(ids.iter().copied()))
            .all(self.reader())
            .await
            .reading("planets that a file owns")?;
        Ok(rows
            .into_iter()
            .map(|row| (row.planet_id, row.at))
            .collect())
    }

    /// Those of these sources that a file owns, and since when.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn declared_sources(
        &self,
        ids: &[SourceId],
    ) -> Result<HashMap<SourceId, Millis>, StoreError> {
        let rows = declared_source::Entity::find()
            .filter(declared_source::Column::SourceId.is_in(ids.iter().copied()))
            .all(self.reader())
            .await
            .reading("sources that a file owns")?;
        Ok(rows
            .into_iter()
            .map(|row| (row.source_id, row.at))
            .collect())
    }
}
