//! The server's side of the program. In: the parts. Out: the API, served until the program stops. Must not
//! know: what is asked.

use std::sync::Arc;

use tokio::net::TcpListener;

use super::{App, StartError, watching};
use crate::config::{Config, Watching};
use crate::graphql::{self, GraphqlSettings, Services};
use crate::http::{self, Door, Drain, Engine, Feeds, Frame, HttpSettings, Limits, Trusted};

/// Begins to serve at a listener.
///
/// # Errors
/// When the schema is not valid.
pub fn begin(app: &App, listener: TcpListener, config: &Config) -> Result<(), StartError> {
    let settings = settings(config)?;
    let patience = settings.patience();
    let drain = Drain::on(app.stop.clone());
    let door = Door::new(Frame {
        engine: engine(app, config),
        auth: Arc::clone(&app.parts.auth),
        clock: app.parts.clock.clone(),
        health: watching::health(&app.parts),
        settings,
        drain: drain.clone(),
        metrics: app.parts.poller.metrics().clone(),
    })?;
    let feeds = Feeds::new(
        app.parts.store.clone(),
        app.parts.bell.clone(),
        config.public_url.clone(),
        app.public_url.clone(),
    );
    let more = beside(app, config).merge(http::feed_routes(feeds));
    let router = http::router(door, more);
    app.tasks
        .spawn(http::serve(listener, router, drain, patience));
    Ok(())
}

fn settings(config: &Config) -> Result<HttpSettings, StartError> {
    let trusted = match &config.persisted_documents {
        None => Trusted::default(),
        Some(path) => Trusted::read(path).map_err(|source| StartError::Manifest {
            path: path.clone(),
            source,
        })?,
    };
    let limits = Limits {
        rows: config.max_query_rows.into(),
        ..Limits::default()
    };
    Ok(HttpSettings {
        cors_origins: config.cors_origins.clone(),
        answers_bytes: config.answer_cache_mib.saturating_mul(1024 * 1024),
        max_age: config.answer_max_age,
        trusted_proxies: config.trusted_proxies.clone(),
        rows_per_minute: config.rows_per_minute,
        live_per_address: config.live_per_address,
        introspection: config.introspection,
        graphiql: config.graphiql,
        trusted,
        only_trusted: config.persisted_only,
        limits,
        ..HttpSettings::default()
    })
}

fn engine(app: &App, config: &Config) -> Engine {
    let parts = &app.parts;
    let schema = graphql::build(Services {
        store: parts.store.clone(),
        bell: parts.bell.clone(),
        auth: Arc::clone(&parts.auth),
        clock: parts.clock.clone(),
        poller: parts.poller.clone(),
        settings: GraphqlSettings {
            name: config.name.clone(),
            max_complexity: config.max_query_rows,
            public_url: Some(app.public_url.clone()),
            proposals: config.proposals,
            ..GraphqlSettings::default()
        },
    });
    let (bell, same) = (parts.bell.clone(), parts.bell.clone());
    Engine::new(schema, graphql::sdl())
        .opening(move |request| graphql::begin(request, &bell))
        .versioned(move || same.version())
}

/// What is served beside the API: numbers, callbacks of hubs, icons.
fn beside(app: &App, config: &Config) -> http::Router {
    let mut routes = http::icons(app.parts.store.clone());
    if config.metrics == Watching::Here {
        routes = routes.merge(http::metrics(watching::gather(&app.parts)));
    }
    if let Some(subscriber) = app.subscriber(config) {
        routes = routes.merge(http::websub(subscriber, config.max_feed_bytes));
    }
    routes
}

/// Serves the numbers at an address of their own.
pub fn watch(app: &App, listener: TcpListener) {
    let router = http::metrics(watching::gather(&app.parts));
    let drain = Drain::on(app.stop.clone());
    let patience = HttpSettings::default().patience();
    app.tasks
        .spawn(http::serve(listener, router, drain, patience));
}
