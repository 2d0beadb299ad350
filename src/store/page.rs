//! Keyset pages: a page begins where another ended, by value, so its cost does not grow with the depth, and
//! rows that come or go meanwhile neither repeat nor hide others. In: a slice. Out: SQL conditions and pages.
//! Must not know: tables.

use sea_orm::sea_query::{Expr, ExprTrait, Order, SelectStatement};

/// Which way a slice is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the list's beginning or after a position.
    Forward,
    /// From the list's end or before a position.
    Backward,
}

/// The part of a list that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice<P> {
    /// At most so many rows.
    pub size: u32,
    /// From which end of the window they are taken.
    pub direction: Direction,
    /// The window begins after this position.
    pub after: Option<P>,
    /// The window ends before this position.
    pub before: Option<P>,
}

impl<P> Slice<P> {
    /// The first `size` rows.
    #[must_use]
    pub const fn first(size: u32) -> Self {
        Self {
            size,
            direction: Direction::Forward,
            after: None,
            before: None,
        }
    }

    /// The last `size` rows.
    #[must_use]
    pub const fn last(size: u32) -> Self {
        Self {
            size,
            direction: Direction::Backward,
            after: None,
            before: None,
        }
    }

    /// The same within a window that begins after `position`.
    #[must_use]
    pub fn after(mut self, position: P) -> Self {
        self.after = Some(position);
        self
    }

    /// The same within a window that ends before `position`.
    #[must_use]
    pub fn before(mut self, position: P) -> Self {
        self.before = Some(position);
        self
    }

    /// Rows to read: one more than asked for tells whether there are more.
    pub(super) fn limit(&self) -> u64 {
        u64::from(self.size) + 1
    }

    /// The page that the rows read make.
    pub(super) fn page<R>(&self, mut rows: Vec<R>) -> Page<R> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        match self.direction {
            Direction::Forward => Page {
                rows,
                has_next: more,
                has_previous: self.after.is_some(),
            },
            Direction::Backward => {
                rows.reverse();
                Page {
                    rows,
                    has_next: self.before.is_some(),
                    has_previous: more,
                }
            }
        }
    }
}

/// A part of a list, in the list's order whichever way it was read. At the end that was read towards,
/// whether there is more is exact; at the other it is taken from there being a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// There are rows after these.
    pub has_next: bool,
    /// There are rows before these.
    pub has_previous: bool,
}

/// What a list is ordered by: values that together no two rows share, all rising or all falling, as one index
/// has them.
#[derive(Clone, Debug)]
pub(super) struct Keyset {
    pub(super) columns: Vec<Expr>,
    pub(super) order: Order,
}

impl Keyset {
    /// Orders and cuts a statement. Positions are compared as row values, `(a, b) < (?, ?)`, which both
    /// databases look up in the index; written out with AND and OR they would read from the list's end.
    pub(super) fn apply<P>(
        &self,
        select: &mut SelectStatement,
        slice: &Slice<P>,
        values: impl Fn(&P) -> Vec<Expr>,
    ) {
        let falling = self.order == Order::Desc;
        if let Some(after) = &slice.after {
            select.and_where(self.beyond(falling, values(after)));
        }
        if let Some(before) = &slice.before {
            select.and_where(self.beyond(!falling, values(before)));
        }
        self.sort(select, slice.direction);
        select.limit(slice.limit());
    }

    /// Orders a statement in the direction in which it is read.
    pub(super) fn sort(&self, select: &mut SelectStatement, direction: Direction) {
        let falling = (self.order == Order::Desc) == (direction == Direction::Forward);
        let order = if falling { Order::Desc } else { Order::Asc };
        for column in &self.columns {
            select.order_by_expr(column.clone(), order.clone());
        }
    }

    fn beyond(&self, below: bool, values: Vec<Expr>) -> Expr {
        // SQLite looks a row value up in an index over columns, but not over an expression: there the first
        // value alone is said again.
        let hint = match (self.columns.first(), values.first()) {
            (Some(first @ Expr::Custom(_)), Some(value)) if below => {
                Some(first.clone().lte(value.clone()))
            }
            (Some(first @ Expr::Custom(_)), Some(value)) => Some(first.clone().gte(value.clone())),
            _ => None,
        };
        let row = Expr::tuple(self.columns.clone());
        let position = Expr::tuple(values);
        let beyond = if below {
            row.lt(position)
        } else {
            row.gt(position)
        };
        match hint {
            Some(hint) => hint.and(beyond),
            None => beyond,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_too_many_tells_that_there_is_more() {
        let slice = Slice::<i32>::first(2);
        let page = slice.page(vec![1, 2, 3]);
        assert_eq!((page.rows, page.has_next), (vec![1, 2], true));
        let page = slice.after(0).page(vec![1, 2]);
        assert!(!page.has_next && page.has_previous);
    }

    #[test]
    fn what_is_read_backwards_comes_in_the_lists_order() {
        let page = Slice::<i32>::last(2).before(9).page(vec![8, 7, 6]);
        assert_eq!(page.rows, [7, 8]);
        assert!(page.has_next && page.has_previous);
    }
}
