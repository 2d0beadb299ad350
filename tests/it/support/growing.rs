//! A publisher that goes on publishing. In: a number of feeds. Out: at each request for a feed one entry more, as long as the asker
//! keeps up, and an older one changed, until it is told to rest; and at the end what should be stored of it all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Item, rss};

/// Entries in one document: more than come while answers are lost.
const WINDOW: usize = 40;
/// Entries that come although the asker has not stored those before.
const UNKNOWN: usize = 6;
/// Of them, those that are still being changed.
const FRESH: usize = 10;

#[derive(Default)]
struct Shelf {
    /// Of each feed, how often each entry was written anew.
    feeds: Vec<Vec<u32>>,
    is_resting: bool,
    /// How long an answer takes.
    delay: Duration,
    /// How often each feed was asked for, by the asker's User-Agent.
    asked: BTreeMap<(String, usize), u32>,
}

/// The server; it ends with the value.
pub struct Growing {
    origin: String,
    shelf: Arc<Mutex<Shelf>>,
    _stop: DropGuard,
}

impl Growing {
    /// Starts on a free port of 127.0.0.1 with empty feeds.
    pub async fn start(feeds: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let shelf = Arc::new(Mutex::new(Shelf {
            feeds: vec![Vec::new(); feeds],
            ..Shelf::default()
        }));
        let router = axum::Router::new()
            .route("/{number}", axum::routing::get(serve))
            .with_state(Arc::clone(&shelf));
        let stop = CancellationToken::new();
        let end = stop.clone().cancelled_owned();
        tokio::spawn(async move {
            tokio::select! {
                served = axum::serve(listener, router) => served.expect("serving"),
                () = end => {}
            }
        });
        Self {
            origin,
            shelf,
            _stop: stop.drop_guard(),
        }
    }

    /// The addresses of all feeds.
    pub fn urls(&self) -> Vec<String> {
        let count = self.shelf.lock().expect("no panic").feeds.len();
        (0..count).map(|number| self.url(number)).collect()
    }

    fn url(&self, number: usize) -> String {
        format!("{}/{number}", self.origin)
    }

    /// Publishes nothing new from now on, or goes on.
    pub fn rest(&self, is_resting: bool) {
        self.shelf.lock().expect("no panic").is_resting = is_resting;
    }

    /// Takes so long for an answer from now on.
    pub fn answer_after(&self, delay: Duration) {
        self.shelf.lock().expect("no panic").delay = delay;
    }

    /// How often each feed was asked for, by the asker's User-Agent.
    pub fn asked(&self) -> BTreeMap<(String, usize), u32> {
        self.shelf.lock().expect("no panic").asked.clone()
    }

    /// Forgets who asked.
    pub fn forget(&self) {
        self.shelf.lock().expect("no panic").asked.clear();
    }

    /// Everything that was ever published, as it reads now: `feed url|guid|title`, in the order of the alphabet.
    pub fn everything(&self) -> Vec<String> {
        let held = self.shelf.lock().expect("no panic");
        let mut all = Vec::new();
        for (number, feed) in held.feeds.iter().enumerate() {
            let url = self.url(number);
            all.extend(feed.iter().enumerate().map(|(place, edition)| {
                let id = id(number, place);
                format!("{url}|{id}|{}", title(&id, *edition))
            }));
        }
        all.sort_unstable();
        all
    }
}

fn id(feed: usize, place: usize) -> String {
    format!("entry-{feed}-{place}")
}

fn title(id: &str, edition: u32) -> String {
    format!("{id}, edition {edition}")
}

async fn serve(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    Path(number): Path<usize>,
    headers: HeaderMap,
) -> Response {
    let agent = headers.get(header::USER_AGENT);
    let agent = agent.map_or_else(String::new, |agent| {
        agent.to_str().expect("ASCII").to_owned()
    });
    let delay = {
        let mut shelf = shelf.lock().expect("no panic");
        *shelf.asked.entry((agent, number)).or_default() += 1;
        shelf.delay
    };
    tokio::time::sleep(delay).await;
    let mut shelf = shelf.lock().expect("no panic");
    let is_resting = shelf.is_resting;
    let Some(feed) = shelf.feeds.get_mut(number) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if !is_resting && feed.len() < known_entries(&headers) + UNKNOWN {
        feed.push(0);
        let fresh = feed.len().min(FRESH);
        let place = feed.len() - 1 - usize::from(rand::random::<u8>()) % fresh;
        feed[place] += 1;
    }
    let editions: u32 = feed.iter().sum();
    let etag = format!("\"{}-{editions}\"", feed.len());
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes())
    {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    ([(header::ETAG, etag)], document(number, feed)).into_response()
}

/// How many entries the asker has stored, which its validator says.
fn known_entries(headers: &HeaderMap) -> usize {
    let known = headers.get(header::IF_NONE_MATCH);
    let known = known.map_or("", |known| known.to_str().expect("ASCII"));
    let count = known.trim_matches('"').split('-').next();
    count.and_then(|count| count.parse().ok()).unwrap_or(0)
}

fn document(number: usize, feed: &[u32]) -> String {
    let begin = chrono::DateTime::parse_from_rfc3339("2026-01-01T00:00:00Z").expect("a date");
    let items: Vec<Item> = feed
        .iter()
        .enumerate()
        .rev()
        .take(WINDOW)
        .map(|(place, edition)| {
            let id = id(number, place);
            let minutes = i64::try_from(place).expect("few");
            let published = (begin + chrono::Duration::minutes(minutes)).to_rfc3339();
            let words = format!("<p>Edition {edition} of <b>{id}</b>.</p>").repeat(8);
            Item::new(&id, &published)
                .titled(&title(&id, *edition))
                .saying(&words)
                .by(&format!("Author {}", place % 5))
        })
        .collect();
    rss(&format!("Feed {number}"), "https://blog.example/", &items)
}
