//! Webhooks. In: what an editor says. Out: rows. Must not know: how messages are made or sent.

use std::collections::HashMap;

use entity::{AuthorId, Millis, PlanetId, SourceId, WebhookId, change_head, webhook};
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::audit::{Note, target, with};
use super::error::Reading;
use super::page::{Keyset, Page, Slice};
use super::write::{Tx, Work, transaction};
use super::{EntryFilter, Store, StoreError, portrait};

/// Which entries a webhook is told of. All that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HookFilter {
    /// In this planet.
    pub planet: Option<PlanetId>,
    /// Of one of these sources.
    pub source_ids: Option<Vec<SourceId>>,
    /// By one of these authors.
    pub author_ids: Option<Vec<AuthorId>>,
    /// With one of these tags.
    pub tags: Option<Vec<String>>,
    /// In this language.
    pub language: Option<String>,
    /// Also what a feed already had when it was first followed.
    pub backlog: bool,
}

impl HookFilter {
    /// The same as a filter of lists; none when it lets everything through.
    pub(super) fn of_entries(&self) -> Option<EntryFilter> {
        let filter = EntryFilter {
            planet: self.planet,
            source_ids: self.source_ids.clone(),
            author_ids: self.author_ids.clone(),
            tags: self.tags.clone(),
            language: self.language.clone(),
            ..EntryFilter::default()
        };
        (filter != EntryFilter::default()).then_some(filter)
    }
}

/// A webhook to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWebhook {
    /// Where messages are posted.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// What messages are signed with.
    pub secret: String,
    /// Which entries.
    pub filter: HookFilter,
    /// New entries are told.
    pub added: bool,
    /// Changed entries are told.
    pub updated: bool,
    /// When.
    pub at: Millis,
}

/// What is to change of a webhook; none leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookChanges {
    /// Where messages are posted.
    pub url: Option<String>,
    /// What it is for.
    pub description: Option<Option<String>>,
    /// Which entries.
    pub filter: Option<HookFilter>,
    /// New entries are told.
    pub added: Option<bool>,
    /// Changed entries are told.
    pub updated: Option<bool>,
    /// Whether it is told anything. What changed while it was not is not told later.
    pub enabled: Option<bool>,
    /// A new secret, and until when the former one signs too.
    pub secret: Option<(String, Millis)>,
}

impl Store {
    /// Makes a webhook; it is told of what changes from now on.
    ///
    /// # Errors
    /// When the transaction fails; nothing is stored then.
    pub async fn create_webhook(&self, new: &NewWebhook) -> Result<webhook::Model, StoreError> {
        Ok(transaction!(self, "making a webhook", |tx| create(tx, new))?.value)
    }

    /// Changes a webhook. None: there is none.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn update_webhook(
        &self,
        id: WebhookId,
        changes: &WebhookChanges,
    ) -> Result<Option<webhook::Model>, StoreError> {
        Ok(transaction!(self, "changing a webhook", |tx| update(tx, id, changes))?.value)
    }

    /// Removes a webhook with what it was still to be told. Says whether there was one.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn remove_webhook(&self, id: WebhookId) -> Result<bool, StoreError> {
        let committed = transaction!(self, "removing a webhook", |tx| async {
            let Some(row) = lock_webhook(tx, id).await? else {
                return Ok(Work::quiet(false));
            };
            webhook::Entity::delete_by_id(id).exec(&tx.db).await?;
            let note = Note::new(target::webhook(id), Some(portrait::webhook(&row)), None);
            Ok(Work::quiet(true).noting(note))
        })?;
        Ok(committed.value)
    }

    /// All webhooks, oldest first; there are few.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn all_webhooks(&self) -> Result<Vec<webhook::Model>, StoreError> {
        webhook::Entity::find()
            .order_by_asc(webhook::Column::Id)
            .all(self.reader())
            .await
            .reading("webhooks")
    }

    /// The webhooks of these keys.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn webhooks_by_ids(
        &self,
        ids: &[WebhookId],
    ) -> Result<HashMap<WebhookId, webhook::Model>, StoreError> {
        let rows = webhook::Entity::find()
            .filter(webhook::Column::Id.is_in(ids.iter().copied()))
            .all(self.reader())
            .await
            .reading("webhooks by their keys")?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }

    /// A page of webhooks, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_webhooks(
        &self,
        slice: &Slice<WebhookId>,
    ) -> Result<Page<webhook::Model>, StoreError> {
        let keyset = Keyset {
            columns: vec![Expr::col((webhook::Entity, webhook::Column::Id))],
            order: Order::Asc,
        };
        let mut select = webhook::Entity::find();
        keyset.apply(QuerySelect::query(&mut select), slice, |id| {
            vec![Expr::value(*id)]
        });
        let rows = select
            .all(self.reader())
            .await
            .reading("a page of webhooks")?;
        Ok(slice.page(rows))
    }

    /// How many webhooks there are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_webhooks(&self) -> Result<i64, StoreError> {
        let count = webhook::Entity::find().count(self.reader()).await;
        let count = count.reading("how many webhooks there are")?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

