//! How often somebody without an account may propose. In: an address and the time. Out: go ahead, or how long to wait. What it
//! remembers is bounded. Must not know: what is proposed.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use entity::Millis;

/// Tries an hour.
const TRIES: usize = 5;
const HOUR: i64 = 60 * 60 * 1_000;
/// Addresses that are remembered.
const REMEMBERED: usize = 10_000;

/// Remembers who proposed when.
#[derive(Debug, Default)]
pub struct Allowance(Mutex<HashMap<Option<IpAddr>, Vec<Millis>>>);

impl Allowance {
    /// Lets one try go ahead.
    ///
    /// # Errors
    /// Seconds to wait, at least 1.
    pub fn take(&self, address: Option<IpAddr>, now: Millis) -> Result<(), i64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.retain(|_, tries| tries.iter().any(|at| now.since(*at) < HOUR));
        }
        if all.len() >= REMEMBERED {
            return Err(HOUR / 1_000);
        }
        let tries = all.entry(address.map(network)).or_default();
        tries.retain(|at| now.since(*at) < HOUR);
        if let Some(first) = tries.first().filter(|_| tries.len() >= TRIES) {
            return Err(((HOUR - now.since(*first)) / 1_000).max(1));
        }
        tries.push(now);
        Ok(())
    }
}

/// Whoever has one IPv6 address has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        IpAddr::V4(address) => address.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_an_hour_for_each_network() {
        let allowance = Allowance::default();
        let at = |address: &str, now| allowance.take(Some(address.parse().unwrap()), Millis(now));
        for now in 0..5 {
            assert_eq!(at("2001:db8::1", now), Ok(()));
        }
        assert_eq!(at("2001:db8::2", 1_000), Err(3_599));
        assert_eq!(at("192.0.2.1", 1_000), Ok(()));
        assert_eq!(at("2001:db8::2", HOUR), Ok(()));
    }
}
