//! The viewer's marks. In: stored marks. Out: the contract's `EntryState`. Must not know: SQL.

use async_graphql::SimpleObject;

use super::scalar::DateTime;
use crate::store::EntryMarks;

/// The viewer's own marks on an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SimpleObject)]
pub struct EntryState {
    /// Whether the viewer has read it.
    pub read: bool,
    /// Whether the viewer has starred it.
    pub starred: bool,
    /// When it was marked read; where it was not marked by itself, when `markAllRead` last was called for its source.
    pub read_at: Option<DateTime>,
    /// When it was starred.
    pub starred_at: Option<DateTime>,
}

impl From<EntryMarks> for EntryState {
    fn from(marks: EntryMarks) -> Self {
        Self {
            read: marks.read,
            starred: marks.starred_at.is_some(),
            read_at: marks.read_at.map(DateTime),
            starred_at: marks.starred_at.map(DateTime),
        }
    }
}
