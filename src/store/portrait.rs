//! Rows as the audit log shows them: what people say of them, and nothing secret. In: rows. Out: JSON. Pure. Must not
//! know: who changed them.

use entity::{api_token, author, entry, job, planet, proposal, source, user, webhook};
use serde_json::{Value, json};

use super::text::texts;

/// An account.
pub(super) fn user(row: &user::Model) -> Value {
    json!({"username": row.username, "role": row.role, "issuer": row.issuer})
}

/// A program's token.
pub(super) fn token(row: &api_token::Model) -> Value {
    json!({"user": row.user_id, "name": row.name, "role": row.role, "expiresAt": row.expires_at})
}

/// A source, as far as editors say it.
pub(super) fn source(row: &source::Model) -> Value {
    json!({
        "feedUrl": row.feed_url,
        "title": row.editor_title,
        "siteUrl": row.editor_site_url,
        "status": row.status,
        "tags": texts(&row.tags),
        "minIntervalSeconds": row.min_interval_seconds,
        "maxIntervalSeconds": row.max_interval_seconds,
        "keep": texts(&row.keep_rules),
        "drop": texts(&row.drop_rules),
        "maxAgeDays": row.max_age_days,
    })
}

/// A planet.
pub(super) fn planet(row: &planet::Model) -> Value {
    json!({
        "slug": row.slug,
        "title": row.title,
        "description": row.description,
        "link": row.link,
        "ownerName": row.owner_name,
    })
}

/// An author.
pub(super) fn author(row: &author::Model) -> Value {
    json!({"name": row.name, "url": row.url, "avatarUrl": row.avatar_url})
}

/// An entry.
pub(super) fn entry(row: &entry::Model) -> Value {
    json!({"source": row.source_id, "guid": row.guid, "title": row.title, "url": row.url})
}

/// A job.
pub(super) fn job(row: &job::Model) -> Value {
    json!({"kind": row.kind, "planet": row.planet_id, "dryRun": row.dry_run, "total": row.total})
}

/// A proposal; not the token by which its proposer follows it.
pub(super) fn proposal(row: &proposal::Model) -> Value {
    json!({
        "feedUrl": row.feed_url,
        "planetSlug": row.planet_slug,
        "state": row.state,
        "reason": row.reason,
    })
}

/// A webhook; not what it signs with.
pub(super) fn webhook(row: &webhook::Model) -> Value {
    json!({
        "url": row.url,
        "description": row.description,
        "filter": row.filter,
        "added": row.added,
        "updated": row.updated,
        "enabled": row.enabled,
    })
}
