//! Table `session`. Declared.

use sea_orm::entity::prelude::*;

use crate::{Millis, SessionId, UserId};

/// A signed-in client.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: SessionId,
    /// Who.
    pub user_id: UserId,
    /// When it began.
    pub created_at: Millis,
    /// When it ends unless refreshed.
    pub expires_at: Millis,
    /// When it was ended.
    pub revoked_at: Option<Millis>,
}

/// What it belongs to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its user.
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::UserId",
        to = "super::user::Column::Id"
    )]
    User,
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
