//! Names of accounts, after RFC 8265 (PRECIS): one name has one spelling, and nothing in it is invisible or only looks
//! like something else of its own kind (wide letters, unjoined accents). In: what people type. Out: the name as it is
//! kept and shown, or why it is none. Must not know: which names there are.

use precis_profiles::precis_core::profile::PrecisFastInvocation as _;
use precis_profiles::{UsernameCaseMapped, UsernameCasePreserved};

/// The longest name, in characters.
pub const MAX_CHARS: usize = 64;
/// What is longer, in bytes, is not even looked at.
const MAX_BYTES: usize = 1_024;

/// A name that is not taken, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing is left of it.
    #[error("The name is empty; write at least one letter.")]
    Empty,
    /// More than [`MAX_CHARS`].
    #[error("The name is longer than {MAX_CHARS} characters; shorten it.")]
    TooLong,
    /// White space, control characters, symbols, or letters that must not stand together.
    #[error(
        "The name holds spaces, symbols or letters that a name may not have; use letters, digits and . _ - @."
    )]
    Odd,
}

/// The name as it is kept: upper and lower case as typed, everything else in one spelling.
///
/// # Errors
/// Why it is no name.
pub fn check(text: &str) -> Result<String, BadName> {
    let text = text.trim();
    if text.is_empty() {
        return Err(BadName::Empty);
    }
    if text.len() > MAX_BYTES || text.chars().nth(MAX_CHARS).is_some() {
        return Err(BadName::TooLong);
    }
    let kept = UsernameCasePreserved::enforce(text).map_err(|_| BadName::Odd)?;
    if kept.chars().nth(MAX_CHARS).is_some() {
        return Err(BadName::TooLong);
    }
    Ok(kept.into_owned())
}

/// The name that is looked for when somebody signs in with this text. What can be no name is cut short, so that it finds
/// nobody at the same price.
#[must_use]
pub fn sought(text: &str) -> String {
    let text = text.trim();
    if text.len() <= MAX_BYTES
        && let Ok(name) = UsernameCaseMapped::enforce(text)
    {
        return name.into_owned();
    }
    text.chars().take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_spelling() {
        assert_eq!(check(" Zoe\u{308} ").as_deref(), Ok("Zoë"));
        assert_eq!(check("ｗｉｄｅ").as_deref(), Ok("wide"));
        assert_eq!(check("anna@example.org").as_deref(), Ok("anna@example.org"));
        assert_eq!(check("Жанна").as_deref(), Ok("Жанна"));
        assert_eq!(sought("ZOE\u{308}"), "zoë");
        assert_eq!(sought(" ANNA "), "anna");
    }

    #[test]
    fn what_is_no_name_is_told() {
        for (text, why) in [
            ("", BadName::Empty),
            (" \t", BadName::Empty),
            ("two words", BadName::Odd),
            ("a\u{0}b", BadName::Odd),
            ("a\u{202e}b", BadName::Odd),
            ("a\u{200b}b", BadName::Odd),
            ("\u{1f600}", BadName::Odd),
        ] {
            assert_eq!(check(text), Err(why), "{text:?}");
        }
        assert_eq!(check(&"a".repeat(64)).map(|name| name.len()), Ok(64));
        assert_eq!(check(&"a".repeat(65)), Err(BadName::TooLong));
        assert_eq!(check(&"ä".repeat(1_000_000)), Err(BadName::TooLong));
        assert_eq!(sought(&"x".repeat(1_000_000)).len(), 64);
    }
}
