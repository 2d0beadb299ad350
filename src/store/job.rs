//! Background jobs and their items. In: what is to be done, and how each item ended. Out: rows with exact
//! counters; whoever watches a job is told. Must not know: what the work is, or who may ask for it.

use std::collections::HashMap;

use entity::{
    JobId, JobKind, JobStatus, Millis, PlanetId, SourceId, UserErrorCode, UserId, job, job_item,
};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, Condition, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::audit::{Note, target};
use super::error::Reading;
use super::text::json;
use super::write::{Tx, Work, transaction};
use super::{CHUNK, Store, StoreError, portrait};

/// A job to be queued.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// What it does.
    pub kind: JobKind,
    /// Only say what would happen.
    pub dry_run: bool,
    /// The planet that new sources join.
    pub planet_id: Option<PlanetId>,
    /// Who asks for it.
    pub created_by: Option<UserId>,
    /// When.
    pub at: Millis,
    /// Its items, in order.
    pub items: Vec<NewItem>,
}

/// An item of a job to be queued.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// The feed, as written.
    pub url: String,
    /// The name given to it.
    pub title: Option<String>,
    /// Tags given to it.
    pub tags: Vec<String>,
    /// The source that it is about.
    pub source_id: Option<SourceId>,
    /// Why it has failed before it began.
    pub failure: Option<(UserErrorCode, String)>,
}

/// How an item ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemOutcome {
    /// It brought something new.
    Added,
    /// It was there already.
    AlreadyThere,
    /// It failed.
    Failed {
        /// What kind of thing went wrong.
        code: UserErrorCode,
        /// In words that may be shown to anyone.
        message: String,
    },
}

impl Store {
    /// Queues a job.
    ///
    /// # Errors
    /// When the transaction fails; nothing is stored then.
    pub async fn create_job(&self, new: &NewJob) -> Result<job::Model, StoreError> {
        Ok(transaction!(self, "creating a job", |tx| create(tx, new))?.value)
    }

