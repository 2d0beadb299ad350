//! Step 10: accounts' API tokens and outside identities, what was done by whom, readers' marks (declared), and who
//! several names of an author really are (declared).
//!
//! In: a database after the step before. Out: these tables, empty. Must not know: entities, which may change later.

use sea_orm_migration::prelude::*;

use crate::table::{Table, create, drop};

/// This step.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

const ACCOUNT: &str = "user_account";
const OUTSIDE: &str = "user_account_by_issuer_subject";
const ENTRY_OF_SOURCE: &str = "entry_by_source_id_id";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["issuer", "subject"] {
            let change = sea_orm_migration::sea_query::Table::alter()
                .table(ACCOUNT)
                .add_column(ColumnDef::new(column).text().null())
                .to_owned();
            manager.alter_table(change).await?;
        }
        let outside = Index::create()
            .name(OUTSIDE)
            .table(ACCOUNT)
            .col("issuer")
            .col("subject")
            .unique()
            .to_owned();
        manager.create_index(outside).await?;
        let edited = sea_orm_migration::sea_query::Table::alter()
            .table("author")
            .add_column(
                ColumnDef::new("is_edited")
                    .boolean()
                    .not_null()
                    .default(false),
            )
            .to_owned();
        manager.alter_table(edited).await?;
        // A source's entries by key: those beyond a reader's watermark are one range.
        let entries = Index::create()
            .name(ENTRY_OF_SOURCE)
            .table("entry")
            .col("source_id")
            .col("id")
            .to_owned();
        manager.create_index(entries).await?;
        create(manager, tables()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, tables()).await?;
        for (name, table) in [(ENTRY_OF_SOURCE, "entry"), (OUTSIDE, ACCOUNT)] {
            let index = Index::drop().name(name).table(table).to_owned();
            manager.drop_index(index).await?;
        }
        for (table, column) in [
            (ACCOUNT, "issuer"),
            (ACCOUNT, "subject"),
            ("author", "is_edited"),
        ] {
            let change = sea_orm_migration::sea_query::Table::alter()
                .table(table)
                .drop_column(column)
                .to_owned();
            manager.alter_table(change).await?;
        }
        Ok(())
    }
}

/// In the order in which they refer to each other.
fn tables() -> Vec<Table> {
    vec![
        api_token(),
        audit(),
        reading(),
        read_mark(),
        star(),
        author_alias(),
    ]
}

fn api_token() -> Table {
    Table::new("api_token")
        .key("id")
        .big("user_id")
        .text("name")
        .blob("token_hash")
        .small("role")
        .big("created_at")
        .big_or_null("expires_at")
        .big_or_null("last_used_at")
        .belongs("user_id", ACCOUNT)
        .unique(&["token_hash"])
        .index(&["user_id", "id"])
}

/// Refers to nothing, so that it outlives what it tells of.
fn audit() -> Table {
    Table::new("audit")
        .key("id")
        .big("at")
        .big_or_null("user_id")
        .text("actor")
        .text_or_null("address")
        .text("action")
        .text_or_null("target")
        .text_or_null("before")
        .text_or_null("after")
        .index(&["at", "id"])
        .index(&["user_id", "at", "id"])
        .index(&["target", "at", "id"])
}

fn reading() -> Table {
    Table::new("reading")
        .big("user_id")
        .big("source_id")
        .big("read_through")
        .big_or_null("read_through_at")
        .big("read_count")
        .primary(&["user_id", "source_id"])
        .belongs("user_id", ACCOUNT)
        .belongs("source_id", "source")
        .index(&["source_id"])
}

fn read_mark() -> Table {
    Table::new("read_mark")
        .big("user_id")
        .big("source_id")
        .big("entry_id")
        .flag("is_read")
        .big("at")
        .primary(&["user_id", "source_id", "entry_id"])
        .belongs("user_id", ACCOUNT)
        .belongs("entry_id", "entry")
        .index(&["user_id", "is_read", "source_id"])
        .index(&["entry_id"])
}

fn star() -> Table {
    Table::new("star")
        .big("user_id")
        .big("entry_id")
        .big("published_at")
        .big("at")
        .primary(&["user_id", "entry_id"])
        .belongs("user_id", ACCOUNT)
        .belongs("entry_id", "entry")
        .index(&["user_id", "published_at", "entry_id"])
        .index(&["entry_id"])
}

fn author_alias() -> Table {
    Table::new("author_alias")
        .text("identity")
        .big("author_id")
        .big("former_id")
        .primary(&["identity"])
        .belongs("author_id", "author")
        .index(&["author_id"])
        .index(&["former_id"])
}
