//! Opening the database. In: an address. Out: connections set up for it. Must not know: tables.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};

use super::{StoreError, abandon};

/// How long a writer waits for another process's lock on a `SQLite` file.
const BUSY: Duration = Duration::from_secs(10);
/// After so long without a statement a connection is tried before it is used.
const RESTED: Duration = Duration::from_secs(1);
/// How long a question may take: a little longer than a query over HTTP, which is given up first.
const READ: Duration = Duration::from_secs(25);
/// Statements that a connection to a `SQLite` file keeps ready.
const STATEMENTS: usize = 300;
/// Rows that a connection to a `SQLite` file reads ahead.
const ROWS: usize = 128;
/// How long a request waits for a free connection before it fails.
const ACQUIRE: Duration = Duration::from_secs(30);

/// Where the database is and how many connections it may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// `sqlite://path?mode=rwc` or `postgres://user@host/name`.
    pub url: String,
    /// Connections that read a `SQLite` file, beside the one that writes.
    pub readers: u32,
    /// Connections to `PostgreSQL`: one half reads, the other writes.
    pub postgres_connections: u32,
    /// Earlier versions that are kept of an edited entry, at least one.
    pub revisions_kept: usize,
    /// Whether a commit to a `SQLite` file waits until the disk has it, so that a power cut takes back nothing that
    /// somebody was told. Without, it would lose the last commits, and give their change numbers again to others.
    pub waits_for_disk: bool,
    /// How long `PostgreSQL` works on one question.
    pub read_timeout: Duration,
}

impl StoreSettings {
    /// The usual numbers of connections.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            readers: 4,
            postgres_connections: 10,
            revisions_kept: 10,
            waits_for_disk: true,
            read_timeout: READ,
        }
    }
}

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The embedded one.
    Sqlite,
    /// The one that several nodes can share.
    Postgres,
}

/// The connections: on `SQLite` one that writes and several that only read, on `PostgreSQL` a pool for each, since only
/// questions have a limit of time.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    pub(super) backend: Backend,
    pub(super) reader: DatabaseConnection,
    pub(super) writer: DatabaseConnection,
    pub(super) revisions_kept: usize,
}

/// Opens what `settings` name and counts every statement in `statements`.
pub(super) async fn connect(
    settings: &StoreSettings,
    statements: &Arc<AtomicU64>,
) -> Result<Connections, StoreError> {
    if settings.url.starts_with("postgres:") || settings.url.starts_with("postgresql:") {
        let writers = settings.postgres_connections / 2;
        let options = plain(&settings.url, writers);
        let writer = counted(open(options).await?, statements);
        let readers = settings.postgres_connections.saturating_sub(writers);
        let mut options = plain(&settings.url, readers);
        options.statement_timeout(settings.read_timeout);
        return Ok(Connections {
            backend: Backend::Postgres,
            reader: counted(open(options).await?, statements),
            writer,
            revisions_kept: settings.revisions_kept,
        });
    }
    if !settings.url.starts_with("sqlite:") || settings.url.contains(":memory:") {
        return Err(StoreError::Address);
    }
    let mut options = plain(&settings.url, 1);
    let synchronous = if settings.waits_for_disk {
        SqliteSynchronous::Full
    } else {
        SqliteSynchronous::Normal
    };
    options.map_sqlx_sqlite_opts(move |options| writing(options, synchronous));
    options.map_sqlx_sqlite_before_acquire(|connection, _| {
        Box::pin(std::future::ready(Ok(is_settled(connection))))
    });
    let writer = counted(open(options).await?, statements);
    let mut options = plain(&settings.url, settings.readers);
    options.map_sqlx_sqlite_opts(reading);
    options.map_sqlx_sqlite_before_acquire(|connection, _| abandon::watch(connection));
    let reader = counted(open(options).await?, statements);
    Ok(Connections {
        backend: Backend::Sqlite,
        reader,
        writer,
        revisions_kept: settings.revisions_kept,
    })
}

/// Whether the last transaction of a connection has ended. `SQLite` rolls back by itself when the disk is full or fails; the ROLLBACK
/// that follows is an error then, and the driver goes on to count a transaction that is not there. Whatever such a connection
/// writes would be a savepoint inside of nothing that ever commits. So it is thrown away.
pub(super) fn is_settled(connection: &SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

async fn open(options: ConnectOptions) -> Result<DatabaseConnection, StoreError> {
    Database::connect(options).await.map_err(StoreError::Open)
}

fn plain(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .min_connections(1)
        .max_connections(connections.max(1))
        .acquire_timeout(ACQUIRE)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        // A connection at work is not asked first whether it still is there; one that rested is, since the
        // database may have gone and come back meanwhile.
        .test_before_acquire_if_idle_for(RESTED);
    options
}

/// The connection that writes. WAL lets readers go on while it does. With `synchronous=FULL` every commit is on the
/// disk before anybody is told of it: neither killing the process nor a power cut takes it back, and no change
/// number is given twice. That costs one sync a commit, and visits are committed many at a time.
fn writing(options: SqliteConnectOptions, synchronous: SqliteSynchronous) -> SqliteConnectOptions {
    common(options)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        // Pages that are written again and again, such as those of indexes, go to the file once in 16 MiB of log.
        .pragma("wal_autocheckpoint", "4096")
        // A big transaction makes a big log; it is cut back to 64 MiB afterwards.
        .pragma("journal_size_limit", "67108864")
}

/// A connection that cannot write, whatever it is asked. There are several, each with pages of its own: what the pages
/// that are shown need fits, and the rest is with the operating system.
fn reading(options: SqliteConnectOptions) -> SqliteConnectOptions {
    common(options)
        .pragma("query_only", "1")
        // 4 MiB.
        .pragma("cache_size", "-4096")
        // A page of rows fits, so that the thread that reads it need not wait for the one that takes it.
        .row_buffer_size(ROWS)
}

fn common(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .busy_timeout(BUSY)
        .foreign_keys(true)
        // Some hundreds make up all that is done; one that was dropped is parsed anew.
        .statement_cache_capacity(STATEMENTS)
        .pragma("temp_store", "MEMORY")
        // 16 MiB of pages for each connection.
        .pragma("cache_size", "-16384")
}

fn counted(mut connection: DatabaseConnection, statements: &Arc<AtomicU64>) -> DatabaseConnection {
    let statements = Arc::clone(statements);
    connection.set_metric_callback(move |_| {
        statements.fetch_add(1, Ordering::Relaxed);
    });
    connection
}
