//! Step 3: the tables for what follows from the rest and could be made again (derived): the change log and its head,
//! planets' entries, sources' authors.
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
        create(manager, tables()).await?;
        let epoch = format!("{:032x}", rand::random::<u128>());
        let head = Query::insert()
            .into_table("change_head")
            .columns(["id", "revision", "epoch", "trimmed_to"])
            .values_panic([1_i16.into(), 0_i64.into(), epoch.into(), 0_i64.into()])
            .to_owned();
        manager.execute(head).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, tables()).await
    }
}

/// In the order in which they refer to each other.
fn tables() -> Vec<Table> {
    vec![change_head(), change(), planet_entry(), source_author()]
}

fn change_head() -> Table {
    Table::new("change_head")
        .small("id")
        .big("revision")
        .text("epoch")
        .big("trimmed_to")
        .primary(&["id"])
}

fn change() -> Table {
    Table::new("change")
        .big("revision")
        .big("at")
        .small("kind")
        .big_or_null("entry_id")
        .big_or_null("source_id")
        .flag("backlog")
        .primary(&["revision"])
        .index(&["at"])
}

fn planet_entry() -> Table {
    Table::new("planet_entry")
        .big("planet_id")
        .big("entry_id")
        .big("source_id")
        .big("published_at")
        .big("first_seen_at")
        .primary(&["planet_id", "entry_id"])
        .index(&["planet_id", "published_at", "entry_id"])
        .index(&["planet_id", "first_seen_at", "entry_id"])
}

fn source_author() -> Table {
    Table::new("source_author")
        .big("source_id")
        .big("author_id")
        .big("entry_count")
        .primary(&["source_id", "author_id"])
        .belongs("source_id", "source")
        .index(&["author_id", "source_id"])
}
