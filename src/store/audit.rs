//! What was done by whom, in the transaction that did it. In: an actor, and notes of what changed. Out: rows of `audit`.
//! Must not know: what the changes mean.
//!
//! Whoever writes in somebody's name uses [`Store::acting`]. Every transaction of such a store that changes something
//! leaves at least one row: those that its work noted, or else one that says what the change log says.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use entity::{SourceId, UserId, audit};
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, DbErr, EntityTrait};
use serde_json::{Map, Value};

use super::write::{NewChange, Tx, Work, transaction};
use super::{CHUNK, Store, StoreError};
use crate::clock::Clock;

/// The longest text of a change that is kept, in bytes.
const MOST_BYTES: usize = 16_384;

/// Who changes something, and from where.
#[derive(Debug)]
pub struct Actor {
    user: Option<UserId>,
    name: String,
    address: Option<IpAddr>,
    clock: Clock,
    action: Mutex<String>,
}

impl Actor {
    /// An account by its key and name, or whoever asks without one.
    #[must_use]
    pub fn new(by: Option<(UserId, String)>, address: Option<IpAddr>, clock: Clock) -> Self {
        let (user, name) = by.map_or((None, "anyone".to_owned()), |(id, name)| (Some(id), name));
        Self {
            user,
            name,
            address,
            clock,
            action: Mutex::default(),
        }
    }

    /// Somebody at the command line of this machine.
    #[must_use]
    pub fn cli(clock: Clock, action: &str) -> Self {
        let actor = Self {
            name: "cli".to_owned(),
            ..Self::new(None, None, clock)
        };
        actor.begin(action);
        actor
    }

    /// Says what is being done from now on.
    pub fn begin(&self, action: &str) {
        let mut known = self.action.lock().unwrap_or_else(PoisonError::into_inner);
        action.clone_into(&mut known);
    }

    fn action(&self) -> String {
        let known = self.action.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }
}

impl Store {
    /// The same database, whose changes are noted as this actor's.
    #[must_use]
    pub fn acting(&self, actor: Arc<Actor>) -> Self {
        Self {
            actor: Some(actor),
            ..self.clone()
        }
    }

    /// Notes that somebody had a source polled; the poll itself is nobody's.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn note_refresh(&self, source: SourceId) -> Result<(), StoreError> {
        transaction!(self, "noting a refresh", |tx| async {
            Ok(Work::quiet(tx.backend).noting(Note::of(target::source(source))))
        })?;
        Ok(())
    }
}

/// What became of one thing. Secrets never come in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    target: String,
    before: Option<Value>,
    after: Option<Value>,
}

impl Note {
    /// Something was done to a thing that shows no values.
    pub(super) const fn of(target: String) -> Self {
        Self::new(target, None, None)
    }

    /// A thing as it was and as it is; made when it was not, removed when it is not.
    pub(super) const fn new(target: String, before: Option<Value>, after: Option<Value>) -> Self {
        Self {
            target,
            before,
            after,
        }
    }

    /// A thing that was changed: only what differs is kept.
    pub(super) fn changed(target: String, before: Value, after: Value) -> Self {
        let (Value::Object(mut before), Value::Object(mut after)) = (before, after) else {
            return Self::of(target);
        };
        let same: Vec<String> = before
            .iter()
            .filter(|(key, value)| after.get(*key) == Some(value))
            .map(|(key, _)| key.clone())
            .collect();
        for key in same {
            // In the order in which a portrait has them.
            before.shift_remove(&key);
            after.shift_remove(&key);
        }
        Self::new(target, shown(before), shown(after))
    }
}

/// The same values with one more.
pub(super) fn with(mut values: Value, key: &str, value: Value) -> Value {
    if let Value::Object(map) = &mut values {
        map.insert(key.to_owned(), value);
    }
    values
}

fn shown(map: Map<String, Value>) -> Option<Value> {
    (!map.is_empty()).then_some(Value::Object(map))
}

/// Writes what an actor did.
pub(super) async fn write(
    tx: &Tx,
    actor: &Actor,
    notes: Vec<Note>,
    changes: &[NewChange],
) -> Result<(), DbErr> {
    let notes = if notes.is_empty() {
        changes.first().map(said_by_log).into_iter().collect()
    } else {
        notes
    };
    let at = actor.clock.now();
    let rows: Vec<audit::ActiveModel> = notes
        .into_iter()
        .map(|note| audit::ActiveModel {
            id: NotSet,
            at: Set(at),
            user_id: Set(actor.user),
            actor: Set(actor.name.clone()),
            address: Set(actor.address.map(|address| address.to_string())),
            action: Set(actor.action()),
            target: Set((!note.target.is_empty()).then_some(note.target)),
            before: Set(note.before.as_ref().map(text)),
            after: Set(note.after.as_ref().map(text)),
        })
        .collect();
    for chunk in rows.chunks(CHUNK) {
        audit::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(&tx.db)
            .await?;
    }
    Ok(())
}

fn said_by_log(change: &NewChange) -> Note {
    let entry = change.entry_id.map(target::entry);
    let source = change.source_id.map(target::source);
    Note::of(entry.or(source).unwrap_or_default())
}

/// The values as text; of very long ones only that they were.
fn text(value: &Value) -> String {
    let text = value.to_string();
    if text.len() <= MOST_BYTES {
        return text;
    }
    serde_json::json!({"leftOutBytes": text.len()}).to_string()
}

/// The names of things, as the API's ids have them.
pub(super) mod target {
    use entity::{
        ApiTokenId, AuthorId, EntryId, JobId, PlanetId, ProposalId, SourceId, UserId, WebhookId,
    };

    macro_rules! targets {
        ($($name:ident $key:ident $kind:literal)*) => {$(
            pub(in crate::store) fn $name(key: $key) -> String {
                format!(concat!($kind, ":{}"), key.0)
            }
        )*};
    }

    targets! {
        author AuthorId "author"
        entry EntryId "entry"
        job JobId "job"
        planet PlanetId "planet"
        proposal ProposalId "proposal"
        source SourceId "source"
        token ApiTokenId "token"
        user UserId "user"
        webhook WebhookId "webhook"
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_kept() {
        let note = Note::changed(
            "user:1".to_owned(),
            json!({"a": 1, "b": 2, "c": 3}),
            json!({"a": 1, "b": 5, "d": 4}),
        );
        assert_eq!(note.before, Some(json!({"b": 2, "c": 3})));
        assert_eq!(note.after, Some(json!({"b": 5, "d": 4})));
        let same = Note::changed("user:1".to_owned(), json!({"a": 1}), json!({"a": 1}));
        assert_eq!(same, Note::of("user:1".to_owned()));
    }

    #[test]
    fn what_is_too_long_is_left_out() {
        let long = json!({"x": "y".repeat(MOST_BYTES)});
        assert!(text(&long).starts_with("{\"leftOutBytes\":"));
    }
}
