//! Table `host`. Observed.

use sea_orm::entity::prelude::*;

use crate::Millis;

/// What is known of a publisher’s host, shared by all nodes.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "host")]
pub struct Model {
    /// Host name, or the name of a shared platform.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// No poll before this: it answered 429 or 503 with Retry-After.
    pub paused_until: Option<Millis>,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
