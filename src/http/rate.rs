//! How much each client may ask for. In: who asks, and the price of what they ask. Out: go ahead, with what is left,
//! or how long to wait. Rows trickle back evenly (GCRA). Must not know: documents, HTTP.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use entity::UserId;
use governor::clock::Clock as GovernorClock;
use governor::middleware::{NoOpMiddleware, StateInformationMiddleware};
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{InsufficientCapacity, Quota, RateLimiter};

use crate::auth::Caller;
use crate::clock::Clock;

/// After so many requests, those clients are forgotten who have everything again.
const TIDY_EVERY: u32 = 10_000;

/// Who is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Client {
    Account(UserId),
    Address(IpAddr),
}

/// Our clock, as the library asks it.
#[derive(Clone, Debug)]
struct Time(Clock);

impl GovernorClock for Time {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let millis = u64::try_from(self.0.now().0).unwrap_or(0);
        Duration::from_millis(millis).into()
    }
}

type Limiter =
    RateLimiter<Client, DefaultKeyedStateStore<Client>, Time, StateInformationMiddleware>;

/// What every client may ask for in a minute, and at once.
pub struct Rates {
    limiter: Option<Limiter>,
    clock: Time,
    asked: AtomicU32,
}

/// A client has to wait so many seconds, at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub u64);

impl Rates {
    /// `rows` in a minute; 0 is no limit.
    #[must_use]
    pub fn new(rows: u32, clock: Clock) -> Self {
        let clock = Time(clock);
        let limiter = NonZeroU32::new(rows).map(|rows| {
            let limiter: RateLimiter<_, _, _, NoOpMiddleware<Nanos>> = RateLimiter::new(
                Quota::per_minute(rows),
                DefaultKeyedStateStore::default(),
                clock.clone(),
            );
            limiter.with_middleware()
        });
        Self {
            limiter,
            clock,
            asked: AtomicU32::new(0),
        }
    }

    /// Takes `price` rows from the client's account, if it has one, and from its address. Gives what is left; none
    /// where nothing limits. Programs on this machine are not limited: behind a proxy that is not named in the
    /// settings, all clients would be one of them.
    ///
    /// # Errors
    /// Nothing more is left for now.
    pub fn take(&self, caller: &Caller, price: u64) -> Result<Option<u32>, Wait> {
        let Some(limiter) = &self.limiter else {
            return Ok(None);
        };
        self.tidy(limiter);
        let account = caller
            .principal
            .as_ref()
            .map(|principal| Client::Account(principal.user_id));
        let address = caller.address.filter(|address| !address.is_loopback());
        let address = address.map(|address| Client::Address(network(address)));
        let price = u32::try_from(price).unwrap_or(u32::MAX);
        let price = NonZeroU32::new(price).unwrap_or(NonZeroU32::MIN);
        let mut left = None;
        for client in account.into_iter().chain(address) {
            let rows = self.take_one(limiter, &client, price)?;
            left = Some(left.map_or(rows, |known: u32| known.min(rows)));
        }
        Ok(left)
    }

    fn take_one(&self, limiter: &Limiter, client: &Client, price: NonZeroU32) -> Result<u32, Wait> {
        match limiter.check_key_n(client, price) {
            Ok(Ok(state)) => Ok(state.remaining_burst_capacity()),
            Ok(Err(not_until)) => {
                let wait = not_until.wait_time_from(self.clock.now());
                Err(Wait(
                    wait.as_millis()
                        .div_ceil(1_000)
                        .try_into()
                        .unwrap_or(u64::MAX)
                        .max(1),
                ))
            }
            // More than a minute's worth: that much is never there.
            Err(InsufficientCapacity(_)) => Err(Wait(60)),
        }
    }

    fn tidy(&self, limiter: &Limiter) {
        if self.asked.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// A household has a whole /64 of IPv6.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let bits = address.to_bits() >> 64 << 64;
            Ipv6Addr::from_bits(bits).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use entity::Millis;

    use super::*;

    fn from(address: &str) -> Caller {
        Caller {
            address: Some(address.parse().unwrap()),
            ..Caller::default()
        }
    }

    #[test]
    fn rows_run_out_and_come_back() {
        let clock = Clock::manual(Millis(1_750_000_000_000));
        let rates = Rates::new(600, clock.clone());
        assert_eq!(rates.take(&from("203.0.113.7"), 500), Ok(Some(100)));
        assert_eq!(rates.take(&from("203.0.113.7"), 150), Err(Wait(5)));
        assert_eq!(rates.take(&from("203.0.113.8"), 150), Ok(Some(450)));
        clock.advance(5_000);
        assert_eq!(rates.take(&from("203.0.113.7"), 150), Ok(Some(0)));
        assert_eq!(rates.take(&from("203.0.113.7"), 601), Err(Wait(60)));
    }

    #[test]
    fn a_household_is_one_and_this_machine_is_free() {
        let rates = Rates::new(100, Clock::manual(Millis(0)));
        assert_eq!(rates.take(&from("2001:db8::1"), 60), Ok(Some(40)));
        assert!(rates.take(&from("2001:db8::ffff"), 60).is_err());
        assert_eq!(rates.take(&from("127.0.0.1"), 1_000), Ok(None));
        assert_eq!(
            Rates::new(0, Clock::manual(Millis(0))).take(&from("203.0.113.7"), 1_000),
            Ok(None)
        );
    }
}
