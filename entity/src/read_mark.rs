//! Table `read_mark`. Declared.

use sea_orm::entity::prelude::*;

use crate::{EntryId, Millis, SourceId, UserId};

/// An entry that is read although it lies beyond the reader's `reading.read_through`, or is not although it does not.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "read_mark")]
pub struct Model {
    /// Who.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The entry's source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: SourceId,
    /// Which entry.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: EntryId,
    /// Read, or not.
    pub is_read: bool,
    /// When that was said.
    pub at: Millis,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
