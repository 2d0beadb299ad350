//! Table `rule`. Declared.

use sea_orm::entity::prelude::*;

use crate::{Millis, PlanetId, RuleAction, RuleField, RuleId, SourceId};

/// What an editor wants kept or dropped, of one planet or of one source: exactly one of the two is set.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rule")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: RuleId,
    /// The planet that it holds in.
    pub planet_id: Option<PlanetId>,
    /// The source that it holds for.
    pub source_id: Option<SourceId>,
    /// Keep or drop.
    pub action: RuleAction,
    /// What it looks at.
    pub field: RuleField,
    /// A regular expression.
    pub pattern: String,
    /// Why, for other editors.
    pub note: Option<String>,
    /// When it was made.
    pub created_at: Millis,
}

/// It is read by its owner's key only.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
