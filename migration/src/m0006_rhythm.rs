//! Step 6: `poll_state` keeps when a source's newest entries were published (derived from `entry`), so that claiming what is
//! due reads one row for each source and not sixteen more.
//!
//! In: a database after the step before. Out: the column, filled. Must not know: entities, which may change later.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// This step.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut column = ColumnDef::new("recent_published");
        let column = column.text().not_null().default("[]");
        let add = Table::alter()
            .table("poll_state")
            .add_column(column)
            .to_owned();
        manager.alter_table(add).await?;
        let connection = manager.get_connection();
        let list = match connection.get_database_backend() {
            DbBackend::Postgres => "COALESCE(json_agg(published_at)::text, '[]')",
            _ => "json_group_array(published_at)",
        };
        // Plain SQL, since each database has its own function that makes a JSON list of rows.
        connection
            .execute_unprepared(&format!(
                "UPDATE poll_state SET recent_published = (SELECT {list} FROM (\
                   SELECT published_at FROM entry WHERE entry.source_id = poll_state.source_id \
                   ORDER BY published_at DESC, id DESC LIMIT 16) AS newest)"
            ))
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = Table::alter()
            .table("poll_state")
            .drop_column("recent_published")
            .to_owned();
        manager.alter_table(drop).await
    }
}
