//! Following, changing, pausing and removing sources. In: what an editor says. Out: rows, with the revision. Must
//! not know: who may do it, how feeds are fetched.

use entity::{
    ChangeKind, Millis, PlanetId, Revision, SourceId, SourceStatus, poll_state, source,
    source_alias,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, sea_query::Expr,
};
use serde_json::json;

use super::audit::{Note, target, with};
use super::ingest::moved::add_alias;
use super::ingest::{Visit, facts, record_visit};
use super::text::{feed_key, json};
use super::write::{NewChange, Tx, Work, transaction};
use super::{Store, StoreError, VisitRecord, Written, membership, portrait};
use crate::fetch::host_key;

/// The interval before a source's first visit chose one.
const FIRST_INTERVAL: i64 = 3_600;

/// A source to be followed.
#[derive(Clone, Debug)]
pub struct NewSource {
    /// Where it will be polled.
    pub feed_url: String,
    /// The editor's title.
    pub title: Option<String>,
    /// The editor's link to the site.
    pub site_url: Option<String>,
    /// The editor's tags.
    pub tags: Vec<String>,
    /// Planets that it joins; those that do not exist are left out.
    pub planet_ids: Vec<PlanetId>,
    /// On the first visit, leave out entries older than this.
    pub max_age_days: Option<i64>,
    /// Other URLs by which it may be asked for.
    pub aliases: Vec<String>,
    /// When.
    pub at: Millis,
    /// When it is polled first, where there is no reading yet; `at` when none is said.
    pub next_poll_at: Option<Millis>,
    /// The reading that was made before following.
    pub first: Option<VisitRecord>,
}

impl NewSource {
    /// A source of which no more is known than its URL.
    pub fn new(feed_url: impl Into<String>, at: Millis) -> Self {
        Self {
            feed_url: feed_url.into(),
            title: None,
            site_url: None,
            tags: Vec::new(),
            planet_ids: Vec::new(),
            max_age_days: None,
            aliases: Vec::new(),
            at,
            next_poll_at: None,
            first: None,
        }
    }
}

/// What became of a wish to follow a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddSource {
    /// It is followed.
    Added(Written<source::Model>),
    /// It was followed already, at this URL or by a former one; nothing changed.
    AlreadyThere(source::Model),
}

impl Store {
    /// Follows a source, with the entries of its first reading where there is one.
    ///
    /// # Errors
    /// When the transaction fails; nothing is stored then.
    pub async fn add_source(&self, new: &NewSource) -> Result<AddSource, StoreError> {
        let committed = transaction!(self, "adding a source", |tx| add(tx, new))?;
        Ok(match committed.value {
            (row, true) => AddSource::Added(Written::of(row, committed.revision)),
            (row, false) => AddSource::AlreadyThere(row),
        })
    }

    /// Stops following a source and drops its entries. Its row stays as a tombstone. None: there is none.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn remove_source(
        &self,
        source: SourceId,
        at: Millis,
    ) -> Result<Option<Revision>, StoreError> {
        let committed = transaction!(self, "removing a source", |tx| remove(tx, source, at))?;
        Ok(committed.revision)
    }
}

/// The source that is polled at a URL now, or was before.
pub(super) async fn find_by_key<C: sea_orm::ConnectionTrait>(
    db: &C,
    key: &str,
) -> Result<Option<source::Model>, DbErr> {
    let found = source::Entity::find()
        .filter(source::Column::FeedUrlKey.eq(key))
        .one(db)
        .await?;
    if found.is_some() {
        return Ok(found);
    }
    let alias = source_alias::Entity::find_by_id(key.to_owned())
        .one(db)
        .await?;
    let Some(alias) = alias else { return Ok(None) };
    source::Entity::find_by_id(alias.source_id)
        .filter(source::Column::RemovedAt.is_null())
        .one(db)
        .await
}

