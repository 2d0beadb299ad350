//! Tokens of an outside issuer (OIDC, OAuth 2 with JWTs), checked against its published keys (JWKS, RFC 7517).
//! In: a token's text and the name of its key. Out: a person with a role, or nobody. Must not know: HTTP, SQL, where keys
//! are fetched from.

use entity::{Millis, Role};
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;
use serde_json::Value;

use super::outside_keys::{FetchKeys, OutsideKeys};
use super::username;
use crate::store::OutsideAccount;

/// A token longer than this, in bytes, is not read: outside issuers put many claims in.
const MAX_LENGTH: usize = 8_192;
/// How far other machines' clocks may be off, in seconds.
const LEEWAY_SECONDS: i64 = 60;
/// The longest subject, in bytes.
const MAX_SUBJECT: usize = 255;

/// Whose tokens are believed besides our own, and what they mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideSettings {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// The only algorithms that are believed.
    pub algorithms: Vec<Algorithm>,
    /// Where in the claims the roles are: names joined by dots.
    pub role_claim: String,
    /// Words of that claim with the roles that they give; where there is none, the roles' own names.
    pub roles: Vec<(String, Role)>,
    /// What those may do whose claim gives no role; none: they are nobody.
    pub default_role: Option<Role>,
    /// The claim that an account is named after.
    pub name_claim: String,
}

/// Checks tokens of the outside issuer.
pub struct Outside {
    settings: OutsideSettings,
    keys: OutsideKeys,
}

/// Whom an outside token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The issuer.
    pub issuer: String,
    /// The name that the issuer never gives to another.
    pub subject: String,
    /// What the account is to be called.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When the token stops being good.
    pub expires_at: Millis,
}

impl Person {
    /// The account to find or to make.
    #[must_use]
    pub fn account(&self, at: Millis) -> OutsideAccount {
        OutsideAccount {
            issuer: self.issuer.clone(),
            subject: self.subject.clone(),
            username: self.name.clone(),
            role: self.role,
            at,
        }
    }
}

/// The claims that matter; of the right types, or the token is not believed.
#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    #[serde(flatten)]
    others: serde_json::Map<String, Value>,
}

impl Outside {
    /// Fetches nothing yet: keys come when first needed.
    #[must_use]
    pub fn new(settings: OutsideSettings, fetch: FetchKeys) -> Self {
        Self {
            keys: OutsideKeys::new(fetch),
            settings,
        }
    }

    /// Whom a token stands for now; nobody unless its signature, issuer, audience, times and role are all right.
    pub async fn person(&self, text: &str, kid: &str, now: Millis) -> Option<Person> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let header = jsonwebtoken::decode_header(text).ok()?;
        if !self.settings.algorithms.contains(&header.alg) {
            return None;
        }
        let key = self.keys.find(kid, now).await?;
        // The key says how it signs, whatever the header says.
        if key.algorithm != header.alg {
            return None;
        }
        let mut validation = Validation::new(key.algorithm);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library asks the machine's clock; ours is asked below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let decoded = jsonwebtoken::decode::<Claims>(text, &key.checking, &validation);
        let claims = decoded.ok()?.claims;
        claims
            .are_good_at(now)
            .then(|| self.read(&claims))
            .flatten()
    }

    fn read(&self, claims: &Claims) -> Option<Person> {
        Some(Person {
            issuer: self.settings.issuer.clone(),
            subject: claims.sub.clone(),
            name: self.name(claims),
            role: self.role(claims)?,
            expires_at: Millis(claims.exp.saturating_mul(1_000)),
        })
    }

    /// The highest role that the claim gives.
    fn role(&self, claims: &Claims) -> Option<Role> {
        let mut path = self.settings.role_claim.split('.');
        let first = path.next().and_then(|name| claims.others.get(name));
        // A name with dots in it, as some issuers use, is tried as a whole.
        let value = claims
            .others
            .get(&self.settings.role_claim)
            .or_else(|| path.fold(first, |value, name| value?.get(name)));
        let words: Vec<&str> = match value {
            Some(Value::String(word)) => word.split_whitespace().collect(),
            Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let roles = words.iter().filter_map(|word| self.role_of(word));
        roles.max().or(self.settings.default_role)
    }

    fn role_of(&self, word: &str) -> Option<Role> {
        if self.settings.roles.is_empty() {
            return role_named(word);
        }
        let mut known = self.settings.roles.iter();
        known.find(|(name, _)| name == word).map(|(_, role)| *role)
    }

    fn name(&self, claims: &Claims) -> String {
        let named = claims.others.get(&self.settings.name_claim);
        let named = named.and_then(Value::as_str).map(username::check);
        match named {
            Some(Ok(name)) => name,
            _ => username::check(&claims.sub).unwrap_or_else(|_| "outside".to_owned()),
        }
    }
}

impl Claims {
    fn are_good_at(&self, now: Millis) -> bool {
        let seconds = now.0.div_euclid(1_000);
        let soon = seconds.saturating_add(LEEWAY_SECONDS);
        let begun =
            self.nbf.is_none_or(|nbf| nbf <= soon) && self.iat.is_none_or(|iat| iat <= soon);
        let named = !self.sub.is_empty() && self.sub.len() <= MAX_SUBJECT;
        seconds < self.exp && begun && named
    }
}

/// The role of a name, in whatever case.
#[must_use]
pub fn role_named(word: &str) -> Option<Role> {
    match word.to_ascii_lowercase().as_str() {
        "reader" => Some(Role::Reader),
        "editor" => Some(Role::Editor),
        "admin" => Some(Role::Admin),
        _ => None,
    }
}
