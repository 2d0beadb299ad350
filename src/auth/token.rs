//! Access tokens (JWT, RFC 7519, signed with HS256 alone) and refresh tokens (256 random bits, stored as
//! their SHA-256). In: claims, or a token's text. Out: a token's text, or the claims that can be believed.
//! Must not know: sessions, accounts, HTTP.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::{Millis, SessionId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A token longer than this, in bytes, is not read; ours are far shorter, an outside issuer's may not be.
const MAX_LENGTH: usize = 8_192;
/// How far in the future a token may say it was issued, in seconds: other nodes' clocks differ.
const LEEWAY_SECONDS: i64 = 60;

/// A key with its name.
pub struct Key {
    /// In the header of the tokens that it signs.
    pub kid: String,
    signing: EncodingKey,
    checking: DecodingKey,
}

impl Key {
    /// A key from its stored secret.
    #[must_use]
    pub fn new(kid: String, secret: &[u8]) -> Self {
        Self {
            kid,
            signing: EncodingKey::from_secret(secret),
            checking: DecodingKey::from_secret(secret),
        }
    }
}

/// What an access token says; every claim but `nbf` is required.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// For whom.
    pub aud: String,
    /// The account's key, in digits.
    pub sub: String,
    /// The session's key.
    pub sid: i64,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it stops being good, in seconds since 1970.
    pub exp: i64,
    /// When it begins to be good; ours do at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
}

impl Claims {
    /// The account.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.sub.parse().ok().map(UserId)
    }

    /// The session.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        SessionId(self.sid)
    }
}

/// Whose tokens are believed.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// `iss`.
    pub name: String,
    /// `aud`.
    pub audience: String,
}

/// Signs claims.
///
/// # Errors
/// When signing fails.
pub fn sign(claims: &Claims, key: &Key) -> Result<String, jsonwebtoken::errors::Error> {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(key.kid.clone());
    jsonwebtoken::encode(&header, claims, &key.signing)
}

/// The name of the key that a token says it is signed with. Believe nothing else in it yet.
#[must_use]
pub fn key_name(token: &str) -> Option<String> {
    if token.len() > MAX_LENGTH {
        return None;
    }
    let header = jsonwebtoken::decode_header(token).ok()?;
    // What must be understood (RFC 7515, section 4.1.11) is not.
    header.crit.is_none().then_some(header.kid).flatten()
}

/// The claims of a token that is signed with the key, from the issuer, and good now. The algorithm is
/// HS256 whatever the token's header says.
#[must_use]
pub fn check(token: &str, key: &Key, issuer: &Issuer, now: Millis) -> Option<Claims> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[&issuer.name]);
    validation.set_audience(&[&issuer.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // The library asks the machine's clock; ours is asked below.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &key.checking, &validation)
        .ok()?
        .claims;
    let seconds = now.0.div_euclid(1_000);
    let soon = seconds.saturating_add(LEEWAY_SECONDS);
    let begun = claims.iat <= soon && claims.nbf.is_none_or(|nbf| nbf <= soon);
    (seconds < claims.exp && begun).then_some(claims)
}

/// A new refresh token.
#[must_use]
pub fn refresh_token() -> String {
    let bits: [u8; 32] = rand::random();
    URL_SAFE_NO_PAD.encode(bits)
}

/// What is stored of a refresh token. It is random, so one round of a fast hash cannot be turned back.
#[must_use]
pub fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// A new key's name and secret.
#[must_use]
pub fn new_secret() -> (String, Vec<u8>) {
    let name: [u8; 9] = rand::random();
    let secret: [u8; 32] = rand::random();
    (URL_SAFE_NO_PAD.encode(name), secret.to_vec())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: Millis = Millis(1_000_000_000);

    fn issuer() -> Issuer {
        Issuer {
            name: "feedgraph".into(),
            audience: "feedgraph-api".into(),
        }
    }

    fn key() -> Key {
        Key::new("k1".into(), &[7; 32])
    }

    fn good() -> Value {
        json!({"iss": "feedgraph", "aud": "feedgraph-api", "sub": "3", "sid": 9, "iat": 1_000_000, "exp": 1_000_900})
    }

    fn made(header: &Value, claims: &Value, secret: &[u8]) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let signed = jsonwebtoken::crypto::sign(
            text.as_bytes(),
            &EncodingKey::from_secret(secret),
            Algorithm::HS256,
        );
        format!("{text}.{}", signed.unwrap())
    }

    fn believed(header: &Value, claims: &Value, secret: &[u8]) -> bool {
        check(&made(header, claims, secret), &key(), &issuer(), NOW).is_some()
    }

    #[test]
    fn a_signed_token_is_believed_until_it_expires() {
        let claims: Claims = serde_json::from_value(good()).unwrap();
        let token = sign(&claims, &key()).unwrap();
        assert_eq!(key_name(&token).as_deref(), Some("k1"));
        let at = |now| check(&token, &key(), &issuer(), now);
        assert_eq!(at(NOW), Some(claims));
        assert!(at(Millis(1_000_899_999)).is_some());
        assert_eq!(at(Millis(1_000_900_000)), None);
        assert_eq!(at(Millis(900_000_000)), None, "not yet valid");
    }

    #[test]
    fn no_other_token_is_believed() {
        let header = json!({"alg": "HS256", "typ": "JWT", "kid": "k1"});
        assert!(believed(&header, &good(), &[7; 32]));
        assert!(!believed(&header, &good(), &[8; 32]));
        for alg in ["none", "None", "HS384", "RS256", "ES256", "EdDSA", ""] {
            assert!(
                !believed(&json!({"alg": alg, "kid": "k1"}), &good(), &[7; 32]),
                "{alg}"
            );
        }
        for (claim, value) in [
            ("iss", json!("other")),
            ("iss", Value::Null),
            ("aud", json!("other")),
            ("aud", json!(["feedgraph-api"])),
            ("sub", json!(3)),
            ("sub", Value::Null),
            ("sid", json!("9")),
            ("sid", Value::Null),
            ("exp", json!("1000900")),
            ("exp", Value::Null),
            ("exp", json!(-1)),
            ("iat", json!(1_000_100)),
            ("nbf", json!(1_000_100)),
            ("nbf", json!("now")),
        ] {
            let mut claims = good();
            claims[claim] = value.clone();
            assert!(!believed(&header, &claims, &[7; 32]), "{claim} {value}");
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(claim);
                assert!(!believed(&header, &claims, &[7; 32]), "no {claim}");
            }
        }
    }

    #[test]
    fn a_token_without_its_signature_or_of_any_text_is_not_believed() {
        let token = sign(&serde_json::from_value(good()).unwrap(), &key()).unwrap();
        let unsigned = token.rsplit_once('.').unwrap().0;
        for text in [
            unsigned,
            &format!("{unsigned}."),
            "",
            ".",
            "..",
            "a.b.c",
            &"x".repeat(9_000),
        ] {
            assert_eq!(check(text, &key(), &issuer(), NOW), None, "{text}");
        }
        assert_eq!(key_name(&"x".repeat(9_000)), None);
    }

    #[test]
    fn refresh_tokens_are_random_and_stored_hashed() {
        let token = refresh_token();
        assert_eq!(token.len(), 43);
        assert_ne!(token, refresh_token());
        assert_eq!(hash(&token).len(), 32);
    }
}
