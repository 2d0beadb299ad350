//! What a visit leaves for the next poll. In: the record of a visit. Out: rows about polling. Must not know:
//! entries.

use entity::{FindingCode, Millis, PollOutcome, SourceId, poll_attempt, poll_state, source};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::Visit;
use super::entries::Stored;
use super::moved::Move;
use crate::fetch::host_key;
use crate::normalize::Finding;
use crate::store::text::{findings, instants, json, rhythm_json};
use crate::store::write::Tx;
use crate::store::{HubNews, VisitRecord};

/// Attempts that are kept of each source.
const ATTEMPTS: u64 = 50;
/// Old attempts are looked for at every so-manieth claim of a source: a few more are kept meanwhile.
const FORGET_EVERY: i64 = 10;
/// Publication times that are kept of each source: enough to see its rhythm.
const TIMES: usize = 16;

/// Writes the poll state after a visit.
pub(super) async fn store(
    tx: &Tx,
    old: poll_state::Model,
    record: &VisitRecord,
    (stored, moved): (&Stored, &Move),
    source: &source::Model,
) -> Result<(), DbErr> {
    let next = &record.state;
    let mut row = old;
    row.findings = json(&all_findings(&row.findings, record, stored, moved));
    row.host = host_key(&source.feed_url);
    let (due_before, reason_before) = (row.next_poll_at, row.reason.clone());
    // An editor may have paused it while it was being polled.
    let is_paused = source.status == entity::SourceStatus::Paused;
    row.next_poll_at = next.next_poll_at.filter(|_| !is_paused);
    row.due_now = false;
    if !is_paused || next.next_poll_at.is_none() {
        row.reason.clone_from(&next.reason);
    }
    if next.hub == HubNews::Pushed && due_before.is_some() {
        // Polls go on as they were, so that they can tell whether pushes bring everything.
        (row.next_poll_at, row.reason) = (due_before, reason_before);
    } else {
        row.interval_seconds = next.interval_seconds;
    }
    row.etag.clone_from(&next.validators.etag);
    row.last_modified.clone_from(&next.validators.last_modified);
    row.validators_url.clone_from(&next.validators.url);
    row.last_polled_at = Some(record.at);
    if let Some(reading) = &record.reading {
        row.body_hash = Some(reading.body_hash.clone());
        row.body_bytes = Some(record.attempt.bytes);
        row.last_changed_at = Some(record.at);
    }
    row.first_failed_at = next.first_failed_at;
    row.consecutive_failures = next.consecutive_failures;
    row.redirect_url.clone_from(&next.redirect_url);
    row.redirect_since = next.redirect_since;
    row.rhythm = rhythm_json(&next.rhythm);
    if !stored.times.is_empty() {
        row.recent_published = json(&newest_times(&row.recent_published, &stored.times));
    }
    row.claimed_until = None;
    row.claimed_by = None;
    note_error(&mut row, record);
    let id = row.source_id;
    let mut row = row.into_active_model().reset_all();
    row.source_id = NotSet;
    poll_state::Entity::update_many()
        .set(row)
        .filter(poll_state::Column::SourceId.eq(id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// Replaces what was found in the feed as last read.
pub(super) async fn store_findings(
    tx: &Tx,
    old: poll_state::Model,
    mut found: Vec<Finding>,
) -> Result<(), DbErr> {
    // What only a visit sees stays.
    for known in findings(&old.findings) {
        let is_seen_by_visits = matches!(known.code, FindingCode::IdsChanged | FindingCode::Moved);
        if is_seen_by_visits && found.iter().all(|finding| finding.code != known.code) {
            found.push(known);
        }
    }
    let all = json(&found);
    if all == old.findings {
        return Ok(());
    }
    poll_state::Entity::update_many()
        .col_expr(poll_state::Column::Findings, Expr::value(all))
        .filter(poll_state::Column::SourceId.eq(old.source_id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// The newest publication times of those known and those that came.
fn newest_times(known: &str, came: &[Millis]) -> Vec<Millis> {
    let mut times = instants(known);
    times.extend(came);
    times.sort_unstable_by(|a, b| b.cmp(a));
    times.truncate(TIMES);
    times
}

fn note_error(row: &mut poll_state::Model, record: &VisitRecord) {
    let attempt = &record.attempt;
    let failed = attempt.outcome == PollOutcome::Failed;
    row.last_error_kind = attempt.error.filter(|_| failed);
    row.last_error_message = attempt.message.clone().filter(|_| failed);
    row.last_error_status = attempt.http_status.and_then(small).filter(|_| failed);
    row.last_error_at = failed.then_some(record.at);
}

fn small(status: u16) -> Option<i16> {
    i16::try_from(status).ok()
}

/// What the visit found, with what only storing could find.
fn all_findings(
    stored_before: &str,
    record: &VisitRecord,
    stored: &Stored,
    moved: &Move,
) -> Vec<Finding> {
    let mut all = record
        .state
        .findings
        .clone()
        .unwrap_or_else(|| findings(stored_before));
    if stored.ids_changed > 0 {
        all.retain(|finding| finding.code != FindingCode::IdsChanged);
        all.push(Finding {
            code: FindingCode::IdsChanged,
            message: "Entries that were known by their link came with new identifiers.".to_owned(),
            count: stored.ids_changed,
        });
    }
    if let Move::Taken { url } = moved {
        all.retain(|finding| finding.code != FindingCode::Moved);
        all.push(Finding {
            code: FindingCode::Moved,
            message: format!("The feed moved to {url}, which another source follows already."),
            count: 1,
        });
    }
    all
}

/// Writes the attempt down and now and then forgets those beyond the newest 50; gives its key.
pub(super) async fn note_attempt(
    tx: &Tx,
    visit: Visit,
    record: &VisitRecord,
    stored: &Stored,
) -> Result<i64, DbErr> {
    let mut row = attempt_row(visit.source, record);
    row.added = Set(stored.added);
    row.updated = Set(stored.updated);
    let id = poll_attempt::Entity::insert(row)
        .exec(&tx.db)
        .await?
        .last_insert_id;
    if is_time_to_forget(visit.fence) {
        forget_attempts(tx, visit.source).await?;
    }
    Ok(id)
}

/// An attempt that brought no entries.
pub(in crate::store) fn attempt_row(
    source: SourceId,
    record: &VisitRecord,
) -> poll_attempt::ActiveModel {
    let attempt = &record.attempt;
    poll_attempt::ActiveModel {
        id: NotSet,
        source_id: Set(source),
        at: Set(record.at),
        outcome: Set(attempt.outcome),
        http_status: Set(attempt.http_status.and_then(small)),
        duration_ms: Set(attempt.duration_ms),
        bytes: Set(attempt.bytes),
        added: Set(0),
        updated: Set(0),
        message: Set(attempt.message.clone()),
    }
}

/// Whether this claim of a source is one at which its old attempts are forgotten.
pub(in crate::store) const fn is_time_to_forget(fence: i64) -> bool {
    fence % FORGET_EVERY == 0
}

/// Forgets the attempts beyond the newest 50.
pub(in crate::store) async fn forget_attempts(tx: &Tx, source: SourceId) -> Result<(), DbErr> {
    let newest_gone: Option<i64> = poll_attempt::Entity::find()
        .select_only()
        .column(poll_attempt::Column::Id)
        .filter(poll_attempt::Column::SourceId.eq(source))
        .order_by_desc(poll_attempt::Column::Id)
        // Some fifty rows of one index range, whatever the table's size.
        .offset(ATTEMPTS)
        .limit(1)
        .into_tuple()
        .one(&tx.db)
        .await?;
    if let Some(newest) = newest_gone {
        poll_attempt::Entity::delete_many()
            .filter(poll_attempt::Column::SourceId.eq(source))
            .filter(poll_attempt::Column::Id.lte(newest))
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}
