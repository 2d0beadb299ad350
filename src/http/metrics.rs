//! `/metrics`. In: a way to have the numbers. Out: a route that shows them to Prometheus. Must not know: what is counted.

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use futures::future::BoxFuture;

use crate::metrics::CONTENT_TYPE;

/// Gives the numbers as text.
pub type Gather = Arc<dyn Fn() -> BoxFuture<'static, Vec<u8>> + Send + Sync>;

/// The route, for this server's own address or one of its own.
pub fn metrics(gather: Gather) -> Router {
    let show = move || {
        let text = gather();
        async move { ([(header::CONTENT_TYPE, CONTENT_TYPE)], text.await) }
    };
    Router::new().route("/metrics", get(show))
}
