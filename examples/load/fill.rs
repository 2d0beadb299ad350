//! Fills a `SQLite` file faster than visits could, through the tables as the migrations make them. In: a path and numbers.
//! Out: sources in a planet, their entries with authors and bodies, all consistent, and the search index of the newest of
//! them. Must not know: what is measured.

use std::path::Path;
use std::str::FromStr;
use std::time::Instant;

use entity::{Millis, SourceId};
use feedgraph::clock::Clock;
use feedgraph::store::{AddSource, NewPlanet, NewSource, Store, StoreSettings, WritePlanet};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite};

use super::words::Text;

/// How many sources; entry n belongs to source n % 1,000 + 1, which has one author.
const SOURCES: u64 = 1_000;
/// An entry every minute, before now.
const MINUTE: i64 = 60_000;
/// Rows of one statement, and of one transaction.
const ROWS: u64 = 500;
const COMMIT: u64 = 20_000;
/// Entries that are indexed in one transaction.
const INDEXED: u64 = 5_000;

/// How much there is to be.
#[derive(Clone, Copy)]
pub struct Size {
    pub entries: u64,
    /// The newest so many are found by searches.
    pub indexed: u64,
}

/// The address of a database of that size in a folder, made unless it is there.
pub async fn database(folder: &Path, size: Size) -> String {
    let name = format!("load-{}-{}.db", size.entries, size.indexed);
    let path = folder.join(&name);
    let url = format!("sqlite://{}", path.display());
    if path.exists() {
        return url;
    }
    let began = Instant::now();
    let new = format!("{}.new", path.display());
    let files = |end: &str| (format!("{new}{end}"), format!("{}{end}", path.display()));
    for end in ["", "-wal", "-shm"] {
        std::fs::remove_file(files(end).0).ok();
    }
    let settings = StoreSettings {
        waits_for_disk: false,
        ..StoreSettings::new(format!("sqlite://{new}"))
    };
    let store = Store::open(&settings).await.unwrap();
    store.migrate().await.unwrap();
    let now = Clock::system().now();
    sources(&store, now).await;
    let pool = pool(&settings.url).await;
    entries(&pool, size.entries, now).await;
    derived(&pool, size).await;
    pool.close().await;
    let filled = began.elapsed().as_secs();
    while store.index_backlog(INDEXED, now).await.unwrap() > 0 {
        if left(&settings.url).await <= size.entries - size.indexed {
            break;
        }
    }
    finish(&settings.url).await;
    store.close().await.unwrap();
    // Nothing is in the log any more.
    std::fs::rename(files("").0, files("").1).unwrap();
    let all = began.elapsed().as_secs();
    println!(
        "{name}: filled in {filled} s, indexed in {} s",
        all - filled
    );
    url
}

async fn pool(url: &str) -> SqlitePool {
    let options = SqliteConnectOptions::from_str(url).unwrap();
    let options = options
        .pragma("synchronous", "OFF")
        .pragma("cache_size", "-400000");
    let pool = SqlitePoolOptions::new().max_connections(1);
    pool.connect_with(options).await.unwrap()
}

async fn sources(store: &Store, now: Millis) {
    let mut ids: Vec<SourceId> = Vec::new();
    for number in 1..=SOURCES {
        let mut new = NewSource::new(format!("https://blog{number}.example/feed"), now);
        new.title = Some(format!("The blog of writer {number}"));
        new.site_url = Some(format!("https://blog{number}.example/"));
        let AddSource::Added(added) = store.add_source(&new).await.unwrap() else {
            unreachable!("the database is new");
        };
        ids.push(added.row.id);
    }
    let planet = NewPlanet {
        slug: "planet".to_owned(),
        title: "Planet".to_owned(),
        description: None,
        link: None,
        owner_name: None,
        links: Vec::new(),
        source_ids: ids,
        at: now,
    };
    let written = store.create_planet(&planet).await.unwrap();
    assert!(matches!(written, WritePlanet::Written(_)));
}

