//! Table `webhook`. Declared.

use sea_orm::entity::prelude::*;

use crate::{Millis, Revision, WebhookId};

/// Who is told of new and changed entries, and how far.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: WebhookId,
    /// Where messages are posted.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// What messages are signed with; kept readable, since signing needs it.
    pub secret: String,
    /// The secret before, which signs too until `former_until`.
    pub former_secret: Option<String>,
    /// Until when.
    pub former_until: Option<Millis>,
    /// Which entries, a JSON object.
    pub filter: String,
    /// New entries are told.
    pub added: bool,
    /// Changed entries are told.
    pub updated: bool,
    /// It is told anything at all.
    pub enabled: bool,
    /// The change log was looked through up to here.
    pub told_to: Revision,
    /// When it was made.
    pub created_at: Millis,
    /// When a message was last taken.
    pub last_success_at: Option<Millis>,
    /// When one was last not taken.
    pub last_failure_at: Option<Millis>,
    /// Why, in words.
    pub last_failure: Option<String>,
}

/// Without its secrets, so that they are in no log.
impl std::fmt::Debug for Model {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = to.debug_struct("Webhook");
        shown
            .field("id", &self.id)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// It belongs to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
