//! From bytes to drafts, on one core: whole documents of 50 entries of about 4 KB each in the ways that publishers write them.
//! Baselines on the same bytes: quick-xml's bare events, feed-rs alone, feed-rs and then ammonia on every content.
//!
//! `cargo bench --bench read` ends with a table of ratios, taken turn by turn so that a busy machine spoils both alike.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "a benchmark fails by panicking, and criterion's macros write no documentation"
)]

use std::collections::HashSet;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use feedgraph::normalize::{self, FeedDraft};
use feedgraph::parse::{self, Limits};
use url::Url;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ENTRIES: usize = 50;
const ROUNDS: usize = 15;

/// One document, and the same after one of its entries changed.
struct Sample {
    name: &'static str,
    text: String,
    changed: String,
}

fn html(seed: usize) -> String {
    let mut out = String::new();
    for n in 0..8 {
        let at = seed * 31 + n;
        let more = "They walk along the river, past the mill & the old bridge, and talk of what they have read. ".replace('&', "&amp;");
        write!(
            out,
            "<p>Paragraph {at} speaks of <a href=\"/posts/{at}?a=1&amp;b=2\" target=\"_blank\">things \u{2013} new and old</a>. {more}{more}</p>\n\
             <p class=\"wide\"><img src=\"images/{at}.png\" alt=\"A picture\" width=\"640\" height=\"480\"/> <em>Caf\u{e9}</em> {more}</p>\n"
        )
        .unwrap();
    }
    out
}

fn escaped(html: &str) -> String {
    html.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn rss(content: impl Fn(usize) -> String) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>A feed</title><link>https://example.org/</link>\
         <description>Of things</description><language>en</language>\n",
    );
    for n in 0..ENTRIES {
        writeln!(
            out,
            "<item><title>Entry {n} &amp; more</title><link>https://example.org/posts/{n}</link><guid isPermaLink=\"false\">tag:example.org,2024:{n}</guid>\
             <dc:creator>Jane Doe</dc:creator><category>one</category><category>two</category><pubDate>Wed, 06 Mar 2024 10:11:12 +0000</pubDate>\
             <description>A short abstract of entry {n}.</description><content:encoded>{}</content:encoded></item>",
            content(n)
        )
        .unwrap();
    }
    out + "</channel></rss>\n"
}

fn atom(kind: &str, content: impl Fn(usize) -> String) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\"><title>A feed</title>\
         <link href=\"https://example.org/\"/><link rel=\"self\" href=\"https://example.org/feed\"/><id>tag:example.org,2024:</id>\
         <updated>2024-03-06T10:11:12Z</updated><author><name>Jane Doe</name></author>\n",
    );
    for n in 0..ENTRIES {
        writeln!(
            out,
            "<entry><title>Entry {n} &amp; more</title><link href=\"https://example.org/posts/{n}\"/><id>tag:example.org,2024:{n}</id>\
             <published>2024-03-06T10:11:12Z</published><updated>2024-03-06T10:11:12Z</updated><category term=\"one\"/>\
             <content type=\"{kind}\">{}</content></entry>",
            content(n)
        )
        .unwrap();
    }
    out + "</feed>\n"
}

/// Writes a document, given what writes the content of an entry.
type Write = fn(&dyn Fn(usize) -> String) -> String;

fn sample(name: &'static str, write: Write) -> Sample {
    Sample {
        name,
        text: write(&html),
        changed: write(&|n| html(if n == 7 { 1_007 } else { n })),
    }
}

fn samples() -> Vec<Sample> {
    vec![
        sample("rss cdata", |body| {
            rss(|n| format!("<![CDATA[{}]]>", body(n)))
        }),
        sample("rss escaped", |body| rss(|n| escaped(&body(n)))),
        sample("atom escaped", |body| atom("html", |n| escaped(&body(n)))),
        sample("atom xhtml", |body| {
            atom("xhtml", |n| {
                format!(
                    "<div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div>",
                    body(n)
                )
            })
        }),
    ]
}

fn events(text: &str) -> usize {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut events = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => return events,
            event => {
                black_box(&event);
                events += 1;
            }
        }
    }
}

fn feed_rs(text: &str) -> feed_rs::model::Feed {
    feed_rs::parser::Builder::new()
        .sanitize_content(false)
        .build()
        .parse(text.as_bytes())
        .unwrap()
}

