//! Table `author`. Observed.

use sea_orm::entity::prelude::*;

use crate::AuthorId;

/// Who writes.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "author")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: AuthorId,
    /// `uri:` and the URI, or `name:`, the source and the folded name. Unique.
    pub identity: String,
    /// Plain text.
    pub name: String,
    /// `name` folded for sorting and searching.
    pub name_key: String,
    /// Home page.
    pub url: Option<String>,
    /// Picture.
    pub avatar_url: Option<String>,
    /// Entries stored; an author without any is not listed.
    pub entry_count: i64,
    /// An editor has said what it is called: publishers' other names for it do not count any more.
    pub is_edited: bool,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
