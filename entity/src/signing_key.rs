//! Table `signing_key`. Declared.

use sea_orm::entity::prelude::*;

use crate::Millis;

/// A key that access tokens are signed with.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub struct Model {
    /// Its name in tokens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    /// HS256 secret.
    pub secret: Vec<u8>,
    /// When it was made; the newest signs.
    pub created_at: Millis,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
