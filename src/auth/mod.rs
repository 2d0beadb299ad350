//! From a token to who asks, and from a password to a token. In: what clients send. Out: principals and
//! sessions. Must not know: HTTP, GraphQL, SQL.

mod accounts;
mod admit;
mod api_token;
mod keys;
mod outside;
mod outside_keys;
pub mod password;
mod principal;
mod session;
mod throttle;
mod token;
pub mod username;

use entity::{Millis, user};
use thiserror::Error;

use crate::clock::Clock;
use crate::store::{Store, StoreError};
use keys::Keys;
use password::{HashError, Passwords};
use throttle::Throttle;
use token::Issuer;

pub use accounts::{AccountChanges, Denied, NewAccount, Outcome};
pub use api_token::{
    MOST as MOST_API_TOKENS, MOST_DAYS as MOST_API_TOKEN_DAYS, Made, NAME_CHARS, Wish,
};
pub use keys::rotate;
pub use outside::{Outside, OutsideSettings, role_named};
pub use outside_keys::FetchKeys;
pub use principal::{Caller, Principal, Proof};
pub use session::{Issued, SignIn};

/// How long tokens are good, and whose they are.
#[derive(Clone, Debug)]
pub struct AuthSettings {
    /// How long an access token is good, in seconds.
    pub access_seconds: i64,
    /// How long a session lasts after it was last refreshed, in seconds.
    pub refresh_seconds: i64,
    /// `iss` of the access tokens.
    pub issuer: String,
    /// `aud` of the access tokens.
    pub audience: String,
    /// Passwords hashed together, at 20 MB each.
    pub hashes_at_once: usize,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            access_seconds: 15 * 60,
            refresh_seconds: 30 * 24 * 60 * 60,
            issuer: "feedgraph".into(),
            audience: "feedgraph".into(),
            hashes_at_once: 2,
        }
    }
}

/// What stops signing in or the checking of a token, other than the caller.
#[derive(Debug, Error)]
pub enum AuthError {
    /// The store failed.
    #[error("reading or writing accounts failed")]
    Store(#[from] StoreError),
    /// A password could not be hashed or compared.
    #[error("hashing a password failed")]
    Hash(#[from] HashError),
    /// A token could not be signed.
    #[error("signing an access token failed")]
    Sign(#[from] jsonwebtoken::errors::Error),
    /// The store gave no key to sign with.
    #[error("there is no key to sign access tokens with")]
    NoKey,
}

/// Accounts' way in.
pub struct Auth {
    store: Store,
    clock: Clock,
    settings: AuthSettings,
    issuer: Issuer,
    keys: Keys,
    passwords: Passwords,
    throttle: Throttle,
    outside: Option<Outside>,
}

impl Auth {
    /// Reads nothing yet: the keys come when first needed.
    ///
    /// # Errors
    /// When passwords cannot be hashed on this machine.
    pub fn new(store: Store, clock: Clock, settings: AuthSettings) -> Result<Self, AuthError> {
        Ok(Self {
            issuer: Issuer {
                name: settings.issuer.clone(),
                audience: settings.audience.clone(),
            },
            passwords: Passwords::new(settings.hashes_at_once)?,
            store,
            clock,
            settings,
            keys: Keys::default(),
            throttle: Throttle::default(),
            outside: None,
        })
    }

    /// The same that believes an outside issuer too.
    #[must_use]
    pub fn believing(self, outside: Option<Outside>) -> Self {
        Self { outside, ..self }
    }

    async fn access_token(
        &self,
        user: &user::Model,
        sid: i64,
    ) -> Result<(String, Millis), AuthError> {
        let now = self.clock.now();
        let seconds = now.0.div_euclid(1_000);
        let expires = seconds.saturating_add(self.settings.access_seconds);
        let claims = token::Claims {
            iss: self.issuer.name.clone(),
            aud: self.issuer.audience.clone(),
            sub: user.id.0.to_string(),
            sid,
            iat: seconds,
            exp: expires,
            nbf: None,
        };
        let keys = self.keys.all(&self.store, now).await?;
        let key = keys.first().ok_or(AuthError::NoKey)?;
        let text = token::sign(&claims, key)?;
        Ok((text, Millis(expires.saturating_mul(1_000))))
    }
}
