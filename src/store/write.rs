//! One write: a transaction that is retried when another was in its way, takes its change numbers last, and
//! tells everyone after the commit. In: the work to do. Out: what it gave, with the revision. Must not know:
//! which tables the work touches.

use std::time::Duration;

use entity::{ChangeKind, EntryId, JobId, Millis, Revision, SourceId, UserId};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use super::audit::{self, Actor, Note};
use super::error::is_passing;
use super::{Backend, Store, StoreError, change};

/// How often a transaction is tried before its error is given up as real.
const TRIES: u32 = 8;

/// An open transaction.
#[derive(Debug)]
pub(super) struct Tx {
    pub(super) db: DatabaseTransaction,
    pub(super) backend: Backend,
    /// Earlier versions that are kept of an edited entry.
    pub(super) revisions_kept: usize,
}

/// What the work of a transaction gives.
#[derive(Debug)]
pub(super) struct Work<T> {
    value: T,
    changes: Vec<NewChange>,
    job: Option<JobId>,
    /// Nothing of it is to stay.
    is_undone: bool,
    account: Option<UserId>,
    notes: Vec<Note>,
}

impl<T> Work<T> {
    /// Nothing that the change log tells.
    pub(super) const fn quiet(value: T) -> Self {
        Self {
            value,
            changes: Vec::new(),
            job: None,
            is_undone: false,
            account: None,
            notes: Vec::new(),
        }
    }

    /// With rows for the change log, in order.
    pub(super) const fn told(value: T, changes: Vec<NewChange>) -> Self {
        Self {
            value,
            changes,
            job: None,
            is_undone: false,
            account: None,
            notes: Vec::new(),
        }
    }

    /// Nothing of it stays: it was only to see what it would give.
    pub(super) const fn undone(value: T) -> Self {
        Self {
            value,
            changes: Vec::new(),
            job: None,
            is_undone: true,
            account: None,
            notes: Vec::new(),
        }
    }

    /// What it gives and what it tells, to become part of other work.
    pub(super) fn split(self) -> (T, Vec<NewChange>) {
        (self.value, self.changes)
    }

    /// A job moved.
    pub(super) const fn job(value: T, job: JobId) -> Self {
        Self {
            value,
            changes: Vec::new(),
            job: Some(job),
            is_undone: false,
            account: None,
            notes: Vec::new(),
        }
    }

    /// The same, with what the audit log is to say of it when somebody's name is known.
    pub(super) fn noting(mut self, note: Note) -> Self {
        self.notes.push(note);
        self
    }

    /// The same, that changed who may do what: whoever relies on this account looks at it again.
    pub(super) const fn of_account(mut self, account: UserId) -> Self {
        self.account = Some(account);
        self
    }
}

/// A row for the change log that has no number yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NewChange {
    pub(super) at: Millis,
    pub(super) kind: ChangeKind,
    pub(super) entry_id: Option<EntryId>,
    pub(super) source_id: Option<SourceId>,
    pub(super) backlog: bool,
}

impl NewChange {
    /// Something happened to an entry.
    pub(super) const fn entry(
        kind: ChangeKind,
        entry_id: EntryId,
        source_id: SourceId,
        at: Millis,
    ) -> Self {
        Self {
            at,
            kind,
            entry_id: Some(entry_id),
            source_id: Some(source_id),
            backlog: false,
        }
    }

    /// Something happened to a source.
    pub(super) const fn source(kind: ChangeKind, source_id: SourceId, at: Millis) -> Self {
        Self {
            at,
            kind,
            entry_id: None,
            source_id: Some(source_id),
            backlog: false,
        }
    }

    /// Other public data changed.
    pub(super) const fn other(at: Millis) -> Self {
        Self {
            at,
            kind: ChangeKind::Other,
            entry_id: None,
            source_id: None,
            backlog: false,
        }
    }
}

/// What a committed transaction gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Committed<T> {
    pub(super) value: T,
    /// The newest number that it took; none when it told nothing.
    pub(super) revision: Option<Revision>,
}

