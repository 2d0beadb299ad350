//! Search. In: what was typed, and what the store found. Out: the contract's connection with scores and snippets.
//! Must not know: SQL, how queries are read.

use async_graphql::{Context, Object, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::cursor;
use super::entry::Entry;
use super::error::{Fault, Result};
use super::filter::EntryFilter;
use super::gather::{self, Wanted};
use super::page::{self, PageInfo, Window};
use super::scalar::{Html, int};
use super::store;
use crate::store::{Asked, SearchPosition};

/// An entry that was found.
#[derive(Clone, Debug, SimpleObject)]
pub struct SearchEdge {
    /// Opaque; pass it as `after` to the same search.
    cursor: String,
    /// The entry.
    node: Entry,
    /// How well it fits, above 0; never higher than that of the edge before.
    score: f64,
    /// Why it was found: the words found are marked with `<mark>`, everything else is escaped.
    snippet: Html,
}

/// One page of what a search found, best first.
#[derive(Debug)]
pub struct SearchConnection {
    edges: Vec<SearchEdge>,
    page_info: PageInfo,
    total: Option<i64>,
}

/// One page of what a search found, best first.
#[Object]
impl SearchConnection {
    /// The entries with their cursors, scores and snippets.
    fn edges(&self) -> &[SearchEdge] {
        &self.edges
    }

    /// The entries.
    fn nodes(&self) -> Vec<&Entry> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where the page stands.
    fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    /// How many entries are found: exact up to 10,000, which stands for that many or more; counted only when it is
    /// selected.
    fn total_count(&self) -> Result<i32> {
        self.total.map(int).ok_or_else(Fault::hidden)
    }
}

/// A page of what is found.
///
/// # Errors
/// `INVALID_PAGE`, `INVALID_CURSOR`, or `INTERNAL` when the store fails.
pub async fn find(
    ctx: &Context<'_>,
    query: &str,
    filter: Option<EntryFilter>,
    (first, after): (Option<i32>, Option<String>),
) -> Result<SearchConnection> {
    let list = list(query);
    let slice = Window::forward(first, after).slice::<SearchPosition>(&list)?;
    let filter = filter.unwrap_or_default().resolve(ctx).await?;
    let asked = Asked::read(query);
    let store = store(ctx)?;
    let look = ctx.look_ahead();
    let page = store
        .search(&asked, &filter, slice.size, slice.after.as_ref())
        .await?;
    let total = if page::wants_total(&look) {
        Some(store.count_search(&asked, &filter).await?)
    } else {
        None
    };
    let mut marks = Vec::with_capacity(page.rows.len());
    let mut rows = Vec::with_capacity(page.rows.len());
    for hit in page.rows {
        marks.push((cursor::encode(&list, &hit.position), hit.score));
        rows.push(hit.entry);
    }
    let mut snippets = if look.field("edges").field("snippet").exists() {
        store.snippets(&asked, &rows).await?
    } else {
        std::collections::HashMap::new()
    };
    let nodes = gather::entries(store, None, rows, Wanted::of(&page::items(&look))).await?;
    let edge = |(node, (cursor, score)): (Entry, (String, f64))| SearchEdge {
        snippet: Html(snippets.remove(&node.row.id).unwrap_or_default()),
        cursor,
        node,
        score,
    };
    let edges: Vec<SearchEdge> = nodes.into_iter().zip(marks).map(edge).collect();
    Ok(SearchConnection {
        page_info: PageInfo {
            has_next_page: page.has_next,
            has_previous_page: page.has_previous,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        },
        edges,
        total,
    })
}

/// The name of the list that a query makes: a cursor of another query is refused.
fn list(query: &str) -> String {
    let digest = Sha256::digest(query.as_bytes());
    let short = digest.get(..9).unwrap_or_default();
    format!("search.{}", URL_SAFE_NO_PAD.encode(short))
}
