//! Passwords. In: what people type. Out: argon2id hashes in PHC string form, and whether one fits. Each
//! hash takes about 20 MB and tens of milliseconds on purpose, so they run on blocking threads and only a
//! few together. Must not know: accounts, SQL.

use std::borrow::Cow;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::PrecisFastInvocation as _;
use rand::RngExt as _;
use tokio::sync::Semaphore;

/// The shortest password that is taken, in characters.
pub const MIN_CHARS: usize = 10;
/// The longest, in bytes.
pub const MAX_BYTES: usize = 1024;

/// A password that is not taken, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Fewer than [`MIN_CHARS`].
    #[error("the password must have at least {MIN_CHARS} characters")]
    TooShort,
    /// More than [`MAX_BYTES`].
    #[error("the password must have at most {MAX_BYTES} bytes")]
    TooLong,
    /// It is the user name, or holds it and little more.
    #[error("the password must not be the user name")]
    LikeUsername,
    /// One or two characters over and over, or the keys in a row.
    #[error("the password repeats too few characters, or is a row of neighbours")]
    Monotonous,
    /// One that everybody tries first.
    #[error("the password is one of those that everybody tries first")]
    Common,
    /// Control characters, which nobody can type again.
    #[error("the password holds characters that cannot be typed")]
    Odd,
}

/// Long enough, and yet on every list of guesses; compared without case and without what is no letter or digit.
const COMMON: &[&str] = &[
    "password",
    "passwort",
    "motdepasse",
    "contrasena",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "iloveyou",
    "letmein",
    "welcome",
    "administrator",
    "changeme",
    "feedgraph",
    "football",
    "baseball",
    "princess",
    "sunshine",
    "superman",
    "trustno",
    "dragon",
    "master",
    "monkey",
    "shadow",
    "abc",
    "admin",
    "qwerty",
    "passw0rd",
    "p4ssw0rd",
    "correcthorsebatterystaple",
];

/// Hashing failed: an unreadable stored hash, or no memory.
#[derive(Debug, thiserror::Error)]
#[error("password hashing failed: {0}")]
pub struct HashError(String);

/// Whether a new password is good enough.
///
/// # Errors
/// Why it is not.
pub fn check(password: &str, username: &str) -> Result<(), Weak> {
    if password.len() > MAX_BYTES {
        return Err(Weak::TooLong);
    }
    // Empty is too short, not odd.
    if password.chars().count() < MIN_CHARS {
        return Err(Weak::TooShort);
    }
    if password.chars().any(char::is_control) {
        return Err(Weak::Odd);
    }
    let password = one_spelling(password);
    if password.chars().count() < MIN_CHARS {
        return Err(Weak::TooShort);
    }
    let (folded, name) = (password.to_lowercase(), username.to_lowercase());
    if !name.is_empty() && folded.replace(&name, "").chars().count() < MIN_CHARS / 2 {
        return Err(Weak::LikeUsername);
    }
    let mut different: Vec<char> = folded.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 3 || is_row(&folded) {
        return Err(Weak::Monotonous);
    }
    if is_common(&folded) {
        return Err(Weak::Common);
    }
    Ok(())
}

/// Whether nearly every character is the neighbour of the one before: `abcdefghij`, `0987654321`.
fn is_row(text: &str) -> bool {
    let codes: Vec<i64> = text
        .chars()
        .map(|letter| i64::from(u32::from(letter)))
        .collect();
    let steps = codes
        .iter()
        .zip(codes.iter().skip(1))
        .map(|(one, next)| next - one);
    let (mut all, mut plain) = (0, 0);
    for step in steps {
        all += 1;
        // 9 and 0 are neighbours on the keyboard.
        plain += usize::from(matches!(step, -1..=1 | 9 | -9));
    }
    all > 0 && plain * 10 >= all * 9
}

/// Whether it is a common word with digits and signs around it.
fn is_common(folded: &str) -> bool {
    let bare: String = folded
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect();
    let core = bare.trim_matches(|letter: char| letter.is_ascii_digit());
    COMMON.contains(&core) || COMMON.contains(&bare.as_str())
}

/// The one spelling of a password (RFC 8265, `OpaqueString`): keyboards differ in how they write accents and spaces. What
/// the profile does not know, such as newer pictures, stands for itself.
fn one_spelling(password: &str) -> Cow<'_, str> {
    if password.len() > MAX_BYTES {
        return Cow::Borrowed(password);
    }
    OpaqueString::enforce(password).unwrap_or(Cow::Borrowed(password))
}

/// A password for the first account: 20 characters of 32 kinds (100 bits), in groups of five, without
/// those that look alike.
#[must_use]
pub fn generate() -> String {
    const KINDS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = rand::rng();
    let mut text = String::with_capacity(23);
    for place in 0..20 {
        if place > 0 && place % 5 == 0 {
            text.push('-');
        }
        let kind: usize = random.random_range(0..KINDS.len());
        text.push(char::from(KINDS.get(kind).copied().unwrap_or(b'x')));
    }
    text
}

