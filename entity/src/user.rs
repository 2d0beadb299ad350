//! Table `user_account`. Declared.

use sea_orm::entity::prelude::*;

use crate::{Millis, Role, UserId};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_account")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: UserId,
    /// As shown.
    pub username: String,
    /// Folded. Unique.
    pub username_key: String,
    /// argon2id, PHC string format; empty for an account of an outside issuer, which has no password.
    pub password_hash: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Millis,
    /// Last time signed in.
    pub last_sign_in_at: Option<Millis>,
    /// The outside issuer whose tokens stand for it. Unique with `subject`.
    pub issuer: Option<String>,
    /// Its name there.
    pub subject: Option<String>,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
