//! Table `entry_alias`. Observed.

use sea_orm::entity::prelude::*;

use crate::{EntryId, SourceId};

/// Another identity that an entry goes by: its publisher gave it a new identifier, and perhaps goes back and forth.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entry_alias")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: SourceId,
    /// As in `entry`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub identity: Vec<u8>,
    /// The entry.
    pub entry_id: EntryId,
}

/// It belongs to nothing that is joined.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
