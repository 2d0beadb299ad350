//! Few requests at a time to one host, and not one upon another. In: names of hosts. Out: passes, each good
//! for one request at a time. Must not know: sources, URLs. Holds for this node; a host's
//! wish for rest is kept in the database, for all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use entity::Millis;
use futures::future::BoxFuture;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Counts what is under way at each host. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hosts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    at_once: u32,
    spacing: Duration,
    hosts: Mutex<HashMap<String, Host>>,
    resting: Mutex<HashMap<String, Millis>>,
    left: Notify,
}

#[derive(Clone, Copy, Debug)]
struct Host {
    inside: u32,
    free_at: Instant,
}

impl Hosts {
    /// At most `at_once` requests to a host at a time, begun at least `spacing` apart.
    #[must_use]
    pub fn new(at_once: u32, spacing: Duration) -> Self {
        Self(Arc::new(Inner {
            at_once: at_once.max(1),
            spacing,
            hosts: Mutex::default(),
            resting: Mutex::default(),
            left: Notify::new(),
        }))
    }

    /// Hosts that should be passed over now, since a request to them began just before. How many requests
    /// are under way at each is counted by the database, for all nodes.
    #[must_use]
    pub fn busy(&self) -> Vec<String> {
        let now = Instant::now();
        let mut hosts = self.0.lock();
        hosts.retain(|_, host| host.inside > 0 || host.free_at > now);
        let fresh = hosts.iter().filter(|(_, host)| host.free_at > now);
        fresh.map(|(name, _)| name.clone()).collect()
    }

    /// Notes that a host asked for rest, for those who were let in before and have not asked yet.
    pub fn rest(&self, name: &str, until: Millis, now: Millis) {
        let mut resting = self.0.resting();
        resting.retain(|_, until| *until > now);
        resting.insert(name.to_owned(), until);
    }

    /// Until when a host is known here to want rest; none when it does not, or not any more.
    #[must_use]
    pub fn rests_until(&self, name: &str, now: Millis) -> Option<Millis> {
        let resting = self.0.resting();
        resting.get(name).copied().filter(|until| *until > now)
    }

    /// Makes a place one that goes along with redirects.
    #[must_use]
    pub fn turn(&self, pass: Pass) -> Turn {
        Turn {
            hosts: self.clone(),
            pass: Arc::new(Mutex::new(Some(pass))),
        }
    }

    /// Waits until a request to the host may begin.
    pub async fn enter(&self, name: &str) -> Pass {
        loop {
            let mut left = std::pin::pin!(self.0.left.notified());
            // From here on, no leaving is missed.
            left.as_mut().enable();
            if let Some(starts) = self.0.take_place(name) {
                let pass = Pass {
                    hosts: Arc::clone(&self.0),
                    name: name.to_owned(),
                };
                tokio::time::sleep_until(starts).await;
                return pass;
            }
            left.await;
        }
    }
}

/// A place that goes along with redirects: the next host's is waited for when the last one's was given back, so that
/// nobody waits in a circle.
#[derive(Debug)]
pub struct Turn {
    hosts: Hosts,
    pass: Arc<Mutex<Option<Pass>>>,
}

impl Turn {
    /// Goes on to another host.
    pub fn move_to(&self, name: String) -> BoxFuture<'static, ()> {
        let (hosts, place) = (self.hosts.clone(), Arc::clone(&self.pass));
        let put = move |pass| *place.lock().unwrap_or_else(PoisonError::into_inner) = pass;
        Box::pin(async move {
            put(None);
            put(Some(hosts.enter(&name).await));
        })
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Host>> {
        // Nothing panics while holding it, and a count is never half-changed.
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn resting(&self) -> MutexGuard<'_, HashMap<String, Millis>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place if one is free, and says when its request may begin.
    fn take_place(&self, name: &str) -> Option<Instant> {
        let now = Instant::now();
        let mut hosts = self.lock();
        let host = hosts.entry(name.to_owned()).or_insert(Host {
            inside: 0,
            free_at: now,
        });
        if host.inside >= self.at_once {
            return None;
        }
        host.inside += 1;
        let starts = host.free_at.max(now);
        host.free_at = starts + self.spacing;
        Some(starts)
    }

    fn leave(&self, name: &str) {
        if let Some(host) = self.lock().get_mut(name) {
            host.inside = host.inside.saturating_sub(1);
        }
        self.left.notify_waiters();
    }
}

/// A place at a host; given back when dropped.
#[derive(Debug)]
pub struct Pass {
    hosts: Arc<Inner>,
    name: String,
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.hosts.leave(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use super::*;

    async fn waits(entering: impl Future<Output = Pass>) -> bool {
        let short = Duration::from_millis(10);
        tokio::time::timeout(short, entering).await.is_err()
    }

    #[tokio::test]
    async fn a_host_has_so_many_places_and_others_do_not_wait() {
        let hosts = Hosts::new(2, Duration::ZERO);
        let first = hosts.enter("a").await;
        let _second = hosts.enter("a").await;
        assert!(waits(hosts.enter("a")).await);
        assert!(!waits(hosts.enter("b")).await);
        drop(first);
        assert!(!waits(hosts.enter("a")).await);
    }

    #[tokio::test]
    async fn a_place_goes_along_with_redirects() {
        let hosts = Hosts::new(1, Duration::ZERO);
        let turn = hosts.turn(hosts.enter("a").await);
        assert!(waits(hosts.enter("a")).await);
        turn.move_to("b".to_owned()).await;
        assert!(!waits(hosts.enter("a")).await);
        assert!(waits(hosts.enter("b")).await);
        drop(turn);
        assert!(!waits(hosts.enter("b")).await);
    }

    #[tokio::test]
    async fn a_host_rests_until_its_time() {
        let hosts = Hosts::new(2, Duration::ZERO);
        hosts.rest("a", Millis(10), Millis(0));
        assert_eq!(hosts.rests_until("a", Millis(9)), Some(Millis(10)));
        assert_eq!(hosts.rests_until("b", Millis(9)), None);
        assert_eq!(hosts.rests_until("a", Millis(10)), None);
    }

    #[tokio::test]
    async fn requests_to_a_host_begin_apart() {
        let spacing = Duration::from_millis(100);
        let hosts = Hosts::new(1, spacing);
        let began = Instant::now();
        drop(hosts.enter("a").await);
        drop(hosts.enter("a").await);
        assert!(began.elapsed() >= spacing);
        assert_eq!(hosts.busy(), ["a"]);
        tokio::time::sleep_until(began + 3 * spacing).await;
        assert!(hosts.busy().is_empty());
    }

    #[tokio::test]
    async fn one_who_gives_up_waiting_leaves_its_place() {
        let hosts = Hosts::new(1, Duration::from_hours(1));
        drop(hosts.enter("a").await);
        assert!(waits(hosts.enter("a")).await);
        assert!(!hosts.0.lock().values().any(|host| host.inside > 0));
    }

    #[tokio::test]
    async fn a_waiting_one_enters_when_another_leaves() {
        let hosts = Hosts::new(1, Duration::ZERO);
        let first = hosts.enter("a").await;
        let waiting = tokio::spawn({
            let hosts = hosts.clone();
            async move { drop(hosts.enter("a").await) }
        });
        tokio::task::yield_now().await;
        drop(first);
        waiting.await.unwrap();
    }
}
