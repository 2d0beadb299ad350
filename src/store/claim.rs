//! Claiming what is due, so that no two polls of one source run at once, here or on another node. In: now,
//! this node, limits. Out: claims. Must not know: how a visit goes.

use std::collections::HashMap;

use entity::{Millis, SourceId, entry, poll_state, source};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, Order, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement, Value,
};

use super::error::Reading;
use super::newest::newest_of_each;
use super::text::{rhythm, texts};
use super::write::{Tx, Work, transaction};
use super::{Backend, Claim, ClaimLimits, Store, StoreError};
use crate::fetch::Validators;

/// Entries of which a claim tells the time, to see the feed's own rhythm.
const RHYTHM: u64 = 16;

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

impl Store {
    /// Takes sources that are due, those that have waited longest first. Limits per host count the polls of
    /// all nodes; hosts at rest are passed over.
    ///
    /// # Errors
    /// When the transaction fails; nothing is claimed then.
    pub async fn claim_due(
        &self,
        lease: &Lease<'_>,
        limits: &ClaimLimits,
    ) -> Result<Vec<Claim>, StoreError> {
        let committed = transaction!(self, "claiming what is due", |tx| async {
            let due = due(tx, lease.now, limits).await?;
            Ok(Work::quiet(take(tx, &due, lease).await?))
        })?;
        Ok(committed.value)
    }

    /// Takes one source, due or not; none when it is gone or another poll of it is running.
    ///
    /// # Errors
    /// When the transaction fails; nothing is claimed then.
    pub async fn claim_source(
        &self,
        source: SourceId,
        lease: &Lease<'_>,
    ) -> Result<Option<Claim>, StoreError> {
        let committed = transaction!(self, "claiming a source", |tx| async {
            Ok(Work::quiet(take(tx, &[source], lease).await?.pop()))
        })?;
        Ok(committed.value)
    }

    /// Gives a claim back without a visit; the source is as due as before.
    ///
    /// # Errors
    /// When the transaction fails; the lease then runs out by itself.
    pub async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        transaction!(self, "releasing a claim", |tx| async {
            poll_state::Entity::update_many()
                .col_expr(poll_state::Column::ClaimedUntil, Expr::null())
                .col_expr(poll_state::Column::ClaimedBy, Expr::null())
                .filter(poll_state::Column::SourceId.eq(claim.source_id))
                .filter(poll_state::Column::Fence.eq(claim.fence))
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

    /// When the first source that nobody holds is, or was, due.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn next_due_at(&self, now: Millis) -> Result<Option<Millis>, StoreError> {
        poll_state::Entity::find()
            .select_only()
            .column(poll_state::Column::NextPollAt)
            .filter(poll_state::Column::NextPollAt.is_not_null())
            .filter(unclaimed(now))
            .order_by_asc(poll_state::Column::NextPollAt)
            .into_tuple()
            .one(self.reader())
            .await
            .reading("the next due time")
    }

    /// How many sources are due and held by nobody.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_due(&self, now: Millis) -> Result<i64, StoreError> {
        let count: Option<i64> = poll_state::Entity::find()
            .select_only()
            .column_as(Expr::col(poll_state::Column::SourceId).count(), "due")
            .filter(poll_state::Column::NextPollAt.lte(now))
            .filter(unclaimed(now))
            .into_tuple()
            .one(self.reader())
            .await
            .reading("how much is due")?;
        Ok(count.unwrap_or(0))
    }
}

fn unclaimed(now: Millis) -> Expr {
    poll_state::Column::ClaimedUntil
        .is_null()
        .or(poll_state::Column::ClaimedUntil.lte(now))
}

/// Which sources to take. Plain SQL, since ranking within hosts takes two derived tables and a window; both
/// databases read it alike.
async fn due(tx: &Tx, now: Millis, limits: &ClaimLimits) -> Result<Vec<SourceId>, DbErr> {
    if tx.backend == Backend::Postgres {
        // Claims of several nodes go one after the other for the milliseconds that each takes: counting a
        // host's running polls is only right when nobody else is counting.
        tx.db
            .execute_unprepared("SELECT pg_advisory_xact_lock(7463269)")
            .await?;
    }
    let mut values: Vec<Value> = vec![
        now.into(),
        i64::from(limits.per_host).into(),
        i64::try_from(limits.sources).unwrap_or(i64::MAX).into(),
    ];
    let mut others = String::new();
    for host in &limits.busy_hosts {
        values.push(host.as_str().into());
        others.extend([" AND due.host <> $", &values.len().to_string()]);
    }
    let sql = format!(
        "WITH due AS (\
           SELECT source_id, host, next_poll_at, ROW_NUMBER() OVER (\
             PARTITION BY host ORDER BY next_poll_at, source_id) AS place \
           FROM poll_state \
           WHERE next_poll_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1)), \
         running AS (\
           SELECT host, COUNT(*) AS polls FROM poll_state WHERE claimed_until > $1 GROUP BY host) \
         SELECT due.source_id FROM due \
         LEFT JOIN running ON running.host = due.host \
         LEFT JOIN host ON host.name = due.host \
         WHERE due.place + COALESCE(running.polls, 0) <= $2 \
         AND (host.paused_until IS NULL OR host.paused_until <= $1){others} \
         ORDER BY due.next_poll_at, due.source_id LIMIT $3"
    );
    let statement = Statement::from_sql_and_values(tx.db.get_database_backend(), sql, values);
    tx.db
        .query_all_raw(statement)
        .await?
        .iter()
        .map(|row| row.try_get_by_index(0))
        .collect()
}

