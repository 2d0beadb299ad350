//! Table `subscription`. Observed.

use sea_orm::entity::prelude::*;

use crate::{Millis, PushState, SourceId};

/// A source's subscription at the hub that pushes it (`WebSub`).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subscription")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: SourceId,
    /// The hub.
    pub hub: String,
    /// What the hub calls the feed.
    pub topic: String,
    /// The last part of the callback's path, which nobody can guess.
    pub callback_key: String,
    /// What the hub signs with.
    pub secret: String,
    /// How far it is.
    pub state: PushState,
    /// Until when the hub has promised to push.
    pub lease_until: Option<Millis>,
    /// When the hub was last asked for something.
    pub asked_at: Option<Millis>,
    /// When to ask the hub (again); null when there is nothing to ask.
    pub next_try_at: Option<Millis>,
    /// Requests in a row that came to nothing.
    pub tries: i32,
    /// When something was last pushed and believed.
    pub pushed_at: Option<Millis>,
    /// Pushes since a poll last found what no push had brought.
    pub pushes: i32,
    /// How often polls found what no push had brought.
    pub misses: i32,
    /// Hashes of what was pushed lately, a JSON list: what comes again is stale.
    pub recent: String,
}

/// What it belongs to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its source.
    #[sea_orm(
        belongs_to = "super::source::Entity",
        from = "Column::SourceId",
        to = "super::source::Column::Id"
    )]
    Source,
}

impl Related<super::source::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Source.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
