//! `/websub/{key}`: where hubs ask and push. In: requests of hubs. Out: answers. Must not know: what is stored.

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use tokio::time::timeout;

use crate::store::StoreError;
use crate::websub::{Delivery, Intent, Reply, Subscriber};

/// How long a hub may take over what it pushes.
const PATIENCE: Duration = Duration::from_secs(30);
const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature");

/// The route for callbacks; pushes are read up to `max_bytes`.
pub fn websub(subscriber: Subscriber, max_bytes: usize) -> Router {
    Router::new()
        .route("/websub/{key}", get(verify).post(push))
        .with_state(Callbacks {
            subscriber,
            max_bytes,
        })
}

#[derive(Clone)]
struct Callbacks {
    subscriber: Subscriber,
    max_bytes: usize,
}

/// The parameters of a question; those of other names are passed over.
#[derive(Deserialize)]
struct Question {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.topic")]
    topic: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
    #[serde(rename = "hub.lease_seconds")]
    lease_seconds: Option<String>,
}

async fn verify(
    State(callbacks): State<Callbacks>,
    Path(key): Path<String>,
    Query(question): Query<Question>,
) -> Response {
    let intent = Intent {
        mode: question.mode,
        topic: question.topic,
        challenge: question.challenge,
        lease_seconds: question.lease_seconds,
    };
    answer(callbacks.subscriber.verify(&key, intent).await)
}

async fn push(
    State(callbacks): State<Callbacks>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    // Nobody's pushes are not even read.
    match callbacks.subscriber.expects(&key).await {
        Ok(Reply::Noted) => {}
        other => return answer(other),
    }
    let body = match timeout(PATIENCE, to_bytes(body, callbacks.max_bytes)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let text = |name: HeaderName| {
        let value = headers.get(name)?;
        Some(value.to_str().ok()?.to_owned())
    };
    let delivery = Delivery {
        signature: text(SIGNATURE),
        content_type: text(header::CONTENT_TYPE),
        body,
    };
    answer(callbacks.subscriber.deliver(&key, delivery).await)
}

fn answer(reply: Result<Reply, StoreError>) -> Response {
    match reply {
        Ok(Reply::Confirmed(challenge)) => {
            let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            (plain, challenge).into_response()
        }
        Ok(Reply::Noted) => StatusCode::ACCEPTED.into_response(),
        Ok(Reply::Unknown) => StatusCode::NOT_FOUND.into_response(),
        Ok(Reply::Ended) => StatusCode::GONE.into_response(),
        Ok(Reply::Later) => (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, "60")],
        )
            .into_response(),
        Err(error) => {
            let error: &dyn Error = &error;
            tracing::error!(error, "callback failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
