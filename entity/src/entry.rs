//! Table `entry`. Observed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{DateQuality, EntryId, Millis, SourceId};

/// What lists show of an entry; the body is apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "entry")]
pub struct Model {
    /// Key; never used again.
    #[sea_orm(primary_key)]
    pub id: EntryId,
    /// The source.
    pub source_id: SourceId,
    /// What makes it this entry within its source: a hash of guid, else link, else title and content. Unique with `source_id`.
    pub identity: Vec<u8>,
    /// The publisher's identifier, or one made from link or content.
    pub guid: String,
    /// Its page.
    pub url: Option<String>,
    /// Hash of the canonical form of `url`: finds an entry by its URL and across sources.
    pub url_key: Option<Vec<u8>>,
    /// Plain text; empty when there is none.
    pub title: String,
    /// Plain text, at most 500 characters.
    pub summary: String,
    /// BCP 47 tag.
    pub language: Option<String>,
    /// Its place in time, set once.
    pub published_at: Millis,
    /// Where `published_at` comes from.
    pub date_quality: DateQuality,
    /// When the publisher last changed it, or the change was seen.
    pub updated_at: Option<Millis>,
    /// When it was first stored.
    pub first_seen_at: Millis,
    /// Its picture.
    pub image_url: Option<String>,
    /// Where it is discussed.
    pub comments_url: Option<String>,
    /// Words in its content.
    pub word_count: i32,
    /// Whether `enclosure` has rows for it.
    pub has_enclosure: bool,
    /// Hash of what the publisher said, to see a change without reading the body.
    pub content_hash: Vec<u8>,
    /// It was there when the source was first followed.
    pub backlog: bool,
}

/// What it belongs to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its source.
    #[sea_orm(
        belongs_to = "super::source::Entity",
        from = "Column::SourceId",
        to = "super::source::Column::Id"
    )]
    Source,
}

impl Related<super::source::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Source.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
