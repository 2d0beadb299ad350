//! Step 11: what running a planet for years takes: rules and what they hide, what readers propose, what a file declares,
//! and webhooks with what is still to be sent.
//!
//! In: a database after the step before. Out: these tables, empty, and since when a source is in its status. Must not
//! know: entities, which may change later.

use sea_orm_migration::prelude::*;

use crate::table::{Table, create, drop};

/// This step.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let since = ColumnDef::new("status_since")
            .big_integer()
            .null()
            .to_owned();
        let source = sea_orm_migration::sea_query::Table::alter()
            .table("source")
            .add_column(since)
            .to_owned();
        manager.alter_table(source).await?;
        create(manager, tables()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, tables()).await?;
        let source = sea_orm_migration::sea_query::Table::alter()
            .table("source")
            .drop_column("status_since")
            .to_owned();
        manager.alter_table(source).await
    }
}

/// In the order in which they refer to each other.
fn tables() -> Vec<Table> {
    vec![
        rule(),
        planet_hidden(),
        withheld_entry(),
        proposal(),
        declared_source(),
        declared_planet(),
        webhook(),
        webhook_delivery(),
    ]
}

/// Declared: what an editor wants kept or dropped, of one planet or of one source.
fn rule() -> Table {
    Table::new("rule")
        .key("id")
        .big_or_null("planet_id")
        .big_or_null("source_id")
        .small("action")
        .small("field")
        .text("pattern")
        .text_or_null("note")
        .big("created_at")
        .belongs("planet_id", "planet")
        .belongs("source_id", "source")
        .index_where(&["planet_id", "id"], "planet_id")
        .index_where(&["source_id", "id"], "source_id")
}

/// Derived: entries that a planet's rule keeps out of that planet.
fn planet_hidden() -> Table {
    Table::new("planet_hidden")
        .big("planet_id")
        .big("entry_id")
        .big("source_id")
        .big_or_null("rule_id")
        .big("hidden_at")
        .primary(&["planet_id", "entry_id"])
        .belongs("planet_id", "planet")
        .belongs("entry_id", "entry")
        .index(&["source_id", "planet_id"])
}

/// Observed: entries that are kept but shown nowhere, whole, since a rule of their source hides them or an editor
/// took them out.
fn withheld_entry() -> Table {
    Table::new("withheld_entry")
        .big("entry_id")
        .big("source_id")
        .blob("identity")
        .blob("content_hash")
        .flag("removed")
        .big_or_null("rule_id")
        .text("title")
        .text_or_null("url")
        .big("published_at")
        .big("withheld_at")
        .text("content")
        .primary(&["entry_id"])
        .belongs("source_id", "source")
        .index(&["source_id", "identity"])
        .index(&["source_id", "entry_id"])
}

/// Declared: feeds that readers want to see followed.
fn proposal() -> Table {
    Table::new("proposal")
        .key("id")
        .blob("token_hash")
        .text("feed_url")
        .text("feed_url_key")
        .text_or_null("title")
        .text_or_null("note")
        .text_or_null("planet_slug")
        .text("preview")
        .small("state")
        .text_or_null("reason")
        .big_or_null("source_id")
        .big("created_at")
        .big_or_null("decided_at")
        .big_or_null("decided_by")
        .unique(&["token_hash"])
        .index(&["state", "id"])
        .index(&["feed_url_key"])
}

/// Declared: sources that a file owns.
fn declared_source() -> Table {
    Table::new("declared_source")
        .big("source_id")
        .big("at")
        .primary(&["source_id"])
        .belongs("source_id", "source")
}

/// Declared: planets that a file owns.
fn declared_planet() -> Table {
    Table::new("declared_planet")
        .big("planet_id")
        .big("at")
        .primary(&["planet_id"])
        .belongs("planet_id", "planet")
}

/// Declared: who is told of new and changed entries, and how far.
fn webhook() -> Table {
    Table::new("webhook")
        .key("id")
        .text("url")
        .text_or_null("description")
        .text("secret")
        .text_or_null("former_secret")
        .big_or_null("former_until")
        .text("filter")
        .flag("added")
        .flag("updated")
        .flag("enabled")
        .big("told_to")
        .big("created_at")
        .big_or_null("last_success_at")
        .big_or_null("last_failure_at")
        .text_or_null("last_failure")
}

/// Observed: what a webhook is still to be told, and what it could not be told.
fn webhook_delivery() -> Table {
    Table::new("webhook_delivery")
        .key("id")
        .big("webhook_id")
        .big("revision")
        .small("kind")
        .big("entry_id")
        .big("created_at")
        .int("attempts")
        .big_or_null("next_attempt_at")
        .big_or_null("first_attempt_at")
        .big_or_null("dead_at")
        .small_or_null("last_status")
        .text_or_null("last_failure")
        .unique(&["webhook_id", "revision"])
        .index_where(&["next_attempt_at", "id"], "next_attempt_at")
        .index_where(&["webhook_id", "id"], "dead_at")
        .belongs("webhook_id", "webhook")
}
