//! Table `webhook_delivery`. Observed.

use sea_orm::entity::prelude::*;

use crate::{ChangeKind, EntryId, Millis, Revision, WebhookId};

/// A message that a webhook is still to be told, or could not be told.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The webhook.
    pub webhook_id: WebhookId,
    /// The change that it tells of.
    pub revision: Revision,
    /// What happened.
    pub kind: ChangeKind,
    /// To which entry.
    pub entry_id: EntryId,
    /// When it was put down.
    pub created_at: Millis,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next; a node that is trying it has moved this ahead. Null once it is dead.
    pub next_attempt_at: Option<Millis>,
    /// When it was tried first.
    pub first_attempt_at: Option<Millis>,
    /// When it was given up.
    pub dead_at: Option<Millis>,
    /// The status of the last answer.
    pub last_status: Option<i16>,
    /// Why it was not taken, in words.
    pub last_failure: Option<String>,
}

/// It is read by its webhook's key only.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
