//! `feedgraph demo`: a planet without the internet. In: nothing. Out: a web server on loopback with a few
//! blogs, one of which publishes something every few seconds. Must not know: the rest of the program,
//! which follows these blogs as it follows any others.

mod planet;
mod write;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use planet::Planet;

/// Why there is no publisher.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No free port on loopback.
    #[error("no port of 127.0.0.1 is free for the demo's publisher")]
    Port(#[from] std::io::Error),
    /// The bundled planet cannot be read.
    #[error("the bundled planet is broken")]
    Planet(#[from] toml::de::Error),
}

/// The blogs and where they are.
#[derive(Clone)]
pub struct Publisher {
    planet: Arc<Mutex<Planet>>,
    origin: String,
    clock: Clock,
}

impl Publisher {
    /// Starts publishing on a free port of 127.0.0.1, a new entry after each `every`, until `shutdown`.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(
        clock: Clock,
        every: Duration,
        shutdown: CancellationToken,
    ) -> Result<Self, DemoError> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let planet = Planet::bundled(now(&clock))?;
        let publisher = Self {
            planet: Arc::new(Mutex::new(planet)),
            origin: format!("http://{}", listener.local_addr()?),
            clock,
        };
        let router = Router::new()
            .route("/{blog}/", get(page))
            .route("/{blog}/feed", get(feed))
            .route("/{blog}/{number}", get(post))
            .with_state(publisher.clone());
        let stop = shutdown.clone().cancelled_owned();
        tokio::spawn(
            axum::serve(listener, router)
                .with_graceful_shutdown(stop)
                .into_future(),
        );
        tokio::spawn(publisher.clone().publish(every, shutdown));
        Ok(publisher)
    }

    /// The feeds of all blogs.
    #[must_use]
    pub fn blogs(&self) -> Vec<String> {
        self.read(|planet| {
            let blogs = planet.blogs().iter();
            let urls = blogs.map(|blog| format!("{}/{}/feed", self.origin, blog.slug));
            urls.collect()
        })
    }

    async fn publish(self, every: Duration, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(every);
        ticks.tick().await;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = ticks.tick() => self.read(|planet| planet.publish_next(now(&self.clock))),
            }
        }
    }

    fn read<T>(&self, question: impl FnOnce(&mut Planet) -> T) -> T {
        // Nothing panics while it holds the lock, and a half-changed planet would still be readable.
        question(&mut self.planet.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn now(clock: &Clock) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(clock.now().0).unwrap_or_default()
}

async fn feed(
    State(publisher): State<Publisher>,
    Path(slug): Path<String>,
    asked: HeaderMap,
) -> Response {
    let found = publisher.read(|planet| {
        let blog = planet.blog(&slug)?;
        let etag = format!("\"{slug}-{}\"", blog.posts.len());
        Some((etag, write::feed(blog, &publisher.origin)))
    });
    let Some((etag, (media_type, text))) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let known = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|known| known.to_str().ok());
    if known == Some(etag.as_str()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    let headers = [
        (header::ETAG, etag),
        (header::CONTENT_TYPE, media_type.to_owned()),
    ];
    (headers, text).into_response()
}

async fn page(State(publisher): State<Publisher>, Path(slug): Path<String>) -> Response {
    let text = publisher.read(|planet| Some(write::page(planet.blog(&slug)?, &publisher.origin)));
    text.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |text| Html(text).into_response(),
    )
}

async fn post(
    State(publisher): State<Publisher>,
    Path((slug, number)): Path<(String, usize)>,
) -> Response {
    let text = publisher.read(|planet| {
        let blog = planet.blog(&slug)?;
        let post = blog.posts.iter().find(|post| post.number == number)?;
        Some(write::post_page(blog, post, &publisher.origin))
    });
    text.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |text| Html(text).into_response(),
    )
}
