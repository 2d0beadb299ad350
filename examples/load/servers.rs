//! What is measured, each a process of its own: the program itself, a bare handler, a page written by hand. In: arguments. Out: a
//! port on the first line, then answers. Must not know: who asks.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use chrono::{DateTime, SecondsFormat};
use entity::PlanetId;
use feedgraph::app::App;
use feedgraph::cli::limits::raise_open_files;
use feedgraph::clock::Clock;
use feedgraph::config::Config;
use feedgraph::follow::{Followed, Wish, subscribe};
use feedgraph::telemetry;
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

/// `feedgraph serve --no-poll` over a database. At each line on its input it visits a feed that has one entry more than
/// before, and says when the visit began and when it was committed, in microseconds.
pub async fn program(database: String, cache_mib: u64) {
    raise_open_files();
    let config = Config {
        database,
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        answer_cache_mib: cache_mib,
        starter_feeds: false,
        poll: false,
        poll_host_spacing: Duration::ZERO,
        allow_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..Config::defaults().unwrap()
    };
    // As it is usually set, but for the visits' lines.
    telemetry::start("info,feedgraph::poll=warn", config.log_format);
    let app = App::start(&config, Clock::system()).await.unwrap();
    println!("{}", app.address().port());
    let parts = app.parts().clone();
    let mut source = None;
    while let Some(feed) = line().await {
        let now = parts.clock.now();
        if source.is_none() {
            let mut wish = Wish::new(feed.parse().unwrap());
            wish.planet_ids.push(PlanetId(1));
            let followed = subscribe(&parts.store, &parts.bell, &wish, now).await;
            let (Followed::New(row) | Followed::AlreadyThere(row)) = followed.unwrap();
            parts.poller.visit_now(row.id).await.unwrap();
            source = Some(row.id);
        }
        let mut committed = parts.store.committed();
        committed.borrow_and_update();
        let hearing = tokio::spawn(async move {
            committed.changed().await.unwrap();
            micros()
        });
        let began = micros();
        let visited = parts.poller.visit_now(source.unwrap()).await.unwrap();
        assert_eq!(visited.unwrap().summary.added, 1);
        println!("{began} {}", hearing.await.unwrap());
    }
}

/// A line of the standard input; none at its end.
async fn line() -> Option<String> {
    let read = || {
        let mut line = String::new();
        let length = std::io::stdin().read_line(&mut line).unwrap();
        (length > 0).then(|| line.trim().to_owned())
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

/// Now, in microseconds; the same for all processes.
#[allow(
    clippy::disallowed_methods,
    reason = "two processes share no other clock"
)]
pub fn micros() -> u128 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap().as_micros()
}

/// A handler that sends the bytes of a file.
pub async fn bare(path: &str) {
    let bytes = Bytes::from(std::fs::read(path).unwrap());
    let answer = async move |_asked: Bytes| {
        let kind = [(CONTENT_TYPE, "application/json; charset=utf-8")];
        (kind, bytes.clone())
    };
    serve(Router::new().route("/graphql", post(answer))).await;
}

/// The front page by hand: one statement, rows, JSON.
pub async fn by_hand(database: &str) {
    let options: SqliteConnectOptions = database.parse().unwrap();
    let options = options
        .read_only(true)
        .pragma("mmap_size", "1073741824")
        .pragma("cache_size", "-4096");
    let pool = SqlitePoolOptions::new().max_connections(4);
    let pool = pool.connect_with(options).await.unwrap();
    serve(Router::new().route("/page", get(page)).with_state(pool)).await;
}

async fn serve(router: Router) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    axum::serve(listener, router).await.unwrap();
}

#[derive(Deserialize)]
struct Place {
    published: Option<i64>,
    id: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    id: String,
    title: String,
    url: Option<String>,
    published_at: String,
    source: Source,
    authors: Vec<Author>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    id: String,
    title: String,
    site_url: Option<String>,
}

#[derive(Serialize)]
struct Author {
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    end_cursor: Option<String>,
    has_next_page: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entries {
    nodes: Vec<Node>,
    page_info: PageInfo,
}

#[derive(Serialize)]
struct Planet {
    entries: Entries,
}

#[derive(Serialize)]
struct Data {
    planet: Planet,
}

#[derive(Serialize)]
struct Answer {
    data: Data,
}

type Row = (
    i64,
    String,
    Option<String>,
    i64,
    i64,
    String,
    Option<String>,
    Option<String>,
);

const PAGE: &str = "SELECT e.id, e.title, e.url, p.published_at, s.id, s.title, s.site_url, a.name \
    FROM planet_entry p JOIN entry e ON e.id = p.entry_id JOIN source s ON s.id = e.source_id \
    LEFT JOIN entry_author ea ON ea.entry_id = e.id LEFT JOIN author a ON a.id = ea.author_id \
    WHERE p.planet_id = 1 AND (p.published_at, p.entry_id) < (?, ?) \
    ORDER BY p.published_at DESC, p.entry_id DESC, ea.position LIMIT 51";

async fn page(State(pool): State<SqlitePool>, Query(place): Query<Place>) -> impl IntoResponse {
    let rows: Vec<Row> = sqlx::query_as(PAGE)
        .bind(place.published.unwrap_or(i64::MAX))
        .bind(place.id.unwrap_or(i64::MAX))
        .fetch_all(&pool)
        .await
        .unwrap();
    let more = rows.len() > 50;
    let mut nodes: Vec<Node> = Vec::with_capacity(50);
    let mut last = String::new();
    for (id, title, url, at, source_id, source_title, site_url, author) in rows.into_iter().take(50)
    {
        last.clear();
        write!(last, "{at},{id}").unwrap();
        let id = id.to_string();
        let author = author.map(|name| Author { name });
        if let Some(node) = nodes.last_mut().filter(|node| node.id == id) {
            node.authors.extend(author);
            continue;
        }
        let at = DateTime::from_timestamp_millis(at).unwrap();
        nodes.push(Node {
            id,
            title,
            url,
            published_at: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            source: Source {
                id: source_id.to_string(),
                title: source_title,
                site_url,
            },
            authors: author.into_iter().collect(),
        });
    }
    let page_info = PageInfo {
        end_cursor: (!nodes.is_empty()).then_some(last),
        has_next_page: more,
    };
    let entries = Entries { nodes, page_info };
    let planet = Planet { entries };
    axum::Json(Answer {
        data: Data { planet },
    })
}

/// A feed that has one entry more each time it is asked for; gives its address.
pub async fn feed() -> String {
    use super::feed::{Item, rss};
    let count = Arc::new(Mutex::new(0_u32));
    let answer = async move || {
        let mut count = count.lock().unwrap();
        *count += 1;
        let at = DateTime::from_timestamp_millis(Clock::system().now().0).unwrap();
        let items: Vec<Item> = (0..*count)
            .rev()
            .take(20)
            .map(|number| Item::new(&format!("news-{number}"), &at.to_rfc3339()))
            .collect();
        rss("News", "https://news.example/", &items)
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new().route("/feed", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://127.0.0.1:{port}/feed")
}
