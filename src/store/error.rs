//! What can go wrong in the store. In: the database's own errors. Out: one small enumeration that names
//! the operation. Must not know: who is told. Never shown outside; logged once, with its sources.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address of the database is none that this program can use.
    #[error(
        "the database's address must begin with sqlite: or postgres:, and name a file, not memory"
    )]
    Address,
    /// No connection to the database.
    #[error("opening the database")]
    Open(#[source] DbErr),
    /// A migration failed; the database is as it was before it.
    #[error("bringing the database's tables up to date")]
    Migrate(#[source] DbErr),
    /// A question could not be answered.
    #[error("reading from the store: {operation}")]
    Read {
        /// What was asked.
        operation: &'static str,
        /// What the database said.
        #[source]
        source: DbErr,
    },
    /// A transaction was not committed; nothing of it is stored.
    #[error("writing to the store: {operation}")]
    Write {
        /// What was to be done.
        operation: &'static str,
        /// What the database said.
        #[source]
        source: DbErr,
    },
}

impl StoreError {
    /// Whether it was the way to the database that failed, not what it was asked.
    pub(super) const fn is_connection(&self) -> bool {
        matches!(
            self,
            Self::Open(_)
                | Self::Write {
                    source: DbErr::Conn(_) | DbErr::ConnectionAcquire(_),
                    ..
                }
        )
    }

    /// The same, for another who was to be written together.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Address => Self::Address,
            Self::Open(source) => Self::Open(source.clone()),
            Self::Migrate(source) => Self::Migrate(source.clone()),
            Self::Read { operation, source } => Self::Read {
                operation,
                source: source.clone(),
            },
            Self::Write { operation, source } => Self::Write {
                operation,
                source: source.clone(),
            },
        }
    }
}

/// Names the operation in what a query gives back.
pub(super) trait Reading<T> {
    /// The same with a [`StoreError::Read`].
    fn reading(self, operation: &'static str) -> Result<T, StoreError>;
}

impl<T> Reading<T> for Result<T, DbErr> {
    fn reading(self, operation: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Read { operation, source })
    }
}

/// Whether the same transaction may succeed when it is run again: another one was in its way (`SQLite`
/// 5 and 6, `PostgreSQL` 40001 and 40P01), or had just stored the row that this one looked for in vain.
pub(super) fn is_passing(error: &DbErr) -> bool {
    if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
        return true;
    }
    let (DbErr::Exec(RuntimeErr::SqlxError(inner))
    | DbErr::Query(RuntimeErr::SqlxError(inner))
    | DbErr::Conn(RuntimeErr::SqlxError(inner))) = error
    else {
        return false;
    };
    let Some(code) = inner
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
    else {
        return false;
    };
    match code.parse::<u32>() {
        // SQLite's extended codes carry the plain one in their low byte.
        Ok(number) if number < 40_000 => matches!(number & 0xff, 5 | 6),
        _ => matches!(code.as_ref(), "40001" | "40P01"),
    }
}
