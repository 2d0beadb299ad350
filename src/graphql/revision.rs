//! Earlier versions of entries. In: what the store kept. Out: the API's `EntryRevision`. Must not know: SQL.

use async_graphql::Object;

use super::scalar::{DateTime, Html, Url};
use crate::store;

/// Most that are shown of one entry at once.
pub const MOST: u32 = 50;

/// A version of an entry.
#[derive(Clone, Debug)]
pub struct EntryRevision(pub store::EntryRevision);

/// A version of an entry that the publisher replaced by a newer one.
#[Object]
impl EntryRevision {
    /// Plain text; empty when the publisher gave none.
    fn title(&self) -> &str {
        &self.0.title
    }

    /// The page of the entry, as it was then.
    fn url(&self) -> Option<Url> {
        self.0.url.clone().map(Url)
    }

    /// The whole content as published then, sanitised.
    fn content(&self) -> Option<Html> {
        self.0.content_html().map(Html)
    }

    /// When the publisher had last changed it then.
    fn updated_at(&self) -> Option<DateTime> {
        self.0.updated_at.map(DateTime)
    }

    /// When this version was first seen.
    fn seen_at(&self) -> DateTime {
        DateTime(self.0.seen_at)
    }

    /// When the next version was seen.
    fn replaced_at(&self) -> DateTime {
        DateTime(self.0.replaced_at)
    }
}
