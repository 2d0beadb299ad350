//! Table `planet_hidden`. Derived.

use sea_orm::entity::prelude::*;

use crate::{EntryId, Millis, PlanetId, RuleId, SourceId};

/// An entry that a planet's rule keeps out of that planet.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "planet_hidden")]
pub struct Model {
    /// The planet.
    #[sea_orm(primary_key, auto_increment = false)]
    pub planet_id: PlanetId,
    /// The entry.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: EntryId,
    /// The entry's source.
    pub source_id: SourceId,
    /// The rule that hides it; of several, the first.
    pub rule_id: Option<RuleId>,
    /// Since when.
    pub hidden_at: Millis,
}

/// It is read by its planet's key only.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
