//! A month of polling 10,000 feeds of mixed rhythm, on a clock that is moved: how many requests each way of
//! scheduling makes, and how long entries wait until they are stored. `cargo run --release --example month`
//!
//! Ours is the function that the poller uses; beside it stand a fixed hour, and the rules of Miniflux 2 and
//! `CommaFeed` with their defaults, as their sources have them in 2026. Nothing is fetched: a feed is a list of times.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a simulation fails by panicking, prints what it found, and reckons with fractions"
)]

#[path = "../shared/chance.rs"]
mod chance;
mod feeds;
mod rules;

use feeds::{DAY, Feed, HOUR};
use rules::{Rule, View};

/// Feeds that are followed.
const FEEDS: usize = 10_000;
/// Days that are looked at.
const DAYS: i64 = 30;
/// So many feeds Miniflux takes in one round, once an hour.
const MINIFLUX_BATCH: usize = 100;

/// What a way of scheduling came to.
#[derive(Default)]
struct Tally {
    requests: u64,
    not_modified: u64,
    delays: Vec<i64>,
}

impl Tally {
    /// One poll at `at` of a feed that was polled at `before`.
    fn poll(&mut self, feed: &Feed, before: i64, at: i64) {
        let new = feed.between(before, at);
        self.requests += u64::from(at <= DAYS * DAY);
        if at <= DAYS * DAY && new.is_empty() && feed.is_conditional {
            self.not_modified += 1;
        }
        let month = new.iter().filter(|time| **time <= DAYS * DAY);
        self.delays.extend(month.map(|time| at - time));
    }

    fn print(mut self, name: &str) {
        self.delays.sort_unstable();
        let at = |part: f64| self.delays[(self.delays.len() as f64 * part) as usize];
        let per_day = self.requests as f64 / FEEDS as f64 / DAYS as f64;
        let share = self.not_modified as f64 / self.requests as f64 * 100.0;
        println!(
            "| {name} | {per_day:.2} | {} | {} | {share:.0} % |",
            span(at(0.5)),
            span(at(0.95))
        );
    }
}

fn span(seconds: i64) -> String {
    match seconds {
        ..3_600 => format!("{} min", (seconds + 30) / 60),
        3_600..172_800 => format!("{:.1} h", seconds as f64 / 3_600.0),
        _ => format!("{:.1} d", seconds as f64 / 86_400.0),
    }
}

fn main() {
    let feeds = feeds::make(FEEDS, DAYS);
    let entries: usize = feeds
        .iter()
        .map(|feed| feed.between(0, DAYS * DAY).len())
        .sum();
    println!("{FEEDS} feeds, {entries} entries in {DAYS} days");
    println!("| rule | requests per feed and day | median delay | 95 % within | 304 |");
    println!("|---|---|---|---|---|");
    for (name, rule) in rules::all() {
        each_by_itself(&feeds, &rule).print(name);
    }
    in_rounds(&feeds).print("Miniflux, 100 feeds each hour (its default)");
}

/// Every feed is polled when it is due.
fn each_by_itself(feeds: &[Feed], rule: &Rule) -> Tally {
    let mut tally = Tally::default();
    for (number, feed) in feeds.iter().enumerate() {
        let mut chance = feeds::chance(number as u64 + 1_000_000);
        // Followed at different times of the first day, as editors do.
        let mut before = feeds::below(&mut chance, DAY) - DAY;
        let mut view = View::default();
        loop {
            let wait = rule.wait(feed, before, &mut view, feeds::below(&mut chance, 1_001));
            // Due times are looked at every second.
            let at = before + wait.max(1);
            tally.poll(feed, before, at);
            before = at;
            if at > DAYS * DAY {
                break;
            }
        }
    }
    tally
}

/// Once an hour the hundred feeds that have been due longest.
fn in_rounds(feeds: &[Feed]) -> Tally {
    let mut tally = Tally::default();
    let mut due: Vec<(i64, i64)> = vec![(-DAY, -DAY); feeds.len()];
    let mut hour = -23;
    // Goes on after the month until what was published in it is stored.
    while hour <= 2 * DAYS * 24 {
        let now = hour * HOUR;
        let mut waiting: Vec<usize> = (0..feeds.len()).filter(|n| due[*n].0 < now).collect();
        waiting.sort_by_key(|number| due[*number].0);
        for number in waiting.into_iter().take(MINIFLUX_BATCH) {
            let before = due[number].1;
            tally.poll(&feeds[number], before, now);
            due[number] = (now + rules::miniflux_round_robin(&feeds[number]), now);
        }
        hour += 1;
    }
    tally
}
