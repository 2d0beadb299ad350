//! What surrounds every request. In: requests. Out: the same with an id, a line in the log, headers that
//! keep browsers careful, compression, leave for other origins, and an answer even when a handler panics.
//! Must not know: what is asked. Never logged: query strings, headers, bodies.

use std::any::Any;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;
use tower_http::catch_panic::{CatchPanicLayer, ResponseForPanic};
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType};
use tower_http::compression::{CompressionLayer, Predicate};
use tower_http::cors::{AllowOrigin, Any as AnyOrigin, CorsLayer};
use tracing::Instrument as _;

use super::refusal::Refusal;
use super::respond;
use crate::metrics::Metrics;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id (its own, where a proxy gave it a decent one), logs and counts it once it is answered, and gives the
/// answer headers that keep browsers careful.
pub async fn note(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // The pattern, since anyone can ask for any number of paths.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::info_span!("request", request.id = %id);
    let began = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = began.elapsed();
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    metrics.answered(method_name(&method), route, status, took);
    // A line for each request would cost a busy server more than most answers do; what it failed at is always told.
    span.in_scope(|| {
        if status >= 500 {
            tracing::warn!(http.method = %method, http.path = path, http.status = status, duration_ms, "request failed");
        } else {
            tracing::debug!(http.method = %method, http.path = path, http.status = status, duration_ms, "request answered");
        }
    });
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    harden(headers);
    response
}

/// Methods have names of any length; only the usual ones are told apart.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn request_id(request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID);
    let decent = |text: &&str| {
        (8..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    given
        .and_then(|value| value.to_str().ok())
        .filter(decent)
        .map_or_else(|| format!("{:016x}", rand::random::<u64>()), str::to_owned)
}

/// Headers that keep browsers careful, where the handler has not set its own.
fn harden(headers: &mut HeaderMap) {
    const CAREFUL: [(HeaderName, &str); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in CAREFUL {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}

/// gzip and brotli, but not for streams, which must not wait in a compressor.
pub fn compression() -> CompressionLayer<impl Predicate> {
    let when = DefaultPredicate::new()
        .and(NotForContentType::const_new("multipart/mixed"))
        .and(NotForContentType::const_new("text/event-stream"));
    CompressionLayer::new().compress_when(when)
}

/// Lets pages of these origins read answers; of all, when one of them is `*`. Tokens travel in a header
/// that a page sets itself, so nothing here ever allows credentials.
pub fn cors(origins: &[String]) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT,
            HeaderName::from_static("apollo-require-preflight"),
            HeaderName::from_static("x-apollo-operation-name"),
        ])
        .expose_headers([REQUEST_ID, header::RETRY_AFTER])
        .max_age(Duration::from_hours(1));
    if origins.iter().any(|origin| origin == "*") {
        return layer.allow_origin(AnyOrigin);
    }
    let known = origins.iter().filter_map(|origin| origin.parse().ok());
    layer.allow_origin(AllowOrigin::list(known))
}

/// The server's own answer when a handler panics.
#[must_use]
pub fn catch_panic() -> CatchPanicLayer<Panicked> {
    CatchPanicLayer::custom(Panicked)
}

/// Logs that a handler panicked, not with what: the panic's own report has it.
#[derive(Clone, Copy, Debug)]
pub struct Panicked;

impl ResponseForPanic for Panicked {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, _panic: Box<dyn Any + Send + 'static>) -> Response {
        tracing::error!("request handler panicked");
        respond::stream_refusal(&Refusal::internal())
    }
}
