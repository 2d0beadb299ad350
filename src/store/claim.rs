//! Claiming what is due, so that no two polls of one source run at once, here or on another node. In: now,
//! this node, limits. Out: claims. Must not know: how a visit goes.

use std::collections::{HashMap, HashSet};

use entity::{Millis, SourceId, SourceStatus, host, poll_state, source};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QueryOrder, QuerySelect, RelationTrait,
};

use super::error::Reading;
use super::lease::{Lease, unclaimed};
use super::rest;
use super::text::{instants, is_among, rhythm, texts};
use super::write::{Tx, Work, transaction};
use super::{Backend, Claim, ClaimLimits, Store, StoreError};
use crate::fetch::Validators;

/// Due sources that are looked at for each one that may be claimed. More of them than fit in belong to hosts that
/// are served already: those are at their limit then, and passed over the next time.
const CANDIDATES: u64 = 2;

impl Store {
    /// Takes sources that are due, those that have waited longest first. Limits per host count the polls of
    /// all nodes; hosts at rest are passed over. May take fewer than there are when many of one host stand in
    /// front; none at all means that there is nothing to take now.
    ///
    /// # Errors
    /// When the transaction fails; nothing is claimed then.
    pub async fn claim_due(
        &self,
        lease: &Lease<'_>,
        limits: &ClaimLimits,
    ) -> Result<Vec<Claim>, StoreError> {
        let committed = transaction!(self, "claiming what is due", |tx| async {
            let due = due(tx, lease, limits).await?;
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
            let free = free_ones(tx, &[source], lease).await?;
            Ok(Work::quiet(take(tx, &free, lease).await?.pop()))
        })?;
        Ok(committed.value)
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

/// Which sources to take: of those that have waited longest, as many of each host as it has room for.
async fn due(tx: &Tx, lease: &Lease<'_>, limits: &ClaimLimits) -> Result<Vec<SourceId>, DbErr> {
    if tx.backend == Backend::Postgres {
        // Claims of several nodes go one after the other for the milliseconds that each takes: counting a
        // host's running polls is only right when nobody else is counting.
        tx.db
            .execute_unprepared("SELECT pg_advisory_xact_lock(7463269)")
            .await?;
    }
    let at_once = i64::from(limits.per_host);
    let mut polls = running(tx, lease).await?;
    let full = polls.iter().filter(|(_, polls)| **polls >= at_once);
    let mut passed_over: Vec<&str> = full.map(|(host, _)| host.as_str()).collect();
    passed_over.extend(limits.busy_hosts.iter().map(String::as_str));
    let most = usize::try_from(limits.sources).unwrap_or(usize::MAX);
    let mut taken = Vec::new();
    let candidates = candidates(tx, lease, &passed_over, limits.sources).await?;
    let rested = rested(tx, candidates.iter().map(|(_, host)| host.as_str())).await?;
    for (source, host) in candidates {
        // One probe tells whether a host that asked for rest is well again.
        let room = if rested.contains(&host) { 1 } else { at_once };
        let polls = polls.entry(host).or_default();
        if *polls < room && taken.len() < most {
            *polls += 1;
            taken.push(source);
        }
    }
    if tx.backend == Backend::Postgres {
        // A row that a transaction has in hand is not waited for; SQLite has one writer and no row locks.
        taken = free_ones(tx, &taken, lease).await?;
    }
    Ok(taken)
}

/// How many polls of each host are running, on all nodes.
async fn running(tx: &Tx, lease: &Lease<'_>) -> Result<HashMap<String, i64>, DbErr> {
    let rows: Vec<(String, i64)> = poll_state::Entity::find()
        .select_only()
        .column(poll_state::Column::Host)
        .column_as(poll_state::Column::SourceId.count(), "polls")
        .filter(poll_state::Column::ClaimedUntil.gt(lease.now))
        .filter(poll_state::Column::ClaimedUntil.lte(lease.latest()))
        .group_by(poll_state::Column::Host)
        .into_tuple()
        .all(&tx.db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// The due sources that have waited longest and are held by nobody, with their hosts: none of `passed_over`, and none
/// that is at rest.
async fn candidates(
    tx: &Tx,
    lease: &Lease<'_>,
    passed_over: &[&str],
    wanted: u64,
) -> Result<Vec<(SourceId, String)>, DbErr> {
    let mut select = poll_state::Entity::find()
        .select_only()
        .columns([poll_state::Column::SourceId, poll_state::Column::Host])
        .filter(poll_state::Column::NextPollAt.lte(lease.now))
        .filter(free(lease))
        .filter(poll_state::Column::Host.not_in_subquery(rest::names(lease.now)))
        .order_by_asc(poll_state::Column::NextPollAt)
        .order_by_asc(poll_state::Column::SourceId)
        .limit(wanted.saturating_mul(CANDIDATES));
    if !passed_over.is_empty() {
        let hosts = passed_over.iter().copied();
        select = select.filter(is_among(tx.backend, poll_state::Column::Host, hosts).not());
    }
    select.into_tuple().all(&tx.db).await
}

/// Held by nobody, or by a lease that no right clock gave.
fn free(lease: &Lease<'_>) -> Expr {
    unclaimed(lease.now).or(poll_state::Column::ClaimedUntil.gt(lease.latest()))
}

/// Those of `sources` that nobody holds, locked.
async fn free_ones(
    tx: &Tx,
    sources: &[SourceId],
    lease: &Lease<'_>,
) -> Result<Vec<SourceId>, DbErr> {
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let ids = sources.iter().copied();
    poll_state::Entity::find()
        .select_only()
        .column(poll_state::Column::SourceId)
        .filter(is_among(tx.backend, poll_state::Column::SourceId, ids))
        .filter(free(lease))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple()
        .all(&tx.db)
        .await
}

/// Claims what nobody holds, and reads what a visit needs to know of it.
async fn take(tx: &Tx, free: &[SourceId], lease: &Lease<'_>) -> Result<Vec<Claim>, DbErr> {
    if free.is_empty() {
        return Ok(Vec::new());
    }
    let ids = free.iter().copied();
    poll_state::Entity::update_many()
        .col_expr(
            poll_state::Column::Fence,
            Expr::col(poll_state::Column::Fence).add(1),
        )
        .col_expr(poll_state::Column::ClaimedUntil, Expr::value(lease.until()))
        .col_expr(poll_state::Column::ClaimedBy, Expr::value(lease.node))
        .filter(is_among(tx.backend, poll_state::Column::SourceId, ids))
        .exec(&tx.db)
        .await?;
    read(tx, free).await
}

/// What a visit needs to know, and no column more: this is read for every poll.
#[derive(Debug, FromQueryResult)]
struct Row {
    source_id: SourceId,
    feed_url: String,
    host: String,
    status: SourceStatus,
    fence: i64,
    etag: Option<Vec<u8>>,
    last_modified: Option<Vec<u8>>,
    validators_url: Option<String>,
    body_hash: Option<Vec<u8>>,
    due_now: bool,
    min_interval_seconds: Option<i64>,
    max_interval_seconds: Option<i64>,
    max_age_days: Option<i64>,
    keep_rules: String,
    drop_rules: String,
    interval_seconds: i64,
    last_polled_at: Option<Millis>,
    last_changed_at: Option<Millis>,
    consecutive_failures: i32,
    first_failed_at: Option<Millis>,
    rhythm: String,
    redirect_url: Option<String>,
    redirect_since: Option<Millis>,
    recent_published: String,
    next_poll_at: Option<Millis>,
    body_bytes: Option<i64>,
    push_until: Option<Millis>,
    push_trusted: bool,
}

async fn read(tx: &Tx, sources: &[SourceId]) -> Result<Vec<Claim>, DbErr> {
    use poll_state::Column as State;
    use source::Column as Source;
    let rows: Vec<Row> = poll_state::Entity::find()
        .select_only()
        .columns([
            State::SourceId,
            State::Host,
            State::Fence,
            State::Etag,
            State::LastModified,
            State::ValidatorsUrl,
            State::BodyHash,
            State::DueNow,
            State::IntervalSeconds,
            State::LastPolledAt,
            State::LastChangedAt,
            State::ConsecutiveFailures,
            State::FirstFailedAt,
            State::Rhythm,
            State::RedirectUrl,
            State::RedirectSince,
            State::RecentPublished,
            State::NextPollAt,
            State::BodyBytes,
            State::PushUntil,
            State::PushTrusted,
        ])
        .columns([
            Source::FeedUrl,
            Source::Status,
            Source::MinIntervalSeconds,
            Source::MaxIntervalSeconds,
            Source::MaxAgeDays,
            Source::KeepRules,
            Source::DropRules,
        ])
        .join(JoinType::InnerJoin, poll_state::Relation::Source.def())
        .filter(is_among(
            tx.backend,
            State::SourceId,
            sources.iter().copied(),
        ))
        .order_by_asc(State::NextPollAt)
        .order_by_asc(State::SourceId)
        .into_model()
        .all(&tx.db)
        .await?;
    let rested = rested(tx, rows.iter().map(|row| row.host.as_str())).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let host_rested = rested.contains(&row.host);
            claim(row, host_rested)
        })
        .collect())
}

/// Those of the hosts that asked for rest and have not been asked since.
async fn rested(tx: &Tx, hosts: impl Iterator<Item = &str>) -> Result<HashSet<String>, DbErr> {
    let rested: Vec<String> = host::Entity::find()
        .select_only()
        .column(host::Column::Name)
        .filter(is_among(tx.backend, host::Column::Name, hosts))
        .into_tuple()
        .all(&tx.db)
        .await?;
    Ok(rested.into_iter().collect())
}

fn claim(row: Row, host_rested: bool) -> Claim {
    Claim {
        pushed_until: row.push_until.filter(|_| row.push_trusted),
        due_at: row.next_poll_at,
        body_bytes: row.body_bytes.unwrap_or_default(),
        host_rested,
        source_id: row.source_id,
        feed_url: row.feed_url,
        host: row.host,
        status: row.status,
        fence: row.fence,
        validators: Validators {
            etag: row.etag,
            last_modified: row.last_modified,
            url: row.validators_url,
        },
        body_hash: row.body_hash,
        first_visit: row.last_changed_at.is_none(),
        due_now: row.due_now,
        min_interval_seconds: row.min_interval_seconds,
        max_interval_seconds: row.max_interval_seconds,
        max_age_days: row.max_age_days,
        keep_rules: texts(&row.keep_rules),
        drop_rules: texts(&row.drop_rules),
        interval_seconds: row.interval_seconds,
        last_polled_at: row.last_polled_at,
        last_changed_at: row.last_changed_at,
        consecutive_failures: row.consecutive_failures,
        first_failed_at: row.first_failed_at,
        rhythm: rhythm(&row.rhythm),
        redirect_url: row.redirect_url,
        redirect_since: row.redirect_since,
        recent_published: instants(&row.recent_published),
    }
}
