//! Statements as `SQLite` can keep them ready. In: statements. Out: the same with every number of rows written out. `SQLite` looks
//! at what is bound to a LIMIT when it plans, so a statement that has it bound is parsed and planned again each time that it is
//! asked; pages are bounded, so there are few texts. Must not know: what is asked.

use std::fmt::{self, Display, Write};

use sea_orm::sea_query::{QueryBuilder, SelectStatement, SqlWriter, SqliteQueryBuilder};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, QueryResult, Statement, Value, Values};

use super::{Backend, Store};

impl Store {
    /// The rows of a statement that is asked often.
    pub(super) async fn ask(&self, select: &SelectStatement) -> Result<Vec<QueryResult>, DbErr> {
        match self.backend() {
            Backend::Sqlite => self.reader().query_all_raw(written_out(select)).await,
            Backend::Postgres => self.reader().query_all(select).await,
        }
    }
}

/// The statement for `SQLite`.
fn written_out(select: &SelectStatement) -> Statement {
    let mut text = Text::default();
    select.build_collect_any_into(&SqliteQueryBuilder, &mut text);
    Statement::from_sql_and_values(DbBackend::Sqlite, text.sql, Values(text.values))
}

#[derive(Default)]
struct Text {
    sql: String,
    values: Vec<Value>,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.sql.write_str(text)
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sql)
    }
}

impl SqlWriter for Text {
    /// Only numbers of rows are unsigned; no column is.
    fn push_param<T: QueryBuilder>(&mut self, value: Value, _: &T) {
        if let Value::BigUnsigned(Some(rows)) = value {
            // Writing to a string does not fail.
            write!(self.sql, "{rows}").ok();
        } else {
            self.sql.push('?');
            self.values.push(value);
        }
    }

    fn as_writer(&mut self) -> &mut dyn Write {
        self
    }
}

#[cfg(test)]
mod tests {
    use entity::{EntryId, entry};
    use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect, QueryTrait};

    use super::*;

    #[test]
    fn numbers_of_rows_are_written_out_and_values_are_bound() {
        let select = entry::Entity::find()
            .select_only()
            .column(entry::Column::Id)
            .filter(entry::Column::Id.gt(EntryId(7)))
            .limit(51)
            .into_query();
        let statement = written_out(&select);
        assert!(statement.sql.ends_with("> ? LIMIT 51"), "{}", statement.sql);
        assert_eq!(statement.values.unwrap().0, [Value::from(7_i64)]);
    }
}
