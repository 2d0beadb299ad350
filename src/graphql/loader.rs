//! What resolvers ask one by one, asked of the store at once: all keys that a level of a document wants
//! become one statement. In: keys. Out: rows. Must not know: who wants them.
//!
//! A request's fields are resolved in one task, pass by pass. Whoever asks first for a kind of thing lets
//! the pass end, in which all others put their keys beside the first, and then asks for all of them. This
//! needs no timer and no other task, and it is the same few statements every time.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;
use entity::{
    AuthorId, EntryId, Millis, PlanetId, SourceId, UserId, author, enclosure, entry, entry_body,
    planet, planet_link, poll_attempt, poll_state, source,
};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::error::{Fault, Result};
use super::store;
use crate::store::{EntryMarks, EntryRevision, Store};

/// A kind of thing that can be asked for many at once.
pub trait Key: Copy + Eq + Hash + Send + Sync + 'static {
    /// What belongs to a key.
    type Value: Clone + Send + Sync + 'static;

    /// What belongs to each of the keys; those to which nothing belongs are left out.
    fn load(
        store: &Store,
        keys: &[Self],
    ) -> impl Future<Output = Result<HashMap<Self, Self::Value>>> + Send;
}

/// The questions of one request that wait to be asked.
#[derive(Default)]
pub struct Batches(Mutex<HashMap<TypeId, Box<dyn Any + Send>>>);

type Answer<K> = Result<Option<<K as Key>::Value>>;
type Waiting<K> = Vec<(K, oneshot::Sender<Answer<K>>)>;

impl Batches {
    /// Puts a key beside the others; also tells whether it is the first.
    fn join<K: Key>(&self, key: K) -> (oneshot::Receiver<Answer<K>>, bool) {
        let (sender, receiver) = oneshot::channel();
        let first = self.with(|waiting: &mut Waiting<K>| {
            waiting.push((key, sender));
            waiting.len() == 1
        });
        (receiver, first)
    }

    fn take<K: Key>(&self) -> Waiting<K> {
        self.with(std::mem::take)
    }

    fn with<K: Key, T>(&self, change: impl FnOnce(&mut Waiting<K>) -> T) -> T {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues
            .entry(TypeId::of::<K>())
            .or_insert_with(|| Box::<Waiting<K>>::default());
        match queue.downcast_mut() {
            Some(waiting) => change(waiting),
            // A queue is kept under its own type, so this is never reached.
            None => change(&mut Waiting::new()),
        }
    }
}

/// Lets those go on waiting by themselves who wait for one that was dropped: another field of its object
/// failed, say.
struct Leader<'a, K: Key>(&'a Batches, std::marker::PhantomData<fn() -> K>);

impl<K: Key> Drop for Leader<'_, K> {
    fn drop(&mut self) {
        drop(self.0.take::<K>());
    }
}

/// What belongs to a key, or nothing; waits for the others that want the same kind of thing.
///
/// # Errors
/// `INTERNAL` when the store fails.
pub async fn find<K: Key>(ctx: &Context<'_>, key: K) -> Result<Option<K::Value>> {
    let batches = ctx.data::<Batches>().map_err(|_| Fault::hidden())?;
    loop {
        let (answer, first) = batches.join(key);
        if first {
            ask_for_all::<K>(batches, store(ctx)?).await;
        }
        // Without an answer, who was to ask is gone: ask anew.
        if let Ok(answer) = answer.await {
            return answer;
        }
    }
}

async fn ask_for_all<K: Key>(batches: &Batches, store: &Store) {
    let leader = Leader::<K>(batches, std::marker::PhantomData);
    // The first pass brings those beside this one, the second those who are one step behind.
    yield_now().await;
    yield_now().await;
    let waiting = batches.take::<K>();
    std::mem::forget(leader);
    let mut keys: Vec<K> = Vec::with_capacity(waiting.len());
    let mut seen = std::collections::HashSet::new();
    keys.extend(
        waiting
            .iter()
            .map(|(key, _)| *key)
            .filter(|key| seen.insert(*key)),
    );
    let found = K::load(store, &keys).await;
    for (key, sender) in waiting {
        let answer = match &found {
            Ok(found) => Ok(found.get(&key).cloned()),
            Err(fault) => Err(fault.clone()),
        };
        // Who does not wait any more needs no answer.
        let _ = sender.send(answer);
    }
}

