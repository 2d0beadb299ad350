//! A planet's feeds. In: `GET /planet/{slug}/…`. Out: Atom, RSS, JSON Feed and OPML documents, written as they are read
//! and never held as a whole. Must not know: GraphQL, SQL.
//!
//! A document's tag is the number of the change log, so "not modified" is answered without asking the database.

mod conditions;
mod document;
mod item;
mod place;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use entity::EntryId;
use tokio::sync::OnceCell;
use url::Url;

use self::conditions::Version;
use self::document::Plan;
use self::place::{Format, Place};
use crate::publish::Bell;
use crate::store::{Store, StoreError};

/// What feeds are made from.
pub struct Feeds {
    store: Store,
    bell: Bell,
    /// Where clients see this server; none takes each request's own `Host`.
    public_url: Option<Url>,
    /// Where it listens, for requests without a usable `Host`.
    address: Url,
    epoch: OnceCell<String>,
    moved: conditions::Moved,
    given: conditions::Given,
}

impl Feeds {
    /// Feeds of the planets in a store.
    #[must_use]
    pub fn new(store: Store, bell: Bell, public_url: Option<Url>, address: Url) -> Arc<Self> {
        Arc::new(Self {
            store,
            bell,
            public_url,
            address,
            epoch: OnceCell::new(),
            moved: conditions::Moved::default(),
            given: conditions::Given::default(),
        })
    }

    /// Tells this database from others; read once.
    async fn epoch(&self) -> Result<&str, StoreError> {
        let read = async || Ok(self.store.head().await?.epoch);
        Ok(self.epoch.get_or_try_init(read).await?)
    }
}

/// The routes of all feeds.
pub fn routes(feeds: Arc<Feeds>) -> Router {
    Router::new()
        .route("/planet/{slug}/{file}", get(current))
        .route("/planet/{slug}/archive/{number}/{file}", get(archive))
        .with_state(feeds)
}

async fn current(
    State(feeds): State<Arc<Feeds>>,
    Path((slug, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(format) = Format::of_file(&file) else {
        return nothing();
    };
    answer(&feeds, format, &slug, None, &headers).await
}

async fn archive(
    State(feeds): State<Arc<Feeds>>,
    Path((slug, number, file)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    // One number has one spelling, so that an archive has one address.
    let end = number
        .parse()
        .ok()
        .filter(|end: &i64| end.to_string() == number);
    let format = Format::of_file(&file).filter(|format| format.has_archives());
    let (Some(format), Some(end)) = (format, end) else {
        return nothing();
    };
    answer(&feeds, format, &slug, Some(EntryId(end)), &headers).await
}

async fn answer(
    feeds: &Arc<Feeds>,
    format: Format,
    slug: &str,
    archive: Option<EntryId>,
    headers: &HeaderMap,
) -> Response {
    match try_answer(feeds, format, slug, archive, headers).await {
        Ok(response) => response,
        Err(error) => {
            let error: &(dyn std::error::Error + 'static) = &error;
            tracing::error!(error, "feed not written");
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            (status, "The feed cannot be written now; try again later.\n").into_response()
        }
    }
}

async fn try_answer(
    feeds: &Arc<Feeds>,
    format: Format,
    slug: &str,
    archive: Option<EntryId>,
    headers: &HeaderMap,
) -> Result<Response, StoreError> {
    let base = place::base(feeds.public_url.as_ref(), &feeds.address, headers);
    let place = Place::new(&base, slug, format, archive);
    // Taken before anything is read, so that a tag never stands for more than was read.
    let version = Version::now(feeds, &place).await?;
    if version.is_known_by(headers, &feeds.given) {
        return Ok(version.put(StatusCode::NOT_MODIFIED.into_response()));
    }
    let Some(planet) = feeds.store.find_planet(slug).await? else {
        return Ok(nothing());
    };
    let Some(plan) = Plan::make(feeds, planet, place).await? else {
        return Ok(nothing());
    };
    feeds.given.note(&version);
    let body = Body::from_stream(plan.write(feeds.store.clone()));
    let content_type = HeaderValue::from_static(format.content_type());
    let response = ([(header::CONTENT_TYPE, content_type)], body);
    Ok(version.put(response.into_response()))
}

fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "There is no such feed.\n").into_response()
}
