//! Pages of lists, after Relay's cursor connections. In: the four arguments, and a page of the store.
//! Out: a slice to ask the store for, and a connection. Must not know: what is listed.

use std::borrow::Cow;

use async_graphql::{Context, Lookahead, Object, OutputType, SimpleObject, TypeName};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cursor;
use super::error::{Code, Fault, Result};
use super::quick::{Edges, Nodes};
use super::scalar::int;
use crate::store::{Direction, Page, Slice};

/// The most rows of one page.
pub const MOST: u32 = 100;
/// The rows of a page when neither `first` nor `last` is given.
pub const USUAL: u32 = 20;

/// The paging arguments of a field, as given.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// So many from the beginning.
    pub first: Option<i32>,
    /// Only what comes after this cursor.
    pub after: Option<String>,
    /// So many from the end.
    pub last: Option<i32>,
    /// Only what comes before this cursor.
    pub before: Option<String>,
}

impl Window {
    /// The arguments of a list that can only be read forwards.
    #[must_use]
    pub fn forward(first: Option<i32>, after: Option<String>) -> Self {
        Self {
            first,
            after,
            ..Self::default()
        }
    }

    /// What to ask the store for; `list` names kind and order of the list, as its cursors do.
    ///
    /// # Errors
    /// `INVALID_PAGE` for a size out of range or two sizes, `INVALID_CURSOR` for a foreign cursor.
    pub fn slice<P: DeserializeOwned>(&self, list: &str) -> Result<Slice<P>> {
        let (size, direction) = match (self.first, self.last) {
            (Some(_), Some(_)) => {
                return Err(Fault::new(
                    Code::InvalidPage,
                    "Give either first or last, not both.",
                ));
            }
            (Some(rows), None) => (size("first", rows, MOST)?, Direction::Forward),
            (None, Some(rows)) => (size("last", rows, MOST)?, Direction::Backward),
            (None, None) => (USUAL, Direction::Forward),
        };
        let position = |cursor: &Option<String>| {
            cursor
                .as_deref()
                .map(|cursor| cursor::decode(list, cursor))
                .transpose()
        };
        Ok(Slice {
            size,
            direction,
            after: position(&self.after)?,
            before: position(&self.before)?,
        })
    }
}

/// A number of rows that is between 1 and `most`.
///
/// # Errors
/// `INVALID_PAGE`, naming the argument.
pub fn size(argument: &str, wanted: i32, most: u32) -> Result<u32> {
    u32::try_from(wanted)
        .ok()
        .filter(|size| (1..=most).contains(size))
        .ok_or_else(|| {
            let message = format!("{argument} must be between 1 and {most}, not {wanted}.");
            Fault::new(Code::InvalidPage, message)
        })
}

/// Where a page stands in its list.
#[derive(Clone, Debug, SimpleObject)]
pub struct PageInfo {
    /// Whether anything comes after the page.
    pub has_next_page: bool,
    /// Whether anything comes before the page.
    pub has_previous_page: bool,
    /// Cursor of the page's first item; null for an empty page.
    pub start_cursor: Option<String>,
    /// Cursor of the page's last item; null for an empty page.
    pub end_cursor: Option<String>,
}

/// An item and where it stands.
#[derive(Debug)]
pub struct Edge<N> {
    cursor: String,
    node: N,
}

impl<N> Edge<N> {
    pub(super) const fn item(&self) -> &N {
        &self.node
    }

    pub(super) fn place(&self) -> &str {
        &self.cursor
    }
}

impl<N: OutputType> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::type_name()).into()
    }
}

/// An item of a list and its place there.
#[Object(name_type)]
impl<N: OutputType> Edge<N> {
    /// Opaque; pass it as `after` or `before` to the same list.
    fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The item.
    fn node(&self) -> &N {
        &self.node
    }
}

/// One page of a list.
#[derive(Debug)]
pub struct Connection<N> {
    edges: Vec<Edge<N>>,
    page_info: PageInfo,
    total: Option<i64>,
}

