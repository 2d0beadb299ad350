//! The change log as clients see it. In: stored rows of the log. Out: the contract's `Change` with the
//! things it tells of, fetched for many rows at once; and the cursors of the log. Must not know: SQL, or
//! who follows the log.

use std::collections::HashMap;

use async_graphql::{Context, ID, Lookahead, SimpleObject, Union};
use entity::{ChangeKind, EntryId, Revision, SourceId, change};

use super::entry::Entry;
use super::error::{Code, Fault, Result};
use super::gather::{self, Wanted};
use super::page::{PageInfo, Window};
use super::scalar::DateTime;
use super::source::Source;
use super::{cursor, id, store};
use crate::store::{Head, Slice, Store};

/// The name that the log's cursors carry.
const LIST: &str = "changes";
/// The most rows of the log that are read at once.
const CHUNK: u32 = 200;

/// Something that happened to an entry or a source.
#[derive(Clone, Debug, Union)]
pub enum Change {
    /// An entry was stored.
    EntryAdded(EntryAdded),
    /// A stored entry changed.
    EntryUpdated(EntryUpdated),
    /// An entry was taken out.
    EntryRemoved(EntryRemoved),
    /// A source is followed.
    SourceAdded(SourceAdded),
    /// A source changed.
    SourceUpdated(SourceUpdated),
    /// A source is no longer followed.
    SourceRemoved(SourceRemoved),
}

/// An entry was stored.
#[derive(Clone, Debug, SimpleObject)]
pub struct EntryAdded {
    /// Opaque; pass it as `after` to go on from here.
    cursor: String,
    /// When it was stored.
    at: DateTime,
    /// Whether it is one of the entries that a feed already had when it was first followed.
    backlog: bool,
    /// The entry, as it is now.
    entry: Entry,
}

/// A stored entry changed.
#[derive(Clone, Debug, SimpleObject)]
pub struct EntryUpdated {
    /// Opaque; pass it as `after` to go on from here.
    cursor: String,
    /// When the change was stored.
    at: DateTime,
    /// The entry, as it is now.
    entry: Entry,
}

/// An entry was taken out.
#[derive(Clone, Debug, SimpleObject)]
pub struct EntryRemoved {
    /// Opaque; pass it as `after` to go on from here.
    cursor: String,
    /// When it was taken out.
    at: DateTime,
    /// The id that it had.
    entry_id: ID,
}

/// A source is followed from now on.
#[derive(Clone, Debug, SimpleObject)]
pub struct SourceAdded {
    /// Opaque; pass it as `after` to go on from here.
    cursor: String,
    /// When it was first followed.
    at: DateTime,
    /// The source, as it is now.
    source: Source,
}

/// What is public of a source changed.
#[derive(Clone, Debug, SimpleObject)]
pub struct SourceUpdated {
    /// Opaque; pass it as `after` to go on from here.
    cursor: String,
    /// When it changed.
    at: DateTime,
    /// The source, as it is now.
    source: Source,
}

/// A source is no longer followed; its entries are gone with it.
#[derive(Clone, Debug, SimpleObject)]
pub struct SourceRemoved {
    /// Opaque; pass it as `after` to go on from here.
    cursor: String,
    /// When it was removed.
    at: DateTime,
    /// The id that it had.
    source_id: ID,
}

/// A change and where it stands in the log.
#[derive(Clone, Debug, SimpleObject)]
pub struct ChangeEdge {
    /// Opaque; pass it as `after` to go on from here.
    cursor: String,
    /// The change.
    node: Change,
}

/// One page of the change log, oldest first.
#[derive(Clone, Debug, SimpleObject)]
pub struct ChangeConnection {
    /// The changes with their cursors.
    edges: Vec<ChangeEdge>,
    /// Where the page stands. endCursor also covers what was looked at and is shown to nobody.
    page_info: PageInfo,
}