async fn entries(pool: &SqlitePool, count: u64, now: Millis) {
    let mut number = 1;
    while number <= count {
        let end = (number + COMMIT).min(count + 1);
        let mut transaction = pool.begin().await.unwrap();
        while number < end {
            let next = (number + ROWS).min(end);
            let texts: Vec<(u64, Text)> = (number..next).map(|n| (n, Text::of(n))).collect();
            let mut rows = entry_rows(&texts, count, now);
            rows.build().execute(&mut *transaction).await.unwrap();
            let mut rows = body_rows(&texts);
            rows.build().execute(&mut *transaction).await.unwrap();
            number = next;
        }
        transaction.commit().await.unwrap();
    }
}

fn entry_rows(texts: &[(u64, Text)], count: u64, now: Millis) -> QueryBuilder<Sqlite> {
    let mut rows = QueryBuilder::new(
        "INSERT INTO entry (id, source_id, identity, guid, url, title, summary, published_at, date_quality, \
         first_seen_at, word_count, has_enclosure, content_hash, backlog) ",
    );
    rows.push_values(texts, |mut row, (number, text)| {
        // Within a week of the order in which they came.
        let seen = now.0 - (count - number + 60) as i64 * MINUTE;
        let published = seen - (number * 7_919 % 1_000) as i64 * 10 * MINUTE;
        let source = number % SOURCES + 1;
        let url = format!("https://blog{source}.example/posts/{number}");
        row.push_bind(*number as i64)
            .push_bind(source as i64)
            .push_bind(number.to_be_bytes().to_vec())
            .push_bind(url.clone())
            .push_bind(url)
            .push_bind(&text.title)
            .push_bind(&text.summary)
            .push_bind(published)
            .push("0")
            .push_bind(seen)
            .push("80")
            .push("false")
            .push_bind(number.to_be_bytes().to_vec())
            .push("true");
    });
    rows
}

fn body_rows(texts: &[(u64, Text)]) -> QueryBuilder<Sqlite> {
    let mut rows =
        QueryBuilder::new("INSERT INTO entry_body (entry_id, content_html, content_text) ");
    rows.push_values(texts, |mut row, (number, text)| {
        row.push_bind(*number as i64)
            .push_bind(format!("<p>{}</p>", text.body))
            .push_bind(&text.body);
    });
    rows
}

/// Everything that follows from sources and entries, and no polling: nothing is due.
async fn derived(pool: &SqlitePool, size: Size) {
    let statements = [
        "INSERT INTO author (id, identity, name, name_key, entry_count, is_edited) \
         SELECT id, 'name:' || id || ':writer', 'Writer ' || id, 'writer ' || id, 0, false FROM source".to_owned(),
        "INSERT INTO entry_author (entry_id, position, author_id, source_id, published_at) \
         SELECT id, 0, source_id, source_id, published_at FROM entry".to_owned(),
        "INSERT INTO planet_entry (planet_id, entry_id, source_id, published_at, first_seen_at) \
         SELECT planet.id, entry.id, source_id, published_at, first_seen_at FROM entry, planet".to_owned(),
        "UPDATE source SET entry_count = (SELECT COUNT(*) FROM entry WHERE source_id = source.id), \
         latest_entry_at = (SELECT MAX(published_at) FROM entry WHERE source_id = source.id)".to_owned(),
        "UPDATE author SET entry_count = (SELECT entry_count FROM source WHERE source.id = author.id)".to_owned(),
        "INSERT INTO source_author (source_id, author_id, entry_count) SELECT id, id, entry_count FROM source".to_owned(),
        "UPDATE poll_state SET next_poll_at = NULL, due_now = false".to_owned(),
        format!("UPDATE entry_search_backlog SET up_to = {}", if size.indexed == 0 { 0 } else { size.entries }),
    ];
    for sql in statements {
        let query = sqlx::query(AssertSqlSafe(sql));
        query.execute(pool).await.unwrap();
    }
}

/// The highest entry that is not indexed yet.
async fn left(url: &str) -> u64 {
    let pool = pool(url).await;
    let left: i64 = sqlx::query_scalar("SELECT up_to FROM entry_search_backlog")
        .fetch_one(&pool)
        .await
        .unwrap();
    pool.close().await;
    left as u64
}

/// What is not indexed stays so, and everything is in one file.
async fn finish(url: &str) {
    let pool = pool(url).await;
    for sql in [
        "UPDATE entry_search_backlog SET up_to = 0",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    ] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    pool.close().await;
}
