//! Fetching within bounds: sizes after decompression, time, bodies that end too early.

use std::io::Write as _;
use std::time::{Duration, Instant};

use entity::PollErrorKind;
use feedgraph::fetch::{FetchSettings, Fetcher};
use tokio::io::AsyncReadExt;

use crate::fetching::{body, failure, fetcher, get, raw, raw_server, settings};
use crate::support::{Page, Publisher};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn compressed_bodies_are_read_and_counted() {
    let text = "<rss>".repeat(1_000);
    let page =
        |encoding: &str, bytes: Vec<u8>| Page::rss(bytes).header("content-encoding", encoding);
    let packed = gzip(text.as_bytes());
    let publisher = Publisher::start().await;
    publisher.set("/gzip", page("gzip", packed.clone()));
    publisher.set("/twice", page("gzip, x-gzip", gzip(&packed)));
    publisher.set("/plain", page("identity", text.clone().into_bytes()));
    publisher.set("/br", page("br", packed_with("br", text.as_bytes()).await));
    publisher.set(
        "/zstd",
        page("zstd", packed_with("zstd", text.as_bytes()).await),
    );
    let fetcher = fetcher();
    for path in ["/gzip", "/twice", "/plain", "/br", "/zstd"] {
        let (_, bytes) = body(get(&fetcher, &publisher.url(path)).await);
        assert_eq!(bytes, text.as_bytes(), "{path}");
    }
    let (answer, _) = body(get(&fetcher, &publisher.url("/gzip")).await);
    assert_eq!(answer.wire_bytes, u64::try_from(packed.len()).unwrap());
}

async fn packed_with(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    use async_compression::tokio::bufread::{BrotliEncoder, ZstdEncoder};
    let mut packed = Vec::new();
    match encoding {
        "br" => BrotliEncoder::new(bytes).read_to_end(&mut packed).await,
        _ => ZstdEncoder::new(bytes).read_to_end(&mut packed).await,
    }
    .unwrap();
    packed
}

