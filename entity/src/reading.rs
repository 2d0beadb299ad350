//! Table `reading`. Declared.

use sea_orm::entity::prelude::*;

use crate::{EntryId, Millis, SourceId, UserId};

/// How far an account has read a source. What it has not read is told by `source.entry_count - read_count`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reading")]
pub struct Model {
    /// Who.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// Which source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: SourceId,
    /// Entries up to this key are read, those after it are not; `read_mark` has the exceptions.
    pub read_through: EntryId,
    /// When that was said.
    pub read_through_at: Option<Millis>,
    /// Entries of the source that are read.
    pub read_count: i64,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