    /// Jobs by their keys.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn jobs_by_ids(
        &self,
        ids: &[JobId],
    ) -> Result<HashMap<JobId, job::Model>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = job::Entity::find()
            .filter(job::Column::Id.is_in(ids.iter().copied()))
            .all(self.reader())
            .await
            .reading("jobs by key")?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }

    /// Takes the oldest job that is queued, or whose node's lease has ended, for `lease_seconds`.
    ///
    /// # Errors
    /// When the transaction fails; nothing is claimed then.
    pub async fn claim_job(
        &self,
        now: Millis,
        node: &str,
        lease_seconds: i64,
    ) -> Result<Option<job::Model>, StoreError> {
        // Most of the time there is nothing to take, and then nothing is locked.
        let waiting = waiting(now)
            .one(self.reader())
            .await
            .reading("waiting jobs")?;
        if waiting.is_none() {
            return Ok(None);
        }
        let until = now.plus_seconds(lease_seconds);
        Ok(transaction!(self, "claiming a job", |tx| claim(tx, now, node, until))?.value)
    }

    /// Holds a claimed job until another instant. None: another node has it, or it has ended.
    ///
    /// # Errors
    /// When the transaction fails; the lease is then as before.
    pub async fn renew_job(
        &self,
        id: JobId,
        node: &str,
        until: Millis,
    ) -> Result<Option<job::Model>, StoreError> {
        let committed = transaction!(self, "renewing a job", |tx| async {
            let renewed = job::Entity::update_many()
                .col_expr(job::Column::ClaimedUntil, Expr::value(until))
                .filter(job::Column::Id.eq(id))
                .filter(job::Column::Status.eq(JobStatus::Running))
                .filter(job::Column::ClaimedBy.eq(node))
                .exec(&tx.db)
                .await?;
            found(tx, id, renewed.rows_affected).await.map(Work::quiet)
        })?;
        Ok(committed.value)
    }

    /// Items of a job that are not done, by position.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open_items(
        &self,
        id: JobId,
        limit: u32,
    ) -> Result<Vec<job_item::Model>, StoreError> {
        job_item::Entity::find()
            .filter(job_item::Column::JobId.eq(id))
            .filter(job_item::Column::Done.eq(false))
            .order_by_asc(job_item::Column::Position)
            .limit(u64::from(limit))
            .all(self.reader())
            .await
            .reading("open items of a job")
    }

    /// Writes down how an item ended. None: that was written down before, and this changes nothing.
    ///
    /// # Errors
    /// When the transaction fails; the item is then still open.
    pub async fn finish_item(
        &self,
        id: JobId,
        position: i32,
        outcome: &ItemOutcome,
    ) -> Result<Option<job::Model>, StoreError> {
        let committed = transaction!(self, "finishing an item of a job", |tx| {
            finish_item(tx, id, position, outcome)
        })?;
        Ok(committed.value)
    }

    /// Ends a job. None: it had ended before.
    ///
    /// # Errors
    /// When the transaction fails; the job is then as before.
    pub async fn finish_job(
        &self,
        id: JobId,
        status: JobStatus,
        at: Millis,
    ) -> Result<Option<job::Model>, StoreError> {
        let unfinished = job::Column::Status.is_in([JobStatus::Queued, JobStatus::Running]);
        let committed = transaction!(self, "finishing a job", |tx| async {
            let ended = end(tx, id, unfinished.clone(), (status, at)).await?;
            Ok(Work::job(found(tx, id, ended).await?, id))
        })?;
        Ok(committed.value)
    }

    /// Asks for a job's end: one that is queued ends at once, one at work when its node sees it, and one
    /// that has ended stays as it is. None: there is none.
    ///
    /// # Errors
    /// When the transaction fails; the job is then as before.
    pub async fn ask_cancel(
        &self,
        id: JobId,
        at: Millis,
    ) -> Result<Option<job::Model>, StoreError> {
        let committed = transaction!(self, "cancelling a job", |tx| async {
            let queued = job::Column::Status.eq(JobStatus::Queued);
            end(tx, id, queued, (JobStatus::Cancelled, at)).await?;
            job::Entity::update_many()
                .col_expr(job::Column::CancelAsked, Expr::value(true))
                .filter(job::Column::Id.eq(id))
                .filter(job::Column::Status.eq(JobStatus::Running))
                .exec(&tx.db)
                .await?;
            let note = Note::of(target::job(id));
            let found = found(tx, id, 1).await?;
            Ok(match found {
                Some(row) => Work::job(Some(row), id).noting(note),
                None => Work::quiet(None),
            })
        })?;
        Ok(committed.value)
    }

    /// Forgets jobs that ended before an instant, with their items. Says how many.
    ///
    /// # Errors
    /// When the transaction fails; all are kept then.
    pub async fn delete_old_jobs(&self, before: Millis) -> Result<u64, StoreError> {
        let committed = transaction!(self, "deleting old jobs", |tx| async {
            let deleted = job::Entity::delete_many()
                .filter(job::Column::FinishedAt.lt(before))
                .exec(&tx.db)
                .await?;
            Ok(Work::quiet(deleted.rows_affected))
        })?;
        Ok(committed.value)
    }
}

async fn create(tx: &Tx, new: &NewJob) -> Result<Work<job::Model>, DbErr> {
    let mut row = blank(new).into_active_model().reset_all();
    row.id = NotSet;
    let row = job::Entity::insert(row).exec_with_returning(&tx.db).await?;
    let mut items = Vec::with_capacity(new.items.len());
    for (position, item) in (0..).zip(&new.items) {
        items.push(
            blank_item(row.id, position, item)
                .into_active_model()
                .reset_all(),
        );
    }
    for chunk in items.chunks(CHUNK) {
        job_item::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(&tx.db)
            .await?;
    }
    let id = row.id;
    let note = Note::new(target::job(id), None, Some(portrait::job(&row)));
    Ok(Work::job(row, id).noting(note))
}

fn blank(new: &NewJob) -> job::Model {
    let count = |items: usize| i32::try_from(items).unwrap_or(i32::MAX);
    let failed = new.items.iter().filter(|item| item.failure.is_some());
    let failed = count(failed.count());
    job::Model {
        id: JobId(0),
        kind: new.kind,
        status: JobStatus::Queued,
        dry_run: new.dry_run,
        planet_id: new.planet_id,
        total: count(new.items.len()),
        done: failed,
        added: 0,
        already_there: 0,
        failed,
        cancel_asked: false,
        created_by: new.created_by,
        created_at: new.at,
        finished_at: None,
        claimed_until: None,
        claimed_by: None,
    }
}

