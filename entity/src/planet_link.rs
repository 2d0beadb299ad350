//! Table `planet_link`. Declared.

use sea_orm::entity::prelude::*;

use crate::PlanetId;

/// A link beside a planet.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "planet_link")]
pub struct Model {
    /// The planet.
    #[sea_orm(primary_key, auto_increment = false)]
    pub planet_id: PlanetId,
    /// From 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i16,
    /// Heading that it stands under.
    pub group_name: String,
    /// Plain text.
    pub title: String,
    /// Where it leads.
    pub url: String,
}

/// What it belongs to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its planet.
    #[sea_orm(
        belongs_to = "super::planet::Entity",
        from = "Column::PlanetId",
        to = "super::planet::Column::Id"
    )]
    Planet,
}

impl Related<super::planet::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Planet.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
