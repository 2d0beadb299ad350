//! Feeds as files: what is read of each in `tests/fixtures/feeds` stands beside it, written by hand.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use entity::{FindingCode, Millis};
use feedgraph::normalize::{self, EntryDraft, FeedDraft};
use feedgraph::parse::{self, Limits};
use proptest::prelude::*;
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
            assert!(begun.elapsed() < Duration::from_secs(30), "{path} at {end}");
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

/// A feed with one entry of some content.
fn content(html: &str) -> String {
    feed(&format!(
        "<item><title>x</title><description><![CDATA[{html}]]></description></item>"
    ))
}

fn bombs() -> Vec<String> {
    let entity =
        "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    vec![
        format!("{entity}<rss version='2.0'><channel><title>&b;</title></channel></rss>"),
        format!(
            "<rss version='2.0'><channel><item><title>{}",
            "<a>".repeat(100_000)
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
            "{}<item/>",
            "<rss xmlns:a='x' xml:base='b/'>".repeat(100_000)
        ),
        content(&"<a".repeat(1_000_000)),
        content(&"<a b='<' c=\"".repeat(200_000)),
        content(&"<b c='1'><p></b>".repeat(20_000)),
        content(&"<table><tr><td>".repeat(20_000)),
        content(&"&amp &#x &#".repeat(200_000)),
        content(&format!("<p {}>", "a=1 ".repeat(500_000))),
        format!(
            "<rss version='2.0'><channel>{}",
            "< <!-- --><!a>".repeat(100_000)
        ),
        format!(
            "{{\"items\": {}1{}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        ),
    ]
}

