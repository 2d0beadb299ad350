//! How fast many feeds are polled, beside a bare loop of requests: 2,000 feeds of 20 entries and 60 KB that are
//! all new, then the same not modified. Prints rates, their ratio and the peak of memory. Publisher and
//! poller have a thread each; the database is a `SQLite` file.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark fails by panicking and prints what it measured"
)]
#![allow(dead_code, reason = "the tests' feeds can do more")]

#[path = "../tests/it/support/feed.rs"]
mod feed;

use std::time::{Duration, Instant};

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use entity::Millis;
use feedgraph::clock::Clock;
use feedgraph::fetch::{FetchSettings, Fetcher};
use feedgraph::poll::{PollReport, PollSettings, Poller};
use feedgraph::store::{NewSource, Store, StoreSettings};
use futures::StreamExt;
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use self::feed::{Item, rss};

const FEEDS: u32 = 2_000;
const ENTRIES: u32 = 20;
const AT_ONCE: usize = 32;
const NOW: Millis = Millis(1_795_406_400_000);

fn main() {
    let origin = publisher();
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let bare = bare_loop(&origin).await;
        println!("bare loop, not modified:  {bare:>8.0} feeds/s");
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("bench.db").display());
        let (poller, clock) = poller(&origin, &url).await;
        let (report, seconds) = poll(&poller).await;
        println!(
            "poller, all new:          {:>8.0} feeds/s",
            rate(report.polled, seconds)
        );
        println!(
            "                          {:>8.0} entries/s",
            rate(report.added, seconds)
        );
        clock.advance(48 * 3_600_000);
        let (report, seconds) = poll(&poller).await;
        let mine = rate(report.unchanged, seconds);
        println!("poller, not modified:     {mine:>8.0} feeds/s");
        println!(
            "                          {:>8.2} of the bare loop",
            mine / bare
        );
    });
    println!("peak of memory:           {}", peak());
}

/// Serves every path as one feed, on a thread of its own; gives its address.
fn publisher() -> String {
    async fn answer(Path(name): Path<String>, asked: HeaderMap) -> impl IntoResponse {
        let etag = [("etag", "\"1\"")];
        if asked.contains_key("if-none-match") {
            return (StatusCode::NOT_MODIFIED, etag, String::new());
        }
        (StatusCode::OK, etag, document(&name))
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let router = axum::Router::new().route("/{name}", axum::routing::get(answer));
            axum::serve(listener, router).await.unwrap();
        });
    });
    origin
}

fn document(name: &str) -> String {
    let words = "Words about <b>something</b> that one could <a href=\"/x\">read</a>. ".repeat(36);
    let items: Vec<Item> = (0..ENTRIES)
        .map(|number| Item::new(&format!("{name}-{number}"), "2026-11-20T10:00:00Z").saying(&words))
        .collect();
    rss(name, "https://blog.example/", &items)
}

/// Requests with a client and nothing else, as many at once; gives feeds a second.
async fn bare_loop(origin: &str) -> f64 {
    feedgraph::fetch::init();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let began = Instant::now();
    let requests = futures::stream::iter(0..FEEDS).for_each_concurrent(AT_ONCE, |number| {
        let request = client
            .get(format!("{origin}/{number}"))
            .header("if-none-match", "\"1\"");
        async move {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 304);
            answer.bytes().await.unwrap();
        }
    });
    requests.await;
    rate(u64::from(FEEDS), began.elapsed().as_secs_f64())
}

async fn poller(origin: &str, url: &str) -> (Poller, Clock) {
    let store = Store::open(&StoreSettings::new(url)).await.unwrap();
    store.migrate().await.unwrap();
    for number in 0..FEEDS {
        let new = NewSource::new(format!("{origin}/{number}"), NOW);
        store.add_source(&new).await.unwrap();
    }
    let fetcher = Fetcher::new(FetchSettings {
        allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..FetchSettings::default()
    });
    // All feeds are on one host here, so that its limits are opened.
    let settings = PollSettings {
        concurrency: AT_ONCE,
        per_host: 1_000,
        host_spacing: Duration::ZERO,
        ..PollSettings::default()
    };
    let clock = Clock::manual(NOW);
    let poller = Poller::new(
        store,
        fetcher.unwrap(),
        clock.clone(),
        settings,
        "bench".to_owned(),
    );
    (poller, clock)
}

async fn poll(poller: &Poller) -> (PollReport, f64) {
    let began = Instant::now();
    let never = CancellationToken::new();
    let report = poller.poll_due_once(&never, |_| {}).await.unwrap();
    assert_eq!(report.polled, u64::from(FEEDS));
    (report, began.elapsed().as_secs_f64())
}

fn rate(count: u64, seconds: f64) -> f64 {
    u32::try_from(count).map_or(f64::NAN, f64::from) / seconds
}

/// The most memory that this process had, publisher included; Linux alone tells.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |size| size.trim().to_owned())
}
