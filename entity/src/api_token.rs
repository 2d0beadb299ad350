//! Table `api_token`. Declared.

use sea_orm::entity::prelude::*;

use crate::{ApiTokenId, Millis, Role, UserId};

/// A long-lived token for a program.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_token")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: ApiTokenId,
    /// Whose.
    pub user_id: UserId,
    /// What its owner calls it.
    pub name: String,
    /// SHA-256 of the token. Unique.
    pub token_hash: Vec<u8>,
    /// The most that it may do; never more than its owner may.
    pub role: Role,
    /// When it was made.
    pub created_at: Millis,
    /// When it stops being good; never when there is none.
    pub expires_at: Option<Millis>,
    /// When it was last used, to within a few minutes.
    pub last_used_at: Option<Millis>,
}

/// What it belongs to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its owner.
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
