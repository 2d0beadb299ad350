//! Table `tombstone`. Declared.

use sea_orm::entity::prelude::*;

use crate::{EntryId, Millis, SourceId};

/// An entry that was taken out for good: polling does not bring it back.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tombstone")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: SourceId,
    /// As in `entry`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub identity: Vec<u8>,
    /// As in `entry`: a new identifier for the same link stays out, too.
    pub url_key: Option<Vec<u8>>,
    /// Its former key.
    pub entry_id: EntryId,
    /// When.
    pub removed_at: Millis,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
