//! Names to addresses, filtered as they are dialled. In: a host name. Out: the addresses that may be reached.
//! Must not know: URLs.
//!
//! The check stands between resolving and connecting, with nothing in between, so that a name which
//! resolves differently from one moment to the next (DNS rebinding) gets nowhere.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::Guard;

/// Resolves with the system's resolver and keeps what the guard lets through.
#[derive(Clone, Debug)]
pub struct GuardedResolver {
    guard: Arc<Guard>,
}

impl GuardedResolver {
    /// A resolver behind a guard.
    #[must_use]
    pub const fn new(guard: Arc<Guard>) -> Self {
        Self { guard }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.guard);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(reachable(&guard, found)?)
        })
    }
}

/// A name leads only to addresses that may not be reached.
#[derive(Debug)]
pub struct Forbidden;

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to an address that is private or otherwise not public")
    }
}

impl Error for Forbidden {}

fn reachable(guard: &Guard, found: impl Iterator<Item = SocketAddr>) -> Result<Addrs, Forbidden> {
    let (open, closed): (Vec<_>, Vec<_>) = found.partition(|address| guard.may_reach(address.ip()));
    if open.is_empty() && !closed.is_empty() {
        return Err(Forbidden);
    }
    Ok(Box::new(open.into_iter()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::FetchSettings;

    fn dialled(found: &[&str]) -> Option<Vec<String>> {
        let guard = Guard::new(&FetchSettings::default());
        let found = found.iter().map(|address| address.parse().unwrap());
        let open = reachable(&guard, found).ok()?;
        Some(open.map(|address| address.to_string()).collect())
    }

    #[test]
    fn inside_addresses_are_left_out() {
        assert_eq!(
            dialled(&["10.0.0.1:0", "93.184.215.14:0", "[::1]:0"]),
            Some(vec!["93.184.215.14:0".to_owned()])
        );
    }

    #[test]
    fn a_name_with_inside_addresses_alone_is_forbidden() {
        assert_eq!(dialled(&["127.0.0.1:0", "[::1]:0"]), None);
    }
}
