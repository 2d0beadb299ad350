//! Pages of entries as public lists show them, where they come as one text: on `SQLite`. Every value of a row costs its driver two
//! allocations and every row a hand-over between threads, which together were half of what a page cost. In: a filter, an
//! order, a slice, and what is shown. Out: entries with just that, their authors and tags. Must not know: names of fields in
//! the API.

use entity::{AuthorId, DateQuality, EntryId, Millis, SourceId, author, entry};
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{ActiveEnum as _, DbErr};
use serde::Deserialize;

use super::entries::{EntryFilter, EntryOrder, EntryPosition, from_one_range};
use super::error::Reading as _;
use super::page::{Page, Slice};
use super::{Backend, Store, StoreError};

/// What is shown of entries beside what nearly every list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Their summaries.
    pub summary: bool,
    /// Who wrote them.
    pub authors: bool,
    /// Their tags.
    pub tags: bool,
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownEntry {
    /// Its row; hashes, whether it has files, what was not to be shown may be missing from it.
    pub row: entry::Model,
    /// Who wrote it, in the publisher's order, with key, name and addresses; none when they were not to be shown.
    pub authors: Option<Vec<author::Model>>,
    /// Its tags as spelled there, in the publisher's order; none when they were not to be shown.
    pub tags: Option<Vec<String>>,
}

impl Store {
    /// A page of entries with what is shown of them; none where it does not come as one text.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_shown_entries(
        &self,
        filter: &EntryFilter,
        order: EntryOrder,
        slice: &Slice<EntryPosition>,
        shown: Shown,
    ) -> Result<Option<Page<ShownEntry>>, StoreError> {
        let is_plain = self.backend() == Backend::Sqlite && filter.marks.is_none();
        let statement = is_plain.then(|| as_text(filter, order, slice, shown));
        let Some(statement) = statement.flatten() else {
            return Ok(None);
        };
        let rows = self.ask(&statement).await;
        let rows = rows.and_then(|rows| {
            let text: Option<String> = match rows.first() {
                Some(row) => row.try_get_by_index(0)?,
                None => None,
            };
            read(&text.unwrap_or_default())
        });
        Ok(Some(slice.page(rows.reading("a page of entries")?)))
    }
}

/// A statement that gives a page as one text; none when it is not read from one range. A subquery with a LIMIT keeps its order,
/// and what is made of its rows is made in that order. Plain SQL, since it is for `SQLite` alone.
fn as_text(
    filter: &EntryFilter,
    order: EntryOrder,
    slice: &Slice<EntryPosition>,
    shown: Shown,
) -> Option<SelectStatement> {
    let summary = if shown.summary { "entry.summary" } else { "''" };
    let authors = if shown.authors {
        "(SELECT json_group_array(json_array(link.position, author.id, author.name, author.url, author.avatar_url)) \
         FROM entry_author link JOIN author ON author.id = link.author_id WHERE link.entry_id = entry.id)"
    } else {
        "NULL"
    };
    let tags = if shown.tags {
        "(SELECT json_group_array(json_array(position, name)) FROM entry_tag WHERE entry_id = entry.id)"
    } else {
        "NULL"
    };
    let row = format!(
        "json_array(entry.id, entry.source_id, entry.guid, entry.url, entry.title, {summary}, entry.language, \
         entry.published_at, entry.date_quality, entry.updated_at, entry.first_seen_at, entry.image_url, \
         entry.comments_url, entry.word_count, {authors}, {tags})"
    );
    let mut rows = Query::select();
    rows.expr_as(Expr::cust(row), "shown").from(entry::Entity);
    let rows = from_one_range(filter, order, slice, rows)?;
    let page = Query::select()
        .expr(Expr::cust("group_concat(page.shown)"))
        .from_subquery(rows, "page")
        .to_owned();
    Some(page)
}

#[derive(Deserialize)]
struct Row(
    EntryId,
    SourceId,
    String,
    Option<String>,
    String,
    String,
    Option<String>,
    Millis,
    i16,
    Option<Millis>,
    Millis,
    Option<String>,
    Option<String>,
    i32,
    Option<Vec<Writer>>,
    Option<Vec<(i16, String)>>,
);

#[derive(Deserialize)]
struct Writer(i16, AuthorId, String, Option<String>, Option<String>);

fn read(rows: &str) -> Result<Vec<ShownEntry>, DbErr> {
    let rows: Vec<Row> = serde_json::from_str(&format!("[{rows}]"))
        .map_err(|error| DbErr::Type(format!("a page as text: {error}")))?;
    rows.into_iter().map(entry_of).collect()
}

fn entry_of(row: Row) -> Result<ShownEntry, DbErr> {
    let authors = row.14.map(|mut writers| {
        writers.sort_unstable_by_key(|writer| writer.0);
        writers.into_iter().map(author_of).collect()
    });
    let tags = row.15.map(|mut tags| {
        tags.sort_unstable();
        tags.into_iter().map(|(_, name)| name).collect()
    });
    let row = entry::Model {
        id: row.0,
        source_id: row.1,
        identity: Vec::new(),
        guid: row.2,
        url: row.3,
        url_key: None,
        title: row.4,
        summary: row.5,
        language: row.6,
        published_at: row.7,
        date_quality: DateQuality::try_from_value(&row.8)?,
        updated_at: row.9,
        first_seen_at: row.10,
        image_url: row.11,
        comments_url: row.12,
        word_count: row.13,
        has_enclosure: false,
        content_hash: Vec::new(),
        backlog: false,
    };
    Ok(ShownEntry { row, authors, tags })
}

fn author_of(writer: Writer) -> author::Model {
    author::Model {
        id: writer.1,
        identity: String::new(),
        name: writer.2,
        name_key: String::new(),
        url: writer.3,
        avatar_url: writer.4,
        entry_count: 0,
        is_edited: false,
    }
}
