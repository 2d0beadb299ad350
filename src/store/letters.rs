//! Messages that wait or were given up, for editors. In: a webhook. Out: counts and pages; messages sent again. Must not know:
//! who may see them.

use entity::{Millis, WebhookId, webhook_delivery};
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use serde_json::json;

use super::audit::{Note, target};
use super::error::Reading;
use super::page::{Keyset, Page, Slice};
use super::write::{Work, transaction};
use super::{Store, StoreError};

impl Store {
    /// How many messages of a webhook are waiting, and how many were given up.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_deliveries(&self, id: WebhookId) -> Result<(i64, i64), StoreError> {
        let of =
            || webhook_delivery::Entity::find().filter(webhook_delivery::Column::WebhookId.eq(id));
        let waiting = of().filter(webhook_delivery::Column::DeadAt.is_null());
        let waiting = waiting
            .count(self.reader())
            .await
            .reading("messages that wait")?;
        let dead = of().filter(webhook_delivery::Column::DeadAt.is_not_null());
        let dead = dead
            .count(self.reader())
            .await
            .reading("messages given up")?;
        let signed = |count| i64::try_from(count).unwrap_or(i64::MAX);
        Ok((signed(waiting), signed(dead)))
    }

    /// A page of the messages of a webhook that were given up, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_dead_letters(
        &self,
        id: WebhookId,
        slice: &Slice<i64>,
    ) -> Result<Page<webhook_delivery::Model>, StoreError> {
        let keyset = Keyset {
            columns: vec![Expr::col((
                webhook_delivery::Entity,
                webhook_delivery::Column::Id,
            ))],
            order: Order::Desc,
        };
        let mut select = webhook_delivery::Entity::find()
            .filter(webhook_delivery::Column::WebhookId.eq(id))
            .filter(webhook_delivery::Column::DeadAt.is_not_null());
        keyset.apply(QuerySelect::query(&mut select), slice, |id| {
            vec![Expr::value(*id)]
        });
        let rows = select
            .all(self.reader())
            .await
            .reading("messages given up")?;
        Ok(slice.page(rows))
    }

    /// Sends messages again that were given up, those named or all; says how many.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn replay_dead_letters(
        &self,
        id: WebhookId,
        which: Option<&[i64]>,
        at: Millis,
    ) -> Result<u64, StoreError> {
        let committed = transaction!(self, "sending messages again", |tx| async {
            let mut again = webhook_delivery::Entity::update_many()
                .col_expr(webhook_delivery::Column::NextAttemptAt, Expr::value(at))
                .col_expr(webhook_delivery::Column::DeadAt, Expr::null())
                .col_expr(webhook_delivery::Column::Attempts, Expr::value(0))
                .col_expr(webhook_delivery::Column::FirstAttemptAt, Expr::null())
                .filter(webhook_delivery::Column::WebhookId.eq(id))
                .filter(webhook_delivery::Column::DeadAt.is_not_null());
            if let Some(which) = which {
                again = again.filter(webhook_delivery::Column::Id.is_in(which.iter().copied()));
            }
            let again = again.exec(&tx.db).await?;
            let count = again.rows_affected;
            let work = Work::quiet(count);
            if count == 0 {
                return Ok(work);
            }
            let fact = json!({"sentAgain": count});
            Ok(work.noting(Note::new(target::webhook(id), None, Some(fact))))
        })?;
        Ok(committed.value)
    }
}
