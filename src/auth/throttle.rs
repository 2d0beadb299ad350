//! Slows down guessing. In: who tries from where, and when. Out: go ahead, or how long to wait. Pure but
//! for what it remembers, which is bounded. Must not know: passwords, the clock.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use entity::Millis;

/// Tries that are free: for one name from one address, for one address whatever the name, and for one name from
/// wherever.
const FREE: [u32; 3] = [5, 50, 100];
/// The longest waits, in milliseconds. That of a name is short: whoever guesses from many addresses must not keep its
/// owner out for long.
const LONGEST: [i64; 3] = [LONGEST_WAIT, LONGEST_WAIT, 30_000];
/// The first wait, in milliseconds; each further failure doubles it.
const FIRST_WAIT: i64 = 1_000;
/// The longest wait, and for how long a failure is remembered: a quarter of an hour.
const LONGEST_WAIT: i64 = 15 * 60 * 1_000;
/// How many names and addresses are remembered.
const REMEMBERED: usize = 20_000;

/// Remembers failed tries.
#[derive(Debug, Default)]
pub struct Throttle {
    failures: Mutex<HashMap<Key, Failures>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    NameAt(String, Option<IpAddr>),
    Address(Option<IpAddr>),
    Name(String),
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Millis,
}

/// A try that counts as failed until it is told to have succeeded, so that many at once are not free.
#[derive(Debug)]
pub struct Try {
    keys: [Key; 3],
}

impl Throttle {
    /// Lets a try go ahead.
    ///
    /// # Errors
    /// Seconds to wait before the next one, at least 1.
    pub fn begin(&self, name: &str, address: Option<IpAddr>, now: Millis) -> Result<Try, i64> {
        let address = address.map(neighbourhood);
        let keys = [
            Key::NameAt(name.to_owned(), address),
            Key::Address(address),
            Key::Name(name.to_owned()),
        ];
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let bounds = FREE.into_iter().zip(LONGEST);
        let waits = keys.iter().zip(bounds).map(|(key, (free, longest))| {
            failures
                .get(key)
                .map_or(0, |known| wait_after(*known, free, longest, now))
        });
        let wait = waits.max().unwrap_or(0);
        if wait > 0 {
            return Err(wait.saturating_add(999) / 1_000);
        }
        make_room(&mut failures, now);
        for key in &keys {
            let known = failures.entry(key.clone()).or_insert(Failures {
                count: 0,
                last: now,
            });
            if now.since(known.last) >= LONGEST_WAIT {
                known.count = 0;
            }
            known.count = known.count.saturating_add(1);
            known.last = now;
        }
        Ok(Try { keys })
    }

    /// Forgets what the try and those before it counted for the name at this address; else, only this one.
    pub fn succeed(&self, tried: Try) {
        let [here, address, name] = tried.keys;
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&here);
        for key in [address, name] {
            if let Some(known) = failures.get_mut(&key) {
                known.count = known.count.saturating_sub(1);
            }
        }
    }
}

/// Those who share an address: an IPv6 host has all of its /64, so whoever guesses would have a new address for every
/// try.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn wait_after(known: Failures, free: u32, longest: i64, now: Millis) -> i64 {
    if known.count < free {
        return 0;
    }
    let doublings = known.count.saturating_sub(free).min(30);
    let since = now.since(known.last);
    if since >= LONGEST_WAIT {
        return 0;
    }
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(longest);
    wait.saturating_sub(since)
}

fn make_room(failures: &mut HashMap<Key, Failures>, now: Millis) {
    if failures.len() < REMEMBERED {
        return;
    }
    failures.retain(|_, known| now.since(known.last) < LONGEST_WAIT);
    if failures.len() >= REMEMBERED {
        // All are fresh: half of them go, those of the fewest failures first.
        let mut counts: Vec<u32> = failures.values().map(|known| known.count).collect();
        counts.sort_unstable();
        let middle = counts.get(counts.len() / 2).copied().unwrap_or(u32::MAX);
        failures.retain(|_, known| known.count > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    #[test]
    fn failures_make_the_next_try_wait_ever_longer() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            assert!(throttle.begin("anna", HERE, Millis(0)).is_ok());
        }
        assert_eq!(throttle.begin("anna", HERE, Millis(0)).unwrap_err(), 1);
        assert_eq!(throttle.begin("anna", HERE, Millis(999)).unwrap_err(), 1);
        assert!(throttle.begin("anna", HERE, Millis(1_000)).is_ok());
        assert_eq!(throttle.begin("anna", HERE, Millis(1_000)).unwrap_err(), 2);
        assert!(throttle.begin("berta", HERE, Millis(1_000)).is_ok());
        assert!(throttle.begin("anna", None, Millis(1_000)).is_ok());
    }

    #[test]
    fn a_success_clears_the_name() {
        let throttle = Throttle::default();
        for _ in 0..4 {
            assert!(throttle.begin("anna", HERE, Millis(0)).is_ok());
        }
        let good = throttle.begin("anna", HERE, Millis(0)).unwrap();
        throttle.succeed(good);
        assert!(throttle.begin("anna", HERE, Millis(0)).is_ok());
    }

    #[test]
    fn one_address_cannot_try_many_names() {
        let throttle = Throttle::default();
        let tried = (0..60)
            .filter(|n| throttle.begin(&n.to_string(), HERE, Millis(0)).is_ok())
            .count();
        assert_eq!(tried, 50);
    }

    #[test]
    fn one_ipv6_network_counts_as_one_address() {
        let throttle = Throttle::default();
        let from = |n: u64| {
            Some(IpAddr::V6(Ipv6Addr::from_bits(
                (0x2001_0db8 << 96) | u128::from(n),
            )))
        };
        let tried = (0..60)
            .filter(|n| throttle.begin("anna", from(*n), Millis(0)).is_ok())
            .count();
        assert_eq!(tried, 5);
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(neighbourhood(mapped).to_string(), "192.0.2.1");
    }

    #[test]
    fn one_name_cannot_be_guessed_from_everywhere_and_its_owner_waits_not_long() {
        let throttle = Throttle::default();
        let from = |n: u32| Some(IpAddr::V4(n.into()));
        let tried = (0..300)
            .filter(|n| throttle.begin("anna", from(*n), Millis(0)).is_ok())
            .count();
        assert_eq!(tried, 100);
        for n in 300..320 {
            let at = Millis(i64::from(n - 299) * 30_000);
            assert!(throttle.begin("anna", from(n), at).is_ok(), "{n}");
        }
        assert_eq!(
            throttle
                .begin("anna", from(999), Millis(20 * 30_000))
                .unwrap_err(),
            30
        );
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..30_000_u32 {
            let address = Some(IpAddr::V4(n.into()));
            assert!(throttle.begin(&n.to_string(), address, Millis(0)).is_ok());
        }
        assert!(throttle.failures.lock().unwrap().len() <= REMEMBERED + 3);
    }
}
