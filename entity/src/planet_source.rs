//! Table `planet_source`. Declared.

use sea_orm::entity::prelude::*;

use crate::{PlanetId, SourceId};

/// A source in a planet.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "planet_source")]
pub struct Model {
    /// The planet.
    #[sea_orm(primary_key, auto_increment = false)]
    pub planet_id: PlanetId,
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: SourceId,
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

impl Related<super::planet::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Planet.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
