//! Table `source_author`. Derived.

use sea_orm::entity::prelude::*;

use crate::{AuthorId, SourceId};

/// Who writes in a source, with how many entries: a source's authors, and an author's sources, without
/// going through the entries.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_author")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: SourceId,
    /// The author.
    #[sea_orm(primary_key, auto_increment = false)]
    pub author_id: AuthorId,
    /// Entries of the source that name the author; at least one.
    pub entry_count: i64,
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
