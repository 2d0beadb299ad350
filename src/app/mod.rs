//! The running program. In: settings and a clock. Out: a server at an address, with the poller and the
//! jobs beside it, until it is stopped. Must not know: arguments, terminals.

mod first;
mod indexing;
mod janitor;
mod outside;
mod parts;
mod serving;
mod watching;

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

pub use first::{FIRST_ADMIN, FirstRun, prepare_planet};
use parts::hub_address;
pub use parts::{Parts, StartError, open_store};

use crate::clock::Clock;
use crate::config::{Config, Watching};
use crate::hooks::Sender;
use crate::icons::Icons;
use crate::jobs::Runner;
use crate::publish;
use crate::store::Backend;
use crate::websub::Subscriber;

/// How often to look at the change log although nobody rang: nodes tell each other, and this covers a lost notice.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The same on `SQLite`, where another program that writes (an import, say) tells nobody.
const LOOK_EVERY_ALONE: Duration = Duration::from_millis(250);

/// The program at work.
pub struct App {
    parts: Parts,
    first_run: FirstRun,
    address: SocketAddr,
    public_url: Url,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl App {
    /// Opens the database, makes what a new one needs, and begins to serve and to poll.
    ///
    /// # Errors
    /// When a part cannot do its work; nothing runs then.
    pub async fn start(config: &Config, clock: Clock) -> Result<Self, StartError> {
        let (listener, address) = bind(config.listen).await?;
        let watched = match config.metrics {
            Watching::At(address) => Some(bind(address).await?.0),
            Watching::Here | Watching::Off => None,
        };
        let parts = Parts::open(config, clock).await?;
        let app = Self {
            first_run: first::prepare(&parts, config).await?,
            public_url: public_url(config, address)?,
            parts,
            address,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        serving::begin(&app, listener, config)?;
        if let Some(listener) = watched {
            serving::watch(&app, listener);
        }
        app.work(config);
        Ok(app)
    }

    /// The parts, for whoever works beside the server.
    #[must_use]
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// What a new database was given.
    #[must_use]
    pub const fn first_run(&self) -> &FirstRun {
        &self.first_run
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where clients see it.
    #[must_use]
    pub const fn public_url(&self) -> &Url {
        &self.public_url
    }

    /// Finishes what is in hand: tells live clients, ends visits and jobs, closes the database.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        if let Err(error) = self.parts.store.close().await {
            let error: &dyn Error = &error;
            tracing::error!(error, "database not closed");
        }
    }

    /// Hears hubs, where they can reach this server.
    fn subscriber(&self, config: &Config) -> Option<Subscriber> {
        let url = hub_address(config)?.clone();
        let parts = self.parts.clone();
        Some(Subscriber::new(parts.store, parts.poller, parts.clock, url))
    }

    /// Sets everything to work that goes on by itself.
    fn work(&self, config: &Config) {
        let Parts {
            store,
            bell,
            clock,
            poller,
            ..
        } = self.parts.clone();
        let stop = || self.stop.clone();
        let every = match store.backend() {
            Backend::Sqlite => LOOK_EVERY_ALONE,
            Backend::Postgres => LOOK_EVERY,
        };
        let ringing = publish::follow(store.clone(), bell.clone(), every, stop());
        self.tasks.spawn(ringing);
        let runner = Runner {
            store: store.clone(),
            poller: poller.clone(),
            bell,
            clock,
        };
        self.tasks.spawn(runner.run(stop()));
        let sender = Sender {
            store: store.clone(),
            fetcher: self.parts.fetcher.clone(),
            bell: self.parts.bell.clone(),
            clock: self.parts.clock.clone(),
        };
        self.tasks.spawn(sender.run(stop()));
        let kept = janitor::Kept {
            changes_days: config.changes_kept_days,
            audit_days: config.audit_kept_days,
        };
        let tidying = janitor::run(self.parts.clone(), kept, stop());
        self.tasks.spawn(tidying);
        let indexing = indexing::run(store.clone(), self.parts.clock.clone(), stop());
        self.tasks.spawn(indexing);
        if let Some(subscriber) = self.subscriber(config).filter(|_| config.poll) {
            self.tasks.spawn(subscriber.run(stop()));
        }
        if config.poll && config.icons {
            let icons = Icons::new(store.clone(), poller.clone(), self.parts.clock.clone());
            self.tasks.spawn(icons.run(stop()));
        }
        if config.poll {
            let stop = stop();
            self.tasks.spawn(async move {
                if let Err(error) = store.take_back_claims().await {
                    let error: &dyn Error = &error;
                    tracing::warn!(error, "claims of the last run not taken back");
                }
                poller.run(stop).await;
            });
        }
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bind = async {
        let listener = TcpListener::bind(address).await?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    bind.await
        .map_err(|source| StartError::Listen { address, source })
}

/// The configured address, or that of the listener, as a browser on this machine would write it.
fn public_url(config: &Config, mut address: SocketAddr) -> Result<Url, StartError> {
    if let Some(url) = &config.public_url {
        return Ok(url.clone());
    }
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    Url::parse(&format!("http://{address}/")).map_err(|_| StartError::PublicUrl(address))
}
