//! What the machine does to the program: the disk fills up, the database goes and comes back, the clock is set. Afterwards nothing
//! is lost, doubled or half-stored, and polling goes on by itself.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use feedgraph::clock::Clock;
use feedgraph::store::{NewSource, Store, StoreSettings};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio_util::sync::CancellationToken;

use crate::polling::{DAY, Node, START, feed};
use crate::support::postgres::{Cluster, is_required, say_skipped};
use crate::support::program::{Running, command};
use crate::support::{Database, Growing, Publisher, Raw, eventually, within};

const FEEDS: usize = 12;

const STORED: &str = "SELECT feed_url || '|' || guid || '|' || entry.title FROM entry \
     JOIN source ON source.id = entry.source_id";

fn arguments<'a>(database: &'a Database, listen: &'a str) -> Vec<&'a str> {
    vec![
        "serve",
        "--database",
        &database.url,
        "--listen",
        listen,
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
    ]
}

async fn follow(database: &Database, publisher: &Growing) {
    let store = Store::open(&StoreSettings::new(&database.url))
        .await
        .unwrap();
    store.migrate().await.unwrap();
    for url in publisher.urls() {
        let new = NewSource::new(url, Clock::system().now());
        store.add_source(&new).await.unwrap();
    }
    store.close().await.unwrap();
}

/// Waits until all that was published is stored, and nothing else.
async fn all_is_stored(database: &Database, publisher: &Growing) {
    publisher.rest(true);
    let expected = publisher.everything();
    let raw = tokio::sync::Mutex::new(Raw::open(database).await);
    let equal = || async {
        let mut stored = raw.lock().await.texts(STORED).await;
        stored.sort_unstable();
        (stored == expected).then_some(())
    };
    eventually("all that was published to be stored", equal).await;
    raw.lock().await.assert_sound().await;
}

async fn something_is_stored(database: &Database, more_than: usize) -> usize {
    let raw = tokio::sync::Mutex::new(Raw::open(database).await);
    let some = || async {
        let stored = raw.lock().await.texts(STORED).await.len();
        (stored > more_than).then_some(stored)
    };
    eventually("more entries to be stored", some).await
}

async fn is_ready(origin: &str, expected: u16) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = || async {
        let answer = client.get(format!("{origin}/readyz")).send().await.unwrap();
        (answer.status() == expected).then_some(())
    };
    eventually(&format!("/readyz to answer {expected}"), asked).await;
}

#[tokio::test]
async fn a_database_that_goes_and_comes_back_is_used_again() {
    let cluster = match Cluster::own() {
        Ok(cluster) => cluster,
        Err(why) => {
            assert!(!is_required(), "PostgreSQL is required for this run: {why}");
            return say_skipped(&why);
        }
    };
    let database = Database::on(&cluster).await;
    let publisher = Growing::start(FEEDS).await;
    follow(&database, &publisher).await;
    let mut program = Running::start(database.folder(), &arguments(&database, "127.0.0.1:0"));
    let graphiql = program.says("GraphiQL").await;
    let origin = graphiql.trim_end_matches("/graphiql").to_owned();
    is_ready(&origin, 200).await;
    let before = something_is_stored(&database, 0).await;
    cluster.stop();
    is_ready(&origin, 503).await;
    cluster.start_again();
    is_ready(&origin, 200).await;
    something_is_stored(&database, before).await;
    all_is_stored(&database, &publisher).await;
    assert!(program.end_with("TERM").await);
}

/// A small disk, taken away with the value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path) -> Result<Self, String> {
        let mut mount = std::process::Command::new("mount");
        let mount = mount
            .args(["-t", "tmpfs", "-o", "size=96m", "tmpfs"])
            .arg(folder);
        match mount.stderr(Stdio::null()).status() {
            Ok(status) if status.success() => Ok(Self(folder.to_owned())),
            _ => Err("this user may not mount a small disk".to_owned()),
        }
    }

    /// Writes a file until there is no room any more; gives its path.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = std::fs::File::create(&path).unwrap();
        for block in [vec![0_u8; 64 * 1024], vec![0_u8; 512]] {
            while file.write_all(&block).is_ok() {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the test's own connection may still have the file.
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .status();
    }
}

#[tokio::test]
async fn a_full_disk_stops_nothing_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let disk = match SmallDisk::mount(folder.path()) {
        Ok(disk) => disk,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "skipped: a full disk: {why}");
            return;
        }
    };
    let database = Database::in_folder(folder);
    let publisher = Growing::start(FEEDS).await;
    follow(&database, &publisher).await;
    let mut program = command(database.folder(), &arguments(&database, "127.0.0.1:0"));
    let mut child = program.stdout(Stdio::null()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    something_is_stored(&database, 0).await;
    let filler = disk.fill();
    let told = async {
        while let Some(line) = log.next_line().await.unwrap() {
            if line.contains("full") {
                return;
            }
        }
        panic!("the program ended");
    };
    within("the program to say that the disk is full", told).await;
    std::fs::remove_file(filler).unwrap();
    // Somebody must read on, or the program would wait for room to log.
    let reading = tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
    all_is_stored(&database, &publisher).await;
    child.kill().await.unwrap();
    reading.await.unwrap();
    drop(disk);
}

on_each_database! {
    async fn a_clock_that_is_set_a_year_either_way_stops_and_hurries_nothing(database: Database) {
        let node = Node::start(&database).await;
        let publisher = Publisher::start().await;
        publisher.set("/feed", feed(&["one"]));
        let source = node.follow(&publisher.url("/feed")).await;
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (poller, stop) = (node.poller.clone(), stop.clone());
            async move { poller.run(stop).await }
        });
        let polls = async |count: usize| {
            let polled = || async { (node.attempts(source).await.len() == count).then_some(()) };
            eventually("a poll to be stored", polled).await;
        };
        polls(1).await;
        // A year ahead it is due once, and then not before its time.
        node.clock.set(START.plus_seconds(365 * DAY));
        polls(2).await;
        let due = node.state(source).await.next_poll_at.unwrap();
        assert!(due > node.clock.now() && due < node.clock.now().plus_seconds(2 * DAY));
        // Set back, it does not wait for a year.
        node.clock.set(START);
        let is_mended = || async {
            let due = node.state(source).await.next_poll_at.unwrap();
            (due <= START.plus_seconds(DAY)).then_some(due)
        };
        let due = eventually("the due time to be mended", is_mended).await;
        assert_eq!(publisher.seen("/feed").len(), 2);
        node.clock.set(due.plus_seconds(1));
        polls(3).await;
        stop.cancel();
        within("the loop's end", running).await.unwrap();
        // Not a poll more than those.
        assert_eq!(publisher.seen("/feed").len(), 3);
    }
}
