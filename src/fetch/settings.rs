//! How fetching is set up. In: nothing. Out: plain values with defaults. Must not know: where they are read from.

use std::collections::BTreeSet;
use std::time::Duration;

use ipnet::IpNet;

/// What a [`crate::fetch::Fetcher`] is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchSettings {
    /// Sent as `User-Agent`: name, version, the planet's address, a contact. ASCII.
    pub user_agent: String,
    /// Longest wait for name resolution, TCP and TLS together.
    pub connect_timeout: Duration,
    /// Longest wait from the connection to the end of the answer's headers.
    pub first_byte_timeout: Duration,
    /// Longest silence within a body.
    pub idle_timeout: Duration,
    /// Longest time for everything, redirects included.
    pub total_timeout: Duration,
    /// Most bytes of a body after decompression.
    pub max_body_bytes: usize,
    /// Most redirects followed for one fetch.
    pub max_redirects: usize,
    /// Connections kept open to one host after an answer: as many as are used at once.
    pub idle_per_host: usize,
    /// Addresses that may be reached although they are not public: tests, the demo, intranets.
    pub allowed_networks: Vec<IpNet>,
    /// Ports that may be reached.
    pub allowed_ports: Ports,
    /// Certificates (PEM) of authorities that are trusted besides those of the system; for intranets.
    pub trusted_certificates: Vec<u8>,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            user_agent: concat!("Feedgraph/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(15),
            total_timeout: Duration::from_mins(1),
            max_body_bytes: 10 * 1024 * 1024,
            max_redirects: 8,
            idle_per_host: 2,
            allowed_networks: Vec::new(),
            allowed_ports: Ports::Usual,
            trusted_certificates: Vec::new(),
        }
    }
}

/// Which ports may be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ports {
    /// 80, 443 and those from 1024 on, but none that are known for services which a request could harm.
    #[default]
    Usual,
    /// These and no others.
    Only(BTreeSet<u16>),
}

/// Ports from 1024 on at which other things than web servers listen: the Fetch standard's list of bad
/// ports, and databases, caches and control planes that take orders without asking for a name.
const NO_WEB_SERVERS: [u16; 34] = [
    1719, 1720, 1723, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 4194, 5060,
    5061, 5432, 5672, 5900, 6000, 6379, 6443, 6566, 6697, 9042, 9200, 9300, 10080, 10250, 10255,
    11211, 27017, 50070,
];

impl Ports {
    /// Whether a port may be reached.
    #[must_use]
    pub fn allow(&self, port: u16) -> bool {
        match self {
            Self::Usual => {
                let irc = (6665..=6669).contains(&port);
                matches!(port, 80 | 443)
                    || (port >= 1024 && !irc && !NO_WEB_SERVERS.contains(&port))
            }
            Self::Only(ports) => ports.contains(&port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_ports_are_those_of_web_servers() {
        let usual = Ports::Usual;
        for port in [80, 443, 1024, 3000, 8080, 8443, 40_000] {
            assert!(usual.allow(port), "{port}");
        }
        for port in [0, 1, 22, 25, 110, 5432, 6379, 6667, 11_211] {
            assert!(!usual.allow(port), "{port}");
        }
    }

    #[test]
    fn a_list_of_ports_is_taken_by_its_word() {
        let only = Ports::Only(BTreeSet::from([81]));
        assert!(only.allow(81));
        assert!(!only.allow(80));
    }
}
