//! Table `job`. Declared.

use sea_orm::entity::prelude::*;

use crate::{JobId, JobKind, JobStatus, Millis, PlanetId, UserId};

/// A background job.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// How far it is.
    pub status: JobStatus,
    /// Only say what would happen.
    pub dry_run: bool,
    /// The planet that new sources join.
    pub planet_id: Option<PlanetId>,
    /// Items.
    pub total: i32,
    /// Items finished.
    pub done: i32,
    /// Items that brought something new.
    pub added: i32,
    /// Items that were there.
    pub already_there: i32,
    /// Items that failed.
    pub failed: i32,
    /// An editor wants it to end.
    pub cancel_asked: bool,
    /// Who asked for it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: Millis,
    /// When it ended.
    pub finished_at: Option<Millis>,
    /// End of the lease of the node that runs it.
    pub claimed_until: Option<Millis>,
    /// That node.
    pub claimed_by: Option<String>,
}

/// What it belongs to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its planet.
    #[sea_orm(
        belongs_to = "super::planet::Entity",
        from = "Column::PlanetId",
        to = "super::planet::Column::Id"
    )]
    Planet,
}

impl Related<super::planet::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Planet.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