/// Runs `$work`, which is given the open transaction as `$tx`, until it commits; gives `Result<Committed<_>,
/// StoreError>`. It may run several times, so it must do nothing but SQL. A macro, since a closure that
/// borrows and gives a future loses `Send` on the way through a generic function.
macro_rules! transaction {
    ($store:expr, $operation:literal, |$tx:ident| $work:expr) => {{
        let mut attempts = $crate::store::write::Attempts::new($store, $operation);
        loop {
            let tx = match attempts.begin().await {
                Ok(tx) => tx,
                Err(error) => break Err(error),
            };
            let $tx = &tx;
            let done = $work.await;
            match attempts.end(tx, done).await {
                Ok(Some(committed)) => break Ok(committed),
                Ok(None) => {}
                Err(error) => break Err(error),
            }
        }
    }};
}
pub(super) use transaction;

/// The tries of one write.
#[derive(Debug)]
pub(super) struct Attempts<'a> {
    store: &'a Store,
    operation: &'static str,
    tries: u32,
}

impl<'a> Attempts<'a> {
    pub(super) const fn new(store: &'a Store, operation: &'static str) -> Self {
        Self {
            store,
            operation,
            tries: 0,
        }
    }

    pub(super) async fn begin(&mut self) -> Result<Tx, StoreError> {
        self.tries += 1;
        let options = TransactionOptions {
            // Taking the write lock at the start means that no transaction fails half-way for want of it.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let connections = &self.store.connections;
        match connections.writer.begin_with_options(options).await {
            Ok(db) => Ok(Tx {
                db,
                backend: connections.backend,
                revisions_kept: connections.revisions_kept,
            }),
            Err(source) => Err(self.error(source)),
        }
    }

    /// Commits what was done; none when it was rolled back and should be tried again.
    pub(super) async fn end<T>(
        &self,
        tx: Tx,
        done: Result<Work<T>, DbErr>,
    ) -> Result<Option<Committed<T>>, StoreError> {
        let ended = match done {
            Ok(work) => commit(tx, work, self.store.actor.as_deref()).await,
            Err(error) => {
                // The connection is rolled back or closed; either way nothing stays.
                tx.db.rollback().await.ok();
                Err(error)
            }
        };
        match ended {
            Ok((committed, heard)) => {
                self.store.tell(committed.revision, heard.job);
                if let Some(account) = heard.account {
                    self.store.tell_account(account);
                }
                Ok(Some(committed))
            }
            Err(error) if self.tries < TRIES && is_passing(&error) => {
                tokio::time::sleep(pause(self.tries)).await;
                Ok(None)
            }
            Err(error) => Err(self.error(error)),
        }
    }

    const fn error(&self, source: DbErr) -> StoreError {
        StoreError::Write {
            operation: self.operation,
            source,
        }
    }
}

/// What others hear of besides the change log.
struct Heard {
    job: Option<JobId>,
    account: Option<UserId>,
}

async fn commit<T>(
    tx: Tx,
    work: Work<T>,
    actor: Option<&Actor>,
) -> Result<(Committed<T>, Heard), DbErr> {
    if work.is_undone {
        tx.db.rollback().await?;
        let committed = Committed {
            value: work.value,
            revision: None,
        };
        let heard = Heard {
            job: None,
            account: None,
        };
        return Ok((committed, heard));
    }
    if let Some(actor) = actor {
        audit::write(&tx, actor, work.notes, &work.changes).await?;
    }
    if let Some(account) = work.account {
        tx.notify(&format!("account:{}", account.0)).await?;
    }
    if let Some(job) = work.job {
        tx.notify(&format!("job:{}", job.0)).await?;
    }
    let revision = change::append(&tx, &work.changes).await?;
    tx.db.commit().await?;
    let committed = Committed {
        value: work.value,
        revision,
    };
    let heard = Heard {
        job: work.job,
        account: work.account,
    };
    Ok((committed, heard))
}

impl Tx {
    /// Wakes the other nodes when this transaction commits. Plain SQL, since only `PostgreSQL` has it.
    pub(super) async fn notify(&self, message: &str) -> Result<(), DbErr> {
        if self.backend == Backend::Postgres {
            let statement = sea_orm::Statement::from_sql_and_values(
                sea_orm::DbBackend::Postgres,
                "SELECT pg_notify($1, $2)",
                [super::CHANNEL.into(), message.into()],
            );
            self.db.query_one_raw(statement).await?;
        }
        Ok(())
    }
}

/// A little longer each time, and never the same for two that stand in each other's way.
fn pause(tries: u32) -> Duration {
    let jitter = u64::from(rand::random::<u8>() % 16);
    Duration::from_millis(u64::from(tries) * 4 + jitter)
}
