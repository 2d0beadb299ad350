//! Leases: how long a claim holds, giving it back, holding on to it, and what a clock that was wrong left behind. In:
//! now, this node. Out: rows that others may claim, or may not. Must not know: what is due.

use entity::{Millis, poll_state};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, Statement};

use super::write::{Work, transaction};
use super::{Backend, Claim, Store, StoreError};

/// No host is left alone for longer; an end of a rest further ahead was written by a clock that was wrong.
pub(super) const LONGEST_REST_SECONDS: i64 = 2 * 24 * 3_600;
/// No source waits longer for its next poll (a dead one: 30 days and a quarter).
const LONGEST_WAIT_SECONDS: i64 = 45 * 24 * 3_600;
/// A poll that seems to have been made so long from now was made by a clock that was wrong.
const AHEAD_SECONDS: i64 = 3_600;

/// Who claims, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease<'a> {
    /// The present instant.
    pub now: Millis,
    /// This node's name.
    pub node: &'a str,
    /// Seconds until another node may take over.
    pub seconds: i64,
}

impl Lease<'_> {
    /// When it ends.
    pub(super) const fn until(&self) -> Millis {
        self.now.plus_seconds(self.seconds)
    }

    /// No lease that was given by a right clock ends later: one that does is taken for ended, or a clock that was a year
    /// ahead when its node died would hold a source for a year.
    pub(super) const fn latest(&self) -> Millis {
        self.now
            .plus_seconds(self.seconds.saturating_mul(2).saturating_add(AHEAD_SECONDS))
    }
}

pub(super) fn unclaimed(now: Millis) -> Expr {
    poll_state::Column::ClaimedUntil
        .is_null()
        .or(poll_state::Column::ClaimedUntil.lte(now))
}

impl Store {
    /// Holds on to claims whose visits take their time; gives how many of them are still held.
    ///
    /// # Errors
    /// When the transaction fails; the leases then run out by themselves.
    pub async fn renew(&self, lease: &Lease<'_>, claims: &[&Claim]) -> Result<u64, StoreError> {
        let committed = transaction!(self, "renewing claims", |tx| async {
            let renewed = poll_state::Entity::update_many()
                .col_expr(poll_state::Column::ClaimedUntil, Expr::value(lease.until()))
                .filter(poll_state::Column::ClaimedBy.eq(lease.node))
                .filter(these(claims))
                .exec(&tx.db)
                .await?;
            Ok(Work::quiet(renewed.rows_affected))
        })?;
        Ok(committed.value)
    }

    /// Gives claims back without a visit; their sources are as due as before.
    ///
    /// # Errors
    /// When the transaction fails; the leases then run out by themselves.
    pub async fn release(&self, claims: &[&Claim]) -> Result<(), StoreError> {
        if claims.is_empty() {
            return Ok(());
        }
        transaction!(self, "releasing claims", |tx| async {
            poll_state::Entity::update_many()
                .col_expr(poll_state::Column::ClaimedUntil, Expr::null())
                .col_expr(poll_state::Column::ClaimedBy, Expr::null())
                .filter(these(claims))
                .exec(&tx.db)
                .await?;
            Ok(Work::quiet(()))
        })?;
        Ok(())
    }

    /// Gives back, on SQLite, what is claimed: the program that held it is gone, since one at a time serves
    /// a file, and nobody should wait for its leases. A visit of a `feedgraph poll` beside is at worst done
    /// twice, and stored once. On PostgreSQL other nodes may be at work, so that leases run out by themselves.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn take_back_claims(&self) -> Result<(), StoreError> {
        if self.backend() == Backend::Postgres {
            return Ok(());
        }
        transaction!(self, "taking claims back", |tx| async {
            poll_state::Entity::update_many()
                .col_expr(poll_state::Column::ClaimedUntil, Expr::null())
                .col_expr(poll_state::Column::ClaimedBy, Expr::null())
                .filter(poll_state::Column::ClaimedBy.is_not_null())
                .exec(&tx.db)
                .await?;
            Ok(Work::quiet(()))
        })?;
        Ok(())
    }

    /// Puts right what a clock that was ahead left behind when it was set back: sources that seem to have been
    /// polled in the future, or wait longer than any waits, come due within their own interval, one after
    /// another. Tells how many.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn mend_due_times(&self, now: Millis) -> Result<u64, StoreError> {
        // Plain SQL: one arithmetic statement that both databases read alike. Keys spread the sources over the
        // interval, as chance did when they were polled.
        let sql = "UPDATE poll_state SET \
             next_poll_at = CASE WHEN next_poll_at IS NULL THEN NULL \
               ELSE $1 + (interval_seconds * (source_id * 37 % 1000)) END, \
             last_polled_at = CASE WHEN last_polled_at > $1 THEN $1 ELSE last_polled_at END \
             WHERE last_polled_at > $2 OR next_poll_at > $3";
        let committed = transaction!(self, "mending due times", |tx| async {
            let values = [
                now.into(),
                now.plus_seconds(AHEAD_SECONDS).into(),
                now.plus_seconds(LONGEST_WAIT_SECONDS).into(),
            ];
            let backend = tx.db.get_database_backend();
            let statement = Statement::from_sql_and_values(backend, sql, values);
            let mended = tx.db.execute_raw(statement).await?;
            Ok(Work::quiet(mended.rows_affected()))
        })?;
        Ok(committed.value)
    }
}

/// The rows of these claims, as long as no newer claim was made.
fn these(claims: &[&Claim]) -> Condition {
    claims.iter().fold(Condition::any(), |all, claim| {
        all.add(
            poll_state::Column::SourceId
                .eq(claim.source_id)
                .and(poll_state::Column::Fence.eq(claim.fence)),
        )
    })
}
