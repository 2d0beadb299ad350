//! Ids as clients see them, `kind:key`. In: a typed key, or an id from a client. Out: the other of the
//! two. Must not know: whether the thing exists.

use async_graphql::ID;
use entity::{
    ApiTokenId, AuthorId, EntryId, JobId, PlanetId, ProposalId, RuleId, SourceId, UserId, WebhookId,
};

use super::error::{Code, Fault};

/// A key that clients may see.
pub trait Key: Copy {
    /// What stands before the colon.
    const KIND: &'static str;

    /// The key that a number stands for.
    fn of(number: i64) -> Self;

    /// The number that the key stands for.
    fn number(self) -> i64;
}

macro_rules! keys {
    ($($key:ident $kind:literal)*) => {$(
        impl Key for $key {
            const KIND: &'static str = $kind;

            fn of(number: i64) -> Self {
                Self(number)
            }

            fn number(self) -> i64 {
                self.0
            }
        }
    )*};
}

keys! {
    ApiTokenId "token"
    AuthorId "author"
    EntryId "entry"
    JobId "job"
    PlanetId "planet"
    ProposalId "proposal"
    RuleId "rule"
    SourceId "source"
    UserId "user"
    WebhookId "webhook"
}

/// What an id of any kind refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnyKey {
    /// An author.
    Author(AuthorId),
    /// An entry.
    Entry(EntryId),
    /// A job.
    Job(JobId),
    /// A planet.
    Planet(PlanetId),
    /// A source.
    Source(SourceId),
    /// A user.
    User(UserId),
}

/// The id of a key: `source:12`.
#[must_use]
pub fn encode<K: Key>(key: K) -> ID {
    ID(format!("{}:{}", K::KIND, key.number()))
}

/// The key that an id stands for; none when the id is of another kind or of another form.
#[must_use]
pub fn find<K: Key>(id: &ID) -> Option<K> {
    let (kind, number) = split(id)?;
    (kind == K::KIND).then(|| K::of(number))
}

/// The key that an id stands for.
///
/// # Errors
/// `INVALID_ID` when the id is of another kind or of another form.
pub fn decode<K: Key>(id: &ID) -> Result<K, Fault> {
    find(id).ok_or_else(|| {
        let message = format!(
            "{:?} is not the id of a thing of the kind {}.",
            shorten(id),
            K::KIND
        );
        Fault::new(Code::InvalidId, message)
    })
}

/// The keys that a list of ids stands for.
///
/// # Errors
/// `INVALID_ID` for the first id of another kind or form.
pub fn decode_all<K: Key>(ids: &[ID]) -> Result<Vec<K>, Fault> {
    ids.iter().map(decode).collect()
}

/// The key of any kind that an id stands for.
///
/// # Errors
/// `INVALID_ID` when the id is of no known form.
pub fn decode_any(id: &ID) -> Result<AnyKey, Fault> {
    let found = split(id).and_then(|(kind, number)| match kind {
        AuthorId::KIND => Some(AnyKey::Author(AuthorId(number))),
        EntryId::KIND => Some(AnyKey::Entry(EntryId(number))),
        JobId::KIND => Some(AnyKey::Job(JobId(number))),
        PlanetId::KIND => Some(AnyKey::Planet(PlanetId(number))),
        SourceId::KIND => Some(AnyKey::Source(SourceId(number))),
        UserId::KIND => Some(AnyKey::User(UserId(number))),
        _ => None,
    });
    found.ok_or_else(|| {
        Fault::new(
            Code::InvalidId,
            format!("{:?} is not an id of this server.", shorten(id)),
        )
    })
}

/// One number has one spelling, so that equal things have equal ids.
fn split(id: &ID) -> Option<(&str, i64)> {
    let (kind, digits) = id.split_once(':')?;
    let number: i64 = digits.parse().ok()?;
    (number > 0 && number.to_string() == digits).then_some((kind, number))
}

fn shorten(id: &ID) -> String {
    id.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_kind() {
        assert_eq!(encode(SourceId(12)).as_str(), "source:12");
        assert_eq!(decode::<SourceId>(&ID::from("source:12")), Ok(SourceId(12)));
        assert_eq!(decode_any(&ID::from("job:3")), Ok(AnyKey::Job(JobId(3))));
    }

    #[test]
    fn other_kinds_and_forms_are_refused() {
        for wrong in [
            "entry:12",
            "source:",
            "source:0",
            "source:-1",
            "source:+1",
            "source:01",
            "source:1 ",
            "12",
            "",
            "source:99999999999999999999",
            "SOURCE:1",
            "source:1:2",
        ] {
            let fault = decode::<SourceId>(&ID::from(wrong)).unwrap_err();
            assert_eq!(fault.code, Code::InvalidId, "{wrong}");
        }
        assert!(decode_any(&ID::from("moon:1")).is_err());
    }
}