fn blank_item(job_id: JobId, position: i32, new: &NewItem) -> job_item::Model {
    let (failure_code, failure_message) = new.failure.clone().unzip();
    job_item::Model {
        job_id,
        position,
        url: new.url.clone(),
        title: new.title.clone(),
        tags: json(&new.tags),
        source_id: new.source_id,
        done: new.failure.is_some(),
        failure_code,
        failure_message,
    }
}

/// The oldest job that a node may take.
fn waiting(now: Millis) -> sea_orm::Select<job::Entity> {
    let abandoned = Condition::all()
        .add(job::Column::Status.eq(JobStatus::Running))
        .add(job::Column::ClaimedUntil.lte(now));
    let waiting = Condition::any()
        .add(job::Column::Status.eq(JobStatus::Queued))
        .add(abandoned);
    job::Entity::find()
        .filter(waiting)
        .order_by_asc(job::Column::Id)
}

async fn claim(
    tx: &Tx,
    now: Millis,
    node: &str,
    until: Millis,
) -> Result<Work<Option<job::Model>>, DbErr> {
    let free = waiting(now)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(&tx.db)
        .await?;
    let Some(free) = free else {
        return Ok(Work::quiet(None));
    };
    job::Entity::update_many()
        .col_expr(job::Column::Status, Expr::value(JobStatus::Running))
        .col_expr(job::Column::ClaimedUntil, Expr::value(until))
        .col_expr(job::Column::ClaimedBy, Expr::value(node))
        .filter(job::Column::Id.eq(free.id))
        .exec(&tx.db)
        .await?;
    Ok(Work::job(found(tx, free.id, 1).await?, free.id))
}

async fn finish_item(
    tx: &Tx,
    id: JobId,
    position: i32,
    outcome: &ItemOutcome,
) -> Result<Work<Option<job::Model>>, DbErr> {
    let (failure, counter) = match outcome {
        ItemOutcome::Added => (None, job::Column::Added),
        ItemOutcome::AlreadyThere => (None, job::Column::AlreadyThere),
        ItemOutcome::Failed { code, message } => {
            (Some((*code, message.clone())), job::Column::Failed)
        }
    };
    let (code, message) = failure.unzip();
    let finished = job_item::Entity::update_many()
        .col_expr(job_item::Column::Done, Expr::value(true))
        .col_expr(job_item::Column::FailureCode, Expr::value(code))
        .col_expr(job_item::Column::FailureMessage, Expr::value(message))
        .filter(job_item::Column::JobId.eq(id))
        .filter(job_item::Column::Position.eq(position))
        .filter(job_item::Column::Done.eq(false))
        .exec(&tx.db)
        .await?;
    if finished.rows_affected == 0 {
        return Ok(Work::quiet(None));
    }
    job::Entity::update_many()
        .col_expr(job::Column::Done, Expr::col(job::Column::Done).add(1))
        .col_expr(counter, Expr::col(counter).add(1))
        .filter(job::Column::Id.eq(id))
        .exec(&tx.db)
        .await?;
    Ok(Work::job(found(tx, id, 1).await?, id))
}

/// Ends the job if `which` still holds; says how many that were.
async fn end(
    tx: &Tx,
    id: JobId,
    which: sea_orm::sea_query::SimpleExpr,
    (status, at): (JobStatus, Millis),
) -> Result<u64, DbErr> {
    let ended = job::Entity::update_many()
        .col_expr(job::Column::Status, Expr::value(status))
        .col_expr(job::Column::FinishedAt, Expr::value(at))
        .col_expr(job::Column::ClaimedUntil, Expr::value(None::<Millis>))
        .col_expr(job::Column::ClaimedBy, Expr::value(None::<String>))
        .filter(job::Column::Id.eq(id))
        .filter(which)
        .exec(&tx.db)
        .await?;
    Ok(ended.rows_affected)
}

/// The job as this transaction left it, when it touched it.
async fn found(tx: &Tx, id: JobId, touched: u64) -> Result<Option<job::Model>, DbErr> {
    if touched == 0 {
        return Ok(None);
    }
    job::Entity::find_by_id(id).one(&tx.db).await
}
