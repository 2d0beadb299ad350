//! The few entries that a reader has read or not, gathered source by source. In: a reader, a filter. Out: conditions that
//! find them, as text. Must not know: how marks are written, pages.

use std::fmt::Write as _;

use entity::UserId;
use sea_orm::sea_query::Expr;

use super::Backend;
use super::entries::EntryFilter;

/// The unread entries of all sources that have some: those beyond the watermark without a mark that says read, and those
/// marked unread. Plain SQL: each database must be kept from reading all entries, `SQLite` by CROSS JOIN, which it does
/// not reorder, `PostgreSQL` by a LATERAL subquery with a limit, which it does not flatten.
pub(super) fn unread_ones(filter: &EntryFilter, user: UserId, backend: Backend) -> Expr {
    const BEYOND: &str = "e.source_id = s.id AND e.id > COALESCE(r.read_through, 0)";
    const UNREAD: &str = "s.entry_count > COALESCE(r.read_count, 0) AND NOT EXISTS (\
        SELECT 1 FROM read_mark m WHERE m.user_id = ? AND m.source_id = s.id AND m.entry_id = e.id AND m.is_read)";
    const READER: &str = "source s LEFT JOIN reading r ON r.user_id = ? AND r.source_id = s.id";
    let scope = plain_scope(filter, "s.id");
    let beyond = match backend {
        Backend::Sqlite => {
            format!(
                "SELECT e.id FROM {READER} CROSS JOIN entry e WHERE {BEYOND} AND {UNREAD}{scope}"
            )
        }
        Backend::Postgres => format!(
            "SELECT e.id FROM {READER} CROSS JOIN LATERAL (\
             SELECT e.id FROM entry e WHERE {BEYOND} ORDER BY e.id LIMIT 1000000) e WHERE {UNREAD}{scope}"
        ),
    };
    let marked = plain_scope(filter, "m.source_id");
    let sql = format!(
        "{beyond} UNION \
         SELECT m.entry_id FROM read_mark m WHERE m.user_id = ? AND m.is_read = ?{marked}"
    );
    plain(
        &sql,
        [user.into(), user.into(), user.into(), false.into()],
        backend,
    )
}

/// The read entries, likewise.
pub(super) fn read_ones(filter: &EntryFilter, user: UserId, backend: Backend) -> Expr {
    let scope = plain_scope(filter, "r.source_id");
    let marked = plain_scope(filter, "m.source_id");
    let sql = format!(
        "SELECT e.id FROM reading r CROSS JOIN entry e WHERE r.user_id = ? \
         AND e.source_id = r.source_id AND e.id <= r.read_through AND NOT EXISTS (\
         SELECT 1 FROM read_mark m WHERE m.user_id = ? AND m.source_id = r.source_id AND m.entry_id = e.id \
         AND NOT m.is_read){scope} UNION \
         SELECT m.entry_id FROM read_mark m WHERE m.user_id = ? AND m.is_read = ?{marked}"
    );
    plain(
        &sql,
        [user.into(), user.into(), user.into(), true.into()],
        backend,
    )
}

/// A condition that an entry is one of these, which are told by a text with a `?` for each value, as `SQLite` has it.
/// `PostgreSQL` numbers them, and is given an array: it looks each up by its key then, where for a list it would rather
/// read the whole table.
fn plain(sql: &str, values: [sea_orm::Value; 4], backend: Backend) -> Expr {
    if backend == Backend::Sqlite {
        return Expr::cust_with_values(format!("entry.id IN ({sql})"), values);
    }
    let mut parts = sql.split('?');
    let mut numbered = parts.next().unwrap_or_default().to_owned();
    for (number, part) in (1..).zip(parts) {
        write!(numbered, "${number}{part}").ok();
    }
    Expr::cust_with_values(format!("entry.id = ANY(ARRAY({numbered}))"), values)
}

/// The sources that a filter means, as text; all of it is numbers.
fn plain_scope(filter: &EntryFilter, column: &str) -> String {
    let mut sql = String::new();
    if let Some(planet) = filter.planet {
        let planet = planet.0;
        write!(
            sql,
            " AND {column} IN (SELECT source_id FROM planet_source WHERE planet_id = {planet})"
        )
        .ok();
    }
    if let Some(sources) = &filter.source_ids {
        let ids: Vec<String> = sources.iter().map(|id| id.0.to_string()).collect();
        let ids = if ids.is_empty() {
            "NULL".to_owned()
        } else {
            ids.join(", ")
        };
        write!(sql, " AND {column} IN ({ids})").ok();
    }
    sql
}