#[tokio::test]
async fn bombs_and_other_large_bodies_stop_early() {
    let publisher = Publisher::start().await;
    let zeros = vec![0; 20_000_000];
    let bomb =
        |encoding: &str, bytes: Vec<u8>| Page::rss(bytes).header("content-encoding", encoding);
    publisher.set("/gzip", bomb("gzip", gzip(&zeros)));
    publisher.set("/twice", bomb("gzip, gzip", gzip(&gzip(&zeros))));
    publisher.set("/br", bomb("br", packed_with("br", &zeros).await));
    publisher.set("/zstd", bomb("zstd", packed_with("zstd", &zeros).await));
    publisher.set("/plain", Page::rss(zeros));
    let fetcher = fetcher();
    for path in ["/gzip", "/twice", "/br", "/zstd", "/plain"] {
        let said = failure(get(&fetcher, &publisher.url(path)).await);
        let expected = (
            PollErrorKind::TooLarge,
            "the body is larger than 97 KiB".to_owned(),
        );
        assert_eq!(said, expected, "{path}");
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_limit() {
    let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let mut pieces = vec![head];
    pieces.extend(vec![vec![b'x'; 50_000]; 1_000]);
    let origin = raw_server(pieces, Duration::ZERO).await;
    let (kind, _) = failure(get(&fetcher(), &origin).await);
    assert_eq!(kind, PollErrorKind::TooLarge);
}

#[tokio::test]
async fn a_body_cut_short_is_a_failure() {
    let short = raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n<rss>").await;
    let chunked = raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n<rss>\r\n").await;
    for origin in [short, chunked] {
        let said = failure(get(&fetcher(), &origin).await);
        let message = "the connection broke before the end of the body".to_owned();
        assert_eq!(said, (PollErrorKind::Connect, message));
    }
    let text = b"<rss>".repeat(1_000);
    for (encoding, mut packed) in [
        ("gzip", gzip(&text)),
        ("br", packed_with("br", &text).await),
        ("zstd", packed_with("zstd", &text).await),
    ] {
        packed.truncate(packed.len() - 3);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\n\r\n");
        let origin = raw_server(vec![head.into_bytes(), packed], Duration::ZERO).await;
        let said = failure(get(&fetcher(), &origin).await);
        let message = "the body is cut short: its compressed data does not end".to_owned();
        assert_eq!(said, (PollErrorKind::Connect, message), "{encoding}");
    }
}

#[tokio::test]
async fn compression_that_cannot_be_undone_is_a_failure() {
    let publisher = Publisher::start().await;
    publisher.set(
        "/wrong",
        Page::rss("<rss/>").header("content-encoding", "gzip"),
    );
    publisher.set(
        "/other",
        Page::rss("<rss/>").header("content-encoding", "compress"),
    );
    let fetcher = fetcher();
    let said = failure(get(&fetcher, &publisher.url("/wrong")).await);
    let message = "the compressed body cannot be unpacked".to_owned();
    assert_eq!(said, (PollErrorKind::Malformed, message));
    let said = failure(get(&fetcher, &publisher.url("/other")).await);
    let message = "the body is compressed in a way that was not asked for".to_owned();
    assert_eq!(said, (PollErrorKind::Malformed, message));
}

#[tokio::test]
async fn each_wait_has_its_own_limit() {
    let limit = Duration::from_millis(300);
    let slow = Duration::from_secs(20);
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".to_vec();
    let fetcher = Fetcher::new(FetchSettings {
        connect_timeout: Duration::ZERO + limit,
        first_byte_timeout: limit,
        idle_timeout: limit,
        total_timeout: Duration::from_secs(2),
        ..settings()
    })
    .unwrap();
    let silent = raw_server(vec![Vec::new(), head.clone()], slow).await;
    let stalled = raw_server(vec![head.clone(), b"x".to_vec()], slow).await;
    let mut drip = vec![head];
    drip.extend(vec![b"x".to_vec(); 900]);
    let dripping = raw_server(drip, Duration::from_millis(100)).await;
    for (origin, message) in [
        (silent, "the server did not answer within 0.6 s"),
        (stalled, "the body went silent: nothing came within 0.3 s"),
        (dripping, "the fetch was not finished within 2 s"),
    ] {
        let began = Instant::now();
        let said = failure(get(&fetcher, &origin).await);
        assert_eq!(said, (PollErrorKind::Timeout, message.to_owned()));
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn headers_without_end_are_cut_off() {
    let many = "x-same: y\r\n".repeat(5_000);
    let origin = raw(&format!("HTTP/1.1 200 OK\r\n{many}\r\n<rss/>")).await;
    let (kind, _) = failure(get(&fetcher(), &origin).await);
    assert_eq!(kind, PollErrorKind::Connect);
    let long = format!(
        "HTTP/1.1 200 OK\r\nx-long: {}\r\n\r\n<rss/>",
        "x".repeat(2_000_000)
    );
    let (kind, _) = failure(get(&fetcher(), &raw(&long).await).await);
    assert_eq!(kind, PollErrorKind::Connect);
}

#[tokio::test]
async fn headers_that_break_the_rules_cost_no_feed() {
    let origin = raw(
        "HTTP/1.1 200 OK\r\nx folded: a\r\n b\r\nno colon\r\nx-space : c\r\netag: \"1\"\r\ncontent-length: 6\r\n\r\n<rss/>",
    )
    .await;
    let (answer, bytes) = body(get(&fetcher(), &origin).await);
    assert_eq!(bytes, b"<rss/>");
    assert_eq!(answer.validators.etag.as_deref(), Some(&b"\"1\""[..]));
}

#[tokio::test]
async fn a_validator_that_no_server_takes_back_is_not_kept() {
    let long = "x".repeat(5_000);
    let origin = raw(&format!(
        "HTTP/1.1 200 OK\r\netag: \"{long}\"\r\nlast-modified: then\r\ncontent-length: 6\r\n\r\n<rss/>"
    ))
    .await;
    let (answer, _) = body(get(&fetcher(), &origin).await);
    assert_eq!(answer.validators.etag, None);
    assert_eq!(
        answer.validators.last_modified.as_deref(),
        Some(&b"then"[..])
    );
}

#[tokio::test]
async fn data_packed_in_several_parts_is_read_to_its_end() {
    let mut packed = gzip(b"<rss>");
    packed.extend(gzip(b"</rss>"));
    let publisher = Publisher::start().await;
    publisher.set("/", Page::rss(packed).header("content-encoding", "gzip"));
    let (_, bytes) = body(get(&fetcher(), &publisher.url("/")).await);
    assert_eq!(bytes, b"<rss></rss>");
}
