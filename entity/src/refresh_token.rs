//! Table `refresh_token`. Declared.

use sea_orm::entity::prelude::*;

use crate::{Millis, SessionId};

/// A refresh token of a session; used ones stay, so that a second use is seen.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_token")]
pub struct Model {
    /// SHA-256 of the token.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: Vec<u8>,
    /// The session.
    pub session_id: SessionId,
    /// When it stops being good.
    pub expires_at: Millis,
    /// When it was exchanged.
    pub used_at: Option<Millis>,
}

/// What it belongs to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its session.
    #[sea_orm(
        belongs_to = "super::session::Entity",
        from = "Column::SessionId",
        to = "super::session::Column::Id"
    )]
    Session,
}

impl Related<super::session::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Session.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
