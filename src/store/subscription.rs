//! Subscriptions at hubs. In: what hubs answer. Out: rows; which hubs to ask for what. Must not know: how they are
//! asked, or what is pushed.

use entity::{Millis, PushState, SourceId, poll_state, subscription};
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::error::Reading;
use super::ingest::hub::hex;
use super::text::texts;
use super::write::{Tx, Work, transaction};
use super::{Store, StoreError};

/// How long one node has for asking before another may.
const ASKING_SECONDS: i64 = 600;

impl Store {
    /// Subscriptions whose hubs are to be asked now, at most `most`. Each is given to one node alone for ten minutes,
    /// and its `tries` are one more.
    ///
    /// # Errors
    /// When the transaction fails; nobody is to be asked then.
    pub async fn hubs_to_ask(
        &self,
        now: Millis,
        most: u64,
    ) -> Result<Vec<subscription::Model>, StoreError> {
        let asked = transaction!(self, "taking hubs to ask", |tx| async {
            Ok(Work::quiet(to_ask(tx, now, most).await?))
        })?;
        Ok(asked.value)
    }

    /// When the next hub is to be asked.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn next_hub_at(&self) -> Result<Option<Millis>, StoreError> {
        subscription::Entity::find()
            .select_only()
            .column(subscription::Column::NextTryAt)
            .filter(subscription::Column::NextTryAt.is_not_null())
            .order_by_asc(subscription::Column::NextTryAt)
            .into_tuple()
            .one(self.reader())
            .await
            .reading("the next hub to ask")
    }

    /// The subscription that a callback is for.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn subscription_by_key(
        &self,
        key: &str,
    ) -> Result<Option<subscription::Model>, StoreError> {
        subscription::Entity::find()
            .filter(subscription::Column::CallbackKey.eq(key))
            .one(self.reader())
            .await
            .reading("a subscription")
    }

    /// The subscription of a source.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn subscription_of(
        &self,
        source: SourceId,
    ) -> Result<Option<subscription::Model>, StoreError> {
        subscription::Entity::find_by_id(source)
            .one(self.reader())
            .await
            .reading("a subscription")
    }

    /// The hub was asked and has not confirmed yet: when to ask again. Nothing changes when it has meanwhile.
    ///
    /// # Errors
    /// When the transaction fails; it is asked again in ten minutes then.
    pub async fn hub_asked(
        &self,
        asked: &subscription::Model,
        again_at: Millis,
    ) -> Result<(), StoreError> {
        transaction!(self, "noting that a hub was asked", |tx| async {
            subscription::Entity::update_many()
                .col_expr(subscription::Column::NextTryAt, Expr::value(again_at))
                .filter(subscription::Column::CallbackKey.eq(asked.callback_key.as_str()))
                .filter(subscription::Column::AskedAt.eq(asked.asked_at))
                .filter(subscription::Column::Tries.eq(asked.tries))
                .exec(&tx.db)
                .await?;
            Ok(Work::quiet(()))
        })?;
        Ok(())
    }

    /// The hub has confirmed, and pushes until the lease ends; it is asked again before that.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn confirm_subscription(
        &self,
        row: &subscription::Model,
        lease_until: Millis,
        renew_at: Millis,
    ) -> Result<(), StoreError> {
        let new = subscription::Model {
            state: PushState::Confirmed,
            lease_until: Some(lease_until),
            next_try_at: Some(renew_at),
            tries: 0,
            ..row.clone()
        };
        transaction!(self, "confirming a subscription", |tx| async {
            change(tx, &new, Some(lease_until)).await
        })?;
        Ok(())
    }

    /// The hub will not push; it is asked again later.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn deny_subscription(
        &self,
        row: &subscription::Model,
        again_at: Millis,
    ) -> Result<(), StoreError> {
        let new = subscription::Model {
            state: PushState::Denied,
            lease_until: None,
            next_try_at: Some(again_at),
            ..row.clone()
        };
        transaction!(self, "denying a subscription", |tx| async {
            change(tx, &new, None).await
        })?;
        Ok(())
    }

    /// The subscription has ended.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn end_subscription(&self, row: &subscription::Model) -> Result<(), StoreError> {
        transaction!(self, "ending a subscription", |tx| async {
            subscription::Entity::delete_many()
                .filter(subscription::Column::CallbackKey.eq(row.callback_key.as_str()))
                .exec(&tx.db)
                .await?;
            Ok(Work::quiet(()))
        })?;
        Ok(())
    }
}

/// Whether a document was pushed before, lately.
#[must_use]
pub fn was_pushed(row: &subscription::Model, body_hash: &[u8]) -> bool {
    texts(&row.recent).contains(&hex(body_hash))
}

/// A source is not followed any more: its hub is to be told.
pub(super) async fn leave(tx: &Tx, source: SourceId, at: Millis) -> Result<(), DbErr> {
    subscription::Entity::update_many()
        .col_expr(subscription::Column::State, Expr::value(PushState::Leaving))
        .col_expr(subscription::Column::NextTryAt, Expr::value(at))
        .col_expr(subscription::Column::Tries, Expr::value(0))
        .filter(subscription::Column::SourceId.eq(source))
        .exec(&tx.db)
        .await?;
    Ok(())
}

async fn to_ask(tx: &Tx, now: Millis, most: u64) -> Result<Vec<subscription::Model>, DbErr> {
    let mut rows = subscription::Entity::find()
        .filter(subscription::Column::NextTryAt.lte(now))
        .order_by_asc(subscription::Column::NextTryAt)
        .limit(most)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(&tx.db)
        .await?;
    for row in &mut rows {
        row.tries = row.tries.saturating_add(1);
        row.asked_at = Some(now);
        row.next_try_at = Some(now.plus_seconds(ASKING_SECONDS));
        subscription::Entity::update(row.clone().into_active_model().reset_all())
            .exec(&tx.db)
            .await?;
    }
    Ok(rows)
}

/// Writes a subscription over the stored one, unless it was replaced meanwhile, and what polling needs to know of it.
async fn change(
    tx: &Tx,
    row: &subscription::Model,
    push_until: Option<Millis>,
) -> Result<Work<()>, DbErr> {
    // First how the source is polled, as everyone does, so that nobody waits for each other.
    let mut poll = poll_state::Entity::update_many()
        .col_expr(poll_state::Column::PushUntil, Expr::value(push_until))
        .filter(poll_state::Column::SourceId.eq(row.source_id));
    if push_until.is_none() {
        poll = poll.col_expr(poll_state::Column::PushTrusted, Expr::value(false));
    }
    poll.exec(&tx.db).await?;
    subscription::Entity::update_many()
        .col_expr(subscription::Column::State, Expr::value(row.state))
        .col_expr(
            subscription::Column::LeaseUntil,
            Expr::value(row.lease_until),
        )
        .col_expr(
            subscription::Column::NextTryAt,
            Expr::value(row.next_try_at),
        )
        .col_expr(subscription::Column::Tries, Expr::value(row.tries))
        .filter(subscription::Column::CallbackKey.eq(row.callback_key.as_str()))
        .exec(&tx.db)
        .await?;
    Ok(Work::quiet(()))
}
