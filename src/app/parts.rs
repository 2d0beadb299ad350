//! The parts that every command works with. In: settings. Out: an open, migrated database and what stands
//! on it. Must not know: what they are used for.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

use crate::auth::{Auth, AuthError, AuthSettings};
use crate::clock::Clock;
use crate::config::{Config, without_password};
use crate::fetch::{FetchError, FetchSettings, Fetcher, Ports};
use crate::http::{InvalidSchema, ManifestError};
use crate::parse::Limits;
use crate::parse::subscriptions::Malformed;
use crate::poll::{Bounds, PollSettings, Poller};
use crate::publish::Bell;
use crate::store::{Store, StoreError, StoreSettings};

/// Why the program does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database does not open.
    #[error("the database at {address} cannot be used")]
    Database {
        /// Without its password.
        address: String,
        /// Why.
        source: StoreError,
    },
    /// Something could not be read or stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address to serve at is taken or not this machine's.
    #[error("cannot serve at {address}{}", hint(source))]
    Listen {
        /// As configured.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The list of documents that clients may send by their ids.
    #[error("persisted_documents: {}", path.display())]
    Manifest {
        /// Where it should be.
        path: PathBuf,
        /// Why it is of no use.
        source: ManifestError,
    },
    /// No HTTP client.
    #[error("the HTTP client does not start")]
    Fetch(#[from] FetchError),
    /// The file of certificates.
    #[error("the trusted certificates at {} cannot be read", path.display())]
    Certificates {
        /// As configured.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No accounts.
    #[error("accounts do not work")]
    Auth(#[from] AuthError),
    /// The schema is broken, which a test rules out.
    #[error("the GraphQL schema is not valid")]
    Schema(#[from] InvalidSchema),
    /// The bundled list is broken, which a test rules out.
    #[error("the starter list is not valid")]
    Starter(#[from] Malformed),
    /// The public address is none.
    #[error("no address can be made for {0}")]
    PublicUrl(SocketAddr),
}

fn hint(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::AddrInUse => {
            ": another program serves there; stop it, or choose another port, such as --listen 127.0.0.1:8081"
        }
        std::io::ErrorKind::PermissionDenied => {
            ": ports below 1024 need special rights; choose a higher one"
        }
        std::io::ErrorKind::AddrNotAvailable => ": that is no address of this machine",
        _ => "",
    }
}

/// What every command works with; cheap to clone.
#[derive(Clone)]
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Rings when it changes.
    pub bell: Bell,
    /// The time.
    pub clock: Clock,
    /// Fetches.
    pub fetcher: Fetcher,
    /// Polls.
    pub poller: Poller,
    /// Knows accounts.
    pub auth: Arc<Auth>,
}

impl Parts {
    /// Opens the database, brings its tables up to date and puts the parts on it.
    ///
    /// # Errors
    /// When the database or the network cannot be used.
    pub async fn open(config: &Config, clock: Clock) -> Result<Self, StartError> {
        // A second call finds the first one's choice, which is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store = open_store(config).await?;
        let bell = Bell::new();
        let fetcher = Fetcher::new(fetching(config)?)?;
        let poller = Poller::new(
            store.clone(),
            fetcher.clone(),
            clock.clone(),
            polling(config),
            node(),
        );
        let auth = Auth::new(store.clone(), clock.clone(), tokens(config))?
            .believing(super::outside::of(config, &fetcher));
        Ok(Self {
            auth: Arc::new(auth),
            store,
            bell,
            clock,
            fetcher,
            poller,
        })
    }
}

/// Opens the database and brings its tables up to date.
///
/// # Errors
/// When it cannot be used; the message names its address.
pub async fn open_store(config: &Config) -> Result<Store, StartError> {
    let open = async {
        let store = Store::open(&StoreSettings {
            readers: config.database_connections,
            postgres_connections: config.database_connections,
            revisions_kept: config.revisions_kept,
            ..StoreSettings::new(&config.database)
        })
        .await?;
        store.migrate().await?;
        Ok(store)
    };
    open.await.map_err(|source| StartError::Database {
        address: without_password(&config.database),
        source,
    })
}

/// A name for this process, to tell its claims from those of others.
fn node() -> String {
    format!("{}-{:08x}", std::process::id(), rand::random::<u32>())
}

fn fetching(config: &Config) -> Result<FetchSettings, StartError> {
    let ports = match config.allow_ports.as_slice() {
        [] => Ports::Usual,
        ports => Ports::Only(ports.iter().copied().collect()),
    };
    let certificates = config.trusted_certificates.as_deref();
    let read = |path: &Path| {
        std::fs::read(path).map_err(|source| StartError::Certificates {
            path: path.to_owned(),
            source,
        })
    };
    Ok(FetchSettings {
        trusted_certificates: certificates.map(read).transpose()?.unwrap_or_default(),
        user_agent: user_agent(config),
        connect_timeout: config.connect_timeout,
        first_byte_timeout: config.first_byte_timeout,
        idle_timeout: config.idle_timeout,
        total_timeout: config.fetch_timeout,
        max_body_bytes: config.max_feed_bytes,
        max_redirects: config.max_redirects,
        idle_per_host: usize::try_from(config.poll_per_host).unwrap_or(usize::MAX),
        allowed_networks: config.allow_networks.clone(),
        allowed_ports: ports,
    })
}

/// Who asks, where its page is, and whom to write to about it.
fn user_agent(config: &Config) -> String {
    if let Some(own) = &config.user_agent {
        return own.clone();
    }
    let version = concat!("Feedgraph/", env!("CARGO_PKG_VERSION"));
    let page = config.public_url.as_ref().map(|url| format!("+{url}"));
    let more: Vec<String> = page.into_iter().chain(config.contact.clone()).collect();
    if more.is_empty() {
        version.to_owned()
    } else {
        format!("{version} ({})", more.join("; "))
    }
}

fn polling(config: &Config) -> PollSettings {
    PollSettings {
        concurrency: config.poll_concurrency,
        per_host: config.poll_per_host,
        host_spacing: config.poll_host_spacing,
        lease_seconds: config.poll_lease_seconds,
        bounds: Bounds {
            min_seconds: config.poll_min_seconds,
            max_seconds: config.poll_max_seconds.max(config.poll_min_seconds),
        },
        redirect_hold_seconds: config.redirect_hold_days.saturating_mul(24 * 3_600),
        listens_to_hubs: hub_address(config).is_some(),
        limits: Limits::default(),
        kept_body_bytes: config.kept_body_bytes,
        ..PollSettings::default()
    }
}

/// Where hubs reach this server; none when they cannot, or should not.
pub fn hub_address(config: &Config) -> Option<&Url> {
    config.public_url.as_ref().filter(|_| config.websub)
}

fn tokens(config: &Config) -> AuthSettings {
    AuthSettings {
        access_seconds: config.access_token_minutes.saturating_mul(60),
        refresh_seconds: config.refresh_token_days.saturating_mul(24 * 60 * 60),
        ..AuthSettings::default()
    }
}
