//! What an answer's headers say. In: headers. Out: validators, freshness, waits, links. Pure: times are
//! reckoned against the server's own `Date` where it sends one, so that its clock may be wrong.

use std::time::SystemTime;

use entity::Millis;
use reqwest::header::{
    AGE, CACHE_CONTROL, CONTENT_LENGTH, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, LAST_MODIFIED,
    LINK, RETRY_AFTER, TRANSFER_ENCODING,
};
use url::Url;

use super::outcome::{Answer, Validators, Wait};

/// Everything that an answer says besides its body; `wire_bytes` is left at 0.
#[must_use]
pub fn answer(status: u16, headers: &HeaderMap, url: &Url, permanent: Option<&Url>) -> Answer {
    Answer {
        status,
        final_url: url.clone(),
        permanent_url: permanent.cloned(),
        validators: validators(headers, url),
        fresh: fresh(headers),
        retry_after: retry_after(headers),
        links: links(headers, url),
        wire_bytes: 0,
        is_framed: headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING),
    }
}

/// A validator that is longer than servers take of all headers together can only be sent back in vain.
const LONGEST_VALIDATOR: usize = 4 * 1024;

fn validators(headers: &HeaderMap, url: &Url) -> Validators {
    let bytes = |name| {
        let value = headers.get(name).map(|value| value.as_bytes().to_vec());
        value.filter(|value| (1..=LONGEST_VALIDATOR).contains(&value.len()))
    };
    Validators {
        etag: bytes(ETAG),
        last_modified: bytes(LAST_MODIFIED),
        url: Some(url.as_str().to_owned()),
    }
}

/// RFC 9111, section 4.2.1, for a cache that serves one reader: `max-age`, else `Expires` less `Date`; what
/// a shared cache has used up of it (`Age`) is gone.
fn fresh(headers: &HeaderMap) -> Option<Wait> {
    let mut max_age = None;
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in value.to_str().unwrap_or_default().split(',') {
            let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-cache" | "no-store" => return None,
                "max-age" => {
                    max_age = max_age.or_else(|| seconds(argument.trim().trim_matches('"')));
                }
                _ => {}
            }
        }
    }
    let whole = match max_age {
        Some(seconds) => Wait::Seconds(seconds),
        None => until(headers, time(headers, &EXPIRES)?)?,
    };
    let Wait::Seconds(whole) = whole else {
        return Some(whole);
    };
    let used = text(headers, &AGE).and_then(seconds).unwrap_or_default();
    let left = whole.saturating_sub(used);
    (left > 0).then_some(Wait::Seconds(left))
}

/// RFC 9110, section 10.2.3: seconds, or a date.
pub fn retry_after(headers: &HeaderMap) -> Option<Wait> {
    let value = text(headers, &RETRY_AFTER)?;
    seconds(value)
        .map(Wait::Seconds)
        .or_else(|| until(headers, http_date(value)?))
}

/// A wait until an instant, in seconds since 1970, by the server's clock.
fn until(headers: &HeaderMap, instant: i64) -> Option<Wait> {
    Some(match time(headers, &DATE) {
        Some(date) => Wait::Seconds(instant.saturating_sub(date).max(0)),
        None => Wait::Until(Millis(instant.checked_mul(1000)?)),
    })
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A number of seconds; one that is too large for the type is as good as the largest.
fn seconds(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(i64::MAX))
}

fn time(headers: &HeaderMap, name: &HeaderName) -> Option<i64> {
    http_date(text(headers, name)?)
}

/// Seconds since 1970 of an HTTP date in any of its three forms (RFC 9110, section 5.6.7).
fn http_date(text: &str) -> Option<i64> {
    let time = httpdate::parse_http_date(text).ok()?;
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

/// `rel=hub` and `rel=self` of the `Link` headers (RFC 8288); at most 16 are looked at.
fn links(headers: &HeaderMap, base: &Url) -> Vec<(String, Url)> {
    let mut found = Vec::new();
    for value in headers.get_all(LINK) {
        let mut rest = value.to_str().unwrap_or_default();
        while let Some((_, after)) = rest.split_once('<') {
            let Some((target, after)) = after.split_once('>') else {
                break;
            };
            let (parameters, next) = until_comma(after);
            rest = next;
            let Ok(url) = base.join(target.trim()) else {
                continue;
            };
            let wanted = relations(parameters)
                .filter(|relation| matches!(relation.as_str(), "hub" | "self"));
            found.extend(wanted.map(|relation| (relation, url.clone())));
            if found.len() >= 16 {
                return found;
            }
        }
    }
    found
}

/// Splits at the first comma outside quotes.
fn until_comma(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let comma = text.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ',' && !quoted
    });
    comma.map_or((text, ""), |(at, _)| text.split_at(at))
}

