//! Table `declared_planet`. Declared.

use sea_orm::entity::prelude::*;

use crate::{Millis, PlanetId};

/// A planet that a file owns.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "declared_planet")]
pub struct Model {
    /// The planet.
    #[sea_orm(primary_key, auto_increment = false)]
    pub planet_id: PlanetId,
    /// Since when.
    pub at: Millis,
}

/// It is read by its planet's key only.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
