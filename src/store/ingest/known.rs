//! Which stored entries the drafts of a reading may be. In: a source and drafts. Out: as much of rows as deciding
//! takes; the better known the drafts, the fewer questions. Must not know: what will be decided.

use std::collections::{HashMap, HashSet};

use entity::{EntryId, Millis, SourceId, entry, entry_alias, entry_print, tombstone};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::decide::{Known, Likely, Related, Removed};
use super::row::{Sighting, Why};
use crate::normalize::EntryDraft;
use crate::store::CHUNK;

/// A feed may have been given new identifiers when so many of its entries are unknown, and half of all.
const BATCH: usize = 3;
/// Newest entries among which those of such a feed are looked for.
const LOOKED_THROUGH: u64 = 1_000;

/// What is stored that could be some of the drafts.
pub(super) async fn find<C: ConnectionTrait>(
    db: &C,
    sighting: Sighting,
    drafts: &[EntryDraft],
) -> Result<Related, DbErr> {
    let source = sighting.source;
    let mut related = Related {
        known: by_identity(db, source, drafts).await?,
        ..Related::default()
    };
    let strange = unknown(drafts, &related);
    let is_first = sighting.backlog && sighting.why == Why::Visit;
    if strange.is_empty() || is_first {
        return Ok(related);
    }
    find_aliases(db, source, &strange, &mut related).await?;
    let strange = unknown(drafts, &related);
    if strange.is_empty() {
        return Ok(related);
    }
    find_likely(db, source, &strange, &mut related).await?;
    let is_batch = strange.len() >= BATCH && strange.len() * 2 >= drafts.len();
    if is_batch {
        find_newest(db, source, &mut related).await?;
    }
    Ok(related)
}

/// The stored entries that go by the identities of some drafts.
pub(super) async fn by_identity<C: ConnectionTrait>(
    db: &C,
    source: SourceId,
    drafts: &[EntryDraft],
) -> Result<Vec<Known>, DbErr> {
    let mut known = Vec::new();
    for chunk in drafts.chunks(CHUNK) {
        let identities = chunk.iter().map(|draft| draft.identity.to_vec());
        let which = entry::Column::Identity.is_in(identities);
        known.extend(rows(db, source, which).await?);
    }
    Ok(known)
}

/// Drafts whose identity is not known, by any name.
pub(super) fn strangers<'a>(drafts: &'a [EntryDraft], related: &Related) -> Vec<&'a EntryDraft> {
    let aliases = related.aliases.iter().map(|(identity, _)| &**identity);
    let own = related.known.iter().map(|known| &*known.identity);
    let known: HashSet<&[u8]> = aliases.chain(own).collect();
    drafts
        .iter()
        .filter(|draft| !known.contains(draft.identity.as_slice()))
        .collect()
}

/// Drafts whose identity is not known, and those whose entry has another link.
fn unknown<'a>(drafts: &'a [EntryDraft], related: &Related) -> Vec<&'a EntryDraft> {
    let links: HashMap<EntryId, Option<&[u8]>> = related
        .known
        .iter()
        .map(|known| (known.id, known.url_key.as_deref()))
        .collect();
    let aliases = related
        .aliases
        .iter()
        .map(|(identity, id)| (&**identity, *id));
    let own = related
        .known
        .iter()
        .map(|known| (&*known.identity, known.id));
    let ids: HashMap<&[u8], EntryId> = aliases.chain(own).collect();
    let is_strange = |draft: &&EntryDraft| {
        let link = draft.url_key.as_ref().map(<[u8; 16]>::as_slice);
        ids.get(draft.identity.as_slice())
            .and_then(|id| links.get(id))
            .is_none_or(|known| *known != link)
    };
    drafts.iter().filter(is_strange).collect()
}