/// The cursor of a place in the log; carries the database's epoch, so that one of another database is
/// told apart.
#[must_use]
pub fn cursor_of(epoch: &str, revision: Revision) -> String {
    cursor::encode(LIST, &(epoch, revision))
}

/// Where to go on from after a cursor.
///
/// # Errors
/// `INVALID_CURSOR` for one that the log did not make, `CURSOR_EXPIRED` for one of another database or
/// from before what is kept.
pub fn place(head: &Head, after: &str) -> Result<Revision> {
    let (epoch, revision): (String, Revision) = cursor::decode(LIST, after)?;
    if epoch != head.epoch || revision < head.trimmed_to {
        return Err(expired());
    }
    if revision > head.revision {
        let message = "This cursor is ahead of the change log.";
        return Err(Fault::new(Code::InvalidCursor, message));
    }
    Ok(revision)
}

/// The log does not reach back far enough.
#[must_use]
pub fn expired() -> Fault {
    let message = "The change log does not reach back to this cursor: read everything anew and go on from a new one.";
    Fault::new(Code::CursorExpired, message)
}

/// The changes that these rows of the log tell of, in their order, with the rows' numbers. What was
/// removed since is left out: its removal comes later in the log.
///
/// # Errors
/// `INTERNAL` when the store fails.
pub async fn tell(
    store: &Store,
    epoch: &str,
    rows: &[change::Model],
    wanted: Wanted,
) -> Result<Vec<(Revision, Change)>> {
    let entry_ids: Vec<EntryId> =
        subjects(rows, |row| row.entry_id.filter(|_| shows_entry(row.kind)));
    let source_ids: Vec<SourceId> =
        subjects(rows, |row| row.source_id.filter(|_| shows_source(row.kind)));
    let (entries, sources) = tokio::try_join!(
        store.entries_by_ids(&entry_ids),
        store.sources_by_ids(&source_ids)
    )?;
    let entries = gather::entries(store, None, entries.into_values().collect(), wanted).await?;
    let things = Things {
        epoch,
        entries: entries
            .into_iter()
            .map(|entry| (entry.row.id, entry))
            .collect(),
        sources: sources
            .into_iter()
            .map(|(id, row)| (id, Source::from(row)))
            .collect(),
    };
    let told = |row: &change::Model| Some((row.revision, things.tell(row)?));
    Ok(rows.iter().filter_map(told).collect())
}

fn subjects<K: Ord>(rows: &[change::Model], key: impl Fn(&change::Model) -> Option<K>) -> Vec<K> {
    let mut keys: Vec<K> = rows.iter().filter_map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

const fn shows_entry(kind: ChangeKind) -> bool {
    matches!(kind, ChangeKind::EntryAdded | ChangeKind::EntryUpdated)
}

const fn shows_source(kind: ChangeKind) -> bool {
    matches!(kind, ChangeKind::SourceAdded | ChangeKind::SourceUpdated)
}

struct Things<'a> {
    epoch: &'a str,
    entries: HashMap<EntryId, Entry>,
    sources: HashMap<SourceId, Source>,
}

impl Things<'_> {
    fn tell(&self, row: &change::Model) -> Option<Change> {
        let cursor = cursor_of(self.epoch, row.revision);
        let at = DateTime(row.at);
        let entry = || self.entries.get(&row.entry_id?).cloned();
        let source = || self.sources.get(&row.source_id?).cloned();
        Some(match row.kind {
            ChangeKind::EntryAdded => Change::EntryAdded(EntryAdded {
                cursor,
                at,
                backlog: row.backlog,
                entry: entry()?,
            }),
            ChangeKind::EntryUpdated => Change::EntryUpdated(EntryUpdated {
                cursor,
                at,
                entry: entry()?,
            }),
            ChangeKind::EntryRemoved => Change::EntryRemoved(EntryRemoved {
                cursor,
                at,
                entry_id: id::encode(row.entry_id?),
            }),
            ChangeKind::SourceAdded => Change::SourceAdded(SourceAdded {
                cursor,
                at,
                source: source()?,
            }),
            ChangeKind::SourceUpdated => Change::SourceUpdated(SourceUpdated {
                cursor,
                at,
                source: source()?,
            }),
            ChangeKind::SourceRemoved => Change::SourceRemoved(SourceRemoved {
                cursor,
                at,
                source_id: id::encode(row.source_id?),
            }),
            ChangeKind::Other => return None,
        })
    }
}

