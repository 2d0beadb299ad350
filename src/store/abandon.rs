//! Questions that nobody waits for any more stop. In: work that asks the database. Out: the same; when it is dropped
//! before it is done, `SQLite` is interrupted in the middle of its statement. (`PostgreSQL` ends a statement itself, when
//! it has taken as long as a question may: see `open`.) Must not know: what is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::BoxFuture;
use sqlx::sqlite::SqliteConnection;

use super::open::is_settled;

/// Steps of `SQLite`'s machine between two looks: about a millisecond.
const STEPS: i32 = 10_000;

tokio::task_local! {
    static ABANDONED: Arc<AtomicBool>;
}

struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does work; its statements stop when it is dropped.
pub async fn abandonable<T>(work: impl Future<Output = T>) -> T {
    let flag = Arc::new(AtomicBool::new(false));
    let _guard = Guard(Arc::clone(&flag));
    ABANDONED.scope(flag, work).await
}

/// Tells a connection, before it is used, whose statements it runs next; false when it is to be thrown away.
pub(super) fn watch(connection: &mut SqliteConnection) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
    let flag = ABANDONED.try_with(Arc::clone).ok();
    Box::pin(async move {
        if !is_settled(connection) {
            return Ok(false);
        }
        let mut handle = connection.lock_handle().await?;
        match flag {
            Some(flag) => handle.set_progress_handler(STEPS, move || !flag.load(Ordering::Relaxed)),
            None => handle.remove_progress_handler(),
        }
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
    use tokio::time::timeout;

    use super::*;
    use crate::store::{Store, StoreSettings};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_statement_that_nobody_waits_for_stops() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings =
            StoreSettings::new(format!("sqlite://{}", folder.path().join("a.db").display()));
        settings.readers = 1;
        let store = Store::open(&settings).await.unwrap();
        // So that the only connection rests and is taken again.
        store.ping().await.unwrap();
        let endless =
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT MAX(x) FROM n";
        let statement = Statement::from_string(DbBackend::Sqlite, endless);
        let asked = abandonable(store.reader().query_one_raw(statement));
        assert!(timeout(Duration::from_millis(100), asked).await.is_err());
        // The connection is free again, or this would wait for ever.
        timeout(Duration::from_secs(10), store.ping())
            .await
            .unwrap()
            .unwrap();
    }
}
