//! The published keys of an outside issuer, kept and fetched anew. In: a way to fetch a JWKS document. Out: keys by
//! their names. Names are whatever callers send, so an unknown one has the document fetched at most once a minute. Must
//! not know: HTTP, claims.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::Millis;
use futures::future::BoxFuture;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use tokio::sync::Mutex;

/// Fetches the document, or says why not.
pub type FetchKeys = Arc<dyn Fn() -> BoxFuture<'static, Result<Vec<u8>, String>> + Send + Sync>;

/// How old the keys may be, in milliseconds, before they are fetched anew: a key that was withdrawn stops counting then.
const FRESH_FOR: i64 = 15 * 60 * 1_000;
/// How old they may be when the issuer does not answer.
const KEPT_FOR: i64 = 24 * 60 * 60 * 1_000;
/// The shortest time between two fetches.
const PAUSE: i64 = 60_000;
/// The most keys of one document.
const MOST_KEYS: usize = 100;
/// The shortest RSA modulus, in bytes.
const RSA_BYTES: usize = 256;

/// A key that checks signatures of one algorithm.
#[derive(Clone)]
pub struct OutsideKey {
    /// The only one that it checks.
    pub algorithm: Algorithm,
    /// The key itself.
    pub checking: DecodingKey,
}

/// The keys as last fetched.
pub struct OutsideKeys {
    fetch: FetchKeys,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, OutsideKey>,
    fetched_at: Option<Millis>,
    tried_at: Option<Millis>,
}

impl OutsideKeys {
    /// Nothing is fetched yet.
    #[must_use]
    pub fn new(fetch: FetchKeys) -> Self {
        Self {
            fetch,
            known: Mutex::default(),
        }
    }

    /// The key of a name. Everyone waits for one fetch.
    pub async fn find(&self, kid: &str, now: Millis) -> Option<OutsideKey> {
        let mut known = self.known.lock().await;
        if known.is_to_be_fetched(kid, now) {
            known.tried_at = Some(now);
            match (self.fetch)().await.and_then(|bytes| read(&bytes)) {
                Ok(keys) => {
                    known.keys = keys;
                    known.fetched_at = Some(now);
                }
                Err(error) => tracing::warn!(error, "keys of the outside issuer not fetched"),
            }
        }
        if !known.is_younger_than(KEPT_FOR, now) {
            return None;
        }
        known.keys.get(kid).cloned()
    }
}

impl Known {
    fn is_younger_than(&self, age: i64, now: Millis) -> bool {
        self.fetched_at.is_some_and(|at| now.since(at) < age)
    }

    fn is_to_be_fetched(&self, kid: &str, now: Millis) -> bool {
        let rested = self.tried_at.is_none_or(|at| now.since(at) >= PAUSE);
        rested && (!self.keys.contains_key(kid) || !self.is_younger_than(FRESH_FOR, now))
    }
}

/// The keys of a document that can check signatures. Keys of other kinds are passed over, so that one odd key takes
/// nothing from the others.
///
/// # Errors
/// When it is no JWKS, or has no such key.
fn read(bytes: &[u8]) -> Result<HashMap<String, OutsideKey>, String> {
    let document: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let listed = document.get("keys").and_then(Value::as_array);
    let listed = listed.ok_or("the document has no list of keys")?;
    let keys = listed.iter().take(MOST_KEYS).filter_map(|value| {
        let set = serde_json::json!({"keys": [value]});
        let set: JwkSet = serde_json::from_value(set).ok()?;
        usable(set.keys.first()?)
    });
    let keys: HashMap<String, OutsideKey> = keys.collect();
    if keys.is_empty() {
        return Err("the document has no key of RS256, ES256 or EdDSA with a kid".to_owned());
    }
    Ok(keys)
}

fn usable(jwk: &Jwk) -> Option<(String, OutsideKey)> {
    let signs = jwk.common.public_key_use.as_ref();
    if signs.is_some_and(|for_what| *for_what != PublicKeyUse::Signature) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => {
            let modulus = URL_SAFE_NO_PAD.decode(&rsa.n).ok()?;
            (modulus.len() >= RSA_BYTES).then_some(Algorithm::RS256)?
        }
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            Algorithm::EdDSA
        }
        // A published shared secret would let everyone sign.
        _ => return None,
    };
    let said = jwk.common.key_algorithm;
    if said.is_some_and(|said| said != KeyAlgorithm::from(algorithm)) {
        return None;
    }
    let kid = jwk.common.key_id.clone()?;
    let checking = DecodingKey::from_jwk(jwk).ok()?;
    Some((
        kid,
        OutsideKey {
            algorithm,
            checking,
        },
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;

    fn ed(kid: &str) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    }

    #[test]
    fn only_public_keys_of_known_kinds_count() {
        let document = json!({"keys": [
            ed("good"),
            {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
            {"kty": "RSA", "kid": "short", "n": "AQAB", "e": "AQAB"},
            {"kty": "OKP", "crv": "Ed25519", "kid": "enc", "use": "enc", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
            {"kty": "odd"}, 7, null,
        ]});
        let keys = read(document.to_string().as_bytes()).unwrap();
        assert_eq!(keys.keys().collect::<Vec<_>>(), ["good"]);
        for wrong in ["", "[]", "{}", r#"{"keys": []}"#, r#"{"keys": {}}"#] {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn unknown_names_have_the_keys_fetched_once_a_minute() {
        let fetched = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&fetched);
        let keys = OutsideKeys::new(Arc::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Ok(json!({"keys": [ed("a")]}).to_string().into_bytes()) })
        }));
        assert!(keys.find("a", Millis(0)).await.is_some());
        for n in 0..50 {
            assert!(keys.find(&format!("x{n}"), Millis(n)).await.is_none());
        }
        assert_eq!(fetched.load(Ordering::SeqCst), 1);
        assert!(keys.find("x", Millis(PAUSE)).await.is_none());
        assert!(keys.find("a", Millis(FRESH_FOR + PAUSE)).await.is_some());
        assert_eq!(fetched.load(Ordering::SeqCst), 3);
    }
}
