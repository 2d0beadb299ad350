//! Table `change_head`. Derived.

use sea_orm::entity::prelude::*;

use crate::Revision;

/// One row: the newest number of the change log. Taken last in a transaction, its lock makes numbers rise in commit order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change_head")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i16,
    /// The newest number given.
    pub revision: Revision,
    /// Random, made with the database: a cursor of another database is told apart by it.
    pub epoch: String,
    /// Rows up to this number were trimmed.
    pub trimmed_to: Revision,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
