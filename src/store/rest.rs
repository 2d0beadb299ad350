//! Hosts that asked to be left alone, for all nodes. In: names of hosts and instants. Out: until when they rest. Must not know:
//! how they asked.

use entity::{Millis, SourceId, host, poll_state};
use sea_orm::sea_query::{OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _,
    QuerySelect as _, QueryTrait as _, Select,
};

use super::error::Reading as _;
use super::lease::LONGEST_REST_SECONDS;
use super::write::{Tx, Work, transaction};
use super::{Store, StoreError};

impl Store {
    /// Until when a source's host wants to be left alone; none when it does not, or not any more.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn host_rests_until(
        &self,
        source: SourceId,
        now: Millis,
    ) -> Result<Option<Millis>, StoreError> {
        let host = Query::select()
            .column(poll_state::Column::Host)
            .from(poll_state::Entity)
            .and_where(poll_state::Column::SourceId.eq(source))
            .to_owned();
        let named = resting(now).filter(host::Column::Name.in_subquery(host));
        self.rest(named).await
    }

    /// The same of a host by its name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn rest_of_host(
        &self,
        name: &str,
        now: Millis,
    ) -> Result<Option<Millis>, StoreError> {
        self.rest(resting(now).filter(host::Column::Name.eq(name)))
            .await
    }

    async fn rest(&self, hosts: Select<host::Entity>) -> Result<Option<Millis>, StoreError> {
        let until = hosts
            .select_only()
            .column(host::Column::PausedUntil)
            .into_tuple()
            .one(self.reader());
        until.await.reading("a host's rest")
    }

    /// Notes that a whole host asked for rest.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn rest_host(&self, name: &str, until: Millis) -> Result<(), StoreError> {
        transaction!(self, "noting that a host asked for rest", |tx| async {
            begin(tx, name, until).await?;
            Ok(Work::quiet(()))
        })?;
        Ok(())
    }
}

/// Hosts at rest. A rest that is longer than any that is ever noted was noted under another clock, and is none.
fn resting(now: Millis) -> Select<host::Entity> {
    host::Entity::find()
        .filter(host::Column::PausedUntil.gt(now))
        .filter(host::Column::PausedUntil.lte(now.plus_seconds(LONGEST_REST_SECONDS)))
}

/// The names of all hosts at rest.
pub(super) fn names(now: Millis) -> SelectStatement {
    let names = resting(now).select_only().column(host::Column::Name);
    names.into_query()
}

/// Lets a whole host rest; what it asked for last counts.
pub(super) async fn begin(tx: &Tx, name: &str, until: Millis) -> Result<(), DbErr> {
    let row = host::ActiveModel {
        name: Set(name.to_owned()),
        paused_until: Set(Some(until)),
    };
    host::Entity::insert(row)
        .on_conflict(
            OnConflict::column(host::Column::Name)
                .update_column(host::Column::PausedUntil)
                .to_owned(),
        )
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// The host need not rest any more.
pub(super) async fn end(tx: &Tx, name: &str) -> Result<(), DbErr> {
    host::Entity::delete_by_id(name.to_owned())
        .exec(&tx.db)
        .await?;
    Ok(())
}
