//! Table `source_alias`. Observed.

use sea_orm::entity::prelude::*;

use crate::SourceId;

/// A URL that a source was found at before.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_alias")]
pub struct Model {
    /// The old URL, in the form that is compared.
    #[sea_orm(primary_key, auto_increment = false)]
    pub url_key: String,
    /// The source it leads to.
    pub source_id: SourceId,
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
