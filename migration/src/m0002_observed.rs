//! Step 2: the tables for what publishers say and how polling them goes (observed), with the tombstones that
//! keep out what an editor took out.
//!
//! In: a database after the step before. Out: these tables, empty. Must not know: entities, which may change later.

use sea_orm_migration::prelude::*;

use crate::order::NEXT_POLL;
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
        tombstone(),
        source_alias(),
        author(),
        tag(),
        entry(),
        entry_body(),
        enclosure(),
        entry_author(),
        entry_tag(),
        poll_state(),
        poll_attempt(),
        host(),
    ]
}

fn tombstone() -> Table {
    Table::new("tombstone")
        .big("source_id")
        .blob("identity")
        .blob_or_null("url_key")
        .big("entry_id")
        .big("removed_at")
        .primary(&["source_id", "identity"])
        .belongs("source_id", "source")
        .index(&["source_id", "url_key"])
}

fn source_alias() -> Table {
    Table::new("source_alias")
        .text("url_key")
        .big("source_id")
        .primary(&["url_key"])
        .belongs("source_id", "source")
        .index(&["source_id"])
}

fn author() -> Table {
    Table::new("author")
        .key("id")
        .text("identity")
        .text("name")
        .sorted_text("name_key")
        .text_or_null("url")
        .text_or_null("avatar_url")
        .big("entry_count")
        .unique(&["identity"])
        .index(&["name_key", "id"])
}

fn tag() -> Table {
    Table::new("tag")
        .key("id")
        .text("name_key")
        .text("name")
        .big("entry_count")
        .unique(&["name_key"])
        .index(&["entry_count", "id"])
}

fn entry() -> Table {
    Table::new("entry")
        .key("id")
        .big("source_id")
        .blob("identity")
        .text("guid")
        .text_or_null("url")
        .blob_or_null("url_key")
        .text("title")
        .text("summary")
        .text_or_null("language")
        .big("published_at")
        .small("date_quality")
        .big_or_null("updated_at")
        .big("first_seen_at")
        .text_or_null("image_url")
        .text_or_null("comments_url")
        .int("word_count")
        .flag("has_enclosure")
        .blob("content_hash")
        .flag("backlog")
        .belongs("source_id", "source")
        .unique(&["source_id", "identity"])
        .index(&["published_at", "id"])
        .index(&["first_seen_at", "id"])
        .index(&["source_id", "published_at", "id"])
        .index(&["source_id", "first_seen_at", "id"])
        .index(&["url_key"])
}

fn entry_body() -> Table {
    Table::new("entry_body")
        .big("entry_id")
        .text_or_null("content_html")
        .text_or_null("content_text")
        .primary(&["entry_id"])
        .belongs("entry_id", "entry")
}

fn enclosure() -> Table {
    Table::new("enclosure")
        .big("entry_id")
        .small("position")
        .text("url")
        .text_or_null("mime_type")
        .big_or_null("size_bytes")
        .big_or_null("duration_seconds")
        .text_or_null("title")
        .primary(&["entry_id", "position"])
        .belongs("entry_id", "entry")
}

fn entry_author() -> Table {
    Table::new("entry_author")
        .big("entry_id")
        .small("position")
        .big("author_id")
        .big("source_id")
        .big("published_at")
        .primary(&["entry_id", "position"])
        .belongs("entry_id", "entry")
        .index(&["author_id", "published_at", "entry_id"])
}

fn entry_tag() -> Table {
    Table::new("entry_tag")
        .big("entry_id")
        .small("position")
        .big("tag_id")
        .text("name")
        .big("published_at")
        .primary(&["entry_id", "position"])
        .belongs("entry_id", "entry")
        .index(&["tag_id", "published_at", "entry_id"])
}

fn poll_state() -> Table {
    Table::new("poll_state")
        .big("source_id")
        .text("host")
        .big_or_null("next_poll_at")
        .flag("due_now")
        .text("reason")
        .big("interval_seconds")
        .blob_or_null("etag")
        .blob_or_null("last_modified")
        .blob_or_null("body_hash")
        .big_or_null("last_polled_at")
        .big_or_null("last_changed_at")
        .big_or_null("first_failed_at")
        .int("consecutive_failures")
        .small_or_null("last_error_kind")
        .text_or_null("last_error_message")
        .small_or_null("last_error_status")
        .big_or_null("last_error_at")
        .text("findings")
        .text_or_null("redirect_url")
        .big_or_null("redirect_since")
        .text("rhythm")
        .big_or_null("claimed_until")
        .text_or_null("claimed_by")
        .big("fence")
        .primary(&["source_id"])
        .belongs("source_id", "source")
        .index(&["next_poll_at", "source_id"])
        .index_by(NEXT_POLL, "source_id")
        .index_where(&["claimed_until"], "claimed_until")
}

fn poll_attempt() -> Table {
    Table::new("poll_attempt")
        .key("id")
        .big("source_id")
        .big("at")
        .small("outcome")
        .small_or_null("http_status")
        .big("duration_ms")
        .big("bytes")
        .int("added")
        .int("updated")
        .text_or_null("message")
        .belongs("source_id", "source")
        .index(&["source_id", "id"])
}

fn host() -> Table {
    Table::new("host")
        .text("name")
        .big_or_null("paused_until")
        .primary(&["name"])
}
