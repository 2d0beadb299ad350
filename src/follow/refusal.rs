//! Why a wish was refused. In: nothing. Out: a code and words for whoever asked. Must not know: GraphQL,
//! arguments' names, or what went wrong inside.

use entity::{PollErrorKind, UserErrorCode};

use crate::fetch::Failure;

/// A refusal that could be foreseen: nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of refusal.
    pub code: UserErrorCode,
    /// What was wrong, with what, and what to do; may be shown to anyone.
    pub message: String,
}

impl Refusal {
    /// A refusal with its words.
    pub fn new(code: UserErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// There is no such thing: `noun` says of what kind, `name` what was asked for.
    #[must_use]
    pub fn not_found(noun: &str, name: &str) -> Self {
        Self::new(
            UserErrorCode::NotFound,
            format!("There is no {noun} {}.", quoted(name)),
        )
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::new(code_of(failure.kind), failure.message)
    }
}

/// The code under which a failed poll is reported to an editor.
#[must_use]
pub const fn code_of(kind: PollErrorKind) -> UserErrorCode {
    match kind {
        PollErrorKind::ForbiddenAddress => UserErrorCode::ForbiddenAddress,
        PollErrorKind::NotAFeed | PollErrorKind::Malformed => UserErrorCode::NotAFeed,
        _ => UserErrorCode::Unreachable,
    }
}

/// Outside text as it is cited in a message: in quotes, without control characters, at most 100 characters.
#[must_use]
pub fn quoted(text: &str) -> String {
    const MOST: usize = 100;
    let mut cited: String = text
        .chars()
        .take(MOST)
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    if text.chars().nth(MOST).is_some() {
        cited.push('…');
    }
    format!("\"{cited}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_is_short_and_on_one_line() {
        assert_eq!(quoted("a\nb"), "\"a b\"");
        assert_eq!(quoted(&"ä".repeat(100)), format!("\"{}\"", "ä".repeat(100)));
        assert_eq!(
            quoted(&"ä".repeat(101)),
            format!("\"{}…\"", "ä".repeat(100))
        );
    }

    #[test]
    fn what_is_no_feed_is_told_apart_from_what_cannot_be_reached() {
        assert_eq!(code_of(PollErrorKind::Malformed), UserErrorCode::NotAFeed);
        assert_eq!(code_of(PollErrorKind::Dns), UserErrorCode::Unreachable);
        assert_eq!(
            code_of(PollErrorKind::ForbiddenAddress),
            UserErrorCode::ForbiddenAddress
        );
    }
}
