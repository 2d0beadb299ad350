//! Whether a client has a document already (RFC 9110, section 13). In: the change log's number, a request's
//! conditions. Out: yes or no, and the headers of an answer. Must not know: what documents hold.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use entity::{Millis, Revision};

use super::Feeds;
use super::place::Place;
use crate::store::StoreError;

/// How long a copy may be shown without asking again.
const FRESH: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// When the change log came to its newest number, as far as it was asked.
#[derive(Debug, Default)]
pub struct Moved(Mutex<Option<(Revision, Millis)>>);

/// Documents that are remembered to be there.
const REMEMBERED: usize = 4_096;

/// Tags of documents that were given. A condition that names no tag is held against these, so that nobody is told that
/// what was never there has not changed.
#[derive(Debug, Default)]
pub struct Given(Mutex<HashSet<String>>);

impl Given {
    /// Remembers that a document is there.
    pub fn note(&self, version: &Version) {
        let mut tags = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tags.len() >= REMEMBERED {
            // Most are of numbers that have passed.
            tags.clear();
        }
        tags.insert(version.tag.clone());
    }

    fn has(&self, version: &Version) -> bool {
        let tags = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tags.contains(&version.tag)
    }
}

/// Which state of the data a document shows.
#[derive(Clone, Debug)]
pub struct Version {
    tag: String,
    modified: Option<Millis>,
}

impl Version {
    /// The present one.
    pub async fn now(feeds: &Feeds, place: &Place) -> Result<Self, StoreError> {
        let mut revision = feeds.bell.last();
        if revision == Revision(0) {
            revision = feeds.store.head().await?.revision;
        }
        let epoch = feeds.epoch().await?.get(..8).unwrap_or_default();
        // A document holds its own address, which depends on how it was asked for.
        let place = crate::http::pages::digest(place.this().as_str().as_bytes());
        let place = place.get(..8).unwrap_or_default();
        Ok(Self {
            // Weak, since the same document is also sent compressed.
            tag: format!("W/\"{epoch}-{}-{place}\"", revision.0),
            modified: feeds.moved.to(feeds, revision).await?,
        })
    }

    /// Whether a request says that it has this one, and it is certain to be there. A tag is taken before a time.
    pub fn is_known_by(&self, headers: &HeaderMap, given: &Given) -> bool {
        let tags = headers.get(header::IF_NONE_MATCH);
        if let Some(tags) = tags {
            // Only who was given the document knows its tag.
            let is_named = tags.to_str().is_ok_and(|tags| tags.contains(&self.tag));
            return crate::http::pages::known(headers, &self.tag) && (is_named || given.has(self));
        }
        if !given.has(self) {
            return false;
        }
        let since = headers.get(header::IF_MODIFIED_SINCE);
        let since = since.and_then(|value| value.to_str().ok());
        let since = since.and_then(|text| httpdate::parse_http_date(text).ok());
        match (since, self.modified.and_then(time)) {
            (Some(since), Some(modified)) => modified <= since,
            _ => false,
        }
    }

    /// Puts what clients and caches need to know into an answer.
    pub fn put(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, FRESH);
        if let Ok(value) = HeaderValue::from_str(&self.tag) {
            headers.insert(header::ETAG, value);
        }
        let modified = self.modified.and_then(time).map(httpdate::fmt_http_date);
        if let Some(Ok(value)) = modified.map(|text| HeaderValue::from_str(&text)) {
            headers.insert(header::LAST_MODIFIED, value);
        }
        response
    }
}

impl Moved {
    /// When the log came to a number; asks the database once for each.
    async fn to(&self, feeds: &Feeds, revision: Revision) -> Result<Option<Millis>, StoreError> {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, at)) = known.filter(|(known, _)| *known == revision) {
            return Ok(Some(at));
        }
        let at = feeds.store.changed_at(revision).await?;
        if let Some(at) = at {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((revision, at));
        }
        Ok(at)
    }
}

/// In whole seconds, as headers have it, rounded up: what changed within a second is not taken for old.
fn time(at: Millis) -> Option<SystemTime> {
    let seconds = u64::try_from(at.0.div_euclid(1_000).saturating_add(1)).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
