//! Slows down guessing. In: who tries from where, and when. Out: go ahead, or how long to wait. Pure but
//! for what it remembers, which is bounded. Must not know: passwords, the clock.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use entity::Millis;

/// Tries that are free: for one name from one address, and for one address whatever the name.
const FREE: [u32; 2] = [5, 50];
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
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Millis,
}

/// A try that counts as failed until it is told to have succeeded, so that many at once are not free.
#[derive(Debug)]
pub struct Try {
    keys: [Key; 2],
}

impl Throttle {
    /// Lets a try go ahead.
    ///
    /// # Errors
    /// Seconds to wait before the next one, at least 1.
    pub fn begin(&self, name: &str, address: Option<IpAddr>, now: Millis) -> Result<Try, i64> {
        let keys = [Key::NameAt(name.to_owned(), address), Key::Address(address)];
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = keys.iter().zip(FREE).map(|(key, free)| {
            failures
                .get(key)
                .map_or(0, |known| wait_after(*known, free, now))
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
            known.count = known.count.saturating_add(1);
            known.last = now;
        }
        Ok(Try { keys })
    }

    /// Forgets what the try and those before it counted for the name; for the address, only this one.
    pub fn succeed(&self, tried: Try) {
        let [name, address] = tried.keys;
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&name);
        if let Some(known) = failures.get_mut(&address) {
            known.count = known.count.saturating_sub(1);
        }
    }
}

fn wait_after(known: Failures, free: u32, now: Millis) -> i64 {
    if known.count < free {
        return 0;
    }
    let doublings = known.count.saturating_sub(free).min(30);
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    wait.saturating_sub(now.since(known.last))
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
    fn what_is_remembered_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..30_000_u32 {
            let address = Some(IpAddr::V4(n.into()));
            assert!(throttle.begin("anna", address, Millis(0)).is_ok());
        }
        assert!(throttle.failures.lock().unwrap().len() <= REMEMBERED + 2);
    }
}
