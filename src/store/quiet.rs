//! Visits that found nothing new, many at once: most visits are, and one by one they would cost as much as new
//! entries. In: claims and records. Out: what is known of the next polls, written in a few statements. Must not know:
//! entries.

use std::collections::HashMap;

use entity::{PollOutcome, SourceId, SourceStatus, poll_attempt, poll_state};
use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Statement, Value,
};

use super::Backend;
use super::ingest::Visit;
use super::ingest::state::{attempt_row, forget_attempts, is_time_to_forget};
use super::visit::{HubNews, NextState, VisitRecord};
use super::write::Tx;

/// Rows of one statement, a power of two: there are as many statements as such numbers, so that each is parsed once.
const LARGEST: usize = 128;

/// What a visit that found nothing new leaves behind, column by column of the statement below.
const COLUMNS: usize = 11;

/// Whether a visit leaves nothing behind but when and why to poll next. All of [`NextState`] is named, so that whoever
/// adds to it says here what it means.
pub(super) fn is_quiet(record: &VisitRecord) -> bool {
    let NextState {
        status,
        next_poll_at,
        reason: _,
        interval_seconds: _,
        validators: _,
        consecutive_failures,
        first_failed_at,
        // As the claim had it, since nothing was read.
        rhythm: _,
        redirect_url: _,
        redirect_since: _,
        moved_to,
        rest_host,
        resume_host,
        hub,
        findings,
    } = &record.state;
    record.reading.is_none()
        && record.attempt.outcome == PollOutcome::Unchanged
        && *status == SourceStatus::Active
        && next_poll_at.is_some()
        && *consecutive_failures == 0
        && first_failed_at.is_none()
        && moved_to.is_none()
        && rest_host.is_none()
        && !resume_host
        && *hub == HubNews::Unknown
        && findings.is_none()
}

/// Records those of `visits` whose claims are the newest and whose sources still are active; gives the keys of
/// their attempts. What is not in the answer was not recorded: its source was removed, paused or claimed anew
/// meanwhile, or was failing until now.
pub(super) async fn record(
    tx: &Tx,
    visits: &[(Visit, &VisitRecord)],
) -> Result<HashMap<SourceId, i64>, DbErr> {
    let mut recorded = HashMap::new();
    for chunk in in_powers_of_two(visits) {
        if tx.backend == Backend::Postgres {
            lock(tx, chunk).await?;
        }
        let written = write(tx, chunk).await?;
        let done: Vec<(Visit, &VisitRecord)> = chunk
            .iter()
            .filter(|(visit, _)| written.contains(&visit.source))
            .copied()
            .collect();
        recorded.extend(note_attempts(tx, &done).await?);
    }
    Ok(recorded)
}

/// Cuts a list in pieces whose lengths are powers of two, the longest first.
fn in_powers_of_two<T>(list: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let length = 1_usize.checked_shl(rest.len().checked_ilog2()?)?;
        let (piece, after) = rest.split_at_checked(length.min(LARGEST))?;
        rest = after;
        Some(piece)
    })
}

/// Takes the rows in the order of keys; then nothing that the next statement reads changes under it.
async fn lock(tx: &Tx, visits: &[(Visit, &VisitRecord)]) -> Result<(), DbErr> {
    poll_state::Entity::find()
        .select_only()
        .column(poll_state::Column::SourceId)
        .filter(poll_state::Column::SourceId.is_in(visits.iter().map(|(visit, _)| visit.source)))
        .order_by_asc(poll_state::Column::SourceId)
        .lock_exclusive()
        .into_tuple::<SourceId>()
        .all(&tx.db)
        .await?;
    Ok(())
}

/// Plain SQL: one UPDATE with other values for each row, which both databases read alike.
async fn write(tx: &Tx, visits: &[(Visit, &VisitRecord)]) -> Result<Vec<SourceId>, DbErr> {
    if visits.is_empty() {
        return Ok(Vec::new());
    }
    let mut values: Vec<Value> = Vec::with_capacity(visits.len() * COLUMNS + 1);
    let mut rows = String::new();
    // SQLite looks for a numbered place among all that it has seen.
    let place = |number: usize| match tx.backend {
        Backend::Sqlite => "?".to_owned(),
        Backend::Postgres => format!("${number}"),
    };
    for (visit, record) in visits {
        let next = &record.state;
        rows.push_str(if rows.is_empty() { "(" } else { "), (" });
        for (column, value) in row(*visit, record, next).into_iter().enumerate() {
            values.push(value);
            let comma = if column == 0 { "" } else { ", " };
            rows.extend([comma, &place(values.len())]);
        }
    }
    values.push(SourceStatus::Active.into());
    let sql = format!(
        "UPDATE poll_state SET next_poll_at = v.column3, reason = v.column4, interval_seconds = v.column5, \
         etag = v.column6, last_modified = v.column7, last_polled_at = v.column8, \
         redirect_url = v.column9, redirect_since = v.column10, validators_url = v.column11, due_now = FALSE, \
         first_failed_at = NULL, consecutive_failures = 0, last_error_kind = NULL, \
         last_error_message = NULL, last_error_status = NULL, last_error_at = NULL, \
         claimed_until = NULL, claimed_by = NULL \
         FROM (VALUES {rows})) AS v \
         WHERE poll_state.source_id = v.column1 AND poll_state.fence = v.column2 \
         AND EXISTS (SELECT 1 FROM source WHERE source.id = poll_state.source_id \
           AND source.removed_at IS NULL AND source.status = {}) \
         RETURNING poll_state.source_id",
        place(values.len())
    );
    let statement = Statement::from_sql_and_values(tx.db.get_database_backend(), sql, values);
    let rows = tx.db.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

fn row(visit: Visit, record: &VisitRecord, next: &NextState) -> [Value; COLUMNS] {
    [
        visit.source.into(),
        visit.fence.into(),
        next.next_poll_at.into(),
        next.reason.as_str().into(),
        next.interval_seconds.into(),
        next.validators.etag.clone().into(),
        next.validators.last_modified.clone().into(),
        record.at.into(),
        next.redirect_url.clone().into(),
        next.redirect_since.into(),
        next.validators.url.as_deref().into(),
    ]
}

async fn note_attempts(
    tx: &Tx,
    visits: &[(Visit, &VisitRecord)],
) -> Result<HashMap<SourceId, i64>, DbErr> {
    if visits.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = visits
        .iter()
        .map(|(visit, record)| attempt_row(visit.source, record));
    let insert = poll_attempt::Entity::insert_many(rows)
        .into_query()
        .returning(
            Query::returning().columns([poll_attempt::Column::SourceId, poll_attempt::Column::Id]),
        )
        .to_owned();
    let mut keys = HashMap::new();
    for given in tx.db.query_all(&insert).await? {
        keys.insert(given.try_get_by_index(0)?, given.try_get_by_index(1)?);
    }
    for (visit, _) in visits {
        if is_time_to_forget(visit.fence) {
            forget_attempts(tx, visit.source).await?;
        }
    }
    Ok(keys)
}
