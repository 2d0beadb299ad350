//! Table `author_alias`. Declared.

use sea_orm::entity::prelude::*;

use crate::AuthorId;

/// An author's identity that an editor said is another author's; polls that meet it write for that author.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "author_alias")]
pub struct Model {
    /// As in `author`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub identity: String,
    /// Who it really is.
    pub author_id: AuthorId,
    /// The key that the author had alone.
    pub former_id: AuthorId,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
