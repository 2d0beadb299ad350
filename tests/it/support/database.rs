//! A database for one test. In: SQLite or PostgreSQL. Out: the address of an empty, migrated database
//! that no other test sees.

use std::future::Future;

use feedgraph::store::{Store, StoreSettings};
use tempfile::TempDir;
use tokio::runtime::Builder;

use super::postgres::{Cluster, is_required, say_skipped};

/// Which database program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Embedded.
    Sqlite,
    /// The server of this run.
    Postgres,
}

/// A test's own database; its file, if it is one, goes with the value.
pub struct Database {
    /// SQLite or PostgreSQL.
    pub kind: Kind,
    /// Where it is, as the setting `database` takes it.
    pub url: String,
    folder: TempDir,
}

impl Database {
    /// A folder of the test's own, for other files.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// On a server of the test's own.
    pub async fn on(cluster: &Cluster) -> Self {
        Self {
            kind: Kind::Postgres,
            url: cluster.fresh_database().await,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// A file in a folder.
    pub fn in_folder(folder: TempDir) -> Self {
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        Self {
            kind: Kind::Sqlite,
            url,
            folder,
        }
    }

    /// Does something to it behind the program's back.
    pub async fn execute(&self, statement: &'static str) {
        use sqlx::{Connection as _, Executor as _};
        match self.kind {
            Kind::Sqlite => {
                let connection = sqlx::SqliteConnection::connect(&self.url).await;
                let done = connection.expect("a connection").execute(statement).await;
                done.expect("it is done");
            }
            Kind::Postgres => {
                let connection = sqlx::PgConnection::connect(&self.url).await;
                let done = connection.expect("a connection").execute(statement).await;
                done.expect("it is done");
            }
        }
    }

    /// Does something on PostgreSQL in a transaction that stays open as long as the value lives.
    pub async fn hold(&self, statement: &'static str) -> sqlx::PgConnection {
        use sqlx::{Connection as _, Executor as _};
        let connection = sqlx::PgConnection::connect(&self.url).await;
        let mut connection = connection.expect("a connection");
        connection.execute("BEGIN").await.expect("it begins");
        connection.execute(statement).await.expect("it is done");
        connection
    }

    async fn make(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}", folder.path().join("test.db").display()),
            Kind::Postgres => {
                let cluster = Cluster::shared().expect("it was asked for before");
                cluster.fresh_database().await
            }
        };
        if kind == Kind::Sqlite {
            migrate(&url).await;
        }
        Self { kind, url, folder }
    }
}

/// Runs a test's body on a database of its own.
pub fn run_on<F: Future<Output = ()>>(kind: Kind, body: impl FnOnce(Database) -> F) {
    if kind == Kind::Postgres
        && let Err(why) = Cluster::shared()
    {
        assert!(!is_required(), "PostgreSQL is required for this run: {why}");
        return say_skipped(why);
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(feedgraph::cli::STACK)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async { body(Database::make(kind).await).await });
}

/// Brings the database at an address up to date.
pub async fn migrate(url: &str) {
    let store = Store::open(&StoreSettings::new(url))
        .await
        .expect("the database opens");
    store.migrate().await.expect("its tables are made");
    store.close().await.expect("it closes");
}
