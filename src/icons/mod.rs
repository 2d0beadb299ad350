//! Finds icons of sources and keeps them. In: sources that were read. Out: small pictures, stored. Must not know: HTTP
//! servers, GraphQL.
//!
//! The worker takes no input: it looks now and then for sources whose icon was never looked for, or long ago. It asks
//! publishers' hosts only when polls leave a place.

mod look;
mod sniff;

use std::error::Error;
use std::time::Duration;

use entity::Millis;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::fetch::Fetcher;
use crate::poll::Poller;
use crate::store::{IconWanted, Store, StoreError};

/// How often to look for something to do.
const TICK: Duration = Duration::from_secs(20);
/// Sources that are looked at in one go.
const AT_ONCE: u64 = 8;
/// The largest picture that is kept, in bytes.
const LARGEST: usize = 64 * 1024;

const DAY: i64 = 24 * 3_600;
/// How long an icon is good for.
const KEPT_DAYS: i64 = 30;
/// How long to wait after the first look that found nothing; twice as long after each further one.
const RETRY_DAYS: i64 = 2;
/// A look that was cut off is taken up again after this.
const LOOK_SECONDS: i64 = 3_600;

/// Finds icons. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Icons {
    store: Store,
    poller: Poller,
    clock: Clock,
    pictures: Fetcher,
}

impl Icons {
    /// A finder that shares the poller's connections and its limits per host.
    #[must_use]
    pub fn new(store: Store, poller: Poller, clock: Clock) -> Self {
        let pictures = poller.fetcher().limited_to(LARGEST);
        Self {
            store,
            poller,
            clock,
            pictures,
        }
    }

    /// Looks for whatever is to be looked for, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            let found = tokio::select! {
                found = self.look_for_all() => found,
                () = stop.cancelled() => return,
            };
            let is_more = match found {
                Ok(looked) => looked > 0,
                Err(error) => {
                    let error: &dyn Error = &error;
                    tracing::error!(error, "icons not looked for");
                    false
                }
            };
            let rest = if is_more { Duration::ZERO } else { TICK };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    /// Looks for the icons of a few sources; says of how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn look_for_all(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let again_at = now.plus_seconds(LOOK_SECONDS);
        let wanted = self.store.icons_to_look_for(now, again_at, AT_ONCE).await?;
        let looks = wanted.iter().map(|one| self.look_for(one));
        for looked in futures::future::join_all(looks).await {
            looked?;
        }
        Ok(wanted.len())
    }

    async fn look_for(&self, wanted: &IconWanted) -> Result<(), StoreError> {
        let source = wanted.source.id;
        let asked = self.clock.now();
        if let Some(until) = self.store.host_rests_until(source, asked).await? {
            return self.store.note_no_icon(wanted, until).await;
        }
        let picture = self.find(&wanted.source).await;
        let now = self.clock.now();
        if let Some(picture) = picture {
            let again_at = later(now, KEPT_DAYS);
            let bytes = picture.bytes.len();
            tracing::debug!(source.id = source.0, bytes, "icon found");
            return self.store.keep_icon(source, &picture, again_at, now).await;
        }
        let doublings = u32::try_from(wanted.tries).unwrap_or_default().min(5);
        let again_at = later(now, RETRY_DAYS << doublings);
        self.store.note_no_icon(wanted, again_at).await
    }
}

/// So many days later, and up to a tenth more, so that what was looked for together comes apart.
fn later(now: Millis, days: i64) -> Millis {
    let seconds = days * DAY;
    now.plus_seconds(seconds + rand::random_range(0..=seconds / 10))
}
