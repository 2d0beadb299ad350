//! Table `poll_attempt`. Observed.

use sea_orm::entity::prelude::*;

use crate::{Millis, PollOutcome, SourceId};

/// One attempt to poll; the newest 50 of a source are kept.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "poll_attempt")]
pub struct Model {
    /// Key; rises with time.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The source.
    pub source_id: SourceId,
    /// When it ended.
    pub at: Millis,
    /// How it ended.
    pub outcome: PollOutcome,
    /// Of the last hop.
    pub http_status: Option<i16>,
    /// How long it took.
    pub duration_ms: i64,
    /// Size of the body after decompression.
    pub bytes: i64,
    /// New entries.
    pub added: i32,
    /// Changed entries.
    pub updated: i32,
    /// In words.
    pub message: Option<String>,
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
