//! Links: made absolute, and told apart. In: links as published. Out: absolute URLs and keys. Must not know: what
//! they lead to.

use sha2::{Digest, Sha256};
use url::Url;

use crate::parse::Base;

/// Longer links are taken for noise, in bytes.
const LONGEST: usize = 4_096;

/// Parameters that say where a reader came from, not what is read. `utm_` and its kin are matched by their start.
const TRACKING: &[&str] = &[
    "fbclid",
    "gclid",
    "dclid",
    "msclkid",
    "yclid",
    "twclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "_hsenc",
    "_hsmi",
    "mkt_tok",
    "ref_src",
    "ref_url",
    "wt_mc",
    "xtor",
    "ncid",
    "cmpid",
    "spm",
    "_ga",
    "_gl",
    "vero_id",
    "oly_enc_id",
];
const TRACKING_STARTS: &[&str] = &[
    "utm_",
    "pk_",
    "mtm_",
    "at_custom",
    "at_medium",
    "at_campaign",
    "hsa_",
];

/// Hash of the canonical form of a URL: scheme folded, fragment and tracking parameters dropped, no slash at the
/// end; `www.` is kept.
#[must_use]
pub fn url_key(url: &str) -> [u8; 16] {
    hash16(&[&canonical(url, false)])
}

/// A URL in the form in which two spellings of one address are equal, fragments apart; to compare, not to go to.
#[must_use]
pub fn canonical_url(url: &str) -> String {
    canonical(url, false)
}

/// A URL in the form in which two spellings of one address are equal. A fragment is kept where it may be all
/// that tells two apart (identifiers).
pub(super) fn canonical(url: &str, keep_fragment: bool) -> String {
    let Some(mut parsed) = Url::parse(url.trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
    else {
        return url.trim().to_owned();
    };
    if !keep_fragment
        && !parsed
            .fragment()
            .is_some_and(|fragment| fragment.starts_with('!'))
    {
        parsed.set_fragment(None);
    }
    let query = parsed.query().map(|query| {
        let kept: Vec<&str> = query.split('&').filter(|pair| !is_tracking(pair)).collect();
        kept.join("&")
    });
    parsed.set_query(query.as_deref().filter(|query| !query.is_empty()));
    let text = parsed.as_str();
    let (_, rest) = text.split_once(':').unwrap_or_default();
    rest.trim_end_matches('/').to_owned()
}

/// Whether a parameter says where a reader came from.
pub(super) fn is_tracking(pair: &str) -> bool {
    let name = pair
        .split('=')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    TRACKING.contains(&name.as_str()) || TRACKING_STARTS.iter().any(|start| name.starts_with(start))
}

/// The first 16 bytes of a SHA-256 over some texts, each with its length.
pub(super) fn hash16(parts: &[&str]) -> [u8; 16] {
    let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
    hash16_of(&parts)
}

/// The same over bytes.
pub(super) fn hash16_of(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part);
    }
    let digest = hasher.finalize();
    let mut out = [0; 16];
    for (to, from) in out.iter_mut().zip(digest) {
        *to = from;
    }
    out
}

/// A key in hexadecimal.
pub(super) fn hex(key: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(key))
}

/// What links below `bases` are relative to, in a document from `document`.
pub(super) fn base_url(bases: &Base, document: &Url) -> Url {
    bases
        .iter()
        .flat_map(|bases| bases.iter())
        .fold(document.clone(), |base, next| {
            base.join(next.trim()).unwrap_or(base)
        })
}

/// A link made absolute; none when it cannot be.
pub(super) fn absolute(base: Option<&Url>, href: &str) -> Option<Url> {
    let href: String = href
        .trim()
        .chars()
        .filter(|c| !matches!(c, '\n' | '\r' | '\t' | '\0'))
        .collect();
    if href.is_empty() || href.len() > LONGEST {
        return None;
    }
    match Url::parse(&href) {
        Ok(url) => Some(url),
        Err(url::ParseError::RelativeUrlWithoutBase) => base?.join(&href).ok(),
        Err(_) => None,
    }
}

/// The address of a page or file: absolute, and of the web.
pub(super) fn web(base: &Url, href: &str) -> Option<String> {
    const SCHEMES: &[&str] = &[
        "http", "https", "ftp", "gemini", "gopher", "magnet", "at", "ipfs",
    ];
    absolute(Some(base), href)
        .filter(|url| SCHEMES.contains(&url.scheme()))
        .map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_have_one_key() {
        let key = url_key("https://example.org/a?id=1");
        for same in [
            "http://example.org/a?id=1",
            "https://EXAMPLE.org:443/a?id=1#comments",
            "https://example.org/a?utm_source=rss&id=1&fbclid=x",
        ] {
            assert_eq!(url_key(same), key, "{same}");
        }
        for other in [
            "https://www.example.org/a?id=1",
            "https://example.org/a?id=2",
            "https://example.org/a",
        ] {
            assert_ne!(url_key(other), key, "{other}");
        }
    }

    #[test]
    fn bases_build_on_each_other() {
        let document = Url::parse("http://example.org/feed").unwrap();
        let bases: Base = Some(["/a/".to_owned(), "b/".to_owned()].into());
        assert_eq!(
            base_url(&bases, &document).as_str(),
            "http://example.org/a/b/"
        );
        assert_eq!(base_url(&None, &document), document);
    }

    #[test]
    fn only_the_web_is_linked() {
        let base = Url::parse("http://example.org/feed").unwrap();
        assert_eq!(web(&base, " /x\n").as_deref(), Some("http://example.org/x"));
        assert_eq!(web(&base, "javascript:alert(1)"), None);
        assert_eq!(web(&base, "mailto:a@example.org"), None);
        assert_eq!(web(&base, ""), None);
    }
}
