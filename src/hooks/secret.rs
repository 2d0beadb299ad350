//! Secrets of webhooks, as Standard Webhooks writes them. In: chance. Out: `whsec_` and 24 to 64 bytes in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const PREFIX: &str = "whsec_";

/// A new secret of 32 bytes.
#[must_use]
pub fn new_secret() -> String {
    let bytes: [u8; 32] = rand::random();
    format!("{PREFIX}{}", STANDARD.encode(bytes))
}

/// Whether a text is a secret.
#[must_use]
pub fn is_secret(text: &str) -> bool {
    key(text).is_some()
}

/// The bytes that a secret stands for.
pub(super) fn key(secret: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
    (24..=64).contains(&bytes.len()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_their_own() {
        let (one, other) = (new_secret(), new_secret());
        assert!(is_secret(&one) && is_secret(&other) && one != other);
        assert!(!is_secret("whsec_short") && !is_secret("x"));
    }
}
