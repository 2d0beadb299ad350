//! What the program looks like right now. In: a [`Snapshot`], taken when it is asked for. Out: gauges. Must not know:
//! where the numbers come from.

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{GaugeVec, Opts};

/// The state of the program at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Sources that are due and held by nobody: the queue.
    pub due_sources: i64,
    /// How long the one that waits longest has been due.
    pub due_lag_seconds: f64,
    /// Sources by status.
    pub sources: Vec<(&'static str, i64)>,
    /// Hosts that asked for rest.
    pub hosts_paused: i64,
    /// Visits under way on this node.
    pub visits_running: i64,
    /// Most visits at once on this node.
    pub visits_limit: i64,
    /// Sources that a hub pushes.
    pub pushed_sources: i64,
    /// The newest number of the change log.
    pub revision: i64,
    /// Connections to the database.
    pub pools: Vec<Pool>,
}

/// Connections of one pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// What they are for.
    pub name: &'static str,
    /// How many there are.
    pub open: u32,
    /// How many of them nobody uses.
    pub idle: u32,
}

/// The snapshot as gauges.
pub(super) fn gather(now: &Snapshot) -> Vec<MetricFamily> {
    let version = env!("CARGO_PKG_VERSION");
    let pools = now.pools.iter().flat_map(|pool| {
        let busy = pool.open.saturating_sub(pool.idle);
        [
            (vec![pool.name, "busy"], f64::from(busy)),
            (vec![pool.name, "idle"], f64::from(pool.idle)),
        ]
    });
    let sources = now
        .sources
        .iter()
        .map(|(status, count)| (vec![*status], float(*count)));
    let mut all = vec![
        gauge(
            "build_info",
            "The version that runs.",
            &["version"],
            [(vec![version], 1.0)],
        ),
        gauge(
            "sources",
            "Sources that are followed, by status.",
            &["status"],
            sources,
        ),
        gauge(
            "database_connections",
            "Connections to the database, by pool and state.",
            &["pool", "state"],
            pools,
        ),
    ];
    all.extend(
        plain(now)
            .into_iter()
            .map(|(name, help, value)| gauge(name, help, &[], [(Vec::new(), value)])),
    );
    all.into_iter().flatten().collect()
}

/// Those without labels.
fn plain(now: &Snapshot) -> [(&'static str, &'static str, f64); 7] {
    [
        (
            "due_sources",
            "Sources that are due and held by nobody.",
            float(now.due_sources),
        ),
        (
            "due_lag_seconds",
            "How long the source that waits longest has been due.",
            now.due_lag_seconds,
        ),
        (
            "hosts_paused",
            "Hosts that asked to be left alone (429 or 503).",
            float(now.hosts_paused),
        ),
        (
            "visits_running",
            "Visits under way on this node.",
            float(now.visits_running),
        ),
        (
            "visits_limit",
            "Most visits at once on this node.",
            float(now.visits_limit),
        ),
        (
            "pushed_sources",
            "Sources that a hub pushes (WebSub).",
            float(now.pushed_sources),
        ),
        (
            "revision",
            "The newest number of the change log.",
            float(now.revision),
        ),
    ]
}

fn gauge<'v>(
    name: &str,
    help: &str,
    labels: &[&str],
    values: impl IntoIterator<Item = (Vec<&'v str>, f64)>,
) -> Vec<MetricFamily> {
    let opts = Opts::new(name, help).namespace("feedgraph");
    // Names are constants, which a test makes all of.
    let Ok(gauges) = GaugeVec::new(opts, labels) else {
        return Vec::new();
    };
    for (labels, value) in values {
        gauges.with_label_values(&labels).set(value);
    }
    gauges.collect()
}

/// Numbers beyond 2^53 lose their last digits, which no graph shows.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "there is no other way from i64 to f64"
)]
const fn float(number: i64) -> f64 {
    number as f64
}
