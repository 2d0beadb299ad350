//! What a planet's front page costs over HTTP on loopback, answered from a `SQLite` file of 10,000 entries:
//! 50 entries with source and authors, the same as titles only, the same far down, and days with runs.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark fails by panicking, and criterion's macros write no documentation"
)]
#![allow(dead_code, reason = "the tests' publisher can do more")]

#[path = "../tests/it/support/feed.rs"]
mod feed;
#[path = "../tests/it/support/publisher.rs"]
mod publisher;

use chrono::DateTime;
use criterion::{Criterion, criterion_group, criterion_main};
use entity::Millis;
use feedgraph::app::App;
use feedgraph::clock::Clock;
use feedgraph::config::Config;
use feedgraph::follow::{Wish, subscribe};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use self::feed::{Item, rss};
use self::publisher::{Page, Publisher};

const NOW: Millis = Millis(1_795_406_400_000);
const SOURCES: i64 = 20;
const ENTRIES: i64 = 500;
const MINUTE: i64 = 60_000;

struct Bench {
    runtime: Runtime,
    app: App,
    client: reqwest::Client,
    url: String,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::new().expect("a runtime");
        let database = format!("sqlite://{}", folder.path().join("bench.db").display());
        let app = runtime.block_on(start(database));
        Self {
            url: format!("http://{}/graphql", app.address()),
            client: reqwest::Client::new(),
            runtime,
            app,
            _folder: folder,
        }
    }

    fn ask(&self, query: &str, variables: &Value) -> Value {
        let body = json!({"query": query, "variables": variables}).to_string();
        let request = self.client.post(&self.url).body(body);
        let request = request.header("content-type", "application/json");
        self.runtime.block_on(async {
            let bytes = request.send().await.expect("an answer").bytes().await;
            serde_json::from_slice(&bytes.expect("a body")).expect("JSON")
        })
    }
}

async fn start(database: String) -> App {
    let config = Config {
        database,
        listen: "127.0.0.1:0".parse().expect("an address"),
        starter_feeds: false,
        poll: false,
        poll_host_spacing: std::time::Duration::ZERO,
        allow_networks: vec!["127.0.0.0/8".parse().expect("a network")],
        ..Config::defaults().expect("valid defaults")
    };
    let app = App::start(&config, Clock::manual(NOW))
        .await
        .expect("it starts");
    let publisher = Publisher::start().await;
    let parts = app.parts();
    let planet = parts
        .store
        .default_planet()
        .await
        .expect("a store")
        .expect("a planet");
    for source in 0..SOURCES {
        let path = format!("/{source}");
        publisher.set(&path, page(source));
        let mut wish = Wish::new(publisher.url(&path).parse().expect("a URL"));
        wish.planet_ids.push(planet.id);
        subscribe(&parts.store, &parts.bell, &wish, NOW)
            .await
            .expect("a store");
    }
    let never = CancellationToken::new();
    let report = parts
        .poller
        .poll_due_once(&never, |_| {})
        .await
        .expect("a store");
    assert_eq!(report.added, u64::try_from(SOURCES * ENTRIES).expect("few"));
    app
}

/// A feed whose entries lie a few minutes apart, between those of the others.
fn page(source: i64) -> Page {
    let items: Vec<Item> = (0..ENTRIES)
        .map(|number| {
            let at = NOW.0 - (number * SOURCES + source) * 7 * MINUTE;
            let at = DateTime::from_timestamp_millis(at)
                .expect("a date")
                .to_rfc3339();
            let html = "<p>Words about <b>something</b>.</p>".repeat(40);
            Item::new(&format!("{source}-{number}"), &at)
                .by(&format!("Author {source}"))
                .saying(&html)
        })
        .collect();
    Page::rss(rss(
        &format!("Feed {source}"),
        "https://blog.example/",
        &items,
    ))
}

const FRONT: &str = "query($after: String) { planet { entries(first: 50, after: $after) {
    nodes { id title url publishedAt source { id title siteUrl } authors { name } }
    pageInfo { endCursor hasNextPage } } } }";
const TITLES: &str = "{ planet { entries(first: 50) { nodes { title url } } } }";
const DAYS: &str = "{ planet { days(first: 1) { nodes { date runs { source { title } entries { title publishedAt } } } } } }";

fn front_page(criterion: &mut Criterion) {
    let bench = Bench::new();
    let mut deep = Value::Null;
    for _ in 0..150 {
        let answer = bench.ask(FRONT, &json!({"after": deep}));
        deep = answer["data"]["planet"]["entries"]["pageInfo"]["endCursor"].clone();
        assert!(deep.is_string(), "{answer}");
    }
    let mut group = criterion.benchmark_group("front page");
    let cases = [
        ("50 entries", FRONT, json!({})),
        ("50 entries, 7,500 down", FRONT, json!({"after": deep})),
        ("50 titles", TITLES, json!({})),
        ("a day of 100 entries in runs", DAYS, json!({})),
    ];
    for (name, query, variables) in cases {
        assert!(bench.ask(query, &variables).get("errors").is_none());
        group.bench_function(name, |bencher| {
            bencher.iter(|| bench.ask(query, &variables));
        });
    }
    group.finish();
}

criterion_group!(benches, front_page);
criterion_main!(benches);
