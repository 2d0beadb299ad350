//! What the program counts while it runs. In: what polls, requests and the database report. Out: the text that
//! Prometheus reads. Must not know: who counts, who reads.

mod gauges;

use std::sync::Arc;
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry,
    TextEncoder,
};

pub use gauges::{Pool, Snapshot};

/// The media type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Minutes to weeks: from an entry's publication to its being stored.
const FRESHNESS: &[f64] = &[
    60.0, 300.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 43_200.0, 86_400.0, 259_200.0,
    604_800.0,
];
/// Milliseconds to a minute.
const DURATIONS: &[f64] = &[
    0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// Counts. Cheap to clone; clones count together.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    polls: IntCounterVec,
    poll_seconds: Histogram,
    poll_lateness: Histogram,
    freshness: Histogram,
    wire_bytes: IntCounter,
    body_bytes: IntCounter,
    saved_bytes: IntCounter,
    entries: IntCounterVec,
    pushes: IntCounterVec,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    operations: IntCounterVec,
}

/// One poll, as far as it is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polled {
    /// `changed`, `unchanged`, `failed`, or `pushed` by a hub.
    pub outcome: &'static str,
    /// The kind of failure; empty for none.
    pub kind: &'static str,
    /// How long it took.
    pub took: Duration,
    /// How long after it was due it began.
    pub late: Duration,
    /// Bytes of the body as they crossed the network.
    pub wire_bytes: u64,
    /// Bytes of the body after decompression.
    pub body_bytes: u64,
    /// Bytes that did not have to be sent since nothing had changed.
    pub saved_bytes: u64,
    /// New entries.
    pub added: u64,
    /// Changed entries.
    pub updated: u64,
    /// How long ago each new entry was published, where that is known.
    pub freshness: Vec<Duration>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self(Arc::new(Inner::new()))
    }
}

impl Metrics {
    /// A poll ended.
    pub fn polled(&self, poll: &Polled) {
        let all = &self.0;
        all.polls
            .with_label_values(&[poll.outcome, poll.kind])
            .inc();
        all.poll_seconds.observe(poll.took.as_secs_f64());
        all.poll_lateness.observe(poll.late.as_secs_f64());
        all.wire_bytes.inc_by(poll.wire_bytes);
        all.body_bytes.inc_by(poll.body_bytes);
        all.saved_bytes.inc_by(poll.saved_bytes);
        all.entries.with_label_values(&["added"]).inc_by(poll.added);
        all.entries
            .with_label_values(&["updated"])
            .inc_by(poll.updated);
        for age in &poll.freshness {
            all.freshness.observe(age.as_secs_f64());
        }
    }

    /// A hub pushed something: `stored`, or why it was not.
    pub fn pushed(&self, outcome: &'static str) {
        self.0.pushes.with_label_values(&[outcome]).inc();
    }

    /// A request was answered. `route` is the pattern that it matched.
    pub fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let status = status.to_string();
        self.0
            .requests
            .with_label_values(&[method, route, &status])
            .inc();
        self.0
            .request_seconds
            .with_label_values(&[route])
            .observe(took.as_secs_f64());
    }

    /// A GraphQL operation of a type was begun, or `refused` before it could be.
    pub fn operation(&self, kind: &'static str) {
        self.0.operations.with_label_values(&[kind]).inc();
    }

    /// All counts, and what the program looks like right now, in Prometheus' text format.
    #[must_use]
    pub fn text(&self, now: &Snapshot) -> Vec<u8> {
        let mut families = self.0.registry.gather();
        families.extend(gauges::gather(now));
        families.sort_by(|a, b| a.name().cmp(b.name()));
        let mut text = Vec::new();
        // Writing to memory does not fail; if it did, what there is would be shown.
        TextEncoder::new().encode(&families, &mut text).ok();
        text
    }
}