/// Hashes and compares, at most a few at a time.
#[derive(Clone, Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// Compared against when there is no such account, so that it takes as long as when there is.
    decoy: Arc<str>,
}

impl Passwords {
    /// At most `at_once` hashes are computed together (20 MB each).
    ///
    /// # Errors
    /// When hashing does not work at all.
    pub fn new(at_once: usize) -> Result<Self, HashError> {
        Ok(Self {
            turns: Arc::new(Semaphore::new(at_once.max(1))),
            decoy: hash(&generate())?.into(),
        })
    }

    /// Hashes a password that was checked.
    ///
    /// # Errors
    /// When hashing fails.
    pub async fn hash(&self, password: &str) -> Result<String, HashError> {
        let password = password.to_owned();
        self.take_turn(move || hash(&password)).await
    }

    /// Whether the password fits the stored hash; without one it never does, and takes as long.
    ///
    /// # Errors
    /// When the stored hash cannot be read.
    pub async fn fits(&self, password: &str, stored: Option<&str>) -> Result<bool, HashError> {
        // An account of an outside issuer has none.
        let stored = stored.filter(|stored| !stored.is_empty());
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        let password = password.to_owned();
        let fits = self.take_turn(move || verify(&password, &stored)).await?;
        Ok(fits && known)
    }

    async fn take_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let _turn = self.turns.acquire().await;
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| HashError(error.to_string()))?
    }
}

/// Hashes a password on this thread: argon2id with 19 MiB, 2 passes, 1 lane (OWASP's first choice), and a
/// salt of its own.
///
/// # Errors
/// When hashing fails.
pub fn hash(password: &str) -> Result<String, HashError> {
    let hashed = Argon2::default().hash_password(one_spelling(password).as_bytes());
    hashed
        .map(|hash| hash.to_string())
        .map_err(|error| HashError(error.to_string()))
}

/// Whether a password fits a stored hash, on this thread; parameters are the hash's own.
///
/// # Errors
/// When the stored hash cannot be read.
pub fn verify(password: &str, stored: &str) -> Result<bool, HashError> {
    // What is too long fits nothing, but costs what all others cost.
    let password = if password.len() > MAX_BYTES {
        ""
    } else {
        password
    };
    let stored = PasswordHash::new(stored).map_err(|error| HashError(error.to_string()))?;
    Ok(Argon2::default()
        .verify_password(one_spelling(password).as_bytes(), &stored)
        .is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_fits_its_password_alone_and_never_repeats() {
        let first = hash("correct horse").unwrap();
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(first, hash("correct horse").unwrap());
        assert!(verify("correct horse", &first).unwrap());
        assert!(!verify("correct horsf", &first).unwrap());
        assert!(!verify("", &first).unwrap());
        assert!(!verify(&"x".repeat(MAX_BYTES + 1), &first).unwrap());
        assert!(verify("x", "no hash").is_err());
    }

    #[test]
    fn one_password_may_be_typed_in_several_ways() {
        let stored = hash("zoë's long\u{a0}word").unwrap();
        assert!(verify("zoe\u{308}'s long word", &stored).unwrap());
    }

    #[test]
    fn weak_passwords_are_named() {
        let check =
            |password: &str, expected| assert_eq!(check(password, "Anna"), expected, "{password}");
        check("correct horse", Ok(()));
        check("пароль из слов", Ok(()));
        check("correct horse battery", Ok(()));
        check(
            "\u{1f40e}\u{1f50b}\u{1f9f7}\u{1f422}\u{1f9ca}\u{1f333}\u{1f309}\u{1f3b7}\u{1f9e9}\u{1f525}",
            Ok(()),
        );
        check("", Err(Weak::TooShort));
        check("abcdefghijkl", Err(Weak::Monotonous));
        check("09876543210", Err(Weak::Monotonous));
        check("Password123!", Err(Weak::Common));
        check("12 qwertyuiop 34", Err(Weak::Common));
        check("tab\tand\u{0}null", Err(Weak::Odd));
        check("short", Err(Weak::TooShort));
        check("anna anna 12", Err(Weak::LikeUsername));
        check("ababababababab", Err(Weak::Monotonous));
        check(&"xyz".repeat(400), Err(Weak::TooLong));
    }

    #[test]
    fn generated_passwords_are_good_and_differ() {
        let password = generate();
        assert_eq!(password.len(), 23);
        assert_eq!(check(&password, "admin"), Ok(()));
        assert_ne!(password, generate());
    }

    #[tokio::test]
    async fn an_unknown_account_takes_a_whole_comparison() {
        let passwords = Passwords::new(2).unwrap();
        let stored = passwords.hash("correct horse").await.unwrap();
        assert!(
            passwords
                .fits("correct horse", Some(&stored))
                .await
                .unwrap()
        );
        assert!(!passwords.fits("other", Some(&stored)).await.unwrap());
        assert!(!passwords.fits("other", None).await.unwrap());
    }
}
