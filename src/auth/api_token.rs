//! Long-lived tokens for programs: `fgp_` and 256 random bits, stored as their SHA-256. The beginning is the same for
//! all, so that whoever looks for leaked secrets finds them. In: rows, texts. Out: whether they are good. Must not know:
//! HTTP, GraphQL, SQL.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::{Millis, Role, api_token};

use super::principal::{Principal, Proof};
use super::{Auth, AuthError, token};
use crate::store::{NewApiToken, Store};

/// What every token begins with.
pub const PREFIX: &str = "fgp_";
/// The tokens that one account may have.
pub const MOST: u64 = 100;
/// The longest name, in characters.
pub const NAME_CHARS: usize = 100;
/// The longest life, in days.
pub const MOST_DAYS: i32 = 3_650;
/// How exactly the last use is kept, in milliseconds: each note is a write.
const USE_KEPT_TO: i64 = 5 * 60 * 1_000;
/// Its length as text.
const LENGTH: usize = PREFIX.len() + 43;

/// What is asked of a new token; checked.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What its owner calls it.
    pub name: String,
    /// The most that it may do.
    pub role: Role,
    /// For how long; for ever when left out.
    pub days: Option<i64>,
}

/// How making a token went.
#[derive(Clone, Debug)]
pub enum Made {
    /// The text, the only time, and the row.
    Token(String, api_token::Model),
    /// The role is above that of who asks.
    RoleTooHigh,
    /// The account has too many.
    TooMany,
    /// A token cannot make tokens: a leaked one would live for ever.
    NeedsSession,
}

/// Whether a text looks like one.
#[must_use]
pub fn is_one(text: &str) -> bool {
    text.starts_with(PREFIX) && text.len() == LENGTH
}

/// Whether a stored one is good now.
#[must_use]
pub fn is_good(row: &api_token::Model, now: Millis) -> bool {
    row.expires_at.is_none_or(|at| now < at)
}

impl Auth {
    /// Makes a token for whoever asks; `store` knows in whose name it writes.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn make_api_token(
        &self,
        store: &Store,
        asker: &Principal,
        wish: Wish,
    ) -> Result<Made, AuthError> {
        if matches!(asker.proof, Proof::ApiToken(_)) {
            return Ok(Made::NeedsSession);
        }
        if wish.role > asker.role {
            return Ok(Made::RoleTooHigh);
        }
        let bits: [u8; 32] = rand::random();
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bits));
        let at = self.clock.now();
        let new = NewApiToken {
            user_id: asker.user_id,
            name: wish.name,
            token_hash: token::hash(&text),
            role: wish.role,
            at,
            expires_at: wish
                .days
                .map(|days| at.plus_seconds(days.saturating_mul(86_400))),
            most: MOST,
        };
        Ok(match store.create_api_token(&new).await? {
            Some(row) => Made::Token(text, row),
            None => Made::TooMany,
        })
    }

    /// Notes the use of a token beside the request, and not each one.
    pub(super) fn note_use(&self, row: &api_token::Model, now: Millis) {
        if row
            .last_used_at
            .is_some_and(|at| now.since(at) < USE_KEPT_TO)
        {
            return;
        }
        let (store, id) = (self.store.clone(), row.id);
        tokio::spawn(async move {
            if let Err(error) = store.note_api_token_use(id, now, USE_KEPT_TO).await {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "use of an API token not noted");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_form_is_looked_up() {
        assert!(is_one(&format!("fgp_{}", "a".repeat(43))));
        for text in [
            "fgp_",
            "fgp_short",
            &format!("FGP_{}", "a".repeat(43)),
            &"x".repeat(47),
        ] {
            assert!(!is_one(text), "{text}");
        }
    }
}
