//! What webhooks are still to be told. In: the change log, answers of receivers. Out: messages to send, and those that could
//! not be sent. Must not know: messages' texts, HTTP.

use std::collections::HashSet;

use entity::{ChangeKind, EntryId, Millis, WebhookId, change, entry, webhook, webhook_delivery};
use sea_orm::sea_query::{Expr, LockBehavior, LockType, OnConflict};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::driver::conditions;
use super::error::Reading;
use super::webhook::{HookFilter, hook_filter, lock_webhook, save_webhook};
use super::write::{Tx, Work, transaction};
use super::{Backend, Store, StoreError};

/// Change rows that are looked through in one transaction.
const CHANGES: u64 = 200;
/// How long a note of what went wrong may be, in characters.
const WORDS: usize = 300;

/// How an attempt to hand a message over ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// It was taken.
    Taken,
    /// There is nothing to tell any more.
    Dropped,
    /// The receiver wants no more messages at all.
    Unwanted,
    /// It was not taken.
    Failed {
        /// The status of the answer.
        status: Option<u16>,
        /// Why, in words.
        message: String,
        /// When it is tried again; none gives it up.
        next: Option<Millis>,
    },
}

impl Store {
    /// Looks through the change log from where a webhook stood, and puts down what it is to be told. True when there may
    /// be more.
    ///
    /// # Errors
    /// When the transaction fails; the webhook stands where it stood then.
    pub async fn put_down_deliveries(&self, id: WebhookId, at: Millis) -> Result<bool, StoreError> {
        // Most of the time there is nothing, which a read tells without a lock.
        let told = self.webhooks_by_ids(&[id]).await?.remove(&id);
        let Some(told_to) = told.filter(|hook| hook.enabled).map(|hook| hook.told_to) else {
            return Ok(false);
        };
        if self.changes_after(told_to, 1).await?.is_empty() {
            return Ok(false);
        }
        let committed = transaction!(self, "noting messages for a webhook", |tx| put_down(
            tx, id, at
        ))?;
        Ok(committed.value)
    }

    /// The webhooks that could be sent something now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn webhooks_due(&self, now: Millis) -> Result<HashSet<WebhookId>, StoreError> {
        let ids: Vec<WebhookId> = webhook_delivery::Entity::find()
            .select_only()
            .column(webhook_delivery::Column::WebhookId)
            .distinct()
            .filter(webhook_delivery::Column::NextAttemptAt.lte(now))
            .into_tuple()
            .all(self.reader())
            .await
            .reading("webhooks with messages that are due")?;
        Ok(ids.into_iter().collect())
    }

    /// How many messages of a webhook could be sent now; more than one counts as one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn due_deliveries(&self, id: WebhookId, now: Millis) -> Result<u64, StoreError> {
        let found = due(id, now, 1).one(self.reader()).await;
        Ok(u64::from(found.reading("messages that are due")?.is_some()))
    }

    /// Takes messages of a webhook whose time has come, at most `limit`, and moves their time to `until`: no other node
    /// sends them before.
    ///
    /// # Errors
    /// When the transaction fails; none is taken then.
    pub async fn take_deliveries(
        &self,
        id: WebhookId,
        now: Millis,
        until: Millis,
        limit: u64,
    ) -> Result<Vec<webhook_delivery::Model>, StoreError> {
        let due = self.due_deliveries(id, now).await?;
        if due == 0 {
            return Ok(Vec::new());
        }
        let committed = transaction!(self, "taking messages for a webhook", |tx| take(
            tx, id, now, until, limit
        ))?;
        Ok(committed.value)
    }

    /// Writes down how handing over a message ended.
    ///
    /// # Errors
    /// When the transaction fails; the message is sent again then.
    pub async fn finish_delivery(
        &self,
        delivery: &webhook_delivery::Model,
        outcome: &DeliveryOutcome,
        at: Millis,
    ) -> Result<(), StoreError> {
        transaction!(self, "noting how a message ended", |tx| finish(
            tx, delivery, outcome, at
        ))?;
        Ok(())
    }
}

