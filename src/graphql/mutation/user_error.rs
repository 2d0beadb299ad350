//! Refusals as clients see them. In: refusals from the application. Out: `userErrors` with the argument's
//! path. Must not know: what is refused, or why.

use async_graphql::{ID, MaybeUndefined, SimpleObject};
use entity::UserErrorCode as Stored;

use crate::follow::check::invalid;
use crate::follow::{Refusal, quoted};
use crate::graphql::id::{self, Key};
use crate::graphql::word::UserErrorCode;

/// Why an input was refused; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct UserError {
    /// Where the wrong value is: the argument's name, then field names and positions in lists, from 0.
    pub path: Vec<String>,
    /// What kind of refusal.
    pub code: UserErrorCode,
    /// What was wrong, and what to do; in English.
    pub message: String,
}

/// Collects what is wrong with an input, so that a client hears of all of it at once.
#[derive(Debug, Default)]
pub struct Wrong(Vec<UserError>);

impl Wrong {
    /// One refusal alone.
    #[must_use]
    pub fn only(path: &[&str], refusal: Refusal) -> Self {
        let mut wrong = Self::default();
        wrong.add(path, refusal);
        wrong
    }

    /// Adds a refusal.
    pub fn add(&mut self, path: &[&str], refusal: Refusal) {
        self.push(path, None, refusal);
    }

    /// The checked value; none adds its refusal.
    pub fn check<T>(&mut self, path: &[&str], checked: Result<T, Refusal>) -> Option<T> {
        checked.map_err(|refusal| self.add(path, refusal)).ok()
    }

    /// The same for a value that may be left out: none only when it was given and refused.
    pub fn check_given<T>(
        &mut self,
        path: &[&str],
        checked: Option<Result<T, Refusal>>,
    ) -> Option<Option<T>> {
        match checked {
            None => Some(None),
            Some(checked) => self.check(path, checked).map(Some),
        }
    }

    /// The same for a list, whose refusal may be of one of its elements.
    pub fn check_list<T>(
        &mut self,
        path: &[&str],
        checked: Result<T, (Option<usize>, Refusal)>,
    ) -> Option<T> {
        checked
            .map_err(|(at, refusal)| self.push(path, at, refusal))
            .ok()
    }

    /// A change of a value that has a default: none leaves it, an inner none (null was given) is the default.
    pub fn change<G, T>(
        &mut self,
        path: &[&str],
        given: MaybeUndefined<G>,
        check: impl FnOnce(G) -> Result<T, Refusal>,
    ) -> Option<Option<T>> {
        match given {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(value) => self.check(path, check(value)).map(Some),
        }
    }

    /// A change of a value that must always be there: none leaves it, null is refused.
    pub fn change_kept<G, T>(
        &mut self,
        path: &[&str],
        given: MaybeUndefined<G>,
        check: impl FnOnce(G) -> Result<T, Refusal>,
    ) -> Option<T> {
        if given.is_null() {
            self.add(
                path,
                invalid("This may not be null; leave it out to keep what it is."),
            );
        }
        self.change(path, given, check).flatten()
    }

    /// The key that an id stands for; none adds a refusal. `noun` says what it should be the id of.
    pub fn key<K: Key>(&mut self, path: &[&str], id: &ID) -> Option<K> {
        self.check(path, key(id))
    }

    /// The keys that a list of ids stands for; none adds refusals.
    pub fn keys<K: Key>(&mut self, path: &[&str], ids: &[ID]) -> Option<Vec<K>> {
        let keys = ids.iter().map(key::<K>).enumerate();
        let known: Vec<K> = keys
            .filter_map(|(at, key)| {
                key.map_err(|refusal| self.push(path, Some(at), refusal))
                    .ok()
            })
            .collect();
        (known.len() == ids.len()).then_some(known)
    }

    /// Whether anything is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a refusal of the list at `path`, or of its element `at`.
    pub fn push(&mut self, path: &[&str], at: Option<usize>, refusal: Refusal) {
        let mut path: Vec<String> = path.iter().map(ToString::to_string).collect();
        path.extend(at.map(|at| at.to_string()));
        self.0.push(UserError {
            path,
            code: refusal.code.into(),
            message: refusal.message,
        });
    }
}

impl From<Wrong> for Vec<UserError> {
    fn from(wrong: Wrong) -> Self {
        wrong.0
    }
}

fn key<K: Key>(id: &ID) -> Result<K, Refusal> {
    id::find(id).ok_or_else(|| {
        let message = format!(
            "{} is not the id of {}; one looks like {}:12.",
            quoted(id),
            with_article(K::KIND),
            K::KIND
        );
        Refusal::new(Stored::InvalidValue, message)
    })
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// `NOT_FOUND` for an id that is of the right form.
#[must_use]
pub fn no_such<K: Key>(key: K) -> Refusal {
    Refusal::not_found(K::KIND, &id::encode(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::{EntryId, SourceId};

    #[test]
    fn a_wrong_id_is_named_with_its_place_in_the_list() {
        let mut wrong = Wrong::default();
        let ids = [ID::from("source:1"), ID::from("entry:2"), ID::from("x")];
        assert_eq!(wrong.keys::<SourceId>(&["sourceIds"], &ids), None);
        let errors: Vec<UserError> = wrong.into();
        assert_eq!(errors.len(), 2);
        assert_eq!(errors[0].path, ["sourceIds", "1"]);
        assert_eq!(errors[0].code, UserErrorCode::InvalidValue);
        assert_eq!(
            errors[0].message,
            "\"entry:2\" is not the id of a source; one looks like source:12."
        );
        assert_eq!(errors[1].path, ["sourceIds", "2"]);
    }

    #[test]
    fn what_does_not_exist_is_named() {
        assert_eq!(
            no_such(EntryId(7)).message,
            "There is no entry \"entry:7\"."
        );
    }
}
