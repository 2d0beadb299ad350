//! Links without what rotates in them. In: a link as published, absolute or not. Out: a text to compare, no address
//! to go to. Must not know: which element it stands in.

use super::embed;
use super::link::is_tracking;

/// Parameters that hold sessions, signatures and times; other names begin with one of [`STARTS`].
const ROTATING: &[&str] = &[
    "sid",
    "session",
    "sessionid",
    "session_id",
    "phpsessid",
    "jsessionid",
    "cfid",
    "cftoken",
    "nonce",
    "_wpnonce",
    "token",
    "auth",
    "sig",
    "signature",
    "expires",
    "expiry",
    "exp",
    "key-pair-id",
    "policy",
    "hmac",
    "hdnea",
    "hdnts",
    "st",
    "se",
    "sp",
    "sv",
    "sr",
    "awsaccesskeyid",
    "googleaccessid",
    "oh",
    "oe",
    "_",
    "ts",
    "timestamp",
    "cb",
    "cachebuster",
    "cache",
    "rand",
    "rnd",
    "random",
    "ref",
    "referrer",
    "awcollectionid",
    "awepisodeid",
    "aw_0_1st.playerid",
];
const STARTS: &[&str] = &["x-amz-", "x-goog-", "aspsessionid", "_nc_", "hdn"];
/// Parameters of which any says that an address is signed: then the others change with it.
const SIGNED: &[&str] = &[
    "signature",
    "x-amz-signature",
    "x-goog-signature",
    "sig",
    "hmac",
    "hdnea",
    "hdnts",
    "token",
];
/// First labels of hosts that count who follows a link, with an address that means nothing.
const COUNTING: &[&str] = &[
    "click",
    "clicks",
    "track",
    "tracking",
    "tracker",
    "trk",
    "redirect",
    "redir",
    "pixel",
    "beacon",
    "stats",
    "analytics",
    "metrics",
    "counter",
    "ad",
    "ads",
    "feedads",
    "adserver",
];

/// A link to a page; none when it leads to something that only counts.
pub(super) fn page(link: &str) -> Option<String> {
    if counts_readers(link) {
        return None;
    }
    Some(quiet(link, false))
}

/// A link to a picture or another file: hosts of one set are one.
pub(super) fn media(link: &str) -> String {
    quiet(link, true)
}

/// Whether a link leads to what only counts readers.
pub(super) fn counts_readers(link: &str) -> bool {
    let (host, _) = host_and_path(link.trim());
    let label = host.split('.').next().unwrap_or_default();
    let is_counting = host.contains('.') && COUNTING.contains(&label.to_ascii_lowercase().as_str());
    is_counting || embed::is_tracker(link)
}

fn quiet(link: &str, is_media: bool) -> String {
    let link = link.trim();
    let (link, fragment) = link.split_once('#').unwrap_or((link, ""));
    let (address, query) = link.split_once('?').unwrap_or((link, ""));
    let (host, path) = host_and_path(address);
    let mut out = if is_media {
        one_of_set(host)
    } else {
        host.to_ascii_lowercase()
    };
    out.push_str(without_session(path).trim_end_matches('/'));
    let mut pairs: Vec<&str> = query
        .split('&')
        .map(|pair| pair.strip_prefix("amp;").unwrap_or(pair))
        .filter(|pair| !pair.is_empty() && !is_rotating(pair))
        .collect();
    pairs.sort_unstable();
    let is_signed = is_media
        && query
            .split('&')
            .any(|pair| SIGNED.contains(&name(pair).as_str()));
    if !pairs.is_empty() && !is_signed {
        out.push('?');
        out.push_str(&pairs.join("&"));
    }
    if host.is_empty() && path.is_empty() && !fragment.is_empty() {
        // A link within the page.
        out.push('#');
        out.push_str(fragment);
    }
    out
}

/// The host of an absolute link, and the rest; scheme and user are left out.
fn host_and_path(address: &str) -> (&str, &str) {
    let rest = match address.split_once("//") {
        Some((scheme, rest)) if scheme.is_empty() || scheme.ends_with(':') => rest,
        _ => return ("", address),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    (host.rsplit('@').next().unwrap_or(host), path)
}

/// `i0.wp.com` and `i2.wp.com`, `cdn-1.x.org` and `cdn-7.x.org` serve the same pictures.
fn one_of_set(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    match host.split_once('.') {
        Some((first, rest)) if rest.contains('.') => {
            let first = first.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
            format!("{first}.{rest}")
        }
        _ => host,
    }
}

/// A path without `;jsessionid=…` and `(S(…))`.
fn without_session(path: &str) -> String {
    path.split('/')
        .map(|part| part.split_once(';').map_or(part, |(part, _)| part))
        .filter(|part| !part.starts_with("(S("))
        .collect::<Vec<_>>()
        .join("/")
}

fn name(pair: &str) -> String {
    let name = pair.split('=').next().unwrap_or_default();
    name.to_ascii_lowercase()
}

fn is_rotating(pair: &str) -> bool {
    let name = name(pair);
    let value = pair.split_once('=').map_or("", |(_, value)| value);
    let is_instant = value.len() >= 9 && value.bytes().all(|byte| byte.is_ascii_digit());
    is_tracking(pair)
        || ROTATING.contains(&name.as_str())
        || STARTS.iter().any(|start| name.starts_with(start))
        || (matches!(name.as_str(), "t" | "time" | "v" | "ver") && is_instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rotates_is_left_out() {
        for (one, other) in [
            (
                "https://e.org/a?utm_source=x&id=1",
                "http://E.org/a/?id=1&fbclid=2#top",
            ),
            (
                "https://e.org/a;jsessionid=12",
                "https://e.org/a;jsessionid=34",
            ),
            (
                "https://e.org/a?PHPSESSID=12",
                "https://e.org/a?PHPSESSID=34",
            ),
            ("https://e.org/a?b=1&amp;c=2", "https://e.org/a?c=2&b=1"),
            ("https://e.org/(S(abc))/a", "https://e.org/(S(def))/a"),
        ] {
            assert_eq!(page(one), page(other), "{one} {other}");
        }
        for (one, other) in [
            (
                "https://i0.wp.com/e.org/a.png?ssl=1",
                "https://i2.wp.com/e.org/a.png?ssl=1",
            ),
            ("https://cdn-1.e.org/a.png", "https://cdn-12.e.org/a.png"),
            (
                "https://e.org/a.png?Expires=1&Signature=a&x=9",
                "https://e.org/a.png?Expires=2&Signature=b&x=8",
            ),
            (
                "https://e.org/a.png?X-Amz-Date=1&X-Amz-Signature=a",
                "https://e.org/a.png?X-Amz-Date=2&X-Amz-Signature=b",
            ),
        ] {
            assert_eq!(media(one), media(other), "{one} {other}");
        }
        assert_eq!(page("https://click.e.org/r/af12"), None);
    }

    #[test]
    fn what_leads_elsewhere_differs() {
        for (one, other) in [
            ("https://e.org/a", "https://e.org/b"),
            ("https://e.org/a?id=1", "https://e.org/a?id=2"),
            ("/a", "/b"),
            ("#a", "#b"),
            ("https://youtu.be/x?t=30", "https://youtu.be/x?t=31"),
        ] {
            assert_ne!(page(one), page(other), "{one} {other}");
        }
        assert_ne!(
            media("https://1.e.org/a.png"),
            media("https://1.e.org/b.png")
        );
    }
}
