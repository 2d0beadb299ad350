//! A web server for feeds on loopback. In: pages by path, set at any time. Out: answers, conditional
//! ones too (RFC 9110, section 13), and a log of what was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What one path answers.
#[derive(Clone, Debug)]
pub struct Page {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    etag: Option<String>,
    last_modified: Option<String>,
    delay: Duration,
}

impl Page {
    /// 200 with a body and a Content-Type.
    pub fn new(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::status(200)
            .body(body)
            .header("content-type", content_type)
    }

    /// An RSS document.
    pub fn rss(body: impl Into<Vec<u8>>) -> Self {
        Self::new("application/rss+xml; charset=utf-8", body)
    }

    /// An Atom document.
    pub fn atom(body: impl Into<Vec<u8>>) -> Self {
        Self::new("application/atom+xml; charset=utf-8", body)
    }

    /// An HTML page.
    pub fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::new("text/html; charset=utf-8", body)
    }

    /// An empty answer with a status.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            etag: None,
            last_modified: None,
            delay: Duration::ZERO,
        }
    }

    /// A redirect.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::status(status).header("location", to)
    }

    /// The same with another body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The same with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with an `ETag`, quotes included; a matching `If-None-Match` is answered 304.
    pub fn etag(mut self, etag: &str) -> Self {
        self.etag = Some(etag.to_owned());
        self
    }

    /// The same with a `Last-Modified`; without an `ETag`, an equal `If-Modified-Since` is answered 304.
    pub fn last_modified(mut self, date: &str) -> Self {
        self.last_modified = Some(date.to_owned());
        self
    }

    /// The same, answered after a while.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    fn is_unchanged_for(&self, asked: &HeaderMap) -> bool {
        let given = |name| asked.get(name).and_then(|value| value.to_str().ok());
        match (&self.etag, given(header::IF_NONE_MATCH)) {
            (Some(etag), Some(theirs)) => theirs.split(',').any(|one| one.trim() == etag),
            _ => {
                self.last_modified.is_some()
                    && self.last_modified.as_deref() == given(header::IF_MODIFIED_SINCE)
            }
        }
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let unchanged = self.is_unchanged_for(asked);
        let status = if unchanged { 304 } else { self.status };
        let mut response = Response::builder().status(status);
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        if let Some(etag) = &self.etag {
            response = response.header(header::ETAG, etag);
        }
        if let Some(date) = &self.last_modified {
            response = response.header(header::LAST_MODIFIED, date);
        }
        let body = if unchanged {
            Vec::new()
        } else {
            self.body.clone()
        };
        response.body(Body::from(body)).expect("a response")
    }
}

/// One request that the publisher was sent.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Method.
    pub method: String,
    /// Path with its query.
    pub path: String,
    /// Headers.
    pub headers: HeaderMap,
    /// The status that it was answered with.
    pub status: u16,
}

impl Seen {
    /// A header's value as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

#[derive(Default)]
struct Shelf {
    pages: HashMap<String, Vec<Page>>,
    seen: Vec<Seen>,
}

/// The server; it ends with the value.
pub struct Publisher {
    origin: String,
    shelf: Arc<Mutex<Shelf>>,
    _stop: DropGuard,
}

impl Publisher {
    /// Starts on a free port of 127.0.0.1.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let router = axum::Router::new()
            .fallback(serve)
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

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// From now on the path answers with this page.
    pub fn set(&self, path: &str, page: Page) {
        self.set_sequence(path, vec![page]);
    }

    /// From now on the path answers with these pages in turn, and goes on with the last.
    pub fn set_sequence(&self, path: &str, mut pages: Vec<Page>) {
        pages.reverse();
        self.shelf
            .lock()
            .expect("no panic")
            .pages
            .insert(path.to_owned(), pages);
    }

    /// From now on the path answers 404.
    pub fn remove(&self, path: &str) {
        self.shelf.lock().expect("no panic").pages.remove(path);
    }

    /// What the path was asked so far, oldest first.
    pub fn seen(&self, path: &str) -> Vec<Seen> {
        let mut all = self.seen_all();
        all.retain(|seen| seen.path == path);
        all
    }

    /// Everything that was asked so far, oldest first.
    pub fn seen_all(&self) -> Vec<Seen> {
        self.shelf.lock().expect("no panic").seen.clone()
    }
}

async fn serve(State(shelf): State<Arc<Mutex<Shelf>>>, request: Request) -> Response {
    let path = request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    let page = {
        let mut shelf = shelf.lock().expect("no panic");
        match shelf.pages.get_mut(&path) {
            Some(pages) if pages.len() > 1 => pages.pop(),
            Some(pages) => pages.last().cloned(),
            None => None,
        }
    };
    if let Some(page) = &page {
        tokio::time::sleep(page.delay).await;
    }
    let response = page.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |page| page.answer(request.headers()),
    );
    shelf.lock().expect("no panic").seen.push(Seen {
        method: request.method().to_string(),
        path,
        headers: request.headers().clone(),
        status: response.status().as_u16(),
    });
    response
}
