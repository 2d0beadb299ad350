//! Table `source_body`. Observed.

use sea_orm::entity::prelude::*;

use crate::{Millis, SourceId};

/// The last body of a source whose entries are stored, to be read again by a better reader.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_body")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: SourceId,
    /// The bytes as they were fetched, compressed.
    pub bytes: Vec<u8>,
    /// Content-Type, as the server said.
    pub content_type: Option<String>,
    /// Where they came from, after redirects.
    pub url: String,
    /// Hash of the bytes.
    pub body_hash: Vec<u8>,
    /// When.
    pub read_at: Millis,
}

/// It belongs to nothing that is joined.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
