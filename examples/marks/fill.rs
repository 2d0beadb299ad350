//! Fills the tables by the million, faster than visits could. In: an address. Out: rows that are consistent. Must not know:
//! what is measured.

use sqlx::{AssertSqlSafe, PgPool, SqlitePool};

/// How many entries there are.
pub const ENTRIES: i64 = 1_000_000;
/// How many sources; entry n belongs to source n % 1,000 + 1.
pub const SOURCES: i64 = 1_000;
/// How many readers.
pub const USERS: i64 = 1_000;
/// When the last entry was first seen: one every ten seconds.
pub const LAST_SEEN: i64 = ENTRIES * 10_000;

/// Fills an empty database.
pub async fn fill(url: &str) {
    if url.starts_with("sqlite") {
        let pool = SqlitePool::connect(url).await.unwrap();
        for sql in statements(sqlite_numbers, "x'00'", "CAST(n AS BLOB)") {
            sqlx::query(AssertSqlSafe(sql))
                .execute(&pool)
                .await
                .unwrap();
        }
        sqlx::query("ANALYZE").execute(&pool).await.unwrap();
        pool.close().await;
        return;
    }
    let pool = PgPool::connect(url).await.unwrap();
    for sql in statements(
        postgres_numbers,
        "'\\x00'::bytea",
        "decode(lpad(to_hex(n), 16, '0'), 'hex')",
    ) {
        sqlx::query(AssertSqlSafe(sql))
            .execute(&pool)
            .await
            .unwrap();
    }
    sqlx::query("VACUUM ANALYZE").execute(&pool).await.unwrap();
    pool.close().await;
}

fn sqlite_numbers(most: i64) -> String {
    format!(
        "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {most}) SELECT n FROM c)"
    )
}

fn postgres_numbers(most: i64) -> String {
    format!("(SELECT generate_series(1::bigint, {most}::bigint) AS n)")
}

fn statements(numbers: fn(i64) -> String, no_bytes: &str, identity: &str) -> Vec<String> {
    let [entries, sources, users] =
        [ENTRIES, SOURCES, USERS].map(|most| format!("{} AS numbers", numbers(most)));
    let each = ENTRIES / SOURCES;
    let week = 7 * 86_400_000;
    let place = format!("n * 10000 - (n * 7919 % 1000) * {}", week / 1_000);
    vec![
        format!(
            "INSERT INTO source (id, feed_url, feed_url_key, title, title_key, status, tags, keep_rules, drop_rules, entry_count, created_at) \
             SELECT n, 'https://example.org/' || n, 'example.org/' || n, 'Source ' || n, 'source ' || n, 0, '[]', '[]', '[]', {each}, 0 FROM {sources}"
        ),
        "INSERT INTO planet (id, slug, title, is_default, created_at) VALUES (1, 'p', 'P', true, 0)".to_owned(),
        format!("INSERT INTO planet_source (planet_id, source_id) SELECT 1, n FROM {sources} WHERE n <= 100"),
        format!(
            "INSERT INTO entry (id, source_id, identity, guid, title, summary, published_at, date_quality, first_seen_at, word_count, has_enclosure, content_hash, backlog) \
             SELECT n, n % {SOURCES} + 1, {identity}, 'urn:' || n, 'Entry number ' || n, 'What it says, in about as many words as usual, and a little more than that.', \
             {place}, 0, n * 10000, 100, false, {no_bytes}, false FROM {entries}"
        ),
        format!(
            "INSERT INTO planet_entry (planet_id, entry_id, source_id, published_at, first_seen_at) \
             SELECT 1, id, source_id, published_at, first_seen_at FROM entry WHERE source_id <= 100"
        ),
        format!(
            "INSERT INTO user_account (id, username, username_key, password_hash, role, created_at) \
             SELECT n, 'reader' || n, 'reader' || n, '', 0, 0 FROM {users}"
        ),
        format!(
            "INSERT INTO reading (user_id, source_id, read_through, read_count) \
             SELECT users.n, source.id, {ENTRIES} - (users.n % 50) * {SOURCES}, {each} - users.n % 50 FROM {} AS users CROSS JOIN source",
            numbers(USERS)
        ),
        // A hundred entries of each reader that are unread all the same, old ones, and as many stars.
        format!(
            "INSERT INTO read_mark (user_id, source_id, entry_id, is_read, at) \
             SELECT users.n, entry.source_id, entry.id, false, 0 FROM {} AS users JOIN entry ON entry.id % 5000 = users.n AND entry.id < 500000",
            numbers(USERS)
        ),
        "UPDATE reading SET read_count = read_count - (SELECT COUNT(*) FROM read_mark m WHERE m.user_id = reading.user_id AND m.source_id = reading.source_id)".to_owned(),
        format!(
            "INSERT INTO star (user_id, entry_id, published_at, at) \
             SELECT users.n, entry.id, entry.published_at, 0 FROM {} AS users JOIN entry ON entry.id % 5000 = users.n",
            numbers(USERS)
        ),
    ]
}
