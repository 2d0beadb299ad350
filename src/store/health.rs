//! How a planet is doing. In: a planet and the time. Out: plain numbers. Must not know: words.

use entity::{Millis, PlanetId, SourceStatus, planet_entry, poll_state, source};
use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
};

use super::error::Reading;
use super::sources::members;
use super::{Store, StoreError};

/// How a planet is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanetHealth {
    /// How many sources are in each status; those with none are left out.
    pub by_status: Vec<(SourceStatus, i64)>,
    /// `published_at` of its newest entry.
    pub newest_entry_at: Option<Millis>,
    /// When the source was due that has waited longest.
    pub oldest_overdue_at: Option<Millis>,
}

impl Store {
    /// How a planet is doing: what is due before `now` is overdue. Three statements.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn planet_health(
        &self,
        planet: PlanetId,
        now: Millis,
    ) -> Result<PlanetHealth, StoreError> {
        let db = self.reader();
        let by_status = source::Entity::find()
            .select_only()
            .column(source::Column::Status)
            .column_as(source::Column::Id.count(), "sources")
            .filter(source::Column::Id.in_subquery(members(planet)))
            .filter(source::Column::RemovedAt.is_null())
            .group_by(source::Column::Status)
            .order_by_asc(source::Column::Status)
            .into_tuple()
            .all(db)
            .await
            .reading("sources by status")?;
        let newest_entry_at = planet_entry::Entity::find()
            .select_only()
            .column(planet_entry::Column::PublishedAt)
            .filter(planet_entry::Column::PlanetId.eq(planet))
            .order_by_desc(planet_entry::Column::PublishedAt)
            .order_by_desc(planet_entry::Column::EntryId)
            .limit(1)
            .into_tuple()
            .one(db)
            .await
            .reading("the newest entry of a planet")?;
        let oldest_overdue_at: Option<Option<Millis>> = poll_state::Entity::find()
            .select_only()
            .column_as(poll_state::Column::NextPollAt.min(), "due")
            .join(JoinType::InnerJoin, poll_state::Relation::Source.def())
            .filter(poll_state::Column::SourceId.in_subquery(members(planet)))
            .filter(poll_state::Column::NextPollAt.lt(now))
            .into_tuple()
            .one(db)
            .await
            .reading("overdue polls")?;
        Ok(PlanetHealth {
            by_status,
            newest_entry_at,
            oldest_overdue_at: oldest_overdue_at.flatten(),
        })
    }
}
