//! From a document to drafts. In: what parsing gave. Out: a [`FeedDraft`]. Pure: no clock, no network, no SQL.

mod draft;

pub use draft::{
    AuthorDraft, Content, Dates, EnclosureDraft, EntryDraft, FeedDraft, FeedFacts, Finding,
    LazyContent, RawContent, Rhythm,
};
