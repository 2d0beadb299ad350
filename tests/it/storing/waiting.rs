//! Questions that take too long: the database gives them up itself. (On SQLite they are interrupted when nobody waits
//! for them any more, as a test beside the code shows.)

use std::time::{Duration, Instant};

use entity::EntryId;
use feedgraph::store::{Store, StoreSettings};

use crate::support::{Database, Kind, run_on, within};

#[test]
fn postgres_gives_up_what_takes_too_long() {
    run_on(Kind::Postgres, async |database: Database| {
        let mut settings = StoreSettings::new(&database.url);
        settings.postgres_connections = 2;
        settings.read_timeout = Duration::from_millis(300);
        let store = Store::open(&settings).await.unwrap();
        store.migrate().await.unwrap();
        let held = database
            .hold("LOCK TABLE entry IN ACCESS EXCLUSIVE MODE")
            .await;
        let began = Instant::now();
        let answer = within("the end of a question", store.entries_by_ids(&[EntryId(1)])).await;
        assert!(answer.is_err());
        assert!(began.elapsed() < Duration::from_secs(10));
        // The only connection that reads is free again.
        within("a ping", store.ping()).await.unwrap();
        drop(held);
    });
}
