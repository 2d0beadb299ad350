//! Several programs on one `PostgreSQL`: the work is shared, nothing is done twice, and what a killed one had in hand is taken over
//! when its lease ends. `FEEDGRAPH_NODE_FEEDS` says how many feeds; the long run has 2,000.

use std::collections::BTreeSet;
use std::time::Duration;

use feedgraph::clock::Clock;
use feedgraph::store::{NewSource, Store, StoreSettings};
use tokio::sync::Mutex;

use crate::support::program::Running;
use crate::support::{Database, Growing, Kind, Raw, eventually, run_on};

/// Visits at once of each node, and those that it may claim ahead: what a killed one can have in hand.
const AT_ONCE: usize = 16;
const IN_HAND: usize = 3 * AT_ONCE;

/// Feeds of the run: some, unless more are asked for.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says so in the environment"
)]
fn feeds() -> usize {
    let asked = std::env::var("FEEDGRAPH_NODE_FEEDS").ok();
    asked.and_then(|feeds| feeds.parse().ok()).unwrap_or(120)
}

fn start(database: &Database, name: &str) -> Running {
    let at_once = AT_ONCE.to_string();
    let arguments = [
        "serve",
        "--database",
        &database.url,
        "--listen",
        "127.0.0.1:0",
        "--starter-feeds",
        "false",
        "--allow-networks",
        "127.0.0.0/8",
        "--poll-host-spacing-ms",
        "0",
        "--poll-per-host",
        "64",
        "--poll-concurrency",
        &at_once,
        "--poll-lease-seconds",
        "8",
        "--user-agent",
        name,
        "--log",
        "error",
    ];
    Running::start(database.folder(), &arguments)
}

async fn attempts(raw: &Mutex<Raw>) -> Vec<String> {
    let sql = "SELECT CAST(COUNT(poll_attempt.id) AS TEXT) FROM source \
         LEFT JOIN poll_attempt ON poll_attempt.source_id = source.id GROUP BY source.id";
    raw.lock().await.texts(sql).await
}

/// Waits as long as it goes on: many feeds take longer than any one thing may.
async fn all_are_polled(raw: &Mutex<Raw>, times: &str) {
    let mut before = 0;
    loop {
        let more = || async {
            let attempts = attempts(raw).await;
            let polled = attempts.iter().filter(|count| *count == times).count();
            (polled > before).then_some((polled, attempts.len()))
        };
        let what = format!("more than {before} feeds to be polled {times} times");
        let (polled, all) = eventually(&what, more).await;
        if polled == all {
            return;
        }
        before = polled;
    }
}

async fn make_all_due(raw: &Mutex<Raw>) {
    let now = Clock::system().now().0;
    let sql = format!("UPDATE poll_state SET next_poll_at = {now}");
    raw.lock().await.run(&sql).await;
}

#[test]
fn two_programs_share_the_work_and_one_takes_over_from_the_other() {
    run_on(Kind::Postgres, share_and_take_over);
}

async fn share_and_take_over(database: Database) {
    let count = feeds();
    let publisher = Growing::start(count).await;
    // Long enough that both are at work before one has done it all.
    let whole = Duration::from_secs(48);
    publisher.answer_after(whole / u32::try_from(count).unwrap());
    follow(&database, &publisher).await;
    let raw = Mutex::new(Raw::open(&database).await);
    let (mut one, mut two) = (start(&database, "one"), start(&database, "two"));
    one.says("Ctrl-C").await;
    two.says("Ctrl-C").await;
    make_all_due(&raw).await;
    all_are_polled(&raw, "1").await;
    both_had_their_share(&publisher, count);

    // Everything is due once more, and one node is killed with claims in hand.
    publisher.forget();
    make_all_due(&raw).await;
    let is_busy = || async {
        let asked = publisher.asked();
        asked.keys().any(|(node, _)| node == "one").then_some(())
    };
    eventually("the first node to be at work again", is_busy).await;
    one.kill().await;
    all_are_polled(&raw, "2").await;
    little_was_asked_twice(&publisher);
    assert!(two.end_with("TERM").await);
    let mut raw = raw.into_inner();
    raw.assert_sound().await;
    let stored = raw.texts("SELECT guid FROM entry").await.len();
    let all = publisher.everything().len();
    assert!(
        (2 * count - IN_HAND..=all).contains(&stored),
        "{stored} of {all}"
    );
}

/// Follows all feeds; none is due yet.
async fn follow(database: &Database, publisher: &Growing) {
    let settings = StoreSettings::new(&database.url);
    let store = Store::open(&settings).await.unwrap();
    for url in publisher.urls() {
        let now = Clock::system().now();
        let mut new = NewSource::new(url, now);
        new.next_poll_at = Some(now.plus_seconds(3_600));
        store.add_source(&new).await.unwrap();
    }
    store.close().await.unwrap();
}

fn both_had_their_share(publisher: &Growing, count: usize) {
    let asked = publisher.asked();
    assert_eq!(asked.len(), count, "no feed was asked for by both");
    let is_once = asked.values().all(|times| *times == 1);
    assert!(is_once, "none was asked for twice");
    let by_one = asked.keys().filter(|(node, _)| node == "one").count();
    println!(
        "{count} feeds: {by_one} polled by one node, {} by the other",
        count - by_one
    );
    assert!(by_one > 0 && by_one < count, "{by_one} of {count}");
}

fn little_was_asked_twice(publisher: &Growing) {
    let asked = publisher.asked();
    let by = |name: &str| -> BTreeSet<usize> {
        let keys = asked.keys().filter(|(node, _)| node == name);
        keys.map(|(_, feed)| *feed).collect()
    };
    let again = by("one").intersection(&by("two")).count();
    println!("after the kill: {again} feeds that it had in hand were asked for again");
    assert!(again <= IN_HAND, "{again} were asked for twice");
}