fn due(id: WebhookId, now: Millis, limit: u64) -> sea_orm::Select<webhook_delivery::Entity> {
    webhook_delivery::Entity::find()
        .filter(webhook_delivery::Column::NextAttemptAt.lte(now))
        .filter(webhook_delivery::Column::WebhookId.eq(id))
        .order_by_asc(webhook_delivery::Column::NextAttemptAt)
        .order_by_asc(webhook_delivery::Column::Id)
        .limit(limit)
}

async fn put_down(tx: &Tx, id: WebhookId, at: Millis) -> Result<Work<bool>, DbErr> {
    let Some(mut hook) = lock_webhook(tx, id).await? else {
        return Ok(Work::quiet(false));
    };
    let rows: Vec<change::Model> = change::Entity::find()
        .filter(change::Column::Revision.gt(hook.told_to))
        .order_by_asc(change::Column::Revision)
        .limit(CHANGES)
        .all(&tx.db)
        .await?;
    let Some(last) = rows.last().map(|row| row.revision) else {
        return Ok(Work::quiet(false));
    };
    let more = rows.len() >= usize::try_from(CHANGES).unwrap_or(usize::MAX);
    let filter = hook_filter(&hook.filter);
    let wanted = |row: &change::Model| match row.kind {
        ChangeKind::EntryAdded => hook.added && (filter.backlog || !row.backlog),
        ChangeKind::EntryUpdated => hook.updated,
        _ => false,
    };
    let rows: Vec<(change::Model, EntryId)> = rows
        .into_iter()
        .filter(wanted)
        .filter_map(|row| row.entry_id.map(|entry| (row, entry)))
        .collect();
    let ids: Vec<EntryId> = rows.iter().map(|(_, entry)| *entry).collect();
    let matching = matching(tx, &filter, ids).await?;
    let told = rows.into_iter().filter(|(_, entry)| {
        matching
            .as_ref()
            .is_none_or(|matching| matching.contains(entry))
    });
    let told: Vec<_> = told
        .map(|(row, entry)| message(id, &row, entry, at))
        .collect();
    if !told.is_empty() {
        let once = OnConflict::columns([
            webhook_delivery::Column::WebhookId,
            webhook_delivery::Column::Revision,
        ])
        .do_nothing()
        .to_owned();
        webhook_delivery::Entity::insert_many(told)
            .on_conflict(once)
            .exec_without_returning(&tx.db)
            .await?;
    }
    hook.told_to = last;
    save_webhook(tx, hook).await?;
    Ok(Work::quiet(more))
}

/// Which of these entries a filter lets through; none when it lets all.
async fn matching(
    tx: &Tx,
    filter: &HookFilter,
    ids: Vec<EntryId>,
) -> Result<Option<HashSet<EntryId>>, DbErr> {
    let Some(filter) = filter.of_entries().filter(|_| !ids.is_empty()) else {
        return Ok(None);
    };
    let mut select = entry::Entity::find()
        .select_only()
        .column(entry::Column::Id)
        .filter(entry::Column::Id.is_in(ids));
    for condition in conditions(&filter) {
        select = select.filter(condition);
    }
    let found: Vec<EntryId> = select.into_tuple().all(&tx.db).await?;
    Ok(Some(found.into_iter().collect()))
}

fn message(
    id: WebhookId,
    row: &change::Model,
    entry: EntryId,
    at: Millis,
) -> webhook_delivery::ActiveModel {
    webhook_delivery::ActiveModel {
        id: NotSet,
        webhook_id: Set(id),
        revision: Set(row.revision),
        kind: Set(row.kind),
        entry_id: Set(entry),
        created_at: Set(row.at),
        attempts: Set(0),
        next_attempt_at: Set(Some(at)),
        first_attempt_at: Set(None),
        dead_at: Set(None),
        last_status: Set(None),
        last_failure: Set(None),
    }
}

