//! Step 8: the search index (derived), and how far down entries are left that were stored before it.
//!
//! In: a database after the step before. Out: an empty index; the program fills it while it runs, newest entries
//! first. Must not know: how texts become terms.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use crate::table::{Table, create, drop};

/// This step.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

/// Terms come with spaces between them, and the `ascii` tokenizer cuts at nothing else in them. The texts themselves
/// are not kept a second time. Plain SQL, since `SeaQuery` writes no virtual tables and no triggers.
const SQLITE: [&str; 2] = [
    "CREATE VIRTUAL TABLE entry_search USING fts5(terms, content = '', contentless_delete = 1, tokenize = 'ascii')",
    "CREATE TRIGGER entry_search_goes AFTER DELETE ON entry BEGIN \
     DELETE FROM entry_search WHERE rowid = old.id; END",
];

const POSTGRES: [&str; 2] = [
    "CREATE TABLE entry_search (entry_id bigint PRIMARY KEY REFERENCES entry (id) ON DELETE CASCADE, \
     terms tsvector NOT NULL)",
    "CREATE INDEX entry_search_by_terms ON entry_search USING gin (terms)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let statements = match manager.get_database_backend() {
            DbBackend::Postgres => POSTGRES,
            _ => SQLITE,
        };
        for statement in statements {
            connection.execute_unprepared(statement).await?;
        }
        create(manager, vec![backlog()]).await?;
        connection
            .execute_unprepared(
                "INSERT INTO entry_search_backlog (id, up_to) SELECT 1, COALESCE(MAX(id), 0) FROM entry",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, vec![backlog()]).await?;
        let connection = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Sqlite {
            connection
                .execute_unprepared("DROP TRIGGER entry_search_goes")
                .await?;
        }
        connection
            .execute_unprepared("DROP TABLE entry_search")
            .await?;
        Ok(())
    }
}

fn backlog() -> Table {
    Table::new("entry_search_backlog")
        .small("id")
        .big("up_to")
        .primary(&["id"])
}
