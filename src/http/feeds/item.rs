//! Entries as feeds take them. In: keys. Out: items with all that belongs to them, five statements for all. Must not
//! know: formats.

use std::collections::HashMap;
use std::hash::Hash;

use entity::{EntryId, Millis, SourceId, author, enclosure, entry, source};
use sha2::{Digest as _, Sha256};

use crate::render::feed::{File, Item, Origin, Person};
use crate::store::{Store, StoreError};

/// The entries of these keys, in their order; one that has gone meanwhile is left out.
pub async fn read(store: &Store, epoch: &str, ids: &[EntryId]) -> Result<Vec<Item>, StoreError> {
    let mut rows = store.entries_by_ids(ids).await?;
    let mut sources: Vec<SourceId> = rows.values().map(|row| row.source_id).collect();
    sources.sort_unstable();
    sources.dedup();
    let (mut bodies, mut authors, mut tags, mut files, sources) = tokio::try_join!(
        store.bodies_of(ids),
        store.authors_of(ids),
        store.tags_of(ids),
        store.enclosures_of(ids),
        store.sources_by_ids(&sources),
    )?;
    let items = ids.iter().filter_map(|id| {
        let row = rows.remove(id)?;
        let origin = sources.get(&row.source_id).map(origin);
        Some(Item {
            id: urn(epoch, "entry", id.0),
            html: bodies.remove(id).and_then(|body| body.content_html),
            authors: all(&mut authors, id, person),
            tags: all(&mut tags, id, std::convert::identity),
            files: all(&mut files, id, file),
            origin,
            ..bare(row)
        })
    });
    Ok(items.collect())
}

/// A name for ever (RFC 9562, version 8): from which database, of what kind, which one. Neither the publisher's own
/// identifier, which another feed may use too and which may change, nor an address of this server, which may move.
pub fn urn(epoch: &str, kind: &str, number: i64) -> String {
    let digest = Sha256::digest(format!("{epoch}:{kind}:{number}"));
    let mut bytes = [0_u8; 16];
    for (byte, from) in bytes.iter_mut().zip(digest.iter()) {
        *byte = *from;
    }
    let number = u128::from_be_bytes(bytes);
    let version = (number & !(0xf << 76)) | (0x8 << 76);
    let hex = format!("{:032x}", (version & !(0b11 << 62)) | (0b10 << 62));
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
}

fn all<K: Eq + Hash, R, T>(
    found: &mut HashMap<K, Vec<R>>,
    key: &K,
    make: impl Fn(R) -> T,
) -> Vec<T> {
    found.remove(key).into_iter().flatten().map(make).collect()
}

fn bare(row: entry::Model) -> Item {
    Item {
        id: String::new(),
        url: row.url,
        title: row.title,
        summary: row.summary,
        html: None,
        language: row.language,
        published: row.published_at,
        updated: row
            .updated_at
            .unwrap_or(row.published_at)
            .max(row.published_at),
        authors: Vec::new(),
        tags: Vec::new(),
        files: Vec::new(),
        image: row.image_url,
        comments: row.comments_url,
        origin: None,
    }
}

fn person(row: author::Model) -> Person {
    Person {
        name: row.name,
        url: row.url,
    }
}

fn file(row: enclosure::Model) -> File {
    File {
        url: row.url,
        mime_type: row.mime_type,
        bytes: row.size_bytes,
        seconds: row.duration_seconds,
        title: row.title,
    }
}

fn origin(row: &source::Model) -> Origin {
    let updated: Option<Millis> = row.entries_changed_at;
    Origin {
        title: row.title.clone(),
        feed_url: row.feed_url.clone(),
        site_url: row.site_url.clone(),
        updated: updated.unwrap_or(row.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_uuids_of_their_own() {
        let one = urn("epoch", "entry", 1);
        assert_eq!(one.len(), "urn:uuid:".len() + 36);
        assert_eq!(one.as_bytes()[23], b'8', "{one}");
        assert_ne!(one, urn("epoch", "entry", 2));
        assert_ne!(one, urn("epoch", "planet", 1));
        assert_ne!(one, urn("other", "entry", 1));
    }
}
