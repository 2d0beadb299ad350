//! How fast many feeds are polled, beside a bare loop of requests in the same run: 2,000 feeds of 20 entries and 60 KB that are all
//! new, then the same not modified, each on a host of its own with the usual settings, and once more on one host whose limits are
//! opened. Prints rates, their ratio and the peak of memory. Publisher and poller are processes with a core each; the
//! database is a `SQLite` file. `cargo bench --bench poll`
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark fails by panicking and prints what it measured"
)]
#![allow(dead_code, reason = "the tests' feeds can do more")]

#[path = "../tests/it/support/feed.rs"]
mod feed;
#[path = "../examples/shared/memory.rs"]
mod memory;
#[path = "../examples/shared/on_core.rs"]
mod on_core;

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
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
use self::on_core::on_core;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FEEDS: u32 = 2_000;
const ENTRIES: u32 = 20;
const AT_ONCE: usize = 32;
const NOW: Millis = Millis(1_795_406_400_000);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("publisher") => publisher(),
        Some("poller") => poll_all(arguments.get(2).unwrap()),
        _ => {
            let mut publisher = start("1", &["publisher"]);
            let mut port = String::new();
            BufReader::new(publisher.stdout.take().unwrap())
                .read_line(&mut port)
                .unwrap();
            let mut poller = start("0", &["poller", port.trim()]);
            for line in BufReader::new(poller.stdout.take().unwrap()).lines() {
                println!("{}", line.unwrap());
            }
            let done = poller.wait().unwrap();
            publisher.kill().unwrap();
            publisher.wait().unwrap();
            assert!(done.success());
        }
    }
}

fn start(core: &str, arguments: &[&str]) -> Child {
    on_core(core, arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("taskset, which keeps a program on one core")
}

/// Serves every path as one feed at every address of the loopback network; says its port.
fn publisher() {
    async fn answer(Path(name): Path<String>, asked: HeaderMap) -> impl IntoResponse {
        let etag = [("etag", "\"1\"")];
        if asked.contains_key("if-none-match") {
            return (StatusCode::NOT_MODIFIED, etag, String::new());
        }
        (StatusCode::OK, etag, document(&name))
    }
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        let router = axum::Router::new().route("/{name}", axum::routing::get(answer));
        axum::serve(listener, router).await.unwrap();
    });
}

fn document(name: &str) -> String {
    let words = "Words about <b>something</b> that one could <a href=\"/x\">read</a>. ".repeat(36);
    let items: Vec<Item> = (0..ENTRIES)
        .map(|number| Item::new(&format!("{name}-{number}"), "2026-11-20T10:00:00Z").saying(&words))
        .collect();
    rss(name, "https://blog.example/", &items)
}

fn poll_all(port: &str) {
    feedgraph::fetch::init();
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        println!("{FEEDS} hosts with a feed each");
        let many = |number: u32| {
            let (third, fourth) = (number / 200, number % 200 + 1);
            format!("http://127.1.{third}.{fourth}:{port}/{number}")
        };
        measure(many, PollSettings::default(), true).await;
        println!("{FEEDS} hosts, commits that do not wait for the disk");
        measure(many, PollSettings::default(), false).await;
        println!("one host with {FEEDS} feeds and open limits");
        let one = |number: u32| format!("http://127.0.0.1:{port}/{number}");
        let open = PollSettings {
            per_host: 1_000,
            host_spacing: Duration::ZERO,
            ..PollSettings::default()
        };
        measure(one, open, true).await;
    });
    println!("peak of memory             {}", peak());
}

async fn measure(url: impl Fn(u32) -> String, settings: PollSettings, waits_for_disk: bool) {
    let bare = bare_loop(&url).await;
    println!("  bare loop, not modified  {bare:>8.0} feeds/s");
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite://{}", folder.path().join("bench.db").display());
    let mut store = StoreSettings::new(file);
    store.waits_for_disk = waits_for_disk;
    let (poller, clock) = poller(&url, &store, settings).await;
    let (report, seconds) = poll(&poller).await;
    println!(
        "  poller, all new          {:>8.0} feeds/s {:>8.0} entries/s",
        rate(report.polled, seconds),
        rate(report.added, seconds)
    );
    clock.advance(48 * 3_600_000);
    let (report, seconds) = poll(&poller).await;
    let mine = rate(report.unchanged, seconds);
    println!(
        "  poller, not modified     {mine:>8.0} feeds/s {:>8.2} of the bare loop",
        mine / bare
    );
}

/// Requests with a client and nothing else, as many at once; gives feeds a second.
async fn bare_loop(url: impl Fn(u32) -> String) -> f64 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let began = Instant::now();
    let requests = futures::stream::iter(0..FEEDS).for_each_concurrent(AT_ONCE, |number| {
        let request = client.get(url(number)).header("if-none-match", "\"1\"");
        async move {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 304);
            answer.bytes().await.unwrap();
        }
    });
    requests.await;
    rate(u64::from(FEEDS), began.elapsed().as_secs_f64())
}

async fn poller(
    url: impl Fn(u32) -> String,
    settings: &StoreSettings,
    polling: PollSettings,
) -> (Poller, Clock) {
    let store = Store::open(settings).await.unwrap();
    store.migrate().await.unwrap();
    for number in 0..FEEDS {
        let new = NewSource::new(url(number), NOW);
        store.add_source(&new).await.unwrap();
    }
    let fetcher = Fetcher::new(FetchSettings {
        allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
        idle_per_host: usize::try_from(polling.per_host).unwrap(),
        ..FetchSettings::default()
    });
    let polling = PollSettings {
        concurrency: AT_ONCE,
        ..polling
    };
    let clock = Clock::manual(NOW);
    let name = "bench".to_owned();
    let poller = Poller::new(store, fetcher.unwrap(), clock.clone(), polling, name);
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

/// The most memory that the poller had; Linux alone tells.
fn peak() -> String {
    let peak = memory::memory("self", "VmHWM:");
    peak.map_or_else(|| "unknown".to_owned(), |kib| format!("{kib} kB"))
}
