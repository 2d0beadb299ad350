//! Step 5: what tells an edit from noise and a reading from an older one (observed): prints of entries, their earlier
//! versions, the identifiers they went by before, what publishers took back, and the last body of each source.
//!
//! In: a database after the step before. Out: these tables, empty. Must not know: entities, which may change later.

use sea_orm_migration::prelude::*;

use crate::table::{Table, create, drop};

/// This step.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, tables()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, tables()).await
    }
}

/// In the order in which they refer to each other.
fn tables() -> Vec<Table> {
    vec![
        entry_print(),
        entry_revision(),
        entry_alias(),
        retraction(),
        source_body(),
    ]
}

fn entry_print() -> Table {
    Table::new("entry_print")
        .big("entry_id")
        .blob("meaning")
        .blob_or_null("text_key")
        .big_or_null("claimed_at")
        .primary(&["entry_id"])
        .belongs("entry_id", "entry")
        .index_where(&["text_key"], "text_key")
}

fn entry_revision() -> Table {
    Table::new("entry_revision")
        .key("id")
        .big("entry_id")
        .blob("version")
        .text("title")
        .text_or_null("url")
        .blob_or_null("body")
        .big_or_null("updated_at")
        .big("seen_at")
        .big("replaced_at")
        .belongs("entry_id", "entry")
        .index(&["entry_id", "id"])
}

fn entry_alias() -> Table {
    Table::new("entry_alias")
        .big("source_id")
        .blob("identity")
        .big("entry_id")
        .primary(&["source_id", "identity"])
        .belongs("entry_id", "entry")
        .index(&["entry_id"])
}

fn retraction() -> Table {
    Table::new("retraction")
        .big("source_id")
        .blob("identity")
        .big("deleted_at")
        .primary(&["source_id", "identity"])
        .belongs("source_id", "source")
}

fn source_body() -> Table {
    Table::new("source_body")
        .big("source_id")
        .blob("bytes")
        .text_or_null("content_type")
        .text("url")
        .blob("body_hash")
        .big("read_at")
        .primary(&["source_id"])
        .belongs("source_id", "source")
}
