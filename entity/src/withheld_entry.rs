//! Table `withheld_entry`. Observed.

use sea_orm::entity::prelude::*;

use crate::{EntryId, Millis, RuleId, SourceId};

/// An entry that is kept whole but shown nowhere. It is not in `entry`, so that no list has to pass it over.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "withheld_entry")]
pub struct Model {
    /// The key that it had and will have.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: EntryId,
    /// Its source.
    pub source_id: SourceId,
    /// As in `entry`.
    pub identity: Vec<u8>,
    /// As in `entry`: tells whether the publisher has changed it since.
    pub content_hash: Vec<u8>,
    /// An editor took it out; else a rule of its source hides it.
    pub removed: bool,
    /// The rule that hides it; of several, the first.
    pub rule_id: Option<RuleId>,
    /// As in `entry`.
    pub title: String,
    /// As in `entry`.
    pub url: Option<String>,
    /// As in `entry`.
    pub published_at: Millis,
    /// Since when.
    pub withheld_at: Millis,
    /// All its rows, a JSON object.
    pub content: String,
}

/// It is read by its source's key only.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
