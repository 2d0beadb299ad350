//! Passwords. In: what people type. Out: argon2id hashes in PHC string form, and whether one fits. Each
//! hash takes about 20 MB and tens of milliseconds on purpose, so they run on blocking threads and only a
//! few together. Must not know: accounts, SQL.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
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
    /// One or two characters over and over.
    #[error("the password repeats too few characters")]
    Monotonous,
}

/// Hashing failed: an unreadable stored hash, or no memory.
#[derive(Debug, thiserror::Error)]
#[error("password hashing failed: {0}")]
pub struct HashError(String);

/// Whether a new password is good enough.
///
/// # Errors
/// Why it is not.
pub fn check(password: &str, username: &str) -> Result<(), Weak> {
    let chars = password.chars().count();
    if password.len() > MAX_BYTES {
        return Err(Weak::TooLong);
    }
    if chars < MIN_CHARS {
        return Err(Weak::TooShort);
    }
    let (folded, name) = (password.to_lowercase(), username.to_lowercase());
    if !name.is_empty() && folded.replace(&name, "").chars().count() < MIN_CHARS / 2 {
        return Err(Weak::LikeUsername);
    }
    let mut different: Vec<char> = folded.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 3 {
        return Err(Weak::Monotonous);
    }
    Ok(())
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
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed
        .map(|hash| hash.to_string())
        .map_err(|error| HashError(error.to_string()))
}

/// Whether a password fits a stored hash, on this thread; parameters are the hash's own.
///
/// # Errors
/// When the stored hash cannot be read.
pub fn verify(password: &str, stored: &str) -> Result<bool, HashError> {
    if password.len() > MAX_BYTES {
        return Ok(false);
    }
    let stored = PasswordHash::new(stored).map_err(|error| HashError(error.to_string()))?;
    Ok(Argon2::default()
        .verify_password(password.as_bytes(), &stored)
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
    fn weak_passwords_are_named() {
        let check =
            |password: &str, expected| assert_eq!(check(password, "Anna"), expected, "{password}");
        check("correct horse", Ok(()));
        check("пароль из слов", Ok(()));
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
