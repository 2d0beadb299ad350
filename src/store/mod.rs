//! All SQL. In: drafts, claims and questions. Out: rows, pages and revisions. Must not know: HTTP, XML, GraphQL.
//!
//! One code path serves `SQLite` and `PostgreSQL`. Every write is one transaction that takes its change numbers
//! last; every list is a keyset page; every batch is one statement.

mod abandon;
mod account;
mod api_token;
mod archive;
mod audit;
mod audit_log;
mod authors;
mod batch;
mod change;
mod claim;
mod count;
mod days;
mod declared;
mod delivery;
mod driver;
mod drop;
mod edit;
mod entries;
mod error;
mod follow;
mod gathered;
mod gauges;
mod group;
mod health;
mod icon;
mod ingest;
mod job;
mod lease;
mod letters;
mod lists;
mod literal;
mod mark_all;
mod marks;
mod membership;
mod names;
mod newest;
mod notice;
mod open;
mod packed;
mod page;
mod pardon;
mod planet;
mod planets;
#[cfg(test)]
mod plans;
mod portrait;
mod proposal;
mod quiet;
mod recent;
mod rest;
mod rules;
mod search;
mod session;
mod shown;
mod sources;
mod subscription;
mod text;
mod total;
mod unread;
mod versions;
mod visit;
mod webhook;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use entity::{JobId, Revision, UserId};
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, TransactionTrait};
use tokio::sync::{broadcast, watch};

pub use abandon::abandonable;
pub use account::{NewUser, OutsideAccount, RemoveUser, UpdateUser, UserChanges};
pub use api_token::NewApiToken;
pub use audit::Actor;
pub use audit_log::{AuditFilter, AuditPosition};
pub use authors::{AuthorChanges, MergeAuthors};
pub use batch::Names;
pub use change::Head;
pub use declared::{
    Applied, Change, Declared, DeclaredPlanet, DeclaredSource, Plan, Thing, rule_words,
};
pub use delivery::DeliveryOutcome;
pub use edit::{Pause, SourceChanges, UpdateSource};
pub use entries::{EntryFilter, EntryOrder, EntryPosition};
pub use error::StoreError;
pub use follow::{AddSource, NewSource};
pub use gauges::{Gauges, PoolSize};
pub use health::PlanetHealth;
pub use icon::{IconWanted, Picture, StoredIcon};
pub use ingest::reread::{Attempted, KeptBody, Reread};
pub use job::{ItemOutcome, NewItem, NewJob};
pub use lease::Lease;
pub use mark_all::{MOST as MOST_MARKED, MarkedAll};
pub use marks::{Marked, Marking};
pub use names::{AuthorFilter, AuthorPosition, TagPosition};
pub use notice::{Notice, Notices};
use open::Connections;
pub use open::{Backend, StoreSettings};
pub use page::{Direction, Page, Slice};
pub use pardon::Pardon;
pub use planet::{NewLink, NewPlanet, PlanetChanges, WritePlanet};
pub use proposal::{Decision, NewProposal, Propose};
pub use rules::{
    HiddenRow, HiddenWhere, NewRule, Preview, PreviewedEntry, Progress, Restore, RuleScope,
};
pub use search::{Asked, Hit, SearchPosition};
pub use session::{NewSession, Renewal, Renewed};
pub use shown::{Shown, ShownEntry};
pub use sources::{SourceFilter, SourceKey, SourceOrder, SourcePosition, SourceRow};
pub use subscription::was_pushed;
pub use text::{feed_key, findings, texts};
pub use unread::{EntryMarks, Marks};
pub use versions::Revision as EntryRevision;
pub use visit::{
    Attempt, Claim, ClaimLimits, HubNews, NextState, Offer, PackedBody, Reading, VisitRecord,
    VisitSummary,
};
pub use webhook::{HookFilter, NewWebhook, WebhookChanges, hook_filter};
use write::Committed;

/// Rows of one insert: far below the bind limits (32,766 and 65,535), and within 15 % of the best speed.
const CHUNK: usize = 500;
/// The channel of `PostgreSQL`'s NOTIFY.
const CHANNEL: &str = "feedgraph";
/// Job notices that a slow listener may fall behind by before it has to look for itself.
const JOB_NOTICES: usize = 256;
/// The same for accounts.
const ACCOUNT_NOTICES: usize = 256;

