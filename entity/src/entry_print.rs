//! Table `entry_print`. Observed.

use sea_orm::entity::prelude::*;

use crate::{EntryId, Millis};

/// What tells an entry's edits from noise, apart from what lists read.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entry_print")]
pub struct Model {
    /// The entry.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: EntryId,
    /// Hash of what a reader would call the same: texts and links without white space, tracking and counters.
    pub meaning: Vec<u8>,
    /// Hash of the text, where it is long enough to tell: finds the same text in other sources.
    pub text_key: Option<Vec<u8>>,
    /// The newest time that the publisher claims for this version.
    pub claimed_at: Option<Millis>,
}

/// It belongs to nothing that is joined.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
