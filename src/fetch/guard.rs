//! Which addresses may be reached. In: a URL, or an address that a name resolved to. Out: yes or no.
//! Pure. Must not know: how connections are made.
//!
//! URLs are checked at every hop, which also covers hosts written as addresses: the `url` crate brings
//! decimal, octal, hexadecimal and short spellings into one form. What names resolve to is checked when it is
//! dialled ([`super::resolve`]), so that nothing can change in between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use entity::PollErrorKind;
use ipnet::IpNet;
use url::{Host, Url};

use super::outcome::Failure;
use super::settings::{FetchSettings, Ports};

/// Says which URLs and addresses may be reached.
#[derive(Clone, Debug)]
pub struct Guard {
    allowed_networks: Vec<IpNet>,
    allowed_ports: Ports,
}

impl Guard {
    /// The guard that the settings ask for.
    #[must_use]
    pub fn new(settings: &FetchSettings) -> Self {
        Self {
            allowed_networks: settings.allowed_networks.clone(),
            allowed_ports: settings.allowed_ports.clone(),
        }
    }

    /// Whether a URL may be asked for at all; what its name resolves to is checked when it is dialled.
    ///
    /// # Errors
    /// Says in words that can be shown to anyone why it may not.
    pub fn check_url(&self, url: &Url) -> Result<(), Failure> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("only http and https addresses are fetched"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("the URL carries a user name or a password"));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if !self.allowed_ports.allow(port) {
            return Err(refused(&format!("port {port} is not open to fetching")));
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(name)) if !name.is_empty() => return Ok(()),
            _ => return Err(refused("the URL names no host")),
        };
        if self.may_reach(address) {
            Ok(())
        } else {
            Err(refused("the address is private or otherwise not public"))
        }
    }

    /// Whether an address is public, or opened by the settings.
    #[must_use]
    pub fn may_reach(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let opened = |network: &IpNet| network.contains(&address);
        self.allowed_networks.iter().any(opened) || is_public(address)
    }
}

pub(super) fn refused(message: &str) -> Failure {
    Failure {
        kind: PollErrorKind::ForbiddenAddress,
        message: message.to_owned(),
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Everything but what IANA's special-purpose registry (RFC 6890) keeps from the public network.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let octets = address.octets();
    let private = matches!(octets, [10, ..] | [172, 16..=31, ..] | [192, 168, ..]);
    // This network, loopback, and multicast, reserved and broadcast.
    let local = matches!(octets, [0 | 127 | 224..=255, ..]);
    // Link-local with most clouds' metadata service; carrier-grade NAT (RFC 6598) with Alibaba's; and Azure's
    // wire server, whose address is public but answers only inside.
    let cloud = matches!(
        octets,
        [169, 254, ..] | [100, 64..=127, ..] | [168, 63, 129, 16]
    );
    // Protocol assignments (Oracle's metadata service is in them), documentation, 6to4 relays, benchmarking.
    let assigned = matches!(
        octets,
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..]
    );
    let documentation = matches!(octets, [198, 51, 100, _] | [203, 0, 113, _]);
    !(private || local || cloud || assigned || documentation)
}

/// Global unicast alone, without its special parts; an address that carries an IPv4 one is as public as that.
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // NAT64 (RFC 6052): on networks with IPv6 only, every IPv4 host looks so.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(embedded(high, low)),
        // Protocol assignments with Teredo and ORCHID, documentation (twice), 6to4.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // ISATAP (RFC 5214).
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] if !is_public_v4(embedded(high, low)) => false,
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(networks: &[&str]) -> Guard {
        Guard::new(&FetchSettings {
            allowed_networks: networks.iter().map(|net| net.parse().unwrap()).collect(),
            ..FetchSettings::default()
        })
    }

    fn verdict(url: &str) -> Result<(), String> {
        let url = Url::parse(url).unwrap();
        guard(&[])
            .check_url(&url)
            .map_err(|failure| failure.message)
    }

    #[test]
    fn public_addresses_may_be_reached() {
        for url in [
            "http://example.org/feed",
            "https://93.184.215.14/",
            "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
            "http://[64:ff9b::5db8:d70e]/",
            "http://[::ffff:93.184.215.14]/",
        ] {
            assert_eq!(verdict(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn no_spelling_of_an_inside_address_may_be_reached() {
        let hosts = "127.0.0.1 127.1 2130706433 0x7f000001 0x7f.1 017700000001 0177.0.0.1 127.0.0.1. \
            0.0.0.0 0 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.100.100.200 \
            169.254.169.254 168.63.129.16 192.0.0.192 198.18.0.1 224.0.0.1 255.255.255.255 \
            [::] [::1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [::ffff:0:127.0.0.1] \
            [64:ff9b::127.0.0.1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::1] [2002:7f00:1::] [2002:5db8:d70e::] \
            [fe80::1] [fc00::1] [fd00:ec2::254] [fec0::1] [ff02::1] [2001::1] [2001:db8::1] \
            [3fff::1] [2606::200:5efe:10.0.0.1] [5f00::1] １２７.０.０.１ %31%32%37.0.0.1";
        for host in hosts.split_whitespace() {
            let url = format!("http://{host}/feed");
            let expected = Err("the address is private or otherwise not public".to_owned());
            assert_eq!(verdict(&url), expected, "{url}");
        }
    }

    #[test]
    fn the_settings_open_networks_however_they_are_spelled() {
        let open = guard(&["127.0.0.0/8", "fd00::/8"]);
        for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "[fd12::1]"] {
            let url = Url::parse(&format!("http://{host}:8080/")).unwrap();
            assert_eq!(open.check_url(&url), Ok(()), "{host}");
        }
        assert!(!open.may_reach("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn credentials_other_schemes_and_strange_ports_are_refused() {
        let said = |url| verdict(url).unwrap_err();
        assert_eq!(
            said("https://ann:secret@example.org/"),
            "the URL carries a user name or a password"
        );
        assert_eq!(
            said("ftp://example.org/"),
            "only http and https addresses are fetched"
        );
        assert_eq!(
            said("file:///etc/passwd"),
            "only http and https addresses are fetched"
        );
        assert_eq!(
            said("http://example.org:25/"),
            "port 25 is not open to fetching"
        );
    }
}
