//! Table `entry_revision`. Observed.

use sea_orm::entity::prelude::*;

use crate::{EntryId, Millis};

/// A version of an entry that a newer one replaced.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entry_revision")]
pub struct Model {
    /// Key; rises with time.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The entry.
    pub entry_id: EntryId,
    /// Hash of meaning and link: a reading that brings it again is an old one.
    pub version: Vec<u8>,
    /// Plain text.
    pub title: String,
    /// Its page.
    pub url: Option<String>,
    /// Sanitised HTML, compressed.
    pub body: Option<Vec<u8>>,
    /// When the publisher had last changed it.
    pub updated_at: Option<Millis>,
    /// When this version was first seen.
    pub seen_at: Millis,
    /// When the next one was seen.
    pub replaced_at: Millis,
}

/// It belongs to nothing that is joined.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
