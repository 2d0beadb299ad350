//! Which entries the documents of a planet's feed have. In: a planet. Out: keys. Must not know: formats.
//!
//! Archives (RFC 5005) must not change when entries come, so they are cut by key, which rises as entries are stored: an
//! archive ends at each entry whose key is a multiple of [`EVERY`], wherever that is among the planet's entries. No
//! table says so and nothing has to be counted, on average an archive has `EVERY` entries, and an entry that is taken
//! out makes one archive longer but moves no other.

use entity::{EntryId, Millis, PlanetId, Revision, change, planet_entry};
use sea_orm::sea_query::{Expr, ExprTrait, Order};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::error::Reading;
use super::{Store, StoreError};

/// Prime, so that it does not fall in with how many entries a feed has.
const EVERY: i64 = 61;

impl Store {
    /// The entries after `after` up to and with `up_to`, newest first by place in time.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn archived_entries(
        &self,
        planet: PlanetId,
        after: Option<EntryId>,
        up_to: Option<EntryId>,
    ) -> Result<Vec<(Millis, EntryId)>, StoreError> {
        let mut select = of_planet(planet);
        if let Some(after) = after {
            select = select.filter(planet_entry::Column::EntryId.gt(after));
        }
        if let Some(up_to) = up_to {
            select = select.filter(planet_entry::Column::EntryId.lte(up_to));
        }
        let rows: Vec<(Millis, EntryId)> = select
            .into_tuple()
            .all(self.reader())
            .await
            .reading("an archive of a planet")?;
        Ok(newest_first(rows))
    }

    /// The newest entries of a planet by place in time.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn newest_of_planet(
        &self,
        planet: PlanetId,
        limit: u64,
    ) -> Result<Vec<(Millis, EntryId)>, StoreError> {
        of_planet(planet)
            .order_by_desc(planet_entry::Column::PublishedAt)
            .order_by_desc(planet_entry::Column::EntryId)
            .limit(limit)
            .into_tuple()
            .all(self.reader())
            .await
            .reading("the newest entries of a planet")
    }

    /// The end of the last archive before `before`, or of all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn archive_before(
        &self,
        planet: PlanetId,
        before: Option<EntryId>,
    ) -> Result<Option<EntryId>, StoreError> {
        let bound = before.map(|before| planet_entry::Column::EntryId.lt(before));
        self.archive_end(planet, bound, Order::Desc).await
    }

    /// The end of the first archive after `after`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn archive_after(
        &self,
        planet: PlanetId,
        after: EntryId,
    ) -> Result<Option<EntryId>, StoreError> {
        let bound = Some(planet_entry::Column::EntryId.gt(after));
        self.archive_end(planet, bound, Order::Asc).await
    }

    async fn archive_end(
        &self,
        planet: PlanetId,
        bound: Option<Expr>,
        order: Order,
    ) -> Result<Option<EntryId>, StoreError> {
        let key = Expr::col((planet_entry::Entity, planet_entry::Column::EntryId));
        let mut select = planet_entry::Entity::find()
            .select_only()
            .column(planet_entry::Column::EntryId)
            .filter(planet_entry::Column::PlanetId.eq(planet))
            .filter(key.modulo(EVERY).eq(0_i64))
            .order_by(planet_entry::Column::EntryId, order)
            .limit(1);
        if let Some(bound) = bound {
            select = select.filter(bound);
        }
        select
            .into_tuple()
            .one(self.reader())
            .await
            .reading("where an archive ends")
    }

    /// When a row of the change log was written; none when it was trimmed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn changed_at(&self, revision: Revision) -> Result<Option<Millis>, StoreError> {
        change::Entity::find_by_id(revision)
            .select_only()
            .column(change::Column::At)
            .into_tuple()
            .one(self.reader())
            .await
            .reading("when the change log moved")
    }
}

fn of_planet(planet: PlanetId) -> sea_orm::Select<planet_entry::Entity> {
    planet_entry::Entity::find()
        .select_only()
        .column(planet_entry::Column::PublishedAt)
        .column(planet_entry::Column::EntryId)
        .filter(planet_entry::Column::PlanetId.eq(planet))
}

fn newest_first(mut rows: Vec<(Millis, EntryId)>) -> Vec<(Millis, EntryId)> {
    rows.sort_unstable_by(|one, other| other.cmp(one));
    rows
}
