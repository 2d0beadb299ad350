//! A condition on the index as a statement. In: a condition, and what the index does not know. Out: a statement that gives
//! the keys of entries. Must not know: pages, scores.

use entity::entry;
use sea_orm::sea_query::{Expr, ExprTrait, JoinType, Query, SelectStatement};

use super::node::Node;
use crate::store::{Backend, Store};

impl Store {
    /// The keys of the entries that fit.
    pub(super) fn matching(&self, node: &Node, conditions: &[Expr]) -> SelectStatement {
        // Plain SQL: each database has its own words for "contains".
        let fits = match self.backend() {
            Backend::Sqlite => Expr::cust_with_values("entry_search MATCH ?", [node.to_fts5()]),
            Backend::Postgres => Expr::cust_with_values(
                "entry_search.terms @@ CAST($1 AS tsquery)",
                [node.to_tsquery()],
            ),
        };
        let mut select = Query::select()
            .expr(self.key())
            .from("entry_search")
            .and_where(fits)
            .to_owned();
        self.join_entries(&mut select, conditions, false);
        for condition in conditions {
            select.and_where(condition.clone());
        }
        select
    }

    /// Joins the rows of entries, once: [`Store::matching`] does it for conditions; whoever wants more of the rows does
    /// it (`wanted`) where there are none.
    pub(super) fn join_entries(
        &self,
        select: &mut SelectStatement,
        conditions: &[Expr],
        wanted: bool,
    ) {
        if wanted != conditions.is_empty() {
            return;
        }
        // On SQLite CROSS says that the index is read first, in its order.
        let join = match self.backend() {
            Backend::Sqlite => JoinType::CrossJoin,
            Backend::Postgres => JoinType::InnerJoin,
        };
        let is_its_row = Expr::col((entry::Entity, entry::Column::Id)).eq(self.key());
        select.join(join, entry::Entity, is_its_row.clone());
        // The condition of a CROSS JOIN is not written: it has none in standard SQL.
        if self.backend() == Backend::Sqlite {
            select.and_where(is_its_row);
        }
    }

    pub(super) fn key(&self) -> Expr {
        match self.backend() {
            Backend::Sqlite => Expr::cust("entry_search.rowid"),
            Backend::Postgres => Expr::cust("entry_search.entry_id"),
        }
    }
}
