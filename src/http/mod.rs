//! The doors. In: HTTP. Out: GraphQL answers and streams, and a few files. Must not know: SQL, feeds.
//!
//! Every document of every transport goes through [`Door`]: its gate, who asks, and execution.

mod address;
mod answer;
mod cost;
mod door;
mod drain;
mod engine;
mod events;
mod feeds;
mod following;
mod gate;
mod graphql;
mod health;
mod hub;
mod icons;
mod intake;
mod kept;
mod layers;
mod metrics;
mod multipart;
mod negotiate;
mod pages;
mod params;
mod patience;
mod persisted;
mod rate;
mod refusal;
mod respond;
mod result;
mod seats;
mod serve;
mod settings;
mod shared;
mod sse;
mod websocket;
mod websub;
mod wishes;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};

pub use axum::Router;
pub use door::{Door, Frame};
pub use drain::Drain;
pub use engine::Engine;
pub use feeds::{Feeds, routes as feed_routes};
pub use gate::{Gate, InvalidSchema, Limits};
pub use health::Health;
pub use icons::icons;
pub use metrics::{Gather, metrics};
pub use persisted::{ManifestError, Trusted};
pub use serve::{Patience, serve};
pub use settings::HttpSettings;
use tower::ServiceBuilder;
pub use websub::websub;

/// All routes; `more` are served beside them, inside the same layers.
pub fn router(door: Arc<Door>, more: Router) -> Router {
    let cors = layers::cors(&door.settings.cors_origins);
    let metrics = door.metrics.clone();
    Router::new()
        .route("/graphql", any(graphql::serve))
        .route("/graphql/ws", any(websocket::serve))
        .route("/graphql/stream", any(sse::serve))
        .route("/graphiql", get(pages::graphiql))
        .route("/graphiql/", get(pages::graphiql_slash))
        .route("/graphiql/{file}", get(pages::graphiql_file))
        .route("/schema.graphql", get(pages::schema))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .with_state(door)
        .merge(more)
        .fallback(|| async { (StatusCode::NOT_FOUND, "There is nothing here.\n") })
        // All at once: each that is put around a router alone costs every request a box or two.
        .layer(
            ServiceBuilder::new()
                .layer(from_fn_with_state(metrics, layers::note))
                .layer(cors)
                .layer(layers::compression())
                .layer(layers::catch_panic()),
        )
}
