//! Table `audit`. Declared.

use sea_orm::entity::prelude::*;

use crate::{AuditId, Millis, UserId};

/// What somebody did. Refers to nothing, so that it outlives what it tells of.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: AuditId,
    /// When.
    pub at: Millis,
    /// The account that did it; none for the command line and for nobody.
    pub user_id: Option<UserId>,
    /// Its name then, or `cli`, or `anyone`.
    pub actor: String,
    /// The client's address.
    pub address: Option<String>,
    /// The mutation, or the command.
    pub action: String,
    /// What was changed: `kind:key`.
    pub target: Option<String>,
    /// What it was, JSON; only what changed.
    pub before: Option<String>,
    /// What it is, JSON; only what changed.
    pub after: Option<String>,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
