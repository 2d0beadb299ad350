//! What belongs to the rows of a list of entries, fetched for all of them at once: one statement for each
//! table, and only for what is selected. Fields that find their part here never wait. In: rows and the
//! selection. Out: entries. Must not know: which list it is.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Lookahead;
use entity::{EntryId, SourceId, author, enclosure, entry, entry_body, source};

use super::entry::Entry;
use super::error::Result;
use super::known::Known;
use super::page::map;
use crate::store::{EntryFilter, EntryOrder, EntryPosition, Names, Page, Shown, Slice, Store};

/// What was fetched for an entry; none where it was not.
#[derive(Clone, Debug, Default)]
pub struct Related {
    /// Its source.
    pub source: Option<Arc<source::Model>>,
    /// Its authors.
    pub authors: Option<Vec<author::Model>>,
    /// Its tags.
    pub tags: Option<Vec<String>>,
    /// Its files.
    pub enclosures: Option<Vec<enclosure::Model>>,
    /// Its body.
    pub body: Body,
}

/// The body of an entry, as far as it was read.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// Not read.
    #[default]
    Unread,
    /// Read, and there is none.
    Missing,
    /// Read.
    Read(Arc<entry_body::Model>),
}

impl From<Option<entry_body::Model>> for Body {
    fn from(row: Option<entry_body::Model>) -> Self {
        row.map_or(Self::Missing, |row| Self::Read(Arc::new(row)))
    }
}

/// What a selection wants of each entry besides its own row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    source: Want,
    summary: Want,
    authors: Want,
    tags: Want,
    enclosures: Want,
    body: Want,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Want {
    #[default]
    No,
    Yes,
}

impl Wanted {
    /// What any of these selections on entries wants.
    #[must_use]
    pub fn of(selections: &[Lookahead<'_>]) -> Self {
        let any = |names: &[&str]| {
            let found = |look: &Lookahead<'_>| names.iter().any(|name| look.field(name).exists());
            if selections.iter().any(found) {
                Want::Yes
            } else {
                Want::No
            }
        };
        Self {
            source: any(&["source"]),
            summary: any(&["summary"]),
            authors: any(&["authors"]),
            tags: any(&["tags"]),
            enclosures: any(&["enclosures"]),
            body: any(&["content", "contentText"]),
        }
    }
}

/// The entries of these rows, with all that is wanted of them; `known` where no more than what is public is shown of
/// their sources.
///
/// # Errors
/// `INTERNAL` when the store fails.
pub async fn entries(
    store: &Store,
    known: Option<&Known>,
    rows: Vec<entry::Model>,
    wanted: Wanted,
) -> Result<Vec<Entry>> {
    let ids: Vec<EntryId> = rows.iter().map(|row| row.id).collect();
    let files: Vec<EntryId> = rows
        .iter()
        .filter(|row| row.has_enclosure)
        .map(|row| row.id)
        .collect();
    let of_sources = rows.iter().map(|row| row.source_id);
    let (sources, (mut authors, mut tags), mut enclosures, mut bodies) = tokio::try_join!(
        sources(store, known, of_sources, wanted.source),
        names(store, &ids, wanted),
        fetch(wanted.enclosures, store.enclosures_of(&files)),
        fetch(wanted.body, store.bodies_of(&ids)),
    )?;
    let with_related = |row: entry::Model| {
        let related = Related {
            source: sources
                .as_ref()
                .and_then(|map| map.get(&row.source_id).cloned()),
            authors: authors
                .as_mut()
                .map(|map| map.remove(&row.id).unwrap_or_default()),
            tags: tags
                .as_mut()
                .map(|map| map.remove(&row.id).unwrap_or_default()),
            enclosures: enclosures
                .as_mut()
                .map(|map| map.remove(&row.id).unwrap_or_default()),
            body: bodies
                .as_mut()
                .map_or(Body::Unread, |map| map.remove(&row.id).into()),
        };
        Entry { row, related }
    };
    Ok(rows.into_iter().map(with_related).collect())
}

/// A page of entries of which nothing is shown but what lists have at hand (`quick`); none where the store has no quicker way to
/// it than the usual one.
///
/// # Errors
/// `INTERNAL` when the store fails.
pub async fn shown(
    store: &Store,
    known: &Known,
    (filter, order): (&EntryFilter, EntryOrder),
    slice: &Slice<EntryPosition>,
    wanted: Wanted,
) -> Result<Option<Page<Entry>>> {
    let shown = Shown {
        summary: wanted.summary == Want::Yes,
        authors: wanted.authors == Want::Yes,
        tags: wanted.tags == Want::Yes,
    };
    let page = store.list_shown_entries(filter, order, slice, shown);
    let Some(page) = page.await? else {
        return Ok(None);
    };
    let ids = page.rows.iter().map(|entry| entry.row.source_id);
    let sources = sources(store, Some(known), ids, wanted.source).await?;
    Ok(Some(map(page, |entry| Entry {
        related: Related {
            source: sources
                .as_ref()
                .and_then(|map| map.get(&entry.row.source_id).cloned()),
            authors: entry.authors,
            tags: entry.tags,
            ..Related::default()
        },
        row: entry.row,
    })))
}

type Sources = HashMap<SourceId, Arc<source::Model>>;

async fn sources(
    store: &Store,
    known: Option<&Known>,
    ids: impl Iterator<Item = SourceId>,
    want: Want,
) -> Result<Option<Sources>> {
    if want == Want::No {
        return Ok(None);
    }
    let mut ids: Vec<SourceId> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    if let Some(known) = known {
        return Ok(Some(known.sources(store, &ids).await?));
    }
    let found = store.sources_by_ids(&ids).await?.into_iter();
    Ok(Some(found.map(|(id, row)| (id, Arc::new(row))).collect()))
}

type Authors = HashMap<EntryId, Vec<author::Model>>;
type Tags = HashMap<EntryId, Vec<String>>;

/// Authors and tags, in one statement where both are wanted.
async fn names(
    store: &Store,
    ids: &[EntryId],
    wanted: Wanted,
) -> Result<(Option<Authors>, Option<Tags>)> {
    if wanted.authors == Want::Yes && wanted.tags == Want::Yes {
        let Names { authors, tags } = store.names_of(ids).await?;
        return Ok((Some(authors), Some(tags)));
    }
    tokio::try_join!(
        fetch(wanted.authors, store.authors_of(ids)),
        fetch(wanted.tags, store.tags_of(ids)),
    )
}

async fn fetch<T>(
    want: Want,
    statement: impl Future<Output = std::result::Result<T, crate::store::StoreError>>,
) -> Result<Option<T>> {
    match want {
        Want::Yes => Ok(Some(statement.await?)),
        Want::No => Ok(None),
    }
}
