//! A bounded fuzzer that runs on stable: mutates the files of a folder and reads what comes of it.
//!
//! `cargo run --release --example fuzz -- DIR [SECONDS] [SEED]`. Ends with 1, and leaves the input in `fuzz-failure.bin`, at the
//! first input that panics, takes over a second, or takes over 200 MB; equal seeds and folders give equal inputs.

#[path = "../shared/chance.rs"]
mod chance;
#[path = "../shared/memory.rs"]
mod memory;
mod mutate;
mod targets;

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use mutate::Mutator;
use targets::Reading;

/// No input may take longer.
const LONGEST: Duration = Duration::from_secs(1);
/// When an input is given up and taken for one that hangs.
const HANGS: Duration = Duration::from_secs(20);
/// No input may take more memory, in KiB.
const MOST_MEMORY: u64 = 200 * 1024;
/// Seeds longer than this are cut: many small inputs find more than few large ones.
const LONGEST_SEED: usize = 200_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("which folder holds the seeds?")?;
    let seconds: u64 = arguments.next().map_or(Ok(60), |text| text.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let seeds = seeds(Path::new(&folder))?;
    let (to_reader, from_main) = mpsc::channel::<(&'static str, Vec<u8>)>();
    let (to_main, from_reader) = mpsc::channel::<Reading>();
    std::thread::spawn(move || {
        while let Ok((target, input)) = from_main.recv() {
            if to_main.send(targets::read(target, &input)).is_err() {
                return;
            }
        }
    });
    let mut mutator = Mutator::new(seed, seeds);
    let (begun, mut count, mut slowest, mut largest) = (Instant::now(), 0_u64, Duration::ZERO, 0);
    while begun.elapsed() < Duration::from_secs(seconds) {
        let target = targets::NAMES
            .get(usize::try_from(count)? % targets::NAMES.len())
            .ok_or("no target")?;
        let input = mutator.input();
        to_reader.send((target, input.clone()))?;
        let reading = from_reader.recv_timeout(HANGS);
        let why = match &reading {
            Err(_) => Some("it hangs".to_owned()),
            Ok(reading) => wrong(reading),
        };
        if let Some(why) = why {
            std::fs::File::create("fuzz-failure.bin")?.write_all(&input)?;
            return Err(format!(
                "{target}, input {count} of seed {seed}: {why}; it is in fuzz-failure.bin"
            )
            .into());
        }
        if let Ok(reading) = reading {
            slowest = slowest.max(reading.took);
            largest = largest.max(reading.memory_kib);
        }
        count += 1;
    }
    println!(
        "{count} inputs in {seconds} s, seed {seed}: no panic; slowest {slowest:?}, largest {} MB",
        largest / 1024
    );
    Ok(())
}

fn wrong(reading: &Reading) -> Option<String> {
    if let Some(panic) = &reading.panic {
        return Some(format!("panics: {panic}"));
    }
    if reading.took > LONGEST {
        return Some(format!("takes {:?}", reading.took));
    }
    (reading.memory_kib > MOST_MEMORY).then(|| format!("takes {} MB", reading.memory_kib / 1024))
}

/// Every file below a folder, in the order of their names.
fn seeds(folder: &Path) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            for entry in std::fs::read_dir(path)? {
                open.push(entry?.path());
            }
        } else if path
            .extension()
            .is_none_or(|extension| extension != "jsonl" && extension != "expected")
        {
            files.push(path);
        }
    }
    files.sort();
    let mut seeds = Vec::new();
    for file in files {
        let mut bytes = std::fs::read(file)?;
        bytes.truncate(LONGEST_SEED);
        seeds.push(bytes);
    }
    if seeds.is_empty() {
        return Err("the folder holds no files".into());
    }
    Ok(seeds)
}
