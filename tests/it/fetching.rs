//! Fetching, from a publisher that behaves and from one that does not.

use std::time::Duration;

use entity::PollErrorKind;
use feedgraph::fetch::{Answer, FetchSettings, Fetcher, Outcome, Validators, Wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use crate::support::{Page, Publisher};

pub fn settings() -> FetchSettings {
    FetchSettings {
        allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
        max_body_bytes: 100_000,
        ..FetchSettings::default()
    }
}

pub fn fetcher() -> Fetcher {
    Fetcher::new(settings()).unwrap()
}

pub async fn get(fetcher: &Fetcher, url: &str) -> Outcome {
    let url = Url::parse(url).unwrap();
    fetcher.fetch(&url, &Validators::default()).await
}

pub fn body(outcome: Outcome) -> (Answer, Vec<u8>) {
    match outcome {
        Outcome::Body { answer, bytes, .. } => (answer, bytes.to_vec()),
        other => panic!("no body: {other:?}"),
    }
}

pub fn failure(outcome: Outcome) -> (PollErrorKind, String) {
    match outcome {
        Outcome::Failed { failure, .. } => (failure.kind, failure.message),
        other => panic!("no failure: {other:?}"),
    }
}

/// Answers every connection with these bytes, one piece after the other with a pause before each but the
/// first, and closes it.
pub async fn raw_server(pieces: Vec<Vec<u8>>, pause: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let pieces = pieces.clone();
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                if stream.read(&mut asked).await.is_err() {
                    return;
                }
                for (number, piece) in pieces.iter().enumerate() {
                    if number > 0 {
                        tokio::time::sleep(pause).await;
                    }
                    if stream.write_all(piece).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    origin
}

pub async fn raw(text: &str) -> String {
    raw_server(vec![text.as_bytes().to_vec()], Duration::ZERO).await
}

#[tokio::test]
async fn a_reader_says_who_it_is_and_carries_nothing_along() {
    let publisher = Publisher::start().await;
    publisher.set("/a", Page::redirect(302, "/b").header("set-cookie", "id=1"));
    publisher.set("/b", Page::rss("<rss/>").header("set-cookie", "id=2"));
    let fetcher = Fetcher::new(FetchSettings {
        user_agent: "Feedgraph/1 (+https://planet.example; ann@planet.example)".to_owned(),
        ..settings()
    })
    .unwrap();
    for _ in 0..2 {
        body(get(&fetcher, &publisher.url("/a")).await);
    }
    for seen in publisher.seen_all() {
        let agent = seen.header("user-agent").unwrap();
        assert_eq!(
            agent,
            "Feedgraph/1 (+https://planet.example; ann@planet.example)"
        );
        assert_eq!(seen.header("accept-encoding"), Some("gzip, br, zstd"));
        assert!(
            seen.header("accept")
                .unwrap()
                .starts_with("application/atom+xml,")
        );
        assert_eq!(seen.header("cookie"), None);
        assert_eq!(seen.header("referer"), None);
        assert_eq!(seen.header("if-none-match"), None);
    }
    assert_eq!(publisher.seen_all().len(), 4);
}

#[tokio::test]
async fn validators_come_and_go_byte_for_byte() {
    let publisher = Publisher::start().await;
    let (etag, date) = ("W/\"x , 'y'\\\"", "Mon, 1 Jan 2024 00:00 CET");
    publisher.set("/feed", Page::rss("<rss/>").etag(etag).last_modified(date));
    let fetcher = fetcher();
    let url = Url::parse(&publisher.url("/feed")).unwrap();
    let (answer, _) = body(fetcher.fetch(&url, &Validators::default()).await);
    assert_eq!(answer.validators.etag.as_deref(), Some(etag.as_bytes()));
    // The publisher splits lists at commas, so the answer itself is 200 again; what counts is what was asked.
    fetcher.fetch(&url, &answer.validators).await;
    let seen = publisher.seen("/feed");
    assert_eq!(seen[1].header("if-none-match"), Some(etag));
    assert_eq!(seen[1].header("if-modified-since"), Some(date));
}

#[tokio::test]
async fn not_modified_counts_only_when_it_was_asked_for() {
    let origin = raw("HTTP/1.1 304 Not Modified\r\ncache-control: max-age=60\r\n\r\n").await;
    let fetcher = fetcher();
    let validators = Validators {
        etag: Some(b"\"1\"".to_vec()),
        ..Validators::default()
    };
    let url = Url::parse(&origin).unwrap();
    match fetcher.fetch(&url, &validators).await {
        Outcome::Unchanged(answer) => assert_eq!(answer.fresh, Some(Wait::Seconds(60))),
        other => panic!("{other:?}"),
    }
    let (kind, message) = failure(get(&fetcher, &origin).await);
    assert_eq!(kind, PollErrorKind::HttpStatus);
    assert_eq!(
        message,
        "the server answered 304 Not Modified without having been asked conditionally"
    );
}

#[tokio::test]
async fn permanent_redirects_are_told_apart() {
    let publisher = Publisher::start().await;
    publisher.set("/a", Page::redirect(301, "/b"));
    publisher.set("/b", Page::redirect(308, "c"));
    publisher.set("/c", Page::redirect(307, "/d#top"));
    publisher.set("/d", Page::rss("<rss/>"));
    let (answer, _) = body(get(&fetcher(), &publisher.url("/a")).await);
    assert_eq!(answer.final_url.as_str(), publisher.url("/d"));
    assert_eq!(answer.permanent_url.unwrap().as_str(), publisher.url("/c"));
    let (answer, _) = body(get(&fetcher(), &publisher.url("/c")).await);
    assert_eq!(answer.permanent_url, None);
}

#[tokio::test]
async fn every_hop_passes_the_guard() {
    let publisher = Publisher::start().await;
    publisher.set("/circle", Page::redirect(301, "/circle"));
    publisher.set("/inside", Page::redirect(302, "http://10.0.0.1/feed"));
    publisher.set(
        "/metadata",
        Page::redirect(302, "http://0251.0376.0251.0376/latest"),
    );
    publisher.set("/file", Page::redirect(302, "file:///etc/passwd"));
    publisher.set(
        "/secret",
        Page::redirect(302, "http://ann:pw@127.0.0.1:9999/"),
    );
    publisher.set("/port", Page::redirect(302, "http://127.0.0.1:25/"));
    publisher.set("/nowhere", Page::status(302));
    let fetcher = fetcher();
    for (path, kind, message) in [
        (
            "/circle",
            PollErrorKind::Redirect,
            "the redirects go round in a circle",
        ),
        (
            "/inside",
            PollErrorKind::ForbiddenAddress,
            "the address is private or otherwise not public",
        ),
        (
            "/metadata",
            PollErrorKind::ForbiddenAddress,
            "the address is private or otherwise not public",
        ),
        (
            "/file",
            PollErrorKind::ForbiddenAddress,
            "only http and https addresses are fetched",
        ),
        (
            "/secret",
            PollErrorKind::ForbiddenAddress,
            "the URL carries a user name or a password",
        ),
        (
            "/port",
            PollErrorKind::ForbiddenAddress,
            "port 25 is not open to fetching",
        ),
        (
            "/nowhere",
            PollErrorKind::Redirect,
            "a redirect does not say where to",
        ),
    ] {
        let outcome = get(&fetcher, &publisher.url(path)).await;
        assert_eq!(failure(outcome), (kind, message.to_owned()), "{path}");
    }
}

#[tokio::test]
async fn names_that_lead_inside_are_not_dialled() {
    let publisher = Publisher::start().await;
    publisher.set("/", Page::rss("<rss/>"));
    let url = publisher.url("/").replace("127.0.0.1", "localhost");
    let closed = Fetcher::new(FetchSettings::default()).unwrap();
    let (kind, message) = failure(get(&closed, &url).await);
    assert_eq!(kind, PollErrorKind::ForbiddenAddress);
    assert_eq!(
        message,
        "the host name leads to an address that is private or otherwise not public"
    );
    assert_eq!(publisher.seen_all().len(), 0);
    body(get(&fetcher(), &url).await);
}

#[tokio::test]
async fn gone_is_believed_of_the_feeds_own_address_alone() {
    let publisher = Publisher::start().await;
    publisher.set("/gone", Page::status(410));
    publisher.set("/moved", Page::redirect(301, "/gone"));
    publisher.set("/away", Page::redirect(302, "/gone"));
    let fetcher = fetcher();
    let outcome = get(&fetcher, &publisher.url("/gone")).await;
    assert!(matches!(outcome, Outcome::Gone(_)), "{outcome:?}");
    for path in ["/moved", "/away"] {
        let said = failure(get(&fetcher, &publisher.url(path)).await);
        let message = "the server answered 410 Gone".to_owned();
        assert_eq!(said, (PollErrorKind::HttpStatus, message), "{path}");
    }
}

#[tokio::test]
async fn failures_to_connect_are_told_apart() {
    let fetcher = fetcher();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let refused = failure(get(&fetcher, &format!("http://127.0.0.1:{port}/")).await);
    let message = "the server refuses connections".to_owned();
    assert_eq!(refused, (PollErrorKind::Connect, message));
    let unknown = failure(get(&fetcher, "http://nowhere.invalid/").await);
    let message = "the host name does not resolve".to_owned();
    assert_eq!(unknown, (PollErrorKind::Dns, message));
    let plain = raw("HTTP/1.1 400 Bad Request\r\n\r\n")
        .await
        .replace("http:", "https:");
    let tls = failure(get(&fetcher, &plain).await);
    assert_eq!(
        tls,
        (PollErrorKind::Tls, "the TLS handshake failed".to_owned())
    );
    let nonsense = raw("nonsense\r\n\r\n").await;
    let said = failure(get(&fetcher, &nonsense).await);
    let message = "the connection broke, or the answer is not HTTP".to_owned();
    assert_eq!(said, (PollErrorKind::Connect, message));
}

#[tokio::test]
async fn statuses_without_a_document_are_failures_that_name_them() {
    let publisher = Publisher::start().await;
    publisher.set("/none", Page::status(204));
    publisher.set("/busy", Page::status(503).header("retry-after", "120"));
    let fetcher = fetcher();
    let said = failure(get(&fetcher, &publisher.url("/none")).await).1;
    assert_eq!(said, "the server answered 204, which carries no document");
    let said = failure(get(&fetcher, &publisher.url("/missing")).await).1;
    assert_eq!(said, "the server answered 404 Not Found");
    match get(&fetcher, &publisher.url("/busy")).await {
        Outcome::Failed { answer, failure } => {
            assert_eq!(
                failure.message,
                "the server answered 503 Service Unavailable"
            );
            assert_eq!(answer.unwrap().retry_after, Some(Wait::Seconds(120)));
        }
        other => panic!("{other:?}"),
    }
}
