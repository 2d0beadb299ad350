//! What inputs are given to. In: bytes. Out: how that went.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use entity::SubscriptionFormat;
use feedgraph::normalize;
use feedgraph::parse::{self, Limits, date, subscriptions};
use url::Url;

/// A whole feed most of the time, since that is what strangers send.
pub const NAMES: [&str; 8] = [
    "feed",
    "feed",
    "feed",
    "page",
    "feed",
    "feed",
    "subscriptions",
    "date",
];

/// How reading an input went.
pub struct Reading {
    /// How long it took.
    pub took: Duration,
    /// By how much the program grew for it, in KiB; 0 where that cannot be told.
    pub memory_kib: u64,
    /// What it said when it panicked.
    pub panic: Option<String>,
}

/// Gives an input to a target.
pub fn read(target: &str, input: &[u8]) -> Reading {
    forget_peak();
    let before = memory("VmRSS:");
    let begun = (Instant::now(), on_processor());
    let outcome = catch_unwind(AssertUnwindSafe(|| run(target, input)));
    let took = match (begun.1, on_processor()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => begun.0.elapsed(),
    };
    let panic = outcome.err().map(|what| {
        what.downcast_ref::<String>()
            .cloned()
            .or_else(|| what.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default()
    });
    Reading {
        took,
        memory_kib: memory("VmHWM:").saturating_sub(before),
        panic,
    }
}

fn run(target: &str, input: &[u8]) {
    let Ok(url) = Url::parse("http://feeds.example/feed") else {
        return;
    };
    match target {
        "page" => drop(parse::discover(input, Some("text/html"), &url)),
        "subscriptions" => {
            let text = String::from_utf8_lossy(input);
            drop(subscriptions::read(&text, SubscriptionFormat::Auto));
        }
        "date" => {
            let text = String::from_utf8_lossy(input);
            for line in text.split(['\n', '<', '>', '"']) {
                std::hint::black_box(date::parse(line));
            }
        }
        _ => {
            let Ok(document) = parse::read(input, None, &Limits::default()) else {
                return;
            };
            let draft = normalize::feed(document, &url);
            for entry in &draft.entries {
                entry.content.get();
            }
        }
    }
}

/// How long this thread has had a processor, so that others on the machine do not count; Linux only.
fn on_processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// Sets the highest memory so far to what is used now; Linux only.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn memory(field: &str) -> u64 {
    super::memory::memory("self", field).unwrap_or_default()
}
