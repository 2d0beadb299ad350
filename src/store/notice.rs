//! What other nodes committed, as `PostgreSQL` tells it. In: a connection of its own. Out: notices. Must not know: who
//! wants them. The change log is the truth; a notice only says that it is worth looking.

use entity::{JobId, Revision, UserId};
use sea_orm::{DbErr, RuntimeErr};
use sqlx::postgres::PgListener;

use super::{Backend, CHANNEL, Store, StoreError};

/// Something that was committed, here or on another node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The change log has come so far.
    Revision(Revision),
    /// A job moved.
    Job(JobId),
    /// An account's sessions, tokens or role changed.
    Account(UserId),
    /// The connection broke and was made anew: notices may be lost, so look at everything.
    Lost,
}

/// A connection that waits for notices.
#[derive(Debug)]
pub struct Notices(PgListener);

impl Store {
    /// Begins to listen. None on `SQLite`, where no other process tells anything.
    ///
    /// # Errors
    /// When the connection cannot be made.
    pub async fn notices(&self) -> Result<Option<Notices>, StoreError> {
        if self.connections.backend != Backend::Postgres {
            return Ok(None);
        }
        let pool = self.connections.reader.get_postgres_connection_pool();
        let mut listener = PgListener::connect_with(pool).await.map_err(reading)?;
        listener.listen(CHANNEL).await.map_err(reading)?;
        Ok(Some(Notices(listener)))
    }
}

impl Notices {
    /// The next notice; notices that say nothing known are passed over.
    ///
    /// # Errors
    /// When the connection broke and could not be made anew.
    pub async fn next(&mut self) -> Result<Notice, StoreError> {
        loop {
            let Some(notification) = self.0.try_recv().await.map_err(reading)? else {
                return Ok(Notice::Lost);
            };
            if let Some(notice) = read(notification.payload()) {
                return Ok(notice);
            }
        }
    }
}

fn read(payload: &str) -> Option<Notice> {
    let (kind, number) = payload.split_once(':')?;
    let number = number.parse().ok()?;
    match kind {
        "revision" => Some(Notice::Revision(Revision(number))),
        "job" => Some(Notice::Job(JobId(number))),
        "account" => Some(Notice::Account(UserId(number))),
        _ => None,
    }
}

fn reading(error: sqlx::Error) -> StoreError {
    StoreError::Read {
        operation: "notices",
        source: DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_notices_are_read() {
        assert_eq!(read("revision:12"), Some(Notice::Revision(Revision(12))));
        assert_eq!(read("job:7"), Some(Notice::Job(JobId(7))));
        assert_eq!(read("account:3"), Some(Notice::Account(UserId(3))));
        assert_eq!(read("revision:x"), None);
        assert_eq!(read("other:1"), None);
        assert_eq!(read(""), None);
    }
}