/// A row as it was written, and the number of the change log that tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written<T> {
    /// The row.
    pub row: T,
    /// The newest change row of the transaction.
    pub revision: Revision,
}

impl<T> Written<T> {
    fn of(row: T, revision: Option<Revision>) -> Self {
        Self {
            row,
            revision: revision.unwrap_or(Revision(0)),
        }
    }

    fn maybe(committed: Committed<Option<T>>) -> Option<Self> {
        let revision = committed.revision;
        committed.value.map(|row| Self::of(row, revision))
    }
}

/// The database; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    connections: Connections,
    statements: Arc<AtomicU64>,
    committed: Arc<watch::Sender<Revision>>,
    jobs: broadcast::Sender<JobId>,
    visits: Arc<group::Queue>,
    accounts: broadcast::Sender<UserId>,
    /// In whose name it writes.
    actor: Option<Arc<Actor>>,
}

impl Store {
    /// Opens the database. A `SQLite` file is made when there is none.
    ///
    /// # Errors
    /// When the address is no use, or nothing answers there.
    pub async fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        let statements = Arc::default();
        Ok(Self {
            connections: open::connect(settings, &statements).await?,
            statements,
            committed: Arc::new(watch::Sender::new(Revision(0))),
            jobs: broadcast::Sender::new(JOB_NOTICES),
            visits: Arc::default(),
            accounts: broadcast::Sender::new(ACCOUNT_NOTICES),
            actor: None,
        })
    }

    /// Brings the tables up to date, in one transaction: several nodes may do it at once.
    ///
    /// # Errors
    /// When a step fails; the database is then as it was before.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.migrate_all().await.map_err(StoreError::Migrate)
    }

    async fn migrate_all(&self) -> Result<(), DbErr> {
        let tx = self.connections.writer.begin().await?;
        if self.connections.backend == Backend::Postgres {
            // Plain SQL: a lock that lasts as long as the transaction, so that of several nodes that start
            // together one makes the tables and the others find them made.
            tx.execute_unprepared("SELECT pg_advisory_xact_lock(7463268)")
                .await?;
        }
        Migrator::up(&tx, None).await?;
        tx.commit().await
    }

    /// Asks the database whether it is there.
    ///
    /// # Errors
    /// When it is not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        error::Reading::reading(self.reader().ping().await, "ping")
    }

    /// Closes all connections; what is in hand is finished first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn close(&self) -> Result<(), StoreError> {
        let Connections { reader, writer, .. } = self.connections.clone();
        error::Reading::reading(reader.close().await, "close")?;
        error::Reading::reading(writer.close().await, "close")
    }

    /// Which database it is.
    #[must_use]
    pub const fn backend(&self) -> Backend {
        self.connections.backend
    }

    /// SQL statements sent so far; for tests that count what a question costs.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// The newest revision that this process committed; 0 before the first.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<Revision> {
        self.committed.subscribe()
    }

    /// Jobs that this process moved.
    #[must_use]
    pub fn moved_jobs(&self) -> broadcast::Receiver<JobId> {
        self.jobs.subscribe()
    }

    /// Accounts whose sessions, tokens or role changed, here or, where another node tells of it, there.
    #[must_use]
    pub fn account_changes(&self) -> broadcast::Receiver<UserId> {
        self.accounts.subscribe()
    }

    /// Tells those who listen here that an account changed.
    pub fn tell_account(&self, account: UserId) {
        // Nobody listening is fine.
        self.accounts.send(account).ok();
    }

    const fn reader(&self) -> &DatabaseConnection {
        &self.connections.reader
    }

    fn tell(&self, revision: Option<Revision>, job: Option<JobId>) {
        if let Some(revision) = revision {
            self.committed.send_if_modified(|known| {
                let newer = revision > *known;
                *known = revision.max(*known);
                newer
            });
        }
        if let Some(job) = job {
            // Nobody listening is fine.
            self.jobs.send(job).ok();
        }
    }
}
