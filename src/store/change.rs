//! The change log: numbering, reading, trimming. In: what happened. Out: rows in commit order. Must not
//! know: who reads them.

use entity::{Millis, Revision, change, change_head};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::error::Reading;
use super::write::{NewChange, Tx, Work, transaction};
use super::{CHUNK, Store, StoreError};

/// Where the change log stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The newest number.
    pub revision: Revision,
    /// Tells this database from others.
    pub epoch: String,
    /// Everything up to this number was trimmed; reading can start after it.
    pub trimmed_to: Revision,
    /// When the oldest row that is kept was written.
    pub kept_since: Option<Millis>,
}

/// Gives the rows their numbers and appends them. Called last in a transaction: the lock on the head row
/// is held from here to the commit, so numbers rise in commit order without holes, and no transaction waits
/// for another lock while it holds this one.
pub(super) async fn append(tx: &Tx, changes: &[NewChange]) -> Result<Option<Revision>, DbErr> {
    let Ok(count @ 1..) = i64::try_from(changes.len()) else {
        return Ok(None);
    };
    let take = Query::update()
        .table(change_head::Entity)
        .value(
            change_head::Column::Revision,
            Expr::col(change_head::Column::Revision).add(count),
        )
        .and_where(change_head::Column::Id.eq(1))
        .returning_col(change_head::Column::Revision)
        .to_owned();
    let row = tx.db.query_one(&take).await?;
    let newest: i64 = row
        .ok_or_else(|| DbErr::RecordNotFound("the head of the change log".to_owned()))?
        .try_get_by_index(0)?;
    let numbers = newest - count + 1..=newest;
    let rows: Vec<_> = numbers
        .zip(changes)
        .map(|(number, change)| change::ActiveModel {
            revision: Set(Revision(number)),
            at: Set(change.at),
            kind: Set(change.kind),
            entry_id: Set(change.entry_id),
            source_id: Set(change.source_id),
            backlog: Set(change.backlog),
        })
        .collect();
    for chunk in rows.chunks(CHUNK) {
        change::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(&tx.db)
            .await?;
    }
    tx.notify(&format!("revision:{newest}")).await?;
    Ok(Some(Revision(newest)))
}

impl Store {
    /// Where the change log stands now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn head(&self) -> Result<Head, StoreError> {
        let oldest = Query::select()
            .expr(Expr::col(change::Column::At).min())
            .from(change::Entity)
            .to_owned();
        let row = change_head::Entity::find_by_id(1_i16)
            .expr_as(
                sea_orm::sea_query::SimpleExpr::SubQuery(None, Box::new(oldest.into())),
                "kept_since",
            )
            .into_tuple::<(i16, Revision, String, Revision, Option<Millis>)>()
            .one(self.reader())
            .await
            .reading("head of the change log")?;
        row.map(|(_, revision, epoch, trimmed_to, kept_since)| Head {
            revision,
            epoch,
            trimmed_to,
            kept_since,
        })
        .ok_or_else(|| StoreError::Read {
            operation: "head of the change log",
            source: DbErr::RecordNotFound("the head of the change log".to_owned()),
        })
    }

    /// Rows with a number above `after`, rising, at most `limit`; [`entity::ChangeKind::Other`] among them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn changes_after(
        &self,
        after: Revision,
        limit: u32,
    ) -> Result<Vec<change::Model>, StoreError> {
        change::Entity::find()
            .filter(change::Column::Revision.gt(after))
            .order_by_asc(change::Column::Revision)
            .limit(u64::from(limit))
            .all(self.reader())
            .await
            .reading("changes")
    }

    /// Drops the rows older than `before`; tells how many. That is a change of its own, since clients see how far
    /// back the log reaches: it leaves a row at `before`.
    ///
    /// # Errors
    /// When the transaction fails; nothing is dropped then.
    pub async fn trim_changes(&self, before: Millis) -> Result<u64, StoreError> {
        let committed = transaction!(self, "trimming the change log", |tx| trim(tx, before))?;
        Ok(committed.value)
    }
}

/// Goes by number, not by time, so that what is left has no holes even when a clock was set back.
async fn trim(tx: &Tx, before: Millis) -> Result<Work<u64>, DbErr> {
    let first_kept: Option<Revision> = change::Entity::find()
        .select_only()
        .column(change::Column::Revision)
        .filter(change::Column::At.gte(before))
        .order_by_asc(change::Column::Revision)
        .into_tuple()
        .one(&tx.db)
        .await?;
    let last: Option<Revision> = match first_kept {
        Some(first) => Some(Revision(first.0 - 1)),
        None => {
            change_head::Entity::find_by_id(1_i16)
                .select_only()
                .column(change_head::Column::Revision)
                .into_tuple()
                .one(&tx.db)
                .await?
        }
    };
    let Some(last) = last else {
        return Ok(Work::quiet(0));
    };
    let gone = change::Entity::delete_many()
        .filter(change::Column::Revision.lte(last))
        .exec(&tx.db)
        .await?
        .rows_affected;
    if gone > 0 {
        change_head::Entity::update_many()
            .col_expr(change_head::Column::TrimmedTo, Expr::value(last))
            .filter(change_head::Column::Id.eq(1))
            .exec(&tx.db)
            .await?;
        return Ok(Work::told(gone, vec![NewChange::other(before)]));
    }
    Ok(Work::quiet(gone))
}