/// Claims those of `sources` that nobody holds, and reads what a visit needs to know of them.
async fn take(tx: &Tx, sources: &[SourceId], lease: &Lease<'_>) -> Result<Vec<Claim>, DbErr> {
    let free: Vec<SourceId> = poll_state::Entity::find()
        .select_only()
        .column(poll_state::Column::SourceId)
        .filter(poll_state::Column::SourceId.is_in(sources.iter().copied()))
        .filter(unclaimed(lease.now))
        // A row that a transaction has in hand is not waited for; SQLite has one writer and no row locks.
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple()
        .all(&tx.db)
        .await?;
    if free.is_empty() {
        return Ok(Vec::new());
    }
    poll_state::Entity::update_many()
        .col_expr(
            poll_state::Column::Fence,
            Expr::col(poll_state::Column::Fence).add(1),
        )
        .col_expr(
            poll_state::Column::ClaimedUntil,
            Expr::value(lease.now.plus_seconds(lease.seconds)),
        )
        .col_expr(poll_state::Column::ClaimedBy, Expr::value(lease.node))
        .filter(poll_state::Column::SourceId.is_in(free.iter().copied()))
        .exec(&tx.db)
        .await?;
    read(tx, &free).await
}

async fn read(tx: &Tx, sources: &[SourceId]) -> Result<Vec<Claim>, DbErr> {
    let rows = poll_state::Entity::find()
        .find_also_related(source::Entity)
        .filter(poll_state::Column::SourceId.is_in(sources.iter().copied()))
        .order_by_asc(poll_state::Column::NextPollAt)
        .order_by_asc(poll_state::Column::SourceId)
        .all(&tx.db)
        .await?;
    let mut rhythms = rhythms(tx, sources).await?;
    Ok(rows
        .into_iter()
        .filter_map(|(state, source)| Some((state, source?)))
        .map(|(state, source)| {
            let recent = rhythms.remove(&source.id).unwrap_or_default();
            claim(state, source, recent)
        })
        .collect())
}

async fn rhythms(tx: &Tx, sources: &[SourceId]) -> Result<HashMap<SourceId, Vec<Millis>>, DbErr> {
    let mut rhythms: HashMap<SourceId, Vec<Millis>> = HashMap::new();
    for statement in newest_of_each(sources, newest_times) {
        for row in tx.db.query_all(&statement).await? {
            let source: SourceId = row.try_get_by_index(0)?;
            rhythms
                .entry(source)
                .or_default()
                .push(row.try_get_by_index(1)?);
        }
    }
    Ok(rhythms)
}

fn newest_times(source: SourceId) -> SelectStatement {
    Query::select()
        .columns([entry::Column::SourceId, entry::Column::PublishedAt])
        .from(entry::Entity)
        .and_where(entry::Column::SourceId.eq(source))
        .order_by(entry::Column::PublishedAt, Order::Desc)
        .order_by(entry::Column::Id, Order::Desc)
        .limit(RHYTHM)
        .to_owned()
}

fn claim(state: poll_state::Model, source: source::Model, recent: Vec<Millis>) -> Claim {
    Claim {
        source_id: source.id,
        feed_url: source.feed_url,
        host: state.host,
        status: source.status,
        fence: state.fence,
        validators: Validators {
            etag: state.etag,
            last_modified: state.last_modified,
        },
        body_hash: state.body_hash,
        first_visit: state.last_changed_at.is_none(),
        due_now: state.due_now,
        min_interval_seconds: source.min_interval_seconds,
        max_interval_seconds: source.max_interval_seconds,
        max_age_days: source.max_age_days,
        keep_rules: texts(&source.keep_rules),
        drop_rules: texts(&source.drop_rules),
        interval_seconds: state.interval_seconds,
        last_polled_at: state.last_polled_at,
        last_changed_at: state.last_changed_at,
        consecutive_failures: state.consecutive_failures,
        first_failed_at: state.first_failed_at,
        rhythm: rhythm(&state.rhythm),
        redirect_url: state.redirect_url,
        redirect_since: state.redirect_since,
        recent_published: recent,
    }
}
