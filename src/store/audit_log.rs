//! Reading the audit log. In: a filter and a slice. Out: pages, newest first. Must not know: who may see it.

use entity::{AuditId, Millis, UserId, audit};
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, Select};
use serde::{Deserialize, Serialize};

use super::error::Reading;
use super::page::{Keyset, Page, Slice};
use super::write::{Work, transaction};
use super::{Store, StoreError};

/// Which rows. All that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Done by this account.
    pub user: Option<UserId>,
    /// Done to this, `kind:key`.
    pub target: Option<String>,
    /// This was done.
    pub action: Option<String>,
    /// Not earlier than this.
    pub from: Option<Millis>,
    /// Earlier than this.
    pub until: Option<Millis>,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPosition {
    /// When.
    pub at: Millis,
    /// Its key.
    pub id: AuditId,
}

impl AuditPosition {
    /// Where `row` stands.
    #[must_use]
    pub const fn of(row: &audit::Model) -> Self {
        Self {
            at: row.at,
            id: row.id,
        }
    }
}

impl Store {
    /// A page of what was done, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_audit(
        &self,
        filter: &AuditFilter,
        slice: &Slice<AuditPosition>,
    ) -> Result<Page<audit::Model>, StoreError> {
        let keyset = Keyset {
            columns: vec![
                Expr::col((audit::Entity, audit::Column::At)),
                Expr::col((audit::Entity, audit::Column::Id)),
            ],
            order: Order::Desc,
        };
        let mut select = which(filter);
        keyset.apply(QuerySelect::query(&mut select), slice, |position| {
            vec![Expr::value(position.at), Expr::value(position.id)]
        });
        let rows = select.all(self.reader()).await;
        Ok(slice.page(rows.reading("a page of the audit log")?))
    }

    /// How much was done.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_audit(&self, filter: &AuditFilter) -> Result<i64, StoreError> {
        let count = which(filter).count(self.reader()).await;
        let count = count.reading("how much the audit log has")?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Drops what is older than `before`; tells how many rows.
    ///
    /// # Errors
    /// When the transaction fails; nothing is dropped then.
    pub async fn trim_audit(&self, before: Millis) -> Result<u64, StoreError> {
        let committed = transaction!(self, "trimming the audit log", |tx| async {
            let gone = audit::Entity::delete_many()
                .filter(audit::Column::At.lt(before))
                .exec(&tx.db)
                .await?;
            Ok(Work::quiet(gone.rows_affected))
        })?;
        Ok(committed.value)
    }
}

fn which(filter: &AuditFilter) -> Select<audit::Entity> {
    let mut select = audit::Entity::find();
    if let Some(user) = filter.user {
        select = select.filter(audit::Column::UserId.eq(user));
    }
    if let Some(target) = &filter.target {
        select = select.filter(audit::Column::Target.eq(target.as_str()));
    }
    if let Some(action) = &filter.action {
        select = select.filter(audit::Column::Action.eq(action.as_str()));
    }
    if let Some(from) = filter.from {
        select = select.filter(audit::Column::At.gte(from));
    }
    if let Some(until) = filter.until {
        select = select.filter(audit::Column::At.lt(until));
    }
    select
}