async fn take(
    tx: &Tx,
    id: WebhookId,
    now: Millis,
    until: Millis,
    limit: u64,
) -> Result<Work<Vec<webhook_delivery::Model>>, DbErr> {
    let mut select = due(id, now, limit);
    if tx.backend == Backend::Postgres {
        // Another node that takes at the same time takes others.
        select = select.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    let mut rows = select.all(&tx.db).await?;
    webhook_delivery::Entity::update_many()
        .col_expr(webhook_delivery::Column::NextAttemptAt, Expr::value(until))
        .col_expr(
            webhook_delivery::Column::Attempts,
            sea_orm::sea_query::ExprTrait::add(Expr::col(webhook_delivery::Column::Attempts), 1),
        )
        .col_expr(
            webhook_delivery::Column::FirstAttemptAt,
            sea_orm::sea_query::Func::coalesce([
                Expr::col(webhook_delivery::Column::FirstAttemptAt),
                Expr::value(now),
            ])
            .into(),
        )
        .filter(webhook_delivery::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(&tx.db)
        .await?;
    for row in &mut rows {
        row.attempts += 1;
        row.first_attempt_at = row.first_attempt_at.or(Some(now));
        row.next_attempt_at = Some(until);
    }
    Ok(Work::quiet(rows))
}

async fn finish(
    tx: &Tx,
    delivery: &webhook_delivery::Model,
    outcome: &DeliveryOutcome,
    at: Millis,
) -> Result<Work<()>, DbErr> {
    let Some(mut hook) = lock_webhook(tx, delivery.webhook_id).await? else {
        return Ok(Work::quiet(()));
    };
    match outcome {
        DeliveryOutcome::Taken | DeliveryOutcome::Dropped => {
            webhook_delivery::Entity::delete_by_id(delivery.id)
                .exec(&tx.db)
                .await?;
            if *outcome == DeliveryOutcome::Taken {
                note_success(tx, hook, at).await?;
            }
        }
        DeliveryOutcome::Unwanted => {
            hook.enabled = false;
            hook.last_failure_at = Some(at);
            hook.last_failure =
                Some("the server answered 410: it wants no more messages".to_owned());
            save_webhook(tx, hook).await?;
            fail(
                tx,
                delivery,
                (Some(410), "the server answered 410"),
                None,
                at,
            )
            .await?;
        }
        DeliveryOutcome::Failed {
            status,
            message,
            next,
        } => {
            hook.last_failure_at = Some(at);
            hook.last_failure = Some(message.chars().take(WORDS).collect());
            save_webhook(tx, hook).await?;
            fail(tx, delivery, (*status, message), *next, at).await?;
        }
    }
    Ok(Work::quiet(()))
}

async fn note_success(tx: &Tx, mut hook: webhook::Model, at: Millis) -> Result<(), DbErr> {
    hook.last_success_at = Some(at);
    save_webhook(tx, hook).await
}

/// Only while this attempt is the newest: a sender whose lease ended does not put off what another is sending.
async fn fail(
    tx: &Tx,
    delivery: &webhook_delivery::Model,
    (status, message): (Option<u16>, &str),
    next: Option<Millis>,
    at: Millis,
) -> Result<(), DbErr> {
    let words: String = message.chars().take(WORDS).collect();
    let status = status.and_then(|status| i16::try_from(status).ok());
    webhook_delivery::Entity::update_many()
        .col_expr(webhook_delivery::Column::NextAttemptAt, Expr::value(next))
        .col_expr(
            webhook_delivery::Column::DeadAt,
            Expr::value(next.is_none().then_some(at)),
        )
        .col_expr(webhook_delivery::Column::LastStatus, Expr::value(status))
        .col_expr(
            webhook_delivery::Column::LastFailure,
            Expr::value(Some(words)),
        )
        .filter(webhook_delivery::Column::Id.eq(delivery.id))
        .filter(webhook_delivery::Column::Attempts.eq(delivery.attempts))
        .exec(&tx.db)
        .await?;
    Ok(())
}
