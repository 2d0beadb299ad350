//! Table `icon`. Observed.

use sea_orm::entity::prelude::*;

use crate::{Millis, SourceId};

/// The icon of a source, small enough to lie in the database, or that none was found.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "icon")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: SourceId,
    /// What its bytes are, by themselves and not by what a server said; null when there is none.
    pub mime_type: Option<String>,
    /// The picture.
    pub bytes: Option<Vec<u8>>,
    /// Where it was found.
    pub found_at_url: Option<String>,
    /// Looks in a row that found nothing.
    pub tries: i32,
    /// When to look again.
    pub next_try_at: Millis,
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
