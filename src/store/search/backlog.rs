//! Entries that were stored before there was an index. In: nothing. Out: a few more of them indexed, the newest
//! first. Must not know: who calls, and how often.

use entity::{EntryId, Millis, entry};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::index::reindex;
use crate::store::write::{NewChange, Tx, Work, transaction};
use crate::store::{Store, StoreError};

const TABLE: &str = "entry_search_backlog";

impl Store {
    /// Indexes at most `most` entries of the backlog; tells how many. None are left when it is 0. What searches find is
    /// public, so it is a change.
    ///
    /// # Errors
    /// When the transaction fails; the same entries are indexed by the next call.
    pub async fn index_backlog(&self, most: u64, at: Millis) -> Result<usize, StoreError> {
        let committed = transaction!(self, "indexing older entries", |tx| some(tx, most, at))?;
        Ok(committed.value)
    }
}

async fn some(tx: &Tx, most: u64, at: Millis) -> Result<Work<usize>, DbErr> {
    let select = Query::select()
        .column("up_to")
        .from(TABLE)
        .lock_exclusive()
        .to_owned();
    let Some(row) = tx.db.query_one(&select).await? else {
        return Ok(Work::quiet(0));
    };
    let up_to: EntryId = row.try_get_by_index(0)?;
    if up_to.0 == 0 {
        return Ok(Work::quiet(0));
    }
    let ids: Vec<EntryId> = entry::Entity::find()
        .select_only()
        .column(entry::Column::Id)
        .filter(entry::Column::Id.lte(up_to))
        .order_by_desc(entry::Column::Id)
        .limit(most)
        .into_tuple()
        .all(&tx.db)
        .await?;
    reindex(tx, &ids).await?;
    let left = ids.last().map_or(0, |lowest| lowest.0 - 1);
    let update = Query::update()
        .table(TABLE)
        .value("up_to", left)
        .and_where(Expr::col("id").eq(1))
        .to_owned();
    tx.db.execute(&update).await?;
    if ids.is_empty() {
        return Ok(Work::quiet(0));
    }
    Ok(Work::told(ids.len(), vec![NewChange::other(at)]))
}