#[test]
fn bombs_are_bounded_in_time() {
    for (number, bomb) in bombs().iter().enumerate() {
        let begun = Instant::now();
        if let Ok(document) = parse::read(bomb.as_bytes(), None, &Limits::default()) {
            assert!(document.entries.len() <= Limits::default().max_entries);
            let url = Url::parse("http://feeds.example/feed").unwrap();
            for entry in &normalize::feed(document, &url).entries {
                entry.content.get();
            }
        }
        assert!(
            begun.elapsed() < Duration::from_secs(45),
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

fn found(bytes: &[u8], content_type: Option<&str>) -> Vec<FindingCode> {
    let document = parse::read(bytes, content_type, &Limits::default()).unwrap();
    let url = Url::parse("http://feeds.example/feed").unwrap();
    let findings = normalize::feed(document, &url).findings_at(Millis(1_700_000_000_000));
    findings.iter().map(|finding| finding.code).collect()
}

const GOOD: &str = "<item><title>A</title><guid isPermaLink='false'>a</guid><pubDate>Wed, 06 Mar 2019 10:11:12 GMT</pubDate>\
    <link>http://e.org/a</link></item>";

fn feed(items: &str) -> String {
    format!("<rss version='2.0'><channel><title>T</title>{items}</channel></rss>")
}

/// The good feed with something in it replaced.
fn with(from: &str, to: &str) -> String {
    feed(&GOOD.replace(from, to))
}

/// A document for each kind of finding about entries and their parts.
fn odd_entries() -> Vec<(FindingCode, String)> {
    let shared = format!("{GOOD}{}", GOOD.replace("e.org/a", "e.org/b"));
    let unsafe_html = "<description>&lt;p onclick=x&gt;</description><link";
    vec![
        (FindingCode::MissingIds, with("guid", "no")),
        (FindingCode::DuplicateIds, feed(&shared)),
        (FindingCode::MissingDates, with("pubDate", "no")),
        (
            FindingCode::UnreadableDates,
            with("Wed, 06 Mar 2019 10:11:12 GMT", "soon"),
        ),
        (FindingCode::FutureDates, with("2019", "2039")),
        (FindingCode::RelativeLinks, with("http://e.org/a", "/a")),
        (FindingCode::UnsafeHtml, with("<link", unsafe_html)),
        (FindingCode::MissingTitles, with("title", "no")),
        (FindingCode::TooManyEntries, feed(&"<item/>".repeat(5_001))),
    ]
}

/// The same for documents as a whole.
fn odd_documents() -> Vec<(FindingCode, String)> {
    let moved = "<itunes:new-feed-url>http://e.org/new</itunes:new-feed-url><item>";
    let entity = "<!DOCTYPE rss [<!ENTITY x SYSTEM 'y'>]>";
    vec![
        (FindingCode::MalformedXml, with("A<", "A & B<")),
        (
            FindingCode::Truncated,
            feed(GOOD).replace("</channel></rss>", ""),
        ),
        (FindingCode::Moved, with("<item>", moved)),
        (FindingCode::Other, format!("{entity}{}", feed(GOOD))),
    ]
}

#[test]
fn every_oddity_is_a_finding() {
    for (code, text) in odd_entries().into_iter().chain(odd_documents()) {
        let codes = found(text.as_bytes(), None);
        assert!(codes.contains(&code), "{code:?} is not in {codes:?}");
    }
    let latin = found(
        with("A<", "\u{e9}<").as_bytes(),
        Some("text/xml; charset=iso-8859-1"),
    );
    assert_eq!(latin, [FindingCode::WrongCharset]);
    let page = found(feed(GOOD).as_bytes(), Some("text/html"));
    assert_eq!(page, [FindingCode::WrongContentType]);
    assert_eq!(
        found(feed(GOOD).as_bytes(), Some("application/rss+xml")),
        []
    );
}

#[test]
fn what_surrounds_the_entries_is_read() {
    let draft = draft(
        b"<feed xmlns='http://www.w3.org/2005/Atom' xmlns:at='http://purl.org/atompub/tombstones/1.0' xmlns:fh='http://purl.org/syndication/history/1.0'>\
        <title>T</title><link rel='self' href='/self'/><link rel='hub' href='https://hub.example/'/><link rel='hub' href='https://hub.example/'/>\
        <link rel='prev-archive' href='/old'/><link rel='next' href='/2'/><fh:complete/><icon>/i.png</icon>\
        <at:deleted-entry ref='tag:e.org,2024:1' when='2024-03-06T10:11:12Z'><link href='/gone'/></at:deleted-entry>\
        <at:deleted-entry ref='tag:e.org,2024:1'/><at:deleted-entry/>\
        <entry><id>tag:e.org,2024:2</id><title>A</title></entry></feed>",
    );
    let feed = &draft.feed;
    assert_eq!(feed.self_url.as_deref(), Some("http://feeds.example/self"));
    assert_eq!(feed.hubs, ["https://hub.example/"]);
    assert_eq!(feed.icon_url.as_deref(), Some("http://feeds.example/i.png"));
    assert_eq!(feed.pages.next.as_deref(), Some("http://feeds.example/2"));
    assert_eq!(
        feed.pages.previous_archive.as_deref(),
        Some("http://feeds.example/old")
    );
    assert!(feed.pages.is_complete && !feed.pages.is_archive);
    let [gone] = &draft.tombstones[..] else {
        panic!("{:?}", draft.tombstones)
    };
    assert_eq!(gone.guid, "tag:e.org,2024:1");
    assert_eq!(gone.when, Some(Millis(1_709_719_872_000)));
    assert_eq!(gone.url.as_deref(), Some("http://feeds.example/gone"));
    assert_ne!(gone.identity, draft.entries[0].identity);
}

fn items() -> impl Strategy<Value = Vec<String>> {
    let word = "[a-c]{1,2}";
    let item = (
        proptest::option::of(word),
        proptest::option::of(word),
        proptest::option::of(word),
        word,
        0..3_u8,
    );
    let write = |(guid, link, title, text, day): (
        Option<String>,
        Option<String>,
        Option<String>,
        String,
        u8,
    )| {
        let element = |name: &str, value: Option<String>| {
            value.map_or_else(String::new, |value| format!("<{name}>{value}</{name}>"))
        };
        format!(
            "<item>{}{}{}<description>{text}</description><pubDate>2024-03-0{}T10:00:00Z</pubDate></item>",
            element("guid isPermaLink='false'", guid)
                .replace("</guid isPermaLink='false'>", "</guid>"),
            element("link", link.map(|path| format!("http://e.org/{path}"))),
            element("title", title),
            day + 1,
        )
    };
    proptest::collection::vec(item.prop_map(write), 0..12)
}

proptest! {
    #[test]
    fn however_often_and_in_whatever_order(items in items(), seed in any::<u64>()) {
        let read = |items: &[String]| draft(feed(&items.concat()).as_bytes());
        let first = read(&items);
        prop_assert_eq!(&read(&items), &first);
        let mut shuffled = items.clone();
        shuffled.sort_by_cached_key(|item| parse::body_hash(format!("{seed}{item}").as_bytes()));
        prop_assert_eq!(by_identity(&read(&shuffled)), by_identity(&first));
        let identities: std::collections::HashSet<_> = first.entries.iter().map(|entry| entry.identity).collect();
        prop_assert_eq!(identities.len(), first.entries.len());
    }
}
