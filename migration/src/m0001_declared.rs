//! Step 1: the tables for what editors and admins say (declared): sources, planets, accounts, jobs.
//!
//! In: a database after the step before. Out: these tables, empty. Must not know: entities, which may change later.

use sea_orm_migration::prelude::*;

use crate::order::LATEST_ENTRY;
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
        source(),
        planet(),
        planet_source(),
        planet_link(),
        user_account(),
        session(),
        refresh_token(),
        signing_key(),
        job(),
        job_item(),
    ]
}

fn source() -> Table {
    Table::new("source")
        .key("id")
        .text("feed_url")
        .text_or_null("feed_url_key")
        .text("title")
        .sorted_text("title_key")
        .text_or_null("editor_title")
        .text_or_null("feed_title")
        .text_or_null("site_url")
        .text_or_null("editor_site_url")
        .text_or_null("feed_site_url")
        .text_or_null("description")
        .text_or_null("language")
        .text_or_null("icon_url")
        .small_or_null("format")
        .small("status")
        .text("tags")
        .big_or_null("min_interval_seconds")
        .big_or_null("max_interval_seconds")
        .text("keep_rules")
        .text("drop_rules")
        .big_or_null("max_age_days")
        .big("entry_count")
        .big_or_null("latest_entry_at")
        .big_or_null("entries_changed_at")
        .big("created_at")
        .big_or_null("removed_at")
        .unique(&["feed_url_key"])
        .index(&["title_key", "id"])
        .index(&["created_at", "id"])
        .index_by(LATEST_ENTRY, "id")
}

fn planet() -> Table {
    Table::new("planet")
        .key("id")
        .text("slug")
        .text("title")
        .text_or_null("description")
        .text_or_null("link")
        .text_or_null("owner_name")
        .flag("is_default")
        .big("created_at")
        .unique(&["slug"])
}

fn planet_source() -> Table {
    Table::new("planet_source")
        .big("planet_id")
        .big("source_id")
        .primary(&["planet_id", "source_id"])
        .belongs("planet_id", "planet")
        .belongs("source_id", "source")
        .index(&["source_id", "planet_id"])
}

fn planet_link() -> Table {
    Table::new("planet_link")
        .big("planet_id")
        .small("position")
        .text("group_name")
        .text("title")
        .text("url")
        .primary(&["planet_id", "position"])
        .belongs("planet_id", "planet")
}

fn user_account() -> Table {
    Table::new("user_account")
        .key("id")
        .text("username")
        .text("username_key")
        .text("password_hash")
        .small("role")
        .big("created_at")
        .big_or_null("last_sign_in_at")
        .unique(&["username_key"])
}

fn session() -> Table {
    Table::new("session")
        .key("id")
        .big("user_id")
        .big("created_at")
        .big("expires_at")
        .big_or_null("revoked_at")
        .belongs("user_id", "user_account")
        .index(&["user_id"])
        .index(&["expires_at"])
}

fn refresh_token() -> Table {
    Table::new("refresh_token")
        .blob("token_hash")
        .big("session_id")
        .big("expires_at")
        .big_or_null("used_at")
        .primary(&["token_hash"])
        .belongs("session_id", "session")
        .index(&["session_id"])
}

fn signing_key() -> Table {
    Table::new("signing_key")
        .text("kid")
        .blob("secret")
        .big("created_at")
        .primary(&["kid"])
}

fn job() -> Table {
    Table::new("job")
        .key("id")
        .small("kind")
        .small("status")
        .flag("dry_run")
        .big_or_null("planet_id")
        .int("total")
        .int("done")
        .int("added")
        .int("already_there")
        .int("failed")
        .flag("cancel_asked")
        .big_or_null("created_by")
        .big("created_at")
        .big_or_null("finished_at")
        .big_or_null("claimed_until")
        .text_or_null("claimed_by")
        .index(&["status", "id"])
}

fn job_item() -> Table {
    Table::new("job_item")
        .big("job_id")
        .int("position")
        .text("url")
        .text_or_null("title")
        .text("tags")
        .big_or_null("source_id")
        .flag("done")
        .small_or_null("failure_code")
        .text_or_null("failure_message")
        .primary(&["job_id", "position"])
        .belongs("job_id", "job")
        .index(&["job_id", "done", "position"])
        .index_where(&["job_id", "position"], "failure_code")
}