async fn find_aliases<C: ConnectionTrait>(
    db: &C,
    source: SourceId,
    drafts: &[&EntryDraft],
    related: &mut Related,
) -> Result<(), DbErr> {
    for chunk in drafts.chunks(CHUNK) {
        let identities = chunk.iter().map(|draft| draft.identity.to_vec());
        let found: Vec<(Vec<u8>, EntryId)> = entry_alias::Entity::find()
            .select_only()
            .columns([entry_alias::Column::Identity, entry_alias::Column::EntryId])
            .filter(entry_alias::Column::SourceId.eq(source))
            .filter(entry_alias::Column::Identity.is_in(identities))
            .into_tuple()
            .all(db)
            .await?;
        let there: HashSet<EntryId> = related.known.iter().map(|known| known.id).collect();
        let wanted: Vec<EntryId> = found
            .iter()
            .map(|(_, id)| *id)
            .filter(|id| !there.contains(id))
            .collect();
        related.aliases.extend(found);
        if !wanted.is_empty() {
            let which = entry::Column::Id.is_in(wanted);
            related.known.extend(rows(db, source, which).await?);
        }
    }
    Ok(())
}

/// Entries with the link, or with the place in time, of a draft that is not known.
async fn find_likely<C: ConnectionTrait>(
    db: &C,
    source: SourceId,
    drafts: &[&EntryDraft],
    related: &mut Related,
) -> Result<(), DbErr> {
    for chunk in drafts.chunks(CHUNK) {
        let keys = chunk
            .iter()
            .filter_map(|draft| draft.url_key.map(|key| key.to_vec()));
        let dates = chunk
            .iter()
            .flat_map(|draft| [draft.dates.published, draft.dates.updated])
            .flatten();
        let strange: HashSet<&[u8]> = chunk
            .iter()
            .map(|draft| draft.identity.as_slice())
            .collect();
        let named: Vec<EntryId> = related
            .known
            .iter()
            .filter(|known| strange.contains(&*known.identity))
            .map(|known| known.id)
            .collect();
        let which = entry::Column::UrlKey
            .is_in(keys)
            .or(entry::Column::PublishedAt.is_in(dates))
            .or(entry::Column::Id.is_in(named));
        let found = entry::Entity::find()
            .filter(entry::Column::SourceId.eq(source))
            .filter(which);
        add_likely(db, found, related).await?;
    }
    Ok(())
}

async fn find_newest<C: ConnectionTrait>(
    db: &C,
    source: SourceId,
    related: &mut Related,
) -> Result<(), DbErr> {
    let found = entry::Entity::find()
        .filter(entry::Column::SourceId.eq(source))
        .order_by_desc(entry::Column::PublishedAt)
        .order_by_desc(entry::Column::Id)
        .limit(LOOKED_THROUGH);
    related.looked_through = true;
    add_likely(db, found, related).await
}

async fn add_likely<C: ConnectionTrait>(
    db: &C,
    select: sea_orm::Select<entry::Entity>,
    related: &mut Related,
) -> Result<(), DbErr> {
    let found: Vec<LikelyRow> = select
        .select_only()
        .columns([
            entry::Column::Id,
            entry::Column::Identity,
            entry::Column::UrlKey,
            entry::Column::ContentHash,
            entry::Column::Title,
            entry::Column::Url,
            entry::Column::PublishedAt,
        ])
        .column(entry_print::Column::Meaning)
        .join(
            sea_orm::JoinType::LeftJoin,
            entry::Entity::belongs_to(entry_print::Entity)
                .from(entry::Column::Id)
                .to(entry_print::Column::EntryId)
                .into(),
        )
        .into_tuple()
        .all(db)
        .await?;
    let there: HashSet<EntryId> = related
        .likely
        .iter()
        .map(|likely| likely.known.id)
        .collect();
    let found = found.into_iter().filter(|row| !there.contains(&row.0));
    related.likely.extend(found.map(likely));
    Ok(())
}

type LikelyRow = (
    EntryId,
    Vec<u8>,
    Option<Vec<u8>>,
    Vec<u8>,
    String,
    Option<String>,
    Millis,
    Option<Vec<u8>>,
);

fn likely(row: LikelyRow) -> Likely {
    let (id, identity, url_key, content_hash, title, url, published_at, meaning) = row;
    Likely {
        known: Known {
            id,
            identity,
            url_key,
            content_hash,
        },
        title,
        url,
        published_at,
        meaning,
    }
}

async fn rows<C: ConnectionTrait>(
    db: &C,
    source: SourceId,
    which: Expr,
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
