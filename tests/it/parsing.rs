//! Feeds as files: what is read of each in `tests/fixtures/feeds` stands beside it, written by hand.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use feedgraph::normalize::{self, EntryDraft, FeedDraft};
use feedgraph::parse::{self, Limits};
use url::Url;

fn draft(bytes: &[u8]) -> FeedDraft {
    let document = parse::read(bytes, None, &Limits::default()).unwrap();
    normalize::feed(document, &Url::parse("http://feeds.example/feed").unwrap())
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/feeds");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension != "expected")
        })
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
        .collect()
}

fn shown(draft: &FeedDraft) -> String {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let mut out = String::new();
    let feed = &draft.feed;
    writeln!(
        out,
        "feed: {} | {}",
        or_dash(feed.title.clone()),
        or_dash(feed.site_url.clone())
    )
    .unwrap();
    for entry in &draft.entries {
        let guid = Some(entry.guid.clone()).filter(|_| !entry.guid_is_made);
        let at = entry.dates.published.or(entry.dates.updated);
        let at = at.map(|at| {
            let at = chrono::DateTime::from_timestamp_millis(at.0).unwrap();
            at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
        });
        let names: Vec<&str> = entry
            .authors
            .iter()
            .map(|author| author.name.as_str())
            .collect();
        let names = Some(names.join(", ")).filter(|names| !names.is_empty());
        let cells = [
            or_dash(guid),
            or_dash(entry.url.clone()),
            or_dash(at),
            or_dash(names),
        ];
        writeln!(out, "entry: {} | {}", entry.title, cells.join(" | ")).unwrap();
        if !entry.content.get().summary.is_empty() {
            writeln!(out, "  {}", entry.content.get().summary).unwrap();
        }
        for file in &entry.enclosures {
            let number = |number: Option<i64>| or_dash(number.map(|number| number.to_string()));
            let mime_type = or_dash(file.mime_type.clone());
            let (size, duration) = (number(file.size_bytes), number(file.duration_seconds));
            writeln!(out, "  file: {} {mime_type} {size} {duration}", file.url).unwrap();
        }
    }
    for finding in &draft.findings {
        writeln!(out, "finding: {:?} {}", finding.code, finding.count).unwrap();
    }
    out
}

#[test]
fn every_fixture_is_read_as_expected() {
    let update = std::env::var_os("UPDATE_FEEDS").is_some();
    for (path, bytes) in fixtures() {
        let found = shown(&draft(&bytes));
        let beside = Path::new(&path).with_extension("expected");
        if update {
            std::fs::write(&beside, &found).unwrap();
        }
        assert_eq!(found, std::fs::read_to_string(&beside).unwrap(), "{path}");
    }
}

#[test]
fn cut_anywhere_nothing_panics_or_hangs() {
    for (path, bytes) in fixtures() {
        for end in 0..bytes.len() {
            let begun = Instant::now();
            if let Ok(document) = parse::read(&bytes[..end], None, &Limits::default()) {
                let url = Url::parse("http://feeds.example/feed").unwrap();
                for entry in normalize::feed(document, &url).entries {
                    entry.content.get();
                }
            }
            assert!(begun.elapsed() < Duration::from_secs(1), "{path} at {end}");
        }
    }
}

fn by_identity(draft: &FeedDraft) -> Vec<([u8; 16], [u8; 16])> {
    let key = |entry: &EntryDraft| (entry.identity, entry.content_hash);
    let mut keys: Vec<_> = draft.entries.iter().map(key).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn order_and_white_space_change_no_identity_and_no_hash() {
    let items = [
        "<item><title>A</title><guid>a</guid><category>x</category><category>y</category><description>one two</description></item>",
        "<item><title>B</title><guid>shared</guid><link>http://e.org/1</link></item>",
        "<item><title>C</title><guid>shared</guid><link>http://e.org/2</link></item>",
        "<item><title>D</title><description>no identifier</description></item>",
    ];
    let feed = |items: &[&str]| {
        format!(
            "<rss version='2.0'><channel>{}</channel></rss>",
            items.concat()
        )
    };
    let reference = by_identity(&draft(feed(&items).as_bytes()));
    assert_eq!(reference.len(), 4);
    let reversed: Vec<&str> = items.iter().rev().copied().collect();
    assert_eq!(by_identity(&draft(feed(&reversed).as_bytes())), reference);
    let noisy = feed(&items).replace("one two", "one \n  two ").replace(
        "<category>x</category><category>y</category>",
        "\n<category>y</category>  <category>x</category>",
    );
    assert_eq!(by_identity(&draft(noisy.as_bytes())), reference);
}

#[test]
fn moving_a_feed_changes_no_identity() {
    let bytes =
        b"<rss version='2.0'><channel><item><title>A</title><guid>a</guid></item></channel></rss>";
    let at = |url: &str| {
        let document = parse::read(bytes, None, &Limits::default()).unwrap();
        normalize::feed(document, &Url::parse(url).unwrap()).entries[0].identity
    };
    assert_eq!(
        at("http://one.example/feed"),
        at("https://two.example/other")
    );
}

#[test]
fn bombs_are_bounded_in_time() {
    let entity =
        "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    let bombs = [
        format!("{entity}<rss version='2.0'><channel><title>&b;</title></channel></rss>"),
        format!(
            "<rss version='2.0'><channel><item><title>{}",
            "<a>".repeat(300_000)
        ),
        format!(
            "<rss version='2.0'><channel><item>{}",
            (0..100_000)
                .map(|n| format!("<a{n}>"))
                .collect::<Vec<_>>()
                .concat()
        ),
        format!(
            "<rss version='2.0' {}><channel/></rss>",
            "a='b' ".repeat(100_000)
        ),
        format!(
            "<rss version='2.0'><channel>{}",
            "<item><title>x</title></item>".repeat(100_000)
        ),
        format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'>{}",
            "<entry><content type='xhtml'>".repeat(50_000)
        ),
        format!("<rss version='2.0'><channel>{}", "<a b=\"".repeat(100_000)),
        format!(
            "<rss version='2.0'><channel>{}",
            "< <!-- --><!a>".repeat(100_000)
        ),
        format!(
            "{{\"items\": {}1{}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        ),
    ];
    for (number, bomb) in bombs.iter().enumerate() {
        let begun = Instant::now();
        if let Ok(document) = parse::read(bomb.as_bytes(), None, &Limits::default()) {
            assert!(document.entries.len() <= Limits::default().max_entries);
            let _ = normalize::feed(document, &Url::parse("http://feeds.example/feed").unwrap());
        }
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "bomb {number}: {:?}",
            begun.elapsed()
        );
    }
}

#[test]
fn a_page_is_no_feed_and_said_to_be_a_page() {
    let refused = parse::read(
        b"<!DOCTYPE html><html><body>Hi</body></html>",
        None,
        &Limits::default(),
    );
    assert!(refused.unwrap_err().looks_like_html);
}
