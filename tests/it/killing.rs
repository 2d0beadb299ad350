//! The program is killed, as by `kill -9`, at whatever instant, again and again, under full polling; then what is stored is compared
//! with what was published. `FEEDGRAPH_KILL_ROUNDS` says how often; `FEEDGRAPH_KILL_ROUNDS=100 cargo test --test it killing`
//! is the long run.

use std::time::Duration;

use entity::Millis;
use feedgraph::clock::Clock;
use feedgraph::store::{NewSource, Store, StoreSettings};

use crate::support::program::Running;
use crate::support::{Database, Growing, Raw, eventually};

/// Feeds that are followed.
const FEEDS: usize = 24;
/// Longest time that the program lives once it has started, in milliseconds: several polls of every feed.
const LONGEST_LIFE: u64 = 3_000;

/// Rounds of the run: few, unless more are asked for.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says so in the environment"
)]
fn rounds() -> u32 {
    let asked = std::env::var("FEEDGRAPH_KILL_ROUNDS").ok();
    asked.and_then(|rounds| rounds.parse().ok()).unwrap_or(4)
}

fn start(database: &Database) -> Running {
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
        "16",
        "--poll-min-seconds",
        "1",
        "--poll-max-seconds",
        "1",
        "--poll-lease-seconds",
        "3",
        "--log",
        "error",
    ];
    Running::start(database.folder(), &arguments)
}

async fn follow(database: &Database, urls: &[String], now: Millis) {
    let store = Store::open(&StoreSettings::new(&database.url))
        .await
        .unwrap();
    let planet = store.default_planet().await.unwrap().unwrap();
    for url in urls {
        let mut new = NewSource::new(url, now);
        new.planet_ids.push(planet.id);
        store.add_source(&new).await.unwrap();
    }
    store.close().await.unwrap();
}

const STORED: &str = "SELECT feed_url || '|' || guid || '|' || entry.title FROM entry \
     JOIN source ON source.id = entry.source_id";

on_each_database! {
    async fn nothing_is_lost_doubled_or_half_stored(database: Database) {
        // The first start makes the planet.
        let mut first = start(&database);
        first.says("Ctrl-C").await;
        assert!(first.end_with("TERM").await);
        let publisher = Growing::start(FEEDS).await;
        follow(&database, &publisher.urls(), Clock::system().now()).await;
        let mut known = 0;
        for round in 0..rounds() {
            let mut program = start(&database);
            program.says("Ctrl-C").await;
            // Any instant will do: that nobody knows which is what is tested.
            let life = rand::random_range(0..LONGEST_LIFE);
            tokio::time::sleep(Duration::from_millis(life)).await;
            program.kill().await;
            // Opened anew each time: FTS5 checks its index against what the connection remembers of it, and does not
            // notice that others have written since.
            let mut raw = Raw::open(&database).await;
            raw.assert_sound().await;
            let stored = raw.texts(STORED).await.len();
            assert!(stored >= known, "{known} entries became {stored} in round {round}");
            known = stored;
        }
        publisher.rest(true);
        let mut last = start(&database);
        last.says("Ctrl-C").await;
        let expected = publisher.everything();
        let mut compare = Raw::open(&database).await;
        let compare = tokio::sync::Mutex::new(&mut compare);
        let equal = || async {
            let mut stored = compare.lock().await.texts(STORED).await;
            stored.sort_unstable();
            (stored == expected).then_some(())
        };
        eventually("all that was published to be stored", equal).await;
        assert!(last.end_with("TERM").await);
        let mut raw = Raw::open(&database).await;
        raw.assert_sound().await;
        let told = raw.texts("SELECT CAST(COUNT(*) AS TEXT) FROM change").await;
        println!(
            "{:?}: {} rounds, {} feeds, {} entries published and stored, {} changes",
            database.kind, rounds(), FEEDS, expected.len(), told[0]
        );
        assert!(expected.len() > FEEDS, "hardly anything was polled");
    }
}
