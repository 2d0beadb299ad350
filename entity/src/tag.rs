//! Table `tag`. Derived.

use sea_orm::entity::prelude::*;

use crate::TagId;

/// A tag and how often it is used.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tag")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: TagId,
    /// Folded name. Unique.
    pub name_key: String,
    /// As first spelled.
    pub name: String,
    /// Entries that carry it.
    pub entry_count: i64,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
