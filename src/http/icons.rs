//! `/icons/{source}/{key}`: icons of sources. In: a source and the version that is wanted. Out: a picture, to be kept for
//! long, since another version has another address. Must not know: where icons are from.

use std::error::Error;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use entity::SourceId;

use super::pages::known;
use crate::store::{Store, StoredIcon};

/// The version that was asked for never changes.
const FOR_LONG: &str = "public, max-age=31536000, immutable";
/// Another version was asked for, and this is the present one.
const FOR_A_WHILE: &str = "public, max-age=3600";
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The route.
pub fn icons(store: Store) -> Router {
    Router::new()
        .route("/icons/{source}/{key}", get(icon))
        .with_state(store)
}

async fn icon(
    State(store): State<Store>,
    Path((source, key)): Path<(i64, String)>,
    headers: HeaderMap,
) -> Response {
    match store.find_icon(SourceId(source)).await {
        Ok(Some(icon)) => give(icon, &key, &headers),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            let error: &dyn Error = &error;
            tracing::error!(error, "icon not read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn give(icon: StoredIcon, asked: &str, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", icon.key);
    let caching = if icon.key == asked {
        FOR_LONG
    } else {
        FOR_A_WHILE
    };
    let about = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, caching.to_owned()),
        // Pages of other origins show them.
        (RESOURCE_POLICY, "cross-origin".to_owned()),
    ];
    if known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    let content_type = [(header::CONTENT_TYPE, icon.mime_type)];
    (about, content_type, icon.bytes).into_response()
}
