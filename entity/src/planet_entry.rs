//! Table `planet_entry`. Derived.

use sea_orm::entity::prelude::*;

use crate::{EntryId, Millis, PlanetId, SourceId};

/// An entry in a planet, by place in time: a planet’s page is one index range, however few of all sources it selects.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "planet_entry")]
pub struct Model {
    /// The planet.
    #[sea_orm(primary_key, auto_increment = false)]
    pub planet_id: PlanetId,
    /// The entry.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: EntryId,
    /// The entry's source.
    pub source_id: SourceId,
    /// Copy of the entry’s.
    pub published_at: Millis,
    /// Copy of the entry’s.
    pub first_seen_at: Millis,
}

/// What it belongs to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its source.
    #[sea_orm(
        belongs_to = "super::source::Entity",
        from = "Column::SourceId",
        to = "super::source::Column::Id"
    )]
    Source,
    /// Its entry.
    #[sea_orm(
        belongs_to = "super::entry::Entity",
        from = "Column::EntryId",
        to = "super::entry::Column::Id"
    )]
    Entry,
    /// Its planet.
    #[sea_orm(
        belongs_to = "super::planet::Entity",
        from = "Column::PlanetId",
        to = "super::planet::Column::Id"
    )]
    Planet,
}

impl Related<super::source::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Source.def()
    }
}

impl Related<super::entry::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Entry.def()
    }
}

impl Related<super::planet::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Planet.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
