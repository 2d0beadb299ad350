//! Table `job_item`. Declared.

use sea_orm::entity::prelude::*;

use crate::{JobId, SourceId, UserErrorCode};

/// One item of a job.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_item")]
pub struct Model {
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: JobId,
    /// From 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// The feed, as written.
    pub url: String,
    /// The name given to it.
    pub title: Option<String>,
    /// Tags given to it, a JSON list.
    pub tags: String,
    /// The source to refresh.
    pub source_id: Option<SourceId>,
    /// Finished.
    pub done: bool,
    /// Why it failed.
    pub failure_code: Option<UserErrorCode>,
    /// In words.
    pub failure_message: Option<String>,
}

/// What it belongs to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its job.
    #[sea_orm(
        belongs_to = "super::job::Entity",
        from = "Column::JobId",
        to = "super::job::Column::Id"
    )]
    Job,
}

impl Related<super::job::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Job.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
