//! What a fetch is asked and what it gave. What servers say is an outcome, not an error. In: nothing.
//! Out: plain values. Must not know: feeds or SQL.

use bytes::Bytes;
use entity::{Millis, PollErrorKind};
use url::Url;

/// What was kept of the last answer, to ask whether anything changed (RFC 9110, section 13.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, byte for byte; sent back as `If-None-Match`.
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified`, byte for byte; sent back as `If-Modified-Since`.
    pub last_modified: Option<Vec<u8>>,
    /// The address that gave them, after redirects; none when that is not known.
    pub url: Option<String>,
}

impl Validators {
    /// Whether an address may be asked with them: they are of one resource and say nothing of another, and a redirect
    /// must not carry them along (RFC 9110, section 15.4). Where they come from is not known of old ones.
    #[must_use]
    pub fn are_of(&self, url: &Url) -> bool {
        let is_any = self.etag.is_some() || self.last_modified.is_some();
        is_any && self.url.as_deref().is_none_or(|own| own == url.as_str())
    }
}

/// How a fetch ended. `answer` is what the last hop said besides the body.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// 304: what is stored is still right.
    Unchanged(Answer),
    /// A body was read to its end.
    Body {
        /// What the server said besides.
        answer: Answer,
        /// The body, decompressed.
        bytes: Bytes,
        /// `Content-Type`, as sent.
        content_type: Option<String>,
    },
    /// 410: it will not come back.
    Gone(Answer),
    /// Nothing usable.
    Failed {
        /// What the server said, where one answered.
        answer: Option<Answer>,
        /// What went wrong.
        failure: Failure,
    },
}

impl Outcome {
    /// What the server said besides a body, where one answered.
    #[must_use]
    pub const fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Unchanged(answer) | Self::Body { answer, .. } | Self::Gone(answer) => {
                Some(answer)
            }
            Self::Failed { answer, .. } => answer.as_ref(),
        }
    }
}

/// What a server said besides the body.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status of the last hop.
    pub status: u16,
    /// Where the body came from, after redirects.
    pub final_url: Url,
    /// Where an unbroken chain of permanent redirects (301, 308) from the first URL leads, if there is one.
    pub permanent_url: Option<Url>,
    /// The validators to keep. On a 304 those that it renewed; none means: keep the old.
    pub validators: Validators,
    /// How long `Cache-Control: max-age` or `Expires` calls this fresh.
    pub fresh: Option<Wait>,
    /// `Retry-After` (RFC 9110, section 10.2.3).
    pub retry_after: Option<Wait>,
    /// Targets of the `Link` headers with `rel=hub` and `rel=self` (RFC 8288).
    pub links: Vec<(String, Url)>,
    /// Bytes that crossed the network in the body.
    pub wire_bytes: u64,
    /// Whether the server said where the body ends; else the end of the connection is its end, and one that was
    /// cut off looks the same.
    pub is_framed: bool,
}

/// How long a server asks to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// So many seconds from its answer on.
    Seconds(i64),
    /// Until an instant by its clock, of which it does not tell the time.
    Until(Millis),
}

impl Wait {
    /// The same in seconds from now on.
    #[must_use]
    pub const fn seconds_from(self, now: Millis) -> i64 {
        match self {
            Self::Seconds(seconds) => seconds,
            Self::Until(instant) => instant.since(now) / 1000,
        }
    }
}

/// Why there is nothing usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of thing went wrong.
    pub kind: PollErrorKind,
    /// In words that may be shown to anyone: no inside addresses, no bodies.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validators_are_of_the_address_that_gave_them() {
        let url = |text: &str| Url::parse(text).unwrap();
        let of = |from: Option<&str>| Validators {
            etag: Some(b"\"1\"".to_vec()),
            last_modified: None,
            url: from.map(str::to_owned),
        };
        let known = of(Some("https://blog.example/feed"));
        assert!(known.are_of(&url("https://blog.example/feed")));
        assert!(!known.are_of(&url("https://blog.example/feed?page=2")));
        assert!(!known.are_of(&url("http://blog.example/feed")));
        assert!(of(None).are_of(&url("https://other.example/")));
        assert!(!Validators::default().are_of(&url("https://blog.example/feed")));
    }
}
