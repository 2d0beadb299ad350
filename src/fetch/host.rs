//! Whose server a URL belongs to, as politeness counts it. In: a URL. Out: a short name. Pure. Must not
//! know: addresses, limits.

use url::{Host, Url};

/// The name under which the limits per host count a URL: the registrable domain, since one publisher's
/// servers are one (`feeds.example.org` and `www.example.org` are `example.org`); or the platform's name
/// where many publishers share one service (`ann.github.io` and `bob.github.io` are `github.io`).
/// An address, which only tests and intranets use, stands for itself together with its port.
#[must_use]
pub fn host_key(url: &str) -> String {
    let Ok(url) = Url::parse(url) else {
        return String::new();
    };
    match url.host() {
        Some(Host::Domain(name)) => domain_key(name),
        Some(address) => match url.port_or_known_default() {
            Some(port) => format!("{address}:{port}"),
            None => address.to_string(),
        },
        None => String::new(),
    }
}

fn domain_key(name: &str) -> String {
    let name = name.trim_end_matches('.');
    let Some(domain) = psl::domain(name.as_bytes()) else {
        return name.to_owned();
    };
    let shared = domain.suffix().typ() == Some(psl::Type::Private);
    let key = if shared {
        domain.suffix().as_bytes()
    } else {
        domain.as_bytes()
    };
    String::from_utf8_lossy(key).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publishers_servers_are_one_host() {
        assert_eq!(host_key("https://feeds.example.org/rss"), "example.org");
        assert_eq!(host_key("http://example.org:8080/rss"), "example.org");
        assert_eq!(host_key("https://www.bbc.co.uk/feed"), "bbc.co.uk");
    }

    #[test]
    fn blogs_on_a_shared_platform_are_one_host() {
        assert_eq!(host_key("https://ann.github.io/feed"), "github.io");
        assert_eq!(host_key("https://bob.blogspot.com/feed"), "blogspot.com");
    }

    #[test]
    fn an_address_stands_for_itself_with_its_port() {
        assert_eq!(host_key("http://127.0.0.1:4000/a"), "127.0.0.1:4000");
        assert_eq!(host_key("http://[::1]/a"), "[::1]:80");
        assert_eq!(host_key("http://localhost:4000/a"), "localhost");
    }

    #[test]
    fn what_is_no_url_has_no_host() {
        assert_eq!(host_key("nonsense"), "");
    }
}
