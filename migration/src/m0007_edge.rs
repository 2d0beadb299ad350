//! Step 7: what hubs push (observed), the icons of sources (observed), and what polling keeps for both.
//!
//! In: a database after the step before. Out: these tables, empty, and the columns. Must not know: entities, which may
//! change later.

use sea_orm_migration::prelude::*;

use crate::table::{Table, create, drop};

/// This step.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, tables()).await?;
        for (table, column) in columns() {
            let add = sea_orm_migration::sea_query::Table::alter()
                .table(table)
                .add_column(column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in columns().into_iter().rev() {
            let drop = sea_orm_migration::sea_query::Table::alter()
                .table(table)
                .drop_column(column.get_column_name())
                .to_owned();
            manager.alter_table(drop).await?;
        }
        drop(manager, tables()).await
    }
}

fn tables() -> Vec<Table> {
    vec![subscription(), icon()]
}

fn columns() -> Vec<(&'static str, ColumnDef)> {
    let big = |name| ColumnDef::new(name).big_integer().null().to_owned();
    vec![
        ("poll_state", big("body_bytes")),
        ("poll_state", big("push_until")),
        (
            "poll_state",
            ColumnDef::new("push_trusted")
                .boolean()
                .not_null()
                .default(false)
                .to_owned(),
        ),
        (
            "source",
            ColumnDef::new("icon_key").text().null().to_owned(),
        ),
    ]
}

/// What hubs push, one subscription for each source (`WebSub`).
fn subscription() -> Table {
    Table::new("subscription")
        .big("source_id")
        .text("hub")
        .text("topic")
        .text("callback_key")
        .text("secret")
        .small("state")
        .big_or_null("lease_until")
        .big_or_null("asked_at")
        .big_or_null("next_try_at")
        .int("tries")
        .big_or_null("pushed_at")
        .int("pushes")
        .int("misses")
        .text("recent")
        .primary(&["source_id"])
        .belongs("source_id", "source")
        .unique(&["callback_key"])
        .index(&["next_try_at"])
}

/// One icon for each source, and when to look for it again.
fn icon() -> Table {
    Table::new("icon")
        .big("source_id")
        .text_or_null("mime_type")
        .blob_or_null("bytes")
        .text_or_null("found_at_url")
        .int("tries")
        .big("next_try_at")
        .primary(&["source_id"])
        .belongs("source_id", "source")
        .index(&["next_try_at"])
}
