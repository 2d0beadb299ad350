//! The store, as its callers use it: on both databases.

mod accounts;
mod claiming;
mod jobs;
mod keeping;
mod logging;
pub mod made;
mod marking;
mod paging;
mod visiting;
mod waiting;

use entity::Millis;

use made::open;

/// Futures of the store are awaited inside resolvers, which may move between threads.
fn moves_between_threads<T: Send>(future: T) -> T {
    future
}

on_each_database! {
    async fn a_new_database_has_an_empty_change_log_of_its_own(database: Database) {
        let store = open(&database).await;
        store.migrate().await.unwrap();
        let head = moves_between_threads(store.head()).await.unwrap();
        assert_eq!(head.revision.0, 0);
        assert_eq!(head.trimmed_to.0, 0);
        assert_eq!(head.kept_since, None);
        assert_eq!(head.epoch.len(), 32);
        assert_eq!(moves_between_threads(store.trim_changes(Millis(5))).await.unwrap(), 0);
    }
}