impl Inner {
    fn new() -> Self {
        let registry = Registry::new();
        let take = Register(&registry);
        Self {
            polls: take.counters(
                "polls_total",
                "Polls by outcome and kind of failure.",
                &["outcome", "kind"],
            ),
            poll_seconds: take.histogram(
                "poll_duration_seconds",
                "From a poll's first request to its being stored.",
                DURATIONS,
            ),
            poll_lateness: take.histogram(
                "poll_lateness_seconds",
                "How long after it was due a poll began.",
                FRESHNESS,
            ),
            freshness: take.histogram(
                "entry_freshness_seconds",
                "From an entry's publication to its being stored.",
                FRESHNESS,
            ),
            wire_bytes: take.counter(
                "fetched_bytes_total",
                "Bytes of feeds as they crossed the network.",
            ),
            body_bytes: take.counter("read_bytes_total", "Bytes of feeds after decompression."),
            saved_bytes: take.counter(
                "saved_bytes_total",
                "Bytes of feeds not sent again since nothing had changed (304).",
            ),
            entries: take.counters(
                "entries_total",
                "Entries stored, by what happened to them.",
                &["change"],
            ),
            pushes: take.counters(
                "pushes_total",
                "Content that hubs pushed, by what became of it.",
                &["outcome"],
            ),
            requests: take.counters(
                "http_requests_total",
                "Requests answered, by method, route and status.",
                &["method", "route", "status"],
            ),
            request_seconds: take.histograms(
                "http_request_duration_seconds",
                "How long answers took.",
                DURATIONS,
                &["route"],
            ),
            operations: take.counters(
                "graphql_operations_total",
                "GraphQL operations by type, and documents refused.",
                &["type"],
            ),
            registry,
        }
    }
}

/// Makes metrics of constant names and adds them to a registry.
struct Register<'r>(&'r Registry);

impl Register<'_> {
    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.add(IntCounter::with_opts(opts(name, help)))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.add(IntCounterVec::new(opts(name, help), labels))
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Histogram {
        self.add(Histogram::with_opts(histogram_opts(name, help, buckets)))
    }

    fn histograms(&self, name: &str, help: &str, buckets: &[f64], labels: &[&str]) -> HistogramVec {
        let opts = histogram_opts(name, help, buckets);
        self.add(HistogramVec::new(opts, labels))
    }

    #[expect(
        clippy::expect_used,
        reason = "names are constants, and a test makes every one of them"
    )]
    fn add<C: Collector + Clone + 'static>(&self, made: prometheus::Result<C>) -> C {
        let made = made.expect("a valid name");
        self.0
            .register(Box::new(made.clone()))
            .expect("a name that is not taken");
        made
    }
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("feedgraph")
}

fn histogram_opts(name: &str, help: &str, buckets: &[f64]) -> HistogramOpts {
    HistogramOpts::new(name, help)
        .namespace("feedgraph")
        .buckets(buckets.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_written() {
        let metrics = Metrics::default();
        metrics.polled(&Polled {
            outcome: "failed",
            kind: "DNS",
            took: Duration::from_millis(20),
            saved_bytes: 7,
            freshness: vec![Duration::from_secs(30)],
            ..Polled::default()
        });
        metrics.answered("GET", "/graphql", 200, Duration::ZERO);
        let snapshot = Snapshot {
            due_sources: 3,
            pools: vec![Pool {
                name: "reader",
                open: 4,
                idle: 1,
            }],
            ..Snapshot::default()
        };
        let text = String::from_utf8(metrics.text(&snapshot)).unwrap();
        for line in [
            "# TYPE feedgraph_polls_total counter",
            "feedgraph_polls_total{kind=\"DNS\",outcome=\"failed\"} 1",
            "feedgraph_saved_bytes_total 7",
            "feedgraph_entry_freshness_seconds_bucket{le=\"60\"} 1",
            "feedgraph_http_requests_total{method=\"GET\",route=\"/graphql\",status=\"200\"} 1",
            "feedgraph_due_sources 3",
            "feedgraph_database_connections{pool=\"reader\",state=\"busy\"} 3",
        ] {
            assert!(
                text.lines().any(|one| one == line),
                "{line} is not in\n{text}"
            );
        }
    }
}
