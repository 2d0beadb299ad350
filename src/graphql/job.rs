//! Background jobs. In: stored rows. Out: the contract's `Job`. Must not know: SQL, or how jobs are run.

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::{job, job_item};

use super::error::Result;
use super::page::{self, Connection, Window};
use super::scalar::DateTime;
use super::{id, store, word};

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job(pub job::Model);

impl From<job::Model> for Job {
    fn from(row: job::Model) -> Self {
        Self(row)
    }
}

/// Work that goes on after the request that asked for it: an import, or polling many sources.
#[Object]
impl Job {
    /// Opaque and lasting.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// How far it is.
    fn status(&self) -> word::JobStatus {
        self.0.status.into()
    }

    /// Items that it has.
    fn total(&self) -> i32 {
        self.0.total
    }

    /// Items finished.
    fn done(&self) -> i32 {
        self.0.done
    }

    /// Items that brought something new.
    fn added(&self) -> i32 {
        self.0.added
    }

    /// Items that were there already.
    fn already_there(&self) -> i32 {
        self.0.already_there
    }

    /// Items that failed.
    fn failed(&self) -> i32 {
        self.0.failed
    }

    /// When it was asked for.
    fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it ended; null until then.
    fn finished_at(&self) -> Option<DateTime> {
        self.0.finished_at.map(DateTime)
    }

    /// The items that failed, in the order of the document.
    async fn failures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many, 1 to 100; 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<JobFailure>> {
        let slice = Window::forward(first, after).slice("failures")?;
        let page = store(ctx)?.list_job_failures(self.0.id, &slice).await?;
        let positions: Vec<i32> = page.rows.iter().map(|item| item.position).collect();
        let nodes = page::map(page, JobFailure::from);
        Ok(Connection::at(
            "failures",
            nodes,
            positions,
            Some(i64::from(self.0.failed)),
        ))
    }
}

/// An item of a job that failed.
#[derive(Clone, Debug, SimpleObject)]
pub struct JobFailure {
    /// The feed, as written in the document.
    url: String,
    /// The name that the document gives it.
    title: Option<String>,
    /// What kind of thing went wrong.
    code: word::UserErrorCode,
    /// In words.
    message: String,
}

impl From<job_item::Model> for JobFailure {
    fn from(row: job_item::Model) -> Self {
        Self {
            url: row.url,
            title: row.title,
            code: row
                .failure_code
                .unwrap_or(entity::UserErrorCode::Unreachable)
                .into(),
            message: row.failure_message.unwrap_or_default(),
        }
    }
}

/// A page of jobs, newest first.
///
/// # Errors
/// `INVALID_PAGE`, `INVALID_CURSOR`, or `INTERNAL` when the store fails.
pub async fn list(ctx: &Context<'_>, window: &Window) -> Result<Connection<Job>> {
    let slice = window.slice("jobs")?;
    let store = store(ctx)?;
    let page = store.list_jobs(&slice).await?;
    let total = if page::wants_total(&ctx.look_ahead()) {
        Some(store.count_jobs().await?)
    } else {
        None
    };
    Ok(Connection::new(
        "jobs",
        page::map(page, Job),
        |job: &Job| job.0.id,
        total,
    ))
}
