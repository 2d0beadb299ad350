//! How fast the program serves, side by side in one run: the server on one core, the load on the other, over a database of a million
//! entries. In: sizes. Out: a table of ratios to what a bare handler and a page written by hand do on the same core, with what is
//! wanted of each. `cargo run --release --example load`, or with smaller numbers, see `--help`. Linux, with two cores.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a program for measuring fails by panicking, and reckons with fractions"
)]
#![allow(dead_code, reason = "the tests' feeds can do more")]

#[path = "../shared/chance.rs"]
mod chance;
#[path = "../../tests/it/support/feed.rs"]
mod feed;
mod fill;
mod http;
mod live;
mod measure;
#[path = "../shared/memory.rs"]
mod memory;
#[path = "../shared/on_core.rs"]
mod on_core;
mod process;
mod servers;
mod words;

use std::path::PathBuf;

use clap::Parser;
use feedgraph::cli::limits::raise_open_files;

use self::fill::{Size, database};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures how fast the program serves.
#[derive(Clone, Parser)]
pub struct Arguments {
    /// Entries of the large database.
    #[arg(long, default_value_t = 1_000_000)]
    entries: u64,
    /// Entries of the small one.
    #[arg(long, default_value_t = 10_000)]
    few: u64,
    /// The newest so many of the large one are in the search index; all when left out.
    #[arg(long)]
    indexed: Option<u64>,
    /// Live clients.
    #[arg(long, default_value_t = 5_000)]
    clients: usize,
    /// Seconds of load at a time.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Where the databases are kept for another run; about 4 GB. In a temporary folder when left out.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// This is the process on the core of the load.
    #[arg(long, hide = true)]
    pinned: bool,
}

fn main() {
    let given: Vec<String> = std::env::args().collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let threads = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let threads = threads.unwrap();
    match given.get(1..).unwrap_or_default() {
        ["program", database, cache_mib] => {
            let cache_mib = cache_mib.parse().unwrap();
            threads.block_on(servers::program((*database).to_owned(), cache_mib));
        }
        ["bare", path] => threads.block_on(servers::bare(path)),
        ["by-hand", database] => threads.block_on(servers::by_hand(database)),
        _ => {
            let arguments = Arguments::parse();
            if arguments.pinned {
                raise_open_files();
                let thread = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                thread.unwrap().block_on(measure::all(&arguments));
            } else {
                threads.block_on(prepare(&arguments, &given[1..]));
            }
        }
    }
}

/// Makes the databases, then goes on in a process of its own on the core of the load.
async fn prepare(arguments: &Arguments, given: &[&str]) {
    let temporary = tempfile::tempdir().unwrap();
    let kept = arguments.folder.clone();
    let folder = kept.unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder).unwrap();
    for size in arguments.sizes() {
        database(&folder, size).await;
    }
    let mut pinned = vec!["--pinned"];
    pinned.extend(given);
    let folder = folder.display().to_string();
    if arguments.folder.is_none() {
        pinned.extend(["--folder", &folder]);
    }
    let done = on_core::on_core("1", &pinned).status();
    assert!(done.expect("taskset").success());
}

impl Arguments {
    /// The large database and the small one.
    fn sizes(&self) -> [Size; 2] {
        let (entries, few) = (self.entries, self.few.min(self.entries));
        let indexed = self.indexed.unwrap_or(entries).min(entries);
        [
            Size { entries, indexed },
            Size {
                entries: few,
                indexed: 0,
            },
        ]
    }
}

/// What so much of all values is below.
pub fn at(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * part) as usize]
}
