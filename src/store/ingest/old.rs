//! Stored entries with all that belongs to them. In: keys. Out: as much as comparing takes. Must not know: what was
//! decided.

use std::collections::HashMap;

use entity::{AuthorId, EntryId, TagId, enclosure, entry, entry_author, entry_body, entry_tag};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use crate::store::CHUNK;

/// A stored entry with all that belongs to it, to be compared with a draft.
#[derive(Clone, Debug)]
pub(in crate::store) struct Old {
    pub(in crate::store) entry: entry::Model,
    pub(in crate::store) body: Option<entry_body::Model>,
    pub(in crate::store) enclosures: Vec<enclosure::Model>,
    pub(in crate::store) authors: Vec<AuthorId>,
    pub(in crate::store) tags: Vec<(TagId, String)>,
}

/// The stored entries with these keys.
pub(in crate::store) async fn load<C: ConnectionTrait>(
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
