//! A result as it is sent. In: JSON. Out: the same bytes for everyone who gets it, their tag, and their
//! compressed forms, each made once, when somebody first wants it. Must not know: what was asked.

use std::sync::OnceLock;

use async_compression::Level;
use async_compression::tokio::write::{BrotliEncoder, GzipEncoder};
use axum::body::Bytes;
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::OnceCell;

/// Smaller results are not worth compressing.
const SMALL: usize = 32;

/// How the bytes of a result are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As they are.
    Identity,
    /// gzip (RFC 1952).
    Gzip,
    /// brotli (RFC 7932).
    Brotli,
}

impl Coding {
    /// The coding's name in HTTP; none for bytes as they are.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// The best coding that an `Accept-Encoding` header takes; of qualities only 0 counts.
    #[must_use]
    pub fn of(accepted: &str) -> Self {
        let takes = |name: &str| {
            accepted.split(',').any(|one| {
                let (coding, quality) = one.split_once(';').unwrap_or((one, ""));
                let refused = quality.trim().strip_prefix("q=0");
                coding.trim().eq_ignore_ascii_case(name)
                    && refused.is_none_or(|rest| !rest.trim_matches(['.', '0']).is_empty())
            })
        };
        if takes("br") {
            Self::Brotli
        } else if takes("gzip") || takes("*") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }
}

/// Whom a result is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Nothing in it depends on who asked.
    Everyone,
    /// Something may.
    Asker,
    /// Something in it changes without a change number.
    Once,
}

/// A result that was executed.
#[derive(Debug)]
pub struct Executed {
    json: Bytes,
    is_whole: bool,
    audience: For,
    tag: OnceLock<String>,
    gzip: OnceCell<Bytes>,
    brotli: OnceCell<Bytes>,
}

impl Executed {
    /// A result; `is_whole` when it has no errors.
    #[must_use]
    pub fn new(json: String, is_whole: bool, audience: For) -> Self {
        Self {
            json: json.into(),
            is_whole,
            audience,
            tag: OnceLock::new(),
            gzip: OnceCell::new(),
            brotli: OnceCell::new(),
        }
    }

    /// The result as JSON.
    #[must_use]
    pub fn json(&self) -> Bytes {
        self.json.clone()
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.json.len()
    }

    /// Whether it has no errors.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whom it is for.
    #[must_use]
    pub const fn audience(&self) -> For {
        self.audience
    }

    /// The entity tag of the bytes in a coding (RFC 9110, 8.8.3): strong, since it is made of the bytes.
    #[must_use]
    pub fn tag(&self, coding: Coding) -> HeaderValue {
        let hash = self.hash();
        let text = match coding.name() {
            None => format!("\"{hash}\""),
            Some(name) => format!("\"{hash}-{name}\""),
        };
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
    }

    /// Whether an `If-None-Match` header names these bytes in any coding (compared weakly, as RFC 9110, 13.1.2 has
    /// it).
    #[must_use]
    pub fn is_named_by(&self, header: &str) -> bool {
        let hash = self.hash();
        header.trim() == "*"
            || header.split(',').any(|tag| {
                let tag = tag.trim();
                let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
                let rest = tag.strip_prefix(hash);
                rest.is_some_and(|rest| matches!(rest, "" | "-gzip" | "-br"))
            })
    }

    /// The bytes in a coding, which may turn out to be the plain one.
    pub async fn bytes(&self, coding: Coding) -> (Bytes, Coding) {
        if self.len() < SMALL {
            return (self.json(), Coding::Identity);
        }
        let coded = match coding {
            Coding::Identity => return (self.json(), coding),
            Coding::Gzip => self.gzip.get_or_try_init(|| gzip(&self.json)).await,
            Coding::Brotli => self.brotli.get_or_try_init(|| brotli(&self.json)).await,
        };
        match coded {
            Ok(bytes) => (bytes.clone(), coding),
            Err(_) => (self.json(), Coding::Identity),
        }
    }

    fn hash(&self) -> &str {
        self.tag.get_or_init(|| {
            let hash = Sha256::digest(&self.json);
            URL_SAFE_NO_PAD.encode(hash.get(..16).unwrap_or_default())
        })
    }
}

async fn gzip(json: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzipEncoder::with_quality(Vec::new(), Level::Default);
    encoder.write_all(json).await?;
    encoder.shutdown().await?;
    Ok(encoder.into_inner().into())
}

/// Quality 5: a tenth smaller than gzip for the same work.
async fn brotli(json: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = BrotliEncoder::with_quality(Vec::new(), Level::Precise(5));
    encoder.write_all(json).await?;
    encoder.shutdown().await?;
    Ok(encoder.into_inner().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_coding_that_is_taken_is_used() {
        let check = |accepted: &str, expected: Coding| {
            assert_eq!(Coding::of(accepted), expected, "{accepted}");
        };
        check("", Coding::Identity);
        check("gzip", Coding::Gzip);
        check("gzip, deflate, br, zstd", Coding::Brotli);
        check("GZIP;q=0.5", Coding::Gzip);
        check("br;q=0, gzip;q=0.1", Coding::Gzip);
        check("br; q=0.0,gzip;q=0", Coding::Identity);
        check("identity, *;q=0", Coding::Identity);
        check("*", Coding::Gzip);
    }

    #[test]
    fn a_tag_names_the_bytes_in_every_coding() {
        let result = Executed::new(r#"{"data":{"a":1}}"#.to_owned(), true, For::Everyone);
        let other = Executed::new(r#"{"data":{"a":2}}"#.to_owned(), true, For::Everyone);
        let tag = |result: &Executed, coding| result.tag(coding).to_str().unwrap().to_owned();
        for coding in [Coding::Identity, Coding::Gzip, Coding::Brotli] {
            let named = tag(&result, coding);
            assert!(result.is_named_by(&named));
            assert!(result.is_named_by(&format!("\"x\", W/{named}")));
            assert!(!other.is_named_by(&named));
            assert!(!result.is_named_by(&named.replacen('"', "\"x", 1)));
        }
        assert!(result.is_named_by("*"));
        assert!(!result.is_named_by(""));
    }

    #[tokio::test]
    async fn compressed_bytes_are_made_once_and_shorter() {
        let result = Executed::new(
            format!("{{\"data\":\"{}\"}}", "word ".repeat(500)),
            true,
            For::Everyone,
        );
        for coding in [Coding::Gzip, Coding::Brotli] {
            let (bytes, used) = result.bytes(coding).await;
            assert!(used == coding && bytes.len() < 200, "{}", bytes.len());
            assert_eq!(result.bytes(coding).await.0.as_ptr(), bytes.as_ptr());
        }
        let small = Executed::new("{}".to_owned(), true, For::Everyone);
        assert_eq!(small.bytes(Coding::Gzip).await.1, Coding::Identity);
    }
}