fn relations(parameters: &str) -> impl Iterator<Item = String> {
    parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("rel"))
        .take(1)
        .flat_map(|(_, value)| value.trim().trim_matches('"').split_ascii_whitespace())
        .map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    /// What an answer with these header lines says.
    fn said(lines: &[(&str, &str)]) -> Answer {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let url = Url::parse("https://example.org/blog/feed").unwrap();
        answer(200, &headers, &url, None)
    }

    const DATE_LINE: (&str, &str) = ("date", "Mon, 23 Nov 2026 04:00:00 GMT");

    fn in_seconds(wait: Option<Wait>) -> Option<i64> {
        wait.map(|wait| match wait {
            Wait::Seconds(seconds) => seconds,
            Wait::Until(instant) => panic!("{instant:?} is an instant"),
        })
    }

    #[test]
    fn validators_are_kept_byte_for_byte() {
        let said = said(&[
            ("etag", "W/\"a , é\""),
            ("last-modified", "yesterday, about noon"),
        ]);
        assert_eq!(
            said.validators.etag,
            Some("W/\"a , é\"".as_bytes().to_vec())
        );
        let odd = said.validators.last_modified.unwrap();
        assert_eq!(odd, b"yesterday, about noon");
    }

    #[test]
    fn freshness_comes_from_max_age_before_expires() {
        let fresh = |lines: &[(&str, &str)]| in_seconds(said(lines).fresh);
        assert_eq!(
            fresh(&[("cache-control", "public, MAX-AGE=\"600\"")]),
            Some(600)
        );
        assert_eq!(
            fresh(&[("cache-control", "max-age=600"), ("age", "100")]),
            Some(500)
        );
        assert_eq!(fresh(&[("cache-control", "max-age=600, no-cache")]), None);
        let expires = ("expires", "Monday, 23-Nov-26 05:00:00 GMT");
        assert_eq!(fresh(&[DATE_LINE, expires]), Some(3_600));
        assert_eq!(
            fresh(&[DATE_LINE, expires, ("cache-control", "max-age=0")]),
            None
        );
        assert_eq!(fresh(&[DATE_LINE, ("expires", DATE_LINE.1)]), None);
        let instant = Some(Wait::Until(Millis(1_795_410_000_000)));
        assert_eq!(said(&[expires]).fresh, instant);
        assert_eq!(fresh(&[DATE_LINE, ("expires", "0")]), None);
        assert_eq!(fresh(&[("cache-control", "max-age=-5")]), None);
        let huge = ("cache-control", "max-age=99999999999999999999");
        assert_eq!(fresh(&[huge]), Some(i64::MAX));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let wait = |lines: &[(&str, &str)]| in_seconds(said(lines).retry_after);
        assert_eq!(wait(&[("retry-after", " 120 ")]), Some(120));
        let date = ("retry-after", "Mon, 23 Nov 2026 04:02:00 GMT");
        assert_eq!(wait(&[DATE_LINE, date]), Some(120));
        assert_eq!(
            wait(&[DATE_LINE, ("retry-after", "Sun, 22 Nov 2026 04:02:00 GMT")]),
            Some(0)
        );
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[("retry-after", "-5")]), None);
        let until = said(&[date]).retry_after.unwrap();
        assert_eq!(until.seconds_from(Millis(1_795_406_400_000)), 120);
    }

    #[test]
    fn hubs_and_self_links_are_found() {
        let said = said(&[
            (
                "link",
                "<https://hub.example/>; rel=\"hub\", </feed?a,b>; title=\"x, y\"; rel=self",
            ),
            (
                "link",
                "<style.css>; rel=stylesheet, <https://two.example/>; REL=\"next HUB\"",
            ),
            ("link", "nonsense <"),
        ]);
        let links: Vec<_> = said
            .links
            .iter()
            .map(|(rel, url)| (rel.as_str(), url.as_str()))
            .collect();
        assert_eq!(
            links,
            [
                ("hub", "https://hub.example/"),
                ("self", "https://example.org/feed?a,b"),
                ("hub", "https://two.example/"),
            ]
        );
    }
}
