//! What the database looks like right now, for whoever watches the program. In: now. Out: counts. Must not know: who
//! watches.

use entity::{Millis, SourceStatus, host, poll_state, source};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use super::error::Reading;
use super::{Backend, Store, StoreError};

/// Counts at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Sources that are followed, by status.
    pub sources: Vec<(SourceStatus, i64)>,
    /// Hosts that asked for rest which is not over.
    pub hosts_paused: u64,
    /// Sources that a hub pushes.
    pub pushed: u64,
}

/// Connections of one pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSize {
    /// What they are for.
    pub name: &'static str,
    /// How many there are.
    pub open: u32,
    /// How many of them nobody uses.
    pub idle: u32,
}

impl Store {
    /// Counts what is worth watching.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn gauges(&self, now: Millis) -> Result<Gauges, StoreError> {
        self.count_all(now).await.reading("what is worth watching")
    }

    async fn count_all(&self, now: Millis) -> Result<Gauges, DbErr> {
        let db = self.reader();
        let sources = source::Entity::find()
            .select_only()
            .column(source::Column::Status)
            .column_as(Expr::col(source::Column::Id).count(), "sources")
            .filter(source::Column::RemovedAt.is_null())
            .group_by(source::Column::Status)
            .into_tuple()
            .all(db)
            .await?;
        let hosts_paused = host::Entity::find()
            .filter(host::Column::PausedUntil.gt(now))
            .count(db)
            .await?;
        let pushed = poll_state::Entity::find()
            .filter(poll_state::Column::PushUntil.gt(now))
            .count(db)
            .await?;
        Ok(Gauges {
            sources,
            hosts_paused,
            pushed,
        })
    }

    /// How its connections are used.
    #[must_use]
    pub fn pools(&self) -> Vec<PoolSize> {
        let connections = &self.connections;
        match connections.backend {
            Backend::Postgres => {
                let pool = connections.reader.get_postgres_connection_pool();
                vec![size("all", pool.size(), pool.num_idle())]
            }
            Backend::Sqlite => [
                ("reader", &connections.reader),
                ("writer", &connections.writer),
            ]
            .map(|(name, connection)| {
                let pool = connection.get_sqlite_connection_pool();
                size(name, pool.size(), pool.num_idle())
            })
            .into(),
        }
    }
}

fn size(name: &'static str, open: u32, idle: usize) -> PoolSize {
    let idle = u32::try_from(idle).unwrap_or(open);
    PoolSize { name, open, idle }
}
