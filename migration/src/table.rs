//! A short way to write a table with its columns and indexes for both databases. In: names. Out: `SeaQuery`
//! statements. Must not know: which tables there are.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// A table being described. Columns are not null unless the method's name says so.
#[derive(Debug)]
pub struct Table {
    name: &'static str,
    columns: Vec<Column>,
    primary: Vec<&'static str>,
    parents: Vec<(&'static str, &'static str)>,
    indexes: Vec<IndexCreateStatement>,
    expression_indexes: Vec<String>,
}

#[derive(Debug)]
struct Column {
    definition: ColumnDef,
    /// Compared byte by byte on both databases, so that lists have one order.
    bytewise: bool,
}

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident, $or_null:ident: $kind:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(self, name: &'static str) -> Self {
            self.column(ColumnDef::new(name).$kind().not_null().to_owned())
        }

        /// The same, or null.
        #[allow(dead_code, reason = "not every kind has a nullable column")]
        pub fn $or_null(self, name: &'static str) -> Self {
            self.column(ColumnDef::new(name).$kind().null().to_owned())
        }
    )*};
}

impl Table {
    /// A table without columns.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            columns: Vec::new(),
            primary: Vec::new(),
            parents: Vec::new(),
            indexes: Vec::new(),
            expression_indexes: Vec::new(),
        }
    }

    columns! {
        /// A 64-bit integer; also a key or an instant in milliseconds.
        big, big_or_null: big_integer;
        /// A 32-bit integer.
        int, int_or_null: integer;
        /// A 16-bit integer; also a word of a fixed list.
        small, small_or_null: small_integer;
        /// True or false.
        flag, flag_or_null: boolean;
        /// Text of any length.
        text, text_or_null: text;
        /// Bytes.
        blob, blob_or_null: blob;
    }

    /// A key that the database gives and never gives again (AUTOINCREMENT on `SQLite`), which ids shown
    /// outside and tombstones rely on.
    pub fn key(self, name: &'static str) -> Self {
        self.column(
            ColumnDef::new(name)
                .big_integer()
                .not_null()
                .auto_increment()
                .primary_key()
                .to_owned(),
        )
    }

    /// Text that a list is ordered by.
    pub fn sorted_text(mut self, name: &'static str) -> Self {
        self.columns.push(Column {
            definition: ColumnDef::new(name).text().not_null().to_owned(),
            bytewise: true,
        });
        self
    }

    /// The columns that identify a row, where there is no [`Table::key`].
    pub fn primary(mut self, columns: &[&'static str]) -> Self {
        self.primary = columns.to_vec();
        self
    }

    /// A column that holds the `id` of a row of `parent` and goes when that row goes.
    pub fn belongs(mut self, column: &'static str, parent: &'static str) -> Self {
        self.parents.push((column, parent));
        self
    }

    /// An index over columns.
    pub fn index(self, columns: &[&'static str]) -> Self {
        let index = self.index_named(columns);
        self.with_index(index)
    }

    /// An index over columns that no two rows share.
    pub fn unique(self, columns: &[&'static str]) -> Self {
        let index = self.index_named(columns).unique().to_owned();
        self.with_index(index)
    }

    /// An index over those rows only in which `present` is not null.
    pub fn index_where(self, columns: &[&'static str], present: &'static str) -> Self {
        let index = self
            .index_named(columns)
            .and_where(Expr::col(present).is_not_null())
            .to_owned();
        self.with_index(index)
    }

    /// An index over a fixed SQL expression and then a column. The text must be the one that the list is
    /// ordered by. Plain SQL, since `SeaQuery` writes no such index for `SQLite`; both databases read it.
    pub fn index_by(mut self, expression: &str, column: &str) -> Self {
        let name = self.name;
        self.expression_indexes.push(format!(
            "CREATE INDEX {name}_by_order_{column} ON {name} (({expression}), {column})"
        ));
        self
    }

    fn index_named(&self, columns: &[&'static str]) -> IndexCreateStatement {
        let mut index = Index::create()
            .name(format!("{}_by_{}", self.name, columns.join("_")))
            .table(self.name)
            .to_owned();
        for column in columns {
            index.col(*column);
        }
        index
    }

    fn with_index(mut self, index: IndexCreateStatement) -> Self {
        self.indexes.push(index);
        self
    }

    fn column(mut self, definition: ColumnDef) -> Self {
        self.columns.push(Column {
            definition,
            bytewise: false,
        });
        self
    }

    fn statement(&self, backend: DbBackend) -> TableCreateStatement {
        let mut table = sea_orm_migration::sea_query::Table::create()
            .table(self.name)
            .to_owned();
        for column in &self.columns {
            let mut definition = column.definition.clone();
            if column.bytewise && backend == DbBackend::Postgres {
                definition.extra("COLLATE \"C\"");
            }
            table.col(&mut definition);
        }
        if !self.primary.is_empty() {
            let mut primary = Index::create();
            for column in &self.primary {
                primary.col(*column);
            }
            table.primary_key(&mut primary);
        }
        for (column, parent) in &self.parents {
            table.foreign_key(
                ForeignKey::create()
                    .from(self.name, *column)
                    .to(*parent, "id")
                    .on_delete(ForeignKeyAction::Cascade),
            );
        }
        table
    }
}

/// Makes the tables and their indexes, in the order given.
///
/// # Errors
/// When the database refuses a statement.
pub async fn create(manager: &SchemaManager<'_>, tables: Vec<Table>) -> Result<(), DbErr> {
    for table in tables {
        let statement = table.statement(manager.get_database_backend());
        manager.create_table(statement).await?;
        for index in table.indexes {
            manager.create_index(index).await?;
        }
        for sql in &table.expression_indexes {
            manager.get_connection().execute_unprepared(sql).await?;
        }
    }
    Ok(())
}

/// Takes the tables away, the last first.
///
/// # Errors
/// When the database refuses a statement.
pub async fn drop(manager: &SchemaManager<'_>, tables: Vec<Table>) -> Result<(), DbErr> {
    for table in tables.into_iter().rev() {
        let statement = sea_orm_migration::sea_query::Table::drop()
            .table(table.name)
            .to_owned();
        manager.drop_table(statement).await?;
    }
    Ok(())
}
