//! The listener. In: connections. Out: HTTP/1.1 and h2c on the same port, until told to stop; then idle
//! connections are closed, open requests finish, and live ones say goodbye. Must not know: routes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tower::Layer as _;

use super::drain::Drain;
use super::patience::Patient;

/// How long a client may take over the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Requests at work on one HTTP/2 connection.
const STREAMS_PER_CONNECTION: u32 = 100;
/// How long to rest when no connection can be accepted (no file descriptors are left).
const REST: Duration = Duration::from_millis(200);

/// How long to wait for clients.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until one that is sent something takes any of it.
    pub write: Duration,
    /// Until what is open has ended, once the server stops.
    pub drain: Duration,
}

/// Serves until the drain is told to stop, then waits a while for what is open.
pub async fn serve(listener: TcpListener, router: Router, drain: Drain, patience: Patience) {
    let graceful = GracefulShutdown::new();
    let builder = Arc::new(builder());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = drain.stopping() => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let service = Extension(ConnectInfo(address)).layer(router.clone());
                let watcher = graceful.watcher();
                // Events are small and must not wait for more.
                let _ = stream.set_nodelay(true);
                let stream = Patient::new(stream, patience.write);
                tokio::spawn(connection(stream, Arc::clone(&builder), service, watcher));
            }
            Err(error) => {
                tracing::warn!(error = %error, "connection not accepted");
                sleep(REST).await;
            }
        }
    }
    drop(listener);
    let finished = async {
        graceful.shutdown().await;
        drain.released().await;
    };
    if timeout(patience.drain, finished).await.is_err() {
        tracing::warn!("connections cut off at shutdown");
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .keep_alive_interval(Duration::from_secs(30));
    builder
}

type Service = axum::middleware::AddExtension<Router, ConnectInfo<SocketAddr>>;

async fn connection(
    stream: Patient<TcpStream>,
    builder: Arc<Builder<TokioExecutor>>,
    service: Service,
    watcher: Watcher,
) {
    let service = TowerToHyperService::new(service);
    let serving = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let served = watcher.watch(serving.into_owned()).await;
    if let Err(error) = served {
        tracing::debug!(error = %error, "connection ended early");
    }
}
