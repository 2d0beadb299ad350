//! Table `change`. Derived.

use sea_orm::entity::prelude::*;

use crate::{ChangeKind, EntryId, Millis, Revision, SourceId};

/// The change log.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// Number; rises in commit order, without holes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: Revision,
    /// When.
    pub at: Millis,
    /// What happened.
    pub kind: ChangeKind,
    /// To which entry.
    pub entry_id: Option<EntryId>,
    /// To which source, or the entry’s source.
    pub source_id: Option<SourceId>,
    /// The entry was there when its source was first followed.
    pub backlog: bool,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
