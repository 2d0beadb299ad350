//! Listens to the hubs that push feeds (`WebSub`, W3C Recommendation of 23 January 2018). In: subscriptions wanted, and
//! what hubs send. Out: hubs asked, pushes stored. Must not know: HTTP servers, GraphQL.
//!
//! The worker takes no input: it compares what is with what should be, once in a while and when woken, so that a start,
//! a second node and a lease that runs out are all the same case.

mod ask;
mod callback;
mod signature;

use std::error::Error;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use url::Url;

pub use callback::{Delivery, Intent, Reply};

use crate::clock::Clock;
use crate::poll::Poller;
use crate::store::Store;

/// How often the wall clock is looked at.
const TICK: Duration = Duration::from_secs(5);
/// Hubs asked in one go.
const AT_ONCE: u64 = 20;

/// Asks hubs and hears them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Subscriber {
    store: Store,
    poller: Poller,
    clock: Clock,
    public_url: Url,
}

impl Subscriber {
    /// A subscriber whose callbacks lie below `public_url`.
    #[must_use]
    pub const fn new(store: Store, poller: Poller, clock: Clock, public_url: Url) -> Self {
        Self {
            store,
            poller,
            clock,
            public_url,
        }
    }

    /// Asks whichever hub is to be asked, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.ask_all().await {
                let error: &dyn Error = &error;
                tracing::error!(error, "hubs not asked");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }
}