/// A source by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceOf(pub SourceId);
/// The body of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BodyOf(pub EntryId);
/// The authors of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AuthorsOf(pub EntryId);
/// The tags of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TagsOf(pub EntryId);
/// A reader's marks on an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MarksOf(pub EntryId, pub UserId);
/// The enclosures of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnclosuresOf(pub EntryId);
/// The newest entries of a source, so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NewestOf(pub SourceId, pub u32);
/// Earlier versions of an entry, so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RevisionsOf(pub EntryId, pub u32);
/// The same as an entry in other sources, so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DuplicatesOf(pub EntryId, pub u32);
/// The planets of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PlanetsOf(pub SourceId);
/// How polling a source goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PollStateOf(pub SourceId);
/// The newest attempts to poll a source, so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AttemptsOf(pub SourceId, pub u32);
/// The sources that an author writes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourcesOf(pub AuthorId);
/// The links beside a planet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinksOf(pub PlanetId);
/// When an entry of a planet was last added or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UpdatedAt(pub PlanetId);

/// Since when a file owns a planet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeclaredPlanet(pub PlanetId);
/// Since when a file owns a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeclaredSource(pub SourceId);

macro_rules! batches {
    ($($key:ident => $method:ident -> $value:ty;)*) => {$(
        impl Key for $key {
            type Value = $value;

            async fn load(store: &Store, keys: &[Self]) -> Result<HashMap<Self, $value>> {
                let keys: Vec<_> = keys.iter().map(|key| key.0).collect();
                let found = store.$method(&keys).await?;
                Ok(found.into_iter().map(|(key, value)| ($key(key), value.into())).collect())
            }
        }
    )*};
}

batches! {
    SourceOf => sources_by_ids -> Arc<source::Model>;
    BodyOf => bodies_of -> Arc<entry_body::Model>;
    AuthorsOf => authors_of -> Vec<author::Model>;
    TagsOf => tags_of -> Vec<String>;
    EnclosuresOf => enclosures_of -> Vec<enclosure::Model>;
    PlanetsOf => planets_of_sources -> Vec<planet::Model>;
    PollStateOf => poll_states_of -> Arc<poll_state::Model>;
    SourcesOf => sources_of_authors -> Vec<source::Model>;
    LinksOf => links_of_planets -> Vec<planet_link::Model>;
    UpdatedAt => planets_updated_at -> Millis;
    DeclaredPlanet => declared_planets -> Millis;
    DeclaredSource => declared_sources -> Millis;
}

macro_rules! counted_batches {
    ($($key:ident => $method:ident -> $value:ty;)*) => {$(
        impl Key for $key {
            type Value = Vec<$value>;

            async fn load(store: &Store, keys: &[Self]) -> Result<HashMap<Self, Vec<$value>>> {
                let mut found = HashMap::new();
                for (count, ids) in by_count(keys.iter().map(|key| (key.1, key.0))) {
                    let rows = store.$method(&ids, count).await?;
                    found.extend(rows.into_iter().map(|(id, rows)| ($key(id, count), rows)));
                }
                Ok(found)
            }
        }
    )*};
}

counted_batches! {
    NewestOf => newest_entries_of_sources -> entry::Model;
    AttemptsOf => attempts_of -> poll_attempt::Model;
    RevisionsOf => revisions_of -> EntryRevision;
    DuplicatesOf => duplicates_of -> entry::Model;
}

impl Key for MarksOf {
    type Value = EntryMarks;

    async fn load(store: &Store, keys: &[Self]) -> Result<HashMap<Self, EntryMarks>> {
        // One request has one viewer.
        let Some(user) = keys.first().map(|key| key.1) else {
            return Ok(HashMap::new());
        };
        let ids: Vec<EntryId> = keys.iter().map(|key| key.0).collect();
        let found = store.marks_of(user, &ids).await?;
        Ok(found
            .into_iter()
            .map(|(id, marks)| (Self(id, user), marks))
            .collect())
    }
}

/// One statement for each number of rows wanted: as a rule there is one number in a document.
fn by_count<K>(keys: impl Iterator<Item = (u32, K)>) -> HashMap<u32, Vec<K>> {
    let mut groups: HashMap<u32, Vec<K>> = HashMap::new();
    for (count, id) in keys {
        groups.entry(count).or_default().push(id);
    }
    groups
}