fn feed_rs_and_ammonia(text: &str) -> usize {
    let bodies = feed_rs(text).entries.into_iter();
    bodies
        .filter_map(|entry| entry.content?.body)
        .map(|body| ammonia::clean(&body).len())
        .sum()
}

fn drafts(text: &str) -> FeedDraft {
    let url = Url::parse("https://example.org/feed").unwrap();
    let document =
        parse::read(text.as_bytes(), Some("application/xml"), &Limits::default()).unwrap();
    normalize::feed(document, &url)
}

/// All of a document is new.
fn new(text: &str) -> usize {
    let draft = drafts(text);
    let contents = draft.entries.iter().map(|entry| entry.content.get());
    contents
        .map(|content| content.html.as_ref().map_or(0, String::len))
        .sum()
}

/// What is known by its hash is not sanitised, as in storing.
fn changed(text: &str, known: &HashSet<[u8; 16]>) -> usize {
    let draft = drafts(text);
    let new = draft
        .entries
        .iter()
        .filter(|entry| !known.contains(&entry.content_hash));
    new.map(|entry| entry.content.get().summary.len() + 1).sum()
}

fn known(text: &str) -> HashSet<[u8; 16]> {
    drafts(text)
        .entries
        .iter()
        .map(|entry| entry.content_hash)
        .collect()
}

fn measure(criterion: &mut Criterion, sample: &Sample) {
    let known = known(&sample.text);
    let mut group = criterion.benchmark_group(sample.name);
    group.throughput(Throughput::Bytes(sample.text.len() as u64));
    group.sample_size(20);
    let text = &sample.text;
    group.bench_function("quick-xml events", |b| b.iter(|| events(text)));
    group.bench_function("feed-rs", |b| b.iter(|| feed_rs(text)));
    group.bench_function("feed-rs and ammonia", |b| {
        b.iter(|| feed_rs_and_ammonia(text));
    });
    group.bench_function("new", |b| b.iter(|| new(text)));
    group.bench_function("one changed", |b| {
        b.iter(|| changed(&sample.changed, &known));
    });
    group.bench_function("equal body", |b| {
        b.iter(|| parse::body_hash(text.as_bytes()));
    });
    group.finish();
}

fn keep<T>(made: &T) {
    black_box(made);
}

fn time(work: &mut dyn FnMut()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// The middle of several times of each work, taken in turns.
fn middles<const N: usize>(mut works: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut times = [(); N].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        for (work, times) in works.iter_mut().zip(&mut times) {
            times.push(time(work));
        }
    }
    times.map(|mut times| {
        times.sort();
        times.get(ROUNDS / 2).unwrap().as_secs_f64()
    })
}

fn ratios(sample: &Sample) {
    let known = known(&sample.text);
    let text = &sample.text;
    let [events, alone, cleaned, drafted, new, changed, equal] = middles([
        &mut || keep(&events(text)),
        &mut || keep(&feed_rs(text)),
        &mut || keep(&feed_rs_and_ammonia(text)),
        &mut || keep(&drafts(text)),
        &mut || keep(&new(text)),
        &mut || keep(&changed(&sample.changed, &known)),
        &mut || keep(&parse::body_hash(text.as_bytes())),
    ]);
    let speed = |seconds: f64| text.len() as f64 / seconds / 1e6;
    println!(
        "{:<14}{:>8.0}{:>9.0}{:>9.0}{:>10.2}{:>14.2}{:>13.2}{:>13.3}",
        sample.name,
        speed(events),
        speed(alone),
        speed(drafted),
        events / drafted,
        new / cleaned,
        changed / alone,
        equal / alone,
    );
}

fn main() {
    let samples = samples();
    let mut criterion = Criterion::default().configure_from_args();
    for sample in &samples {
        assert!(changed(&sample.changed, &known(&sample.text)) > 0);
        measure(&mut criterion, sample);
    }
    criterion.final_summary();
    println!(
        "\nMB/s: quick-xml events, feed-rs, bytes to drafts; then: drafts to events; new to feed-rs and ammonia; one changed to \
         feed-rs; equal body to feed-rs"
    );
    println!(
        "{:<14}{:>8}{:>9}{:>9}{:>10}{:>14}{:>13}{:>13}",
        "document", "events", "feed-rs", "drafts", "of events", "new", "one changed", "equal"
    );
    samples.iter().for_each(ratios);
}
