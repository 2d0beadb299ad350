//! Table `declared_source`. Declared.

use sea_orm::entity::prelude::*;

use crate::{Millis, SourceId};

/// A source that a file owns.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "declared_source")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: SourceId,
    /// Since when.
    pub at: Millis,
}

/// It is read by its source's key only.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
