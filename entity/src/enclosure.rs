//! Table `enclosure`. Observed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::EntryId;

/// A file that an entry carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "enclosure")]
pub struct Model {
    /// The entry.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: EntryId,
    /// In the publisher's order, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i16,
    /// Where it is.
    pub url: String,
    /// As the publisher says.
    pub mime_type: Option<String>,
    /// As the publisher says.
    pub size_bytes: Option<i64>,
    /// Length of sound or film.
    pub duration_seconds: Option<i64>,
    /// Plain text.
    pub title: Option<String>,
}

/// What it belongs to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its entry.
    #[sea_orm(
        belongs_to = "super::entry::Entity",
        from = "Column::EntryId",
        to = "super::entry::Column::Id"
    )]
    Entry,
}

impl Related<super::entry::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Entry.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
