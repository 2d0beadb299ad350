//! Table `retraction`. Observed.

use sea_orm::entity::prelude::*;

use crate::{Millis, SourceId};

/// An entry that its publisher took back (RFC 6721): it stays out unless it is published anew with a later date.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "retraction")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: SourceId,
    /// As in `entry`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub identity: Vec<u8>,
    /// When the publisher says that it was taken back.
    pub deleted_at: Millis,
}

/// It belongs to nothing that is joined.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
