//! The newest few of each of several parents, and single rows found by what they say. In: keys, URLs. Out: rows.
//! Must not know: pages.

use std::collections::HashMap;

use entity::{Millis, SourceId, entry, poll_attempt};
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use super::batch::grouped;
use super::error::Reading;
use super::newest::newest_of_each;
use super::write::{Work, transaction};
use super::{Store, StoreError};

/// Old attempts are deleted so many at a time, so that polling is not held up.
const OLDEST: u64 = 1_000;

impl Store {
    /// The newest `n` attempts of each source, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn attempts_of(
        &self,
        sources: &[SourceId],
        n: u32,
    ) -> Result<HashMap<SourceId, Vec<poll_attempt::Model>>, StoreError> {
        let newest = |source: SourceId| {
            poll_attempt::Entity::find()
                .filter(poll_attempt::Column::SourceId.eq(source))
                .order_by_desc(poll_attempt::Column::Id)
                .limit(u64::from(n))
                .into_query()
        };
        let rows: Vec<poll_attempt::Model> = self
            .rows_of(newest_of_each(sources, newest))
            .await
            .reading("attempts")?;
        let mut attempts = grouped(rows.into_iter().map(|row| (row.source_id, row)));
        for rows in attempts.values_mut() {
            rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
        }
        Ok(attempts)
    }

    /// Deletes the attempts made before `before`; tells how many. Keys rise with time, so it begins with the oldest
    /// and stops at the first that is kept: no index on time, which every poll would pay for.
    ///
    /// # Errors
    /// When a transaction fails; what was deleted before stays so.
    pub async fn delete_old_attempts(&self, before: Millis) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let committed = transaction!(self, "deleting old attempts", |tx| async {
                let oldest: Vec<(i64, Millis)> = poll_attempt::Entity::find()
                    .select_only()
                    .columns([poll_attempt::Column::Id, poll_attempt::Column::At])
                    .order_by_asc(poll_attempt::Column::Id)
                    .limit(OLDEST)
                    .into_tuple()
                    .all(&tx.db)
                    .await?;
                let old = oldest.iter().take_while(|(_, at)| *at < before);
                let Some((last, _)) = old.last() else {
                    return Ok(Work::quiet(0));
                };
                let gone = poll_attempt::Entity::delete_many()
                    .filter(poll_attempt::Column::Id.lte(*last))
                    .exec(&tx.db)
                    .await?;
                Ok(Work::quiet(gone.rows_affected))
            })?;
            if committed.value == 0 {
                return Ok(deleted);
            }
            deleted += committed.value;
        }
    }

    /// The newest `n` entries of each source, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn newest_entries_of_sources(
        &self,
        sources: &[SourceId],
        n: u32,
    ) -> Result<HashMap<SourceId, Vec<entry::Model>>, StoreError> {
        let newest = |source: SourceId| {
            entry::Entity::find()
                .filter(entry::Column::SourceId.eq(source))
                .order_by_desc(entry::Column::PublishedAt)
                .order_by_desc(entry::Column::Id)
                .limit(u64::from(n))
                .into_query()
        };
        let rows: Vec<entry::Model> = self
            .rows_of(newest_of_each(sources, newest))
            .await
            .reading("newest entries of sources")?;
        let mut entries = grouped(rows.into_iter().map(|row| (row.source_id, row)));
        for rows in entries.values_mut() {
            rows.sort_unstable_by_key(|row| std::cmp::Reverse((row.published_at, row.id)));
        }
        Ok(entries)
    }

    /// One attempt.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_attempt(&self, id: i64) -> Result<Option<poll_attempt::Model>, StoreError> {
        poll_attempt::Entity::find_by_id(id)
            .one(self.reader())
            .await
            .reading("an attempt")
    }

    /// The entry with this link in canonical form (`normalize::url_key`); the newest of several.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_entry_by_url_key(
        &self,
        key: &[u8],
    ) -> Result<Option<entry::Model>, StoreError> {
        entry::Entity::find()
            .filter(entry::Column::UrlKey.eq(key))
            .order_by_desc(entry::Column::PublishedAt)
            .order_by_desc(entry::Column::Id)
            .one(self.reader())
            .await
            .reading("an entry by its link")
    }

    pub(super) async fn rows_of<R: FromQueryResult>(
        &self,
        statements: Vec<SelectStatement>,
    ) -> Result<Vec<R>, DbErr> {
        let mut all = Vec::new();
        for statement in statements {
            for row in self.ask(&statement).await? {
                all.push(R::from_query_result(&row, "")?);
            }
        }
        Ok(all)
    }
}
