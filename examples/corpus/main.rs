//! Compares what is read of a corpus of feeds with what an oracle expects, and prints a table per field and class.
//!
//! `cargo run --release --example corpus -- DIR [FIELD]`: DIR holds `manifest.jsonl` and `oracle.jsonl`; with FIELD, the
//! differences in that field are listed; with `--cut`, every file is read whole and cut at every tenth of its length
//! instead, and the slowest readings are told.

mod compare;
mod cut;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use feedgraph::normalize;
use feedgraph::parse::{self, Limits};
use serde_json::Value;
use url::Url;

use compare::{ACCEPTED, Comparison, Difference, FIELDS};

/// Right and all, per field.
type Row = BTreeMap<&'static str, (u32, u32)>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("which folder holds the corpus?")?;
    let listed = arguments.next();
    let folder = Path::new(&folder);
    if listed.as_deref() == Some("--cut") {
        return cut::all(folder, &lines(&folder.join("manifest.jsonl"))?);
    }
    let manifest = lines(&folder.join("manifest.jsonl"))?;
    let oracle = lines(&folder.join("oracle.jsonl"))?;
    let mut table: BTreeMap<String, Row> = BTreeMap::new();
    let mut leniences = [0; ACCEPTED.len()];
    for (about, expected) in manifest.iter().zip(&oracle) {
        if expected.get("kind").and_then(Value::as_str) != Some("feed") {
            continue;
        }
        let Comparison {
            differences,
            accepted,
        } = compared(folder, about, expected)?;
        for (sum, count) in leniences.iter_mut().zip(accepted) {
            *sum += count;
        }
        for class in classes(about, expected) {
            count(table.entry(class).or_default(), &differences, &accepted);
        }
        for difference in differences
            .iter()
            .filter(|found| listed.as_deref() == Some(found.field))
        {
            let trust = text(expected, "trust");
            println!(
                "{}\t{trust}\t{}\t{}",
                number(about),
                text(about, "file"),
                difference.shown
            );
        }
    }
    print(&table);
    println!("\naccepted, in entries:");
    for (why, count) in ACCEPTED.iter().zip(leniences) {
        println!("{count:>6}  {why}");
    }
    Ok(())
}

fn lines(path: &Path) -> Result<Vec<Value>, Box<dyn Error>> {
    let text = std::fs::read_to_string(path)?;
    Ok(text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?)
}

fn compared(folder: &Path, about: &Value, expected: &Value) -> Result<Comparison, Box<dyn Error>> {
    let bytes = std::fs::read(folder.join(text(about, "file")))?;
    let content_type = about.get("content_type").and_then(Value::as_str);
    let url = Url::parse(&format!("http://feeds.invalid/feed/{}", number(about)))?;
    let url = about
        .pointer("/headers/content-location")
        .and_then(Value::as_str)
        .and_then(|base| url.join(base).ok())
        .unwrap_or(url);
    Ok(
        match parse::read(&bytes, content_type, &Limits::default()) {
            Ok(document) => {
                let draft = normalize::feed(document.clone(), &url);
                Comparison::of(expected, &document, &draft)
            }
            Err(why) => Comparison {
                differences: vec![Difference {
                    field: "parsed",
                    shown: why.message,
                }],
                ..Comparison::default()
            },
        },
    )
}

fn classes(about: &Value, expected: &Value) -> Vec<String> {
    let real = about
        .get("real")
        .and_then(Value::as_bool)
        .unwrap_or_default();
    let mut classes = vec![
        "all".to_owned(),
        format!("trust {}", text(expected, "trust")),
    ];
    classes.push(format!("format {}", text(about, "format")));
    if real {
        classes.push("live".to_owned());
        classes.push(format!("live {}", text(about, "format")));
    }
    classes
}

fn count(row: &mut Row, differences: &[Difference], accepted: &[u32]) {
    let strict = differences.is_empty() && accepted.iter().all(|count| *count == 0);
    for field in FIELDS {
        let wrong = differences
            .iter()
            .any(|found| found.field == field || found.field == "parsed" || field == "everything");
        let wrong = wrong || (field == "strict" && !strict);
        let (right, all) = row.entry(field).or_default();
        *all += 1;
        *right += u32::from(!wrong);
    }
}

fn print(table: &BTreeMap<String, Row>) {
    print!("{:<20}{:>6}", "class", "feeds");
    for field in FIELDS {
        print!("{field:>11}");
    }
    println!();
    for (class, row) in table {
        let all = row.values().next().map_or(0, |(_, all)| *all);
        print!("{class:<20}{all:>6}");
        for field in FIELDS {
            let (right, all) = row.get(field).copied().unwrap_or_default();
            print!(
                "{:>10.1}%",
                f64::from(right) * 100.0 / f64::from(all.max(1))
            );
        }
        println!();
    }
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(about: &Value) -> i64 {
    about.get("n").and_then(Value::as_i64).unwrap_or_default()
}
