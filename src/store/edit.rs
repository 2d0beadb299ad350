//! What an editor says of a source that is followed already. In: changes. Out: the row, with the revision; the next
//! poll set accordingly. Must not know: who may do it, how feeds are fetched.

use entity::{ChangeKind, Millis, SourceId, SourceStatus, poll_state, source};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};

use super::audit::{Note, target};
use super::follow::find_by_key;
use super::ingest::moved::{self, Move};
use super::ingest::{facts, lock, save};
use super::text::{feed_key, json};
use super::write::{NewChange, Tx, Work, transaction};
use super::{CHUNK, Store, StoreError, Written, portrait};
use crate::fetch::host_key;

/// What is to change of a source. An outer none leaves it, an inner one takes it back to the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceChanges {
    /// The editor's title.
    pub title: Option<Option<String>>,
    /// Where it is polled from now on; the old URL stays as an alias.
    pub feed_url: Option<String>,
    /// The editor's link to the site.
    pub site_url: Option<Option<String>>,
    /// The editor's tags.
    pub tags: Option<Vec<String>>,
    /// Never poll more often than this.
    pub min_interval_seconds: Option<Option<i64>>,
    /// Never poll more rarely than this.
    pub max_interval_seconds: Option<Option<i64>>,
    /// Regular expressions of which one must match.
    pub keep_rules: Option<Vec<String>>,
    /// Regular expressions of which none may match.
    pub drop_rules: Option<Vec<String>>,
    /// On the first visit, leave out entries older than this.
    pub max_age_days: Option<Option<i64>>,
}

/// What became of changing a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateSource {
    /// It is changed.
    Updated(Written<source::Model>),
    /// Another source is at the new URL; nothing changed.
    UrlTaken(source::Model),
    /// There is no such source.
    NotFound,
}

/// Whether a source is to be polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Not any more.
    Pause,
    /// Again, also one that was given up.
    Resume,
}

impl Store {
    /// Changes a source. A new URL or new rules have it read anew in full, a new URL at once.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn update_source(
        &self,
        id: SourceId,
        changes: &SourceChanges,
        at: Millis,
    ) -> Result<UpdateSource, StoreError> {
        let committed = transaction!(self, "changing a source", |tx| update(tx, id, changes, at))?;
        Ok(match committed.value {
            Some((row, true)) => UpdateSource::Updated(Written::of(row, committed.revision)),
            Some((other, false)) => UpdateSource::UrlTaken(other),
            None => UpdateSource::NotFound,
        })
    }

    /// Stops polling a source, or polls it again, at once. None: there is none.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn set_paused(
        &self,
        id: SourceId,
        pause: Pause,
        at: Millis,
    ) -> Result<Option<Written<source::Model>>, StoreError> {
        let committed = transaction!(self, "pausing a source", |tx| set_paused(tx, id, pause, at))?;
        Ok(Written::maybe(committed))
    }

    /// Makes sources due now, as far as they are polled at all. Says how many.
    ///
    /// # Errors
    /// When the transaction fails; none is due then that was not before.
    pub async fn make_due(&self, ids: &[SourceId], at: Millis) -> Result<u64, StoreError> {
        let mut made = 0;
        for chunk in ids.chunks(CHUNK) {
            made += transaction!(self, "making sources due", |tx| make_due(tx, chunk, at))?.value;
        }
        Ok(made)
    }
}

/// The source as it is now, or with false the other one that is at the new URL.
pub(super) type Changed = Option<(source::Model, bool)>;

pub(super) async fn update(
    tx: &Tx,
    id: SourceId,
    changes: &SourceChanges,
    at: Millis,
) -> Result<Work<Changed>, DbErr> {
    let Some((state, old)) = lock(tx, id).await? else {
        return Ok(Work::quiet(None));
    };
    let mut new = old.clone();
    if let Move::Taken { url } = moved::apply(&tx.db, &mut new, changes.feed_url.as_deref()).await?
    {
        let other = find_by_key(&tx.db, &feed_key(&url)).await?;
        return Ok(Work::quiet(other.map(|other| (other, false))));
    }
    apply(&mut new, changes);
    let next = next_state(&state, &old, &new, at);
    if next != state {
        save_state(tx, next).await?;
    }
    if new != old {
        save(tx, &new).await?;
    }
    let told = facts::looks_different(&old, &new);
    let change = NewChange::source(ChangeKind::SourceUpdated, id, at);
    let changes = told.then_some(change).into_iter().collect();
    let note = Note::changed(
        target::source(id),
        portrait::source(&old),
        portrait::source(&new),
    );
    Ok(Work::told(Some((new, true)), changes).noting(note))
}