impl<N> Connection<N> {
    /// A page as the store gave it; `list` as in [`Window::slice`]. `total` must be there when
    /// [`wants_total`] says so.
    pub fn new<P: Serialize>(
        list: &str,
        page: Page<N>,
        position: impl Fn(&N) -> P,
        total: Option<i64>,
    ) -> Self {
        let positions: Vec<P> = page.rows.iter().map(position).collect();
        Self::at(list, page, positions, total)
    }

    /// The same for nodes that do not know their position; `positions` are those of the rows.
    #[must_use]
    pub fn at<P: Serialize>(
        list: &str,
        page: Page<N>,
        positions: Vec<P>,
        total: Option<i64>,
    ) -> Self {
        let edge = |(node, position): (N, P)| Edge {
            cursor: cursor::encode(list, &position),
            node,
        };
        let edges: Vec<Edge<N>> = page.rows.into_iter().zip(positions).map(edge).collect();
        Self {
            page_info: PageInfo {
                has_next_page: page.has_next,
                has_previous_page: page.has_previous,
                start_cursor: edges.first().map(|edge| edge.cursor.clone()),
                end_cursor: edges.last().map(|edge| edge.cursor.clone()),
            },
            edges,
            total,
        }
    }
}

impl<N: OutputType> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

/// One page of a list, after Relay's cursor connections.
#[Object(name_type)]
impl<N: OutputType + 'static> Connection<N> {
    /// The items with their cursors.
    fn edges(&self, ctx: &Context<'_>) -> Edges<'_, N> {
        Edges::new(&self.edges, &ctx.field())
    }

    /// The items.
    fn nodes(&self, ctx: &Context<'_>) -> Nodes<'_, N> {
        Nodes::new(&self.edges, &ctx.field())
    }

    /// Where the page stands.
    fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    /// How many items the whole list has; counted only when it is selected.
    fn total_count(&self) -> Result<i32> {
        self.total.map(int).ok_or_else(Fault::hidden)
    }
}

/// Whether a connection's `totalCount` is selected.
#[must_use]
pub fn wants_total(connection: &Lookahead<'_>) -> bool {
    connection.field("totalCount").exists()
}

/// The selections on a connection's items, by both ways to them.
#[must_use]
pub fn items<'a>(connection: &Lookahead<'a>) -> [Lookahead<'a>; 2] {
    [
        connection.field("nodes"),
        connection.field("edges").field("node"),
    ]
}

/// A page with each of its rows turned into something else.
pub fn map<A, B>(page: Page<A>, change: impl FnMut(A) -> B) -> Page<B> {
    Page {
        rows: page.rows.into_iter().map(change).collect(),
        has_next: page.has_next,
        has_previous: page.has_previous,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(first: Option<i32>, last: Option<i32>) -> Result<(u32, Direction)> {
        let window = Window {
            first,
            last,
            ..Window::default()
        };
        window
            .slice::<i32>("jobs")
            .map(|slice| (slice.size, slice.direction))
    }

    #[test]
    fn sizes_are_one_to_a_hundred_and_twenty_when_left_out() {
        assert_eq!(slice(None, None), Ok((20, Direction::Forward)));
        assert_eq!(slice(Some(100), None), Ok((100, Direction::Forward)));
        assert_eq!(slice(None, Some(1)), Ok((1, Direction::Backward)));
        for (first, last) in [
            (Some(0), None),
            (Some(101), None),
            (None, Some(-1)),
            (Some(1), Some(1)),
        ] {
            assert_eq!(slice(first, last).unwrap_err().code, Code::InvalidPage);
        }
    }

    #[test]
    fn a_foreign_cursor_is_refused() {
        let window = Window::forward(None, Some(cursor::encode("users", &1)));
        assert_eq!(
            window.slice::<i32>("jobs").unwrap_err().code,
            Code::InvalidCursor
        );
    }
}