pub(super) async fn add(tx: &Tx, new: &NewSource) -> Result<Work<(source::Model, bool)>, DbErr> {
    let key = feed_key(&new.feed_url);
    if let Some(there) = find_by_key(&tx.db, &key).await? {
        return Ok(Work::quiet((there, false)));
    }
    let mut row = blank(new, &key).into_active_model().reset_all();
    row.id = NotSet;
    let row = source::Entity::insert(row)
        .exec_with_returning(&tx.db)
        .await?;
    let state = first_state(row.id, new).into_active_model().reset_all();
    poll_state::Entity::insert(state)
        .exec_without_returning(&tx.db)
        .await?;
    for alias in &new.aliases {
        let alias = feed_key(alias);
        if alias != key && find_by_key(&tx.db, &alias).await?.is_none() {
            add_alias(&tx.db, row.id, &alias).await?;
        }
    }
    membership::join_new(tx, row.id, &new.planet_ids).await?;
    let mut changes = vec![NewChange::source(ChangeKind::SourceAdded, row.id, new.at)];
    if let Some(first) = &new.first {
        let visit = Visit {
            source: row.id,
            fence: 0,
            first: true,
        };
        if let Some(recorded) = record_visit(tx, visit, first).await? {
            let told = recorded.changes.into_iter();
            changes.extend(told.filter(|change| change.kind != ChangeKind::SourceUpdated));
        }
    }
    let row = source::Entity::find_by_id(row.id)
        .one(&tx.db)
        .await?
        .unwrap_or(row);
    let facts = with(portrait::source(&row), "planetIds", json!(new.planet_ids));
    let note = Note::new(target::source(row.id), None, Some(facts));
    Ok(Work::told((row, true), changes).noting(note))
}

fn blank(new: &NewSource, key: &str) -> source::Model {
    let mut row = source::Model {
        id: SourceId(0),
        feed_url: new.feed_url.clone(),
        feed_url_key: Some(key.to_owned()),
        title: String::new(),
        title_key: String::new(),
        editor_title: new.title.clone(),
        feed_title: None,
        site_url: new.site_url.clone(),
        editor_site_url: new.site_url.clone(),
        feed_site_url: None,
        description: None,
        language: None,
        icon_url: None,
        icon_key: None,
        format: None,
        status: SourceStatus::Active,
        status_since: None,
        tags: json(&new.tags),
        min_interval_seconds: None,
        max_interval_seconds: None,
        keep_rules: json::<String>(&[]),
        drop_rules: json::<String>(&[]),
        max_age_days: new.max_age_days,
        entry_count: 0,
        latest_entry_at: None,
        entries_changed_at: None,
        created_at: new.at,
        removed_at: None,
    };
    facts::retitle(&mut row);
    row
}

fn first_state(source: SourceId, new: &NewSource) -> poll_state::Model {
    poll_state::Model {
        source_id: source,
        host: host_key(&new.feed_url),
        next_poll_at: Some(new.next_poll_at.unwrap_or(new.at)),
        due_now: false,
        reason: "It was never polled.".to_owned(),
        interval_seconds: FIRST_INTERVAL,
        etag: None,
        validators_url: None,
        last_modified: None,
        body_hash: None,
        body_bytes: None,
        push_until: None,
        push_trusted: false,
        last_polled_at: None,
        last_changed_at: None,
        first_failed_at: None,
        consecutive_failures: 0,
        last_error_kind: None,
        last_error_message: None,
        last_error_status: None,
        last_error_at: None,
        findings: json::<String>(&[]),
        redirect_url: None,
        redirect_since: None,
        rhythm: "{}".to_owned(),
        claimed_until: None,
        claimed_by: None,
        fence: 0,
        recent_published: json::<Millis>(&[]),
    }
}

pub(super) async fn remove(tx: &Tx, id: SourceId, at: Millis) -> Result<Work<()>, DbErr> {
    let Some((_, source)) = super::ingest::lock(tx, id).await? else {
        return Ok(Work::quiet(()));
    };
    super::drop::entries_of_source(tx, id).await?;
    super::subscription::leave(tx, id, at).await?;
    poll_state::Entity::delete_by_id(id).exec(&tx.db).await?;
    source_alias::Entity::delete_many()
        .filter(source_alias::Column::SourceId.eq(id))
        .exec(&tx.db)
        .await?;
    source::Entity::update_many()
        .col_expr(source::Column::FeedUrlKey, Expr::null())
        .col_expr(source::Column::RemovedAt, Expr::value(at))
        .col_expr(source::Column::EntryCount, Expr::value(0_i64))
        .col_expr(source::Column::LatestEntryAt, Expr::null())
        .filter(source::Column::Id.eq(source.id))
        .exec(&tx.db)
        .await?;
    let change = NewChange::source(ChangeKind::SourceRemoved, id, at);
    let note = Note::new(target::source(id), Some(portrait::source(&source)), None);
    Ok(Work::told((), vec![change]).noting(note))
}