fn apply(row: &mut source::Model, changes: &SourceChanges) {
    let lists = [
        (&mut row.tags, &changes.tags),
        (&mut row.keep_rules, &changes.keep_rules),
        (&mut row.drop_rules, &changes.drop_rules),
    ];
    for (stored, list) in lists {
        if let Some(list) = list {
            *stored = json(list);
        }
    }
    if let Some(title) = &changes.title {
        row.editor_title.clone_from(title);
    }
    if let Some(url) = &changes.site_url {
        row.editor_site_url.clone_from(url);
        row.site_url = url.clone().or_else(|| row.feed_site_url.clone());
    }
    row.min_interval_seconds = changes
        .min_interval_seconds
        .unwrap_or(row.min_interval_seconds);
    row.max_interval_seconds = changes
        .max_interval_seconds
        .unwrap_or(row.max_interval_seconds);
    row.max_age_days = changes.max_age_days.unwrap_or(row.max_age_days);
    facts::retitle(row);
}

/// How polling goes on after a change of the source. Pure.
fn next_state(
    state: &poll_state::Model,
    old: &source::Model,
    new: &source::Model,
    at: Millis,
) -> poll_state::Model {
    let mut next = state.clone();
    let moved = new.feed_url != old.feed_url;
    if moved || (&new.keep_rules, &new.drop_rules) != (&old.keep_rules, &old.drop_rules) {
        // Otherwise an unchanged document would not be read again.
        (next.etag, next.last_modified, next.validators_url) = (None, None, None);
        next.body_hash = None;
        // A visit that runs now read under what no longer holds: it is refused when it ends.
        next.fence += 1;
        (next.claimed_until, next.claimed_by) = (None, None);
    }
    if moved {
        next.host = host_key(&new.feed_url);
        (next.redirect_url, next.redirect_since) = (None, None);
    }
    let Some(due) = state.next_poll_at else {
        return next;
    };
    if moved {
        next.next_poll_at = Some(at);
        "At once: an editor has given it a new address.".clone_into(&mut next.reason);
        return next;
    }
    let since = state.last_polled_at.unwrap_or(at);
    let earliest = new
        .min_interval_seconds
        .map(|seconds| since.plus_seconds(seconds));
    let latest = new
        .max_interval_seconds
        .map(|seconds| since.plus_seconds(seconds));
    let fitting = latest.map_or(due, |latest| due.min(latest));
    let fitting = earliest.map_or(fitting, |earliest| fitting.max(earliest));
    let bounds = |row: &source::Model| (row.min_interval_seconds, row.max_interval_seconds);
    if fitting != due && bounds(old) != bounds(new) {
        next.next_poll_at = Some(fitting);
        "Within the bounds that an editor has set.".clone_into(&mut next.reason);
    }
    next
}

pub(super) async fn set_paused(
    tx: &Tx,
    id: SourceId,
    pause: Pause,
    at: Millis,
) -> Result<Work<Option<source::Model>>, DbErr> {
    let Some((mut state, mut row)) = lock(tx, id).await? else {
        return Ok(Work::quiet(None));
    };
    let is_polled = matches!(row.status, SourceStatus::Active | SourceStatus::Failing);
    let before = portrait::source(&row);
    match pause {
        Pause::Resume if is_polled => return Ok(Work::quiet(Some(row))),
        Pause::Pause if row.status == SourceStatus::Paused => return Ok(Work::quiet(Some(row))),
        Pause::Resume => {
            row.status = SourceStatus::Active;
            state.next_poll_at = Some(at);
            (state.consecutive_failures, state.first_failed_at) = (0, None);
            "At once: an editor wants it polled again.".clone_into(&mut state.reason);
        }
        Pause::Pause => {
            row.status = SourceStatus::Paused;
            (state.next_poll_at, state.due_now) = (None, false);
            "Not polled: an editor has paused it.".clone_into(&mut state.reason);
        }
    }
    row.status_since = Some(at);
    save_state(tx, state).await?;
    save(tx, &row).await?;
    let change = NewChange::source(ChangeKind::SourceUpdated, id, at);
    let note = Note::changed(target::source(id), before, portrait::source(&row));
    Ok(Work::told(Some(row), vec![change]).noting(note))
}

async fn save_state(tx: &Tx, state: poll_state::Model) -> Result<(), DbErr> {
    poll_state::Entity::update(state.into_active_model().reset_all())
        .exec(&tx.db)
        .await?;
    Ok(())
}

async fn make_due(tx: &Tx, ids: &[SourceId], at: Millis) -> Result<Work<u64>, DbErr> {
    let made = poll_state::Entity::update_many()
        .col_expr(poll_state::Column::DueNow, Expr::value(true))
        .col_expr(poll_state::Column::NextPollAt, Expr::value(at))
        .col_expr(
            poll_state::Column::Reason,
            Expr::value("At once: an editor asked for it."),
        )
        .filter(poll_state::Column::SourceId.is_in(ids.iter().copied()))
        .filter(poll_state::Column::NextPollAt.is_not_null())
        .exec(&tx.db)
        .await?;
    Ok(Work::quiet(made.rows_affected))
}
