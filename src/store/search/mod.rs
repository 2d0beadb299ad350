//! Full-text search. In: what a person typed, and entries as they are stored. Out: pages, best first, and
//! snippets. Must not know: GraphQL.
//!
//! Texts are cut into terms here, not by the databases, so both find the same: `SQLite` keeps the terms in FTS5 and
//! `PostgreSQL` in a tsvector, each without looking into them. A term stands in several streams, told apart by a
//! character for private use in front of it, which no text can bring in: a word of a title, for example, is
//! indexed as itself and once more as a word of a title. What ranks an entry is therefore in the index, and a page is
//! read without reading bodies.

mod ask;
mod backlog;
mod document;
mod grammar;
mod index;
mod matching;
mod node;
mod plan;
mod score;
mod snippet;
mod terms;

pub use ask::{Hit, SearchPosition};
pub use grammar::Asked;
pub(super) use index::{Indexed, index, reindex};

/// In front of a term: which stream it belongs to.
mod stream {
    /// Of every entry, and of its source.
    pub const META: char = '\u{e000}';
    /// Words of the title.
    pub const TITLE: char = '\u{e001}';
    /// Words of authors' names.
    pub const AUTHOR: char = '\u{e002}';
    /// Words of tags.
    pub const TAG_WORD: char = '\u{e003}';
    /// Whole tags.
    pub const TAG: char = '\u{e004}';
    /// Words that the body says often.
    pub const KEEN: char = '\u{e005}';
    /// Between the words of a whole tag.
    pub const JOINT: char = '\u{e006}';
    /// Stands where nothing is to be found: between fields.
    pub const GAP: char = '\u{e007}';
    /// The end of a word that is written with two pluses, or with a sharp.
    pub const PLUSES: char = '\u{e008}';
    /// See [`PLUSES`].
    pub const SHARP: char = '\u{e009}';
}
