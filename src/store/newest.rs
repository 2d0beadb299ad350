//! The newest few rows of each of several parents, each found by its own index range. In: keys. Out:
//! statements. Must not know: which table.

use sea_orm::sea_query::{Asterisk, Query, SelectStatement, UnionType};

/// Branches of one statement; `SQLite` allows 500.
const BRANCHES: usize = 200;

/// One statement for every 200 keys that gives the rows of `one(key)` for each, in its order. A window
/// function would read all rows of every parent to number them.
pub(super) fn newest_of_each<K: Copy>(
    keys: &[K],
    one: impl Fn(K) -> SelectStatement,
) -> Vec<SelectStatement> {
    keys.chunks(BRANCHES)
        .filter_map(|chunk| {
            let mut branches = chunk.iter().map(|key| {
                // Only a derived table may have an order and a limit of its own inside a union.
                Query::select()
                    .column(Asterisk)
                    .from_subquery(one(*key), "newest")
                    .to_owned()
            });
            let mut all = branches.next()?;
            for branch in branches {
                all.union(UnionType::All, branch);
            }
            Some(all)
        })
        .collect()
}