/// A page of the log.
///
/// # Errors
/// `INVALID_PAGE`, `INVALID_CURSOR`, `CURSOR_EXPIRED`, or `INTERNAL` when the store fails.
pub async fn list(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<ChangeConnection> {
    let slice: Slice<()> = Window::forward(first, None).slice(LIST)?;
    let store = store(ctx)?;
    let head = store.head().await?;
    let from = match &after {
        Some(after) => place(&head, after)?,
        None => head.trimmed_to,
    };
    let entry = ctx.look_ahead().field("edges").field("node").field("entry");
    let size = usize::try_from(slice.size).unwrap_or(usize::MAX);
    let read = read(store, &head.epoch, from, size, wanted(&entry)).await?;
    Ok(read.into_page(&head, from))
}

/// What a selection on a change wants of its entry.
#[must_use]
pub fn wanted(entry: &Lookahead<'_>) -> Wanted {
    Wanted::of(std::slice::from_ref(entry))
}

struct Read {
    changes: Vec<(Revision, Change)>,
    /// The number of the last row looked at.
    until: Revision,
}

async fn read(
    store: &Store,
    epoch: &str,
    from: Revision,
    size: usize,
    wanted: Wanted,
) -> Result<Read> {
    let mut read = Read {
        changes: Vec::new(),
        until: from,
    };
    while read.changes.len() < size {
        let rows = store.changes_after(read.until, CHUNK).await?;
        let Some(last) = rows.last().map(|row| row.revision) else {
            break;
        };
        let missing = size - read.changes.len();
        let mut shown: Vec<change::Model> = rows
            .into_iter()
            .filter(|row| row.kind != ChangeKind::Other)
            .collect();
        read.until = match shown.get(missing) {
            Some(_) => shown.get(missing - 1).map_or(last, |row| row.revision),
            None => last,
        };
        shown.truncate(missing);
        read.changes
            .extend(tell(store, epoch, &shown, wanted).await?);
    }
    Ok(read)
}

impl Read {
    fn into_page(self, head: &Head, from: Revision) -> ChangeConnection {
        let cursor = |revision| cursor_of(&head.epoch, revision);
        ChangeConnection {
            page_info: PageInfo {
                has_next_page: self.until < head.revision,
                has_previous_page: from > head.trimmed_to,
                start_cursor: self.changes.first().map(|(revision, _)| cursor(*revision)),
                end_cursor: (self.until > from).then(|| cursor(self.until)),
            },
            edges: self
                .changes
                .into_iter()
                .map(|(revision, node)| ChangeEdge {
                    cursor: cursor(revision),
                    node,
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_in_this_log_or_refused() {
        let head = Head {
            revision: Revision(9),
            epoch: "e".to_owned(),
            trimmed_to: Revision(4),
            kept_since: None,
        };
        let code = |epoch: &str, revision| {
            place(&head, &cursor_of(epoch, Revision(revision))).map_err(|fault| fault.code)
        };
        assert_eq!(code("e", 4), Ok(Revision(4)));
        assert_eq!(code("e", 9), Ok(Revision(9)));
        assert_eq!(code("e", 3), Err(Code::CursorExpired));
        assert_eq!(code("other", 5), Err(Code::CursorExpired));
        assert_eq!(code("e", 10), Err(Code::InvalidCursor));
        assert_eq!(place(&head, "x").unwrap_err().code, Code::InvalidCursor);
    }
}
