//! Table `planet`. Declared.

use sea_orm::entity::prelude::*;

use crate::{Millis, PlanetId};

/// A named, public selection of sources.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "planet")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: PlanetId,
    /// Short name in URLs. Unique.
    pub slug: String,
    /// Plain text.
    pub title: String,
    /// Plain text.
    pub description: Option<String>,
    /// Its home page.
    pub link: Option<String>,
    /// Who runs it.
    pub owner_name: Option<String>,
    /// Shown when no slug is given; one row has it.
    pub is_default: bool,
    /// When it was made.
    pub created_at: Millis,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