async fn create(tx: &Tx, new: &NewWebhook) -> Result<Work<webhook::Model>, DbErr> {
    let mut row = webhook::Model {
        id: WebhookId(0),
        url: new.url.clone(),
        description: new.description.clone(),
        secret: new.secret.clone(),
        former_secret: None,
        former_until: None,
        filter: text(&new.filter),
        added: new.added,
        updated: new.updated,
        enabled: true,
        told_to: head(tx).await?,
        created_at: new.at,
        last_success_at: None,
        last_failure_at: None,
        last_failure: None,
    }
    .into_active_model()
    .reset_all();
    row.id = NotSet;
    let row = webhook::Entity::insert(row)
        .exec_with_returning(&tx.db)
        .await?;
    let note = Note::new(target::webhook(row.id), None, Some(portrait::webhook(&row)));
    Ok(Work::quiet(row).noting(note))
}

async fn update(
    tx: &Tx,
    id: WebhookId,
    changes: &WebhookChanges,
) -> Result<Work<Option<webhook::Model>>, DbErr> {
    let Some(mut row) = lock_webhook(tx, id).await? else {
        return Ok(Work::quiet(None));
    };
    let mut before = portrait::webhook(&row);
    let rotates = changes.secret.is_some();
    let changes = changes.clone();
    row.url = changes.url.unwrap_or(row.url);
    row.description = changes.description.unwrap_or(row.description);
    row.filter = changes.filter.as_ref().map_or(row.filter, text);
    row.added = changes.added.unwrap_or(row.added);
    row.updated = changes.updated.unwrap_or(row.updated);
    if let Some((secret, until)) = changes.secret {
        row.former_secret = Some(std::mem::replace(&mut row.secret, secret));
        row.former_until = Some(until);
    }
    let enabled = changes.enabled.unwrap_or(row.enabled);
    if enabled && !row.enabled {
        row.told_to = head(tx).await?;
    }
    row.enabled = enabled;
    save_webhook(tx, row.clone()).await?;
    let mut after = portrait::webhook(&row);
    if rotates {
        before = with(before, "secret", json!("the former one"));
        after = with(after, "secret", json!("another one"));
    }
    let note = Note::changed(target::webhook(id), before, after);
    Ok(Work::quiet(Some(row)).noting(note))
}

pub(super) async fn lock_webhook(tx: &Tx, id: WebhookId) -> Result<Option<webhook::Model>, DbErr> {
    webhook::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&tx.db)
        .await
}

pub(super) async fn save_webhook(tx: &Tx, row: webhook::Model) -> Result<(), DbErr> {
    webhook::Entity::update(row.into_active_model().reset_all())
        .exec(&tx.db)
        .await?;
    Ok(())
}

async fn head(tx: &Tx) -> Result<entity::Revision, DbErr> {
    let head = change_head::Entity::find_by_id(1_i16)
        .select_only()
        .column(change_head::Column::Revision)
        .into_tuple()
        .one(&tx.db)
        .await?;
    Ok(head.unwrap_or(entity::Revision(0)))
}

fn text(filter: &HookFilter) -> String {
    serde_json::to_string(filter).unwrap_or_else(|_| "{}".to_owned())
}

/// A filter as a column keeps it; what is none lets everything through.
#[must_use]
pub fn hook_filter(text: &str) -> HookFilter {
    serde_json::from_str(text).unwrap_or_default()
}
