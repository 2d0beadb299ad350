//! What one visit costs, from the request to what is stored, over loopback into a `SQLite` file: a feed of 50
//! entries of about 1.2 KB each that is not modified, whose body is equal, in which one entry changed, whose 50 entries are all new.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark fails by panicking, and criterion's macros write no documentation"
)]
#![allow(dead_code, reason = "the tests' publisher can do more")]

#[path = "../tests/it/support/feed.rs"]
mod feed;
#[path = "../tests/it/support/publisher.rs"]
mod publisher;

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use entity::{Millis, PollOutcome, SourceId};
use feedgraph::clock::Clock;
use feedgraph::fetch::{FetchSettings, Fetcher};
use feedgraph::poll::{PollSettings, Poller};
use feedgraph::store::{AddSource, NewSource, Store, StoreSettings};
use tokio::runtime::Runtime;

use self::feed::{Item, rss};
use self::publisher::{Page, Publisher};

const NOW: Millis = Millis(1_795_406_400_000);
const ENTRIES: u64 = 50;

struct Bench {
    runtime: Runtime,
    publisher: Publisher,
    poller: Poller,
    source: SourceId,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::new().expect("a runtime");
        let url = format!("sqlite://{}", folder.path().join("bench.db").display());
        let (publisher, poller, source) = runtime.block_on(start(&url));
        Self {
            runtime,
            publisher,
            poller,
            source,
            _folder: folder,
        }
    }

    /// Visits after every setting of the page, and times the visits alone.
    fn time(&self, rounds: u64, expected: PollOutcome, page: impl Fn(u64) -> Page) -> Duration {
        let mut time = Duration::ZERO;
        for round in 0..rounds {
            self.publisher.set("/feed", page(round));
            let began = Instant::now();
            let visit = self.poller.visit_now(self.source);
            let visited = self.runtime.block_on(visit).expect("a store");
            time += began.elapsed();
            assert_eq!(visited.expect("a visit").attempt.outcome, expected);
        }
        time
    }
}

async fn start(url: &str) -> (Publisher, Poller, SourceId) {
    let store = Store::open(&StoreSettings::new(url))
        .await
        .expect("a database");
    store.migrate().await.expect("tables");
    let fetcher = Fetcher::new(FetchSettings {
        allowed_networks: vec!["127.0.0.0/8".parse().expect("a network")],
        ..FetchSettings::default()
    });
    let settings = PollSettings {
        host_spacing: Duration::ZERO,
        ..PollSettings::default()
    };
    let clock = Clock::manual(NOW);
    let fetcher = fetcher.expect("a fetcher");
    let poller = Poller::new(store.clone(), fetcher, clock, settings, "bench".to_owned());
    let publisher = Publisher::start().await;
    publisher.set("/feed", page("first", 0));
    let new = NewSource::new(publisher.url("/feed"), NOW);
    let AddSource::Added(added) = store.add_source(&new).await.expect("a source") else {
        unreachable!("the database is new");
    };
    poller.visit_now(added.row.id).await.expect("a store");
    (publisher, poller, added.row.id)
}

/// A feed whose entries have `ids` in their identifiers, and whose first entry says `edition`.
fn page(ids: &str, edition: u64) -> Page {
    let items: Vec<Item> = (0..ENTRIES)
        .map(|number| {
            let words = "Words about <b>something</b> that one could <a href=\"/x\">read</a>. ";
            let edition = if number == 0 { edition } else { 0 };
            let html = format!("<p>{edition}</p><p>{}</p>", words.repeat(16));
            Item::new(&format!("{ids}-{number}"), "2026-11-20T10:00:00Z").saying(&html)
        })
        .collect();
    Page::rss(rss("A feed", "https://blog.example/", &items))
}

fn visits(criterion: &mut Criterion) {
    let bench = Bench::new();
    let mut group = criterion.benchmark_group("visit");
    group.bench_function("not modified", |bencher| {
        let same = page("first", 0).etag("\"1\"");
        bench.publisher.set("/feed", same.clone());
        bench
            .runtime
            .block_on(bench.poller.visit_now(bench.source))
            .expect("a store");
        bencher.iter_custom(|rounds| bench.time(rounds, PollOutcome::Unchanged, |_| same.clone()));
    });
    group.bench_function("equal body", |bencher| {
        let same = page("first", 0);
        bencher.iter_custom(|rounds| bench.time(rounds, PollOutcome::Unchanged, |_| same.clone()));
    });
    let mut edition = 0;
    group.bench_function("one of 50 changed", |bencher| {
        bencher.iter_custom(|rounds| {
            let first = edition + 1;
            edition += rounds;
            let changed = |round| page("first", first + round);
            bench.time(rounds, PollOutcome::Changed, changed)
        });
    });
    let mut batch = 0;
    group.sample_size(20).bench_function("50 new", |bencher| {
        bencher.iter_custom(|rounds| {
            batch += 1;
            bench.time(rounds, PollOutcome::Changed, |round| {
                page(&format!("{batch}-{round}"), 0)
            })
        });
    });
    group.finish();
}

criterion_group!(benches, visits);
criterion_main!(benches);
