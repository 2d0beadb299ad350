//! A database as it lies there, past the program. In: an address and SQL that gives one column of text. Out: the texts. For
//! tests that compare what is stored with what should be, and look for what must never be.

use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection,
};

use super::{Database, Kind};

/// A connection of the test's own.
pub enum Raw {
    /// To a file.
    Sqlite(SqliteConnection),
    /// To the server of this run.
    Postgres(PgConnection),
}

impl Raw {
    /// Opens it.
    pub async fn open(database: &Database) -> Self {
        match database.kind {
            Kind::Sqlite => {
                let connection = SqliteConnection::connect(&database.url).await;
                Self::Sqlite(connection.expect("the file opens"))
            }
            Kind::Postgres => {
                let connection = PgConnection::connect(&database.url).await;
                Self::Postgres(connection.expect("the server answers"))
            }
        }
    }

    /// The one column of all rows.
    pub async fn texts(&mut self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => {
                let rows = sqlx::query(sql).fetch_all(connection).await;
                let rows = rows.expect("rows");
                rows.iter().map(|row| row.get(0)).collect()
            }
            Self::Postgres(connection) => {
                let rows = sqlx::query(sql).fetch_all(connection).await;
                let rows = rows.expect("rows");
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Changes rows.
    pub async fn run(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(|_| ()),
            Self::Postgres(connection) => connection.execute(sql).await.map(|_| ()),
        }
        .expect("it is done");
    }

    /// Looks for whatever must never be, at whatever instant the program was killed: half-stored entries, wrong
    /// counters, holes in the change log, entries that were told twice or not at all.
    pub async fn assert_sound(&mut self) {
        for (what, sql) in NEVER {
            let found = self.texts(sql).await;
            assert!(found.is_empty(), "{what}: {found:?}");
        }
        if matches!(self, Self::Sqlite(_)) {
            assert_eq!(self.texts("PRAGMA integrity_check").await, ["ok"]);
            let broken = self
                .texts("SELECT \"table\" FROM pragma_foreign_key_check")
                .await;
            assert!(broken.is_empty(), "rows without their parents: {broken:?}");
        }
    }
}

/// What must never be, and the rows that would show it. Kind 0 of a change is an entry that was added.
const NEVER: &[(&str, &str)] = &[
    (
        "entries without a body",
        "SELECT guid FROM entry WHERE NOT EXISTS \
         (SELECT 1 FROM entry_body WHERE entry_body.entry_id = entry.id)",
    ),
    (
        "entries without their author",
        "SELECT guid FROM entry WHERE NOT EXISTS \
         (SELECT 1 FROM entry_author WHERE entry_author.entry_id = entry.id)",
    ),
    (
        "doubled entries",
        "SELECT guid FROM entry GROUP BY source_id, guid HAVING COUNT(*) > 1",
    ),
    (
        "wrong counts of sources' entries",
        "SELECT feed_url FROM source WHERE entry_count <> \
         (SELECT COUNT(*) FROM entry WHERE entry.source_id = source.id)",
    ),
    (
        "wrong counts of authors' entries",
        "SELECT name FROM author WHERE entry_count <> \
         (SELECT COUNT(*) FROM entry_author WHERE entry_author.author_id = author.id)",
    ),
    (
        "wrong counts of authors' entries in a source",
        "SELECT CAST(author_id AS TEXT) FROM source_author WHERE entry_count <> \
         (SELECT COUNT(*) FROM entry_author WHERE entry_author.author_id = source_author.author_id \
          AND entry_author.source_id = source_author.source_id)",
    ),
    (
        "planets without some of their sources' entries",
        "SELECT guid FROM entry JOIN planet_source ON planet_source.source_id = entry.source_id \
         WHERE NOT EXISTS (SELECT 1 FROM planet_entry WHERE planet_entry.entry_id = entry.id \
         AND planet_entry.planet_id = planet_source.planet_id)",
    ),
    (
        "holes in the change log",
        "SELECT 'of ' || COUNT(*) || ' up to ' || MAX(revision) FROM change \
         HAVING COUNT(*) <> MAX(revision) - MIN(revision) + 1",
    ),
    (
        "a head that is not the newest change",
        "SELECT CAST(revision AS TEXT) FROM change_head \
         WHERE revision <> (SELECT COALESCE(MAX(revision), 0) FROM change)",
    ),
    (
        "entries that were not told of once",
        "SELECT guid FROM entry WHERE \
         (SELECT COUNT(*) FROM change WHERE change.entry_id = entry.id AND change.kind = 0) <> 1",
    ),
    (
        "changes of entries that are not there",
        "SELECT CAST(revision AS TEXT) FROM change WHERE entry_id IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM entry WHERE entry.id = change.entry_id)",
    ),
];
