//! Every file of a corpus read whole, and cut at every tenth of its length. In: files. Out: the slowest readings.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use feedgraph::normalize;
use feedgraph::parse::{self, Limits};
use serde_json::Value;
use url::Url;

/// Reads all of it; a panic ends it.
pub fn all(folder: &Path, manifest: &[Value]) -> Result<(), Box<dyn Error>> {
    let mut slowest: Vec<(Duration, String)> = Vec::new();
    let mut readings = 0_u32;
    for about in manifest {
        let file = about
            .get("file")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let bytes = std::fs::read(folder.join(file))?;
        for tenths in 1..=10 {
            let part = bytes.get(..bytes.len() * tenths / 10).unwrap_or_default();
            let begun = Instant::now();
            read(part)?;
            readings += 1;
            slowest.push((begun.elapsed(), format!("{file} at {tenths}/10")));
        }
        slowest.sort_by_key(|(took, _)| std::cmp::Reverse(*took));
        slowest.truncate(5);
    }
    println!("{readings} readings, the slowest:");
    for (took, what) in slowest {
        println!("{took:?}	{what}");
    }
    Ok(())
}

fn read(bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    if let Ok(document) = parse::read(bytes, None, &Limits::default()) {
        let draft = normalize::feed(document, &Url::parse("http://feeds.invalid/feed")?);
        draft
            .entries
            .iter()
            .for_each(|entry| drop(entry.content.get().clone()));
    }
    Ok(())
}
