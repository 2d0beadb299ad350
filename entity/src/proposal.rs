//! Table `proposal`. Declared.

use sea_orm::entity::prelude::*;

use crate::{Millis, ProposalId, ProposalState, SourceId, UserId};

/// A feed that a reader wants to see followed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "proposal")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: ProposalId,
    /// Hash of the token by which its proposer follows it.
    pub token_hash: Vec<u8>,
    /// The feed.
    pub feed_url: String,
    /// `feed_url` in the form that is compared.
    pub feed_url_key: String,
    /// What the feed calls itself.
    pub title: Option<String>,
    /// What the proposer says.
    pub note: Option<String>,
    /// For which planet.
    pub planet_slug: Option<String>,
    /// What was found when it was proposed, a JSON object.
    pub preview: String,
    /// What became of it.
    pub state: ProposalState,
    /// Why it was declined.
    pub reason: Option<String>,
    /// The source that it became.
    pub source_id: Option<SourceId>,
    /// When.
    pub created_at: Millis,
    /// When it was decided.
    pub decided_at: Option<Millis>,
    /// By whom.
    pub decided_by: Option<UserId>,
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
