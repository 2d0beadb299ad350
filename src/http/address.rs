//! Where a request comes from. In: the connection's other end, and what proxies wrote. Out: the client's address.
//! Must not know: what is asked.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;

/// The client's address: the connection's other end, or, where that is a proxy to be trusted, the last address that
/// no such proxy has in `X-Forwarded-For`. What a client writes there itself counts for nothing.
#[must_use]
pub fn client(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    let peer = peer.ip().to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(&peer) {
        return Some(peer);
    }
    let mut client = peer;
    let lines: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    for hop in lines.join(",").rsplit(',') {
        let Some(address) = read(hop.trim()) else {
            break;
        };
        client = address;
        if !is_trusted(&address) {
            break;
        }
    }
    Some(client)
}

/// An address, with or without a port.
fn read(text: &str) -> Option<IpAddr> {
    let plain = text
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
        .ok();
    let address = plain.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, forwarded: &[&str], expected: &str) {
        let mut extensions = Extensions::new();
        let peer: SocketAddr = peer.parse().unwrap();
        extensions.insert(ConnectInfo(peer));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted = [
            "127.0.0.0/8".parse().unwrap(),
            "10.0.0.0/8".parse().unwrap(),
        ];
        let found = client(&extensions, &headers, &trusted).unwrap();
        assert_eq!(found.to_string(), expected, "{peer} {forwarded:?}");
    }

    #[test]
    fn only_proxies_to_be_trusted_are_believed() {
        check("203.0.113.7:1", &["198.51.100.1"], "203.0.113.7");
        check("127.0.0.1:1", &["198.51.100.1"], "198.51.100.1");
        check(
            "127.0.0.1:1",
            &["1.1.1.1, 198.51.100.1, 10.0.0.3"],
            "198.51.100.1",
        );
        check(
            "127.0.0.1:1",
            &["1.1.1.1", "198.51.100.1:4711"],
            "198.51.100.1",
        );
        check("127.0.0.1:1", &["evil, [2001:db8::1]"], "2001:db8::1");
        check("127.0.0.1:1", &["198.51.100.1, rubbish"], "127.0.0.1");
        check(
            "[::ffff:127.0.0.1]:1",
            &["::ffff:198.51.100.1"],
            "198.51.100.1",
        );
        check("127.0.0.1:1", &[], "127.0.0.1");
    }
}
