//! What is stored of the entries of a reading. In: a source and drafts. Out: as much as deciding and comparing
//! take. Must not know: what will be decided.

use std::collections::HashMap;

use entity::{
    AuthorId, EntryId, SourceId, TagId, enclosure, entry, entry_author, entry_body, entry_tag,
    tombstone,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::decide::{Known, Removed};
use crate::normalize::EntryDraft;
use crate::store::CHUNK;

/// The stored entries of `source` that could be one of `drafts`, by identity or by link.
pub(super) async fn known<C: ConnectionTrait>(
    db: &C,
    source: SourceId,
    drafts: &[EntryDraft],
) -> Result<Vec<Known>, DbErr> {
    let mut found = Vec::new();
    for chunk in drafts.chunks(CHUNK) {
        let identities = chunk.iter().map(|draft| draft.identity.to_vec());
        found.extend(find(db, source, entry::Column::Identity.is_in(identities)).await?);
    }
    for chunk in unmatched(drafts, &found).chunks(CHUNK) {
        let keys = chunk.iter().cloned();
        for row in find(db, source, entry::Column::UrlKey.is_in(keys)).await? {
            if !found.iter().any(|known| known.id == row.id) {
                found.push(row);
            }
        }
    }
    Ok(found)
}

/// The links of those drafts whose identity is not stored.
fn unmatched(drafts: &[EntryDraft], found: &[Known]) -> Vec<Vec<u8>> {
    let stored: std::collections::HashSet<&[u8]> = found
        .iter()
        .map(|known| known.identity.as_slice())
        .collect();
    drafts
        .iter()
        .filter(|draft| !stored.contains(draft.identity.as_slice()))
        .filter_map(|draft| draft.url_key.map(|key| key.to_vec()))
        .collect()
}

async fn find<C: ConnectionTrait>(
    db: &C,
    source: SourceId,
    which: sea_orm::sea_query::Expr,
) -> Result<Vec<Known>, DbErr> {
    let rows = entry::Entity::find()
        .select_only()
        .columns([
            entry::Column::Id,
            entry::Column::Identity,
            entry::Column::UrlKey,
            entry::Column::ContentHash,
        ])
        .filter(entry::Column::SourceId.eq(source))
        .filter(which)
        .into_tuple::<(_, Vec<u8>, Option<Vec<u8>>, Vec<u8>)>()
        .all(db)
        .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(id, identity, url_key, content_hash)| Known {
            id,
            identity,
            url_key,
            content_hash,
        })
        .collect())
}

/// The tombstones of a source; editors remove few entries, so all of them are read.
pub(super) async fn removed<C: ConnectionTrait>(
    db: &C,
    source: SourceId,
) -> Result<Vec<Removed>, DbErr> {
    let rows: Vec<(Vec<u8>, Option<Vec<u8>>)> = tombstone::Entity::find()
        .select_only()
        .columns([tombstone::Column::Identity, tombstone::Column::UrlKey])
        .filter(tombstone::Column::SourceId.eq(source))
        .into_tuple()
        .all(db)
        .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(identity, url_key)| Removed { identity, url_key })
        .collect())
}

/// A stored entry with all that belongs to it, to be compared with a draft.
#[derive(Clone, Debug)]
pub(super) struct Old {
    pub(super) entry: entry::Model,
    pub(super) body: Option<entry_body::Model>,
    pub(super) enclosures: Vec<enclosure::Model>,
    pub(super) authors: Vec<AuthorId>,
    pub(super) tags: Vec<(TagId, String)>,
}

/// The stored entries with these keys.
pub(super) async fn load<C: ConnectionTrait>(
    db: &C,
    ids: &[EntryId],
) -> Result<HashMap<EntryId, Old>, DbErr> {
    let mut found = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        let entries = entry::Entity::find()
            .filter(entry::Column::Id.is_in(chunk.iter().copied()))
            .all(db)
            .await?;
        found.extend(entries.into_iter().map(|entry| (entry.id, bare(entry))));
        add_bodies(db, chunk, &mut found).await?;
        add_enclosures(db, chunk, &mut found).await?;
        add_names(db, chunk, &mut found).await?;
    }
    Ok(found)
}

const fn bare(entry: entry::Model) -> Old {
    Old {
        entry,
        body: None,
        enclosures: Vec::new(),
        authors: Vec::new(),
        tags: Vec::new(),
    }
}

async fn add_bodies<C: ConnectionTrait>(
    db: &C,
    ids: &[EntryId],
    found: &mut HashMap<EntryId, Old>,
) -> Result<(), DbErr> {
    let bodies = entry_body::Entity::find()
        .filter(entry_body::Column::EntryId.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    for body in bodies {
        if let Some(old) = found.get_mut(&body.entry_id) {
            old.body = Some(body);
        }
    }
    Ok(())
}

async fn add_enclosures<C: ConnectionTrait>(
    db: &C,
    ids: &[EntryId],
    found: &mut HashMap<EntryId, Old>,
) -> Result<(), DbErr> {
    let files = enclosure::Entity::find()
        .filter(enclosure::Column::EntryId.is_in(ids.iter().copied()))
        .order_by_asc(enclosure::Column::EntryId)
        .order_by_asc(enclosure::Column::Position)
        .all(db)
        .await?;
    for file in files {
        if let Some(old) = found.get_mut(&file.entry_id) {
            old.enclosures.push(file);
        }
    }
    Ok(())
}

async fn add_names<C: ConnectionTrait>(
    db: &C,
    ids: &[EntryId],
    found: &mut HashMap<EntryId, Old>,
) -> Result<(), DbErr> {
    let authors = entry_author::Entity::find()
        .filter(entry_author::Column::EntryId.is_in(ids.iter().copied()))
        .order_by_asc(entry_author::Column::EntryId)
        .order_by_asc(entry_author::Column::Position)
        .all(db)
        .await?;
    for row in authors {
        if let Some(old) = found.get_mut(&row.entry_id) {
            old.authors.push(row.author_id);
        }
    }
    let tags = entry_tag::Entity::find()
        .filter(entry_tag::Column::EntryId.is_in(ids.iter().copied()))
        .order_by_asc(entry_tag::Column::EntryId)
        .order_by_asc(entry_tag::Column::Position)
        .all(db)
        .await?;
    for row in tags {
        if let Some(old) = found.get_mut(&row.entry_id) {
            old.tags.push((row.tag_id, row.name));
        }
    }
    Ok(())
}
