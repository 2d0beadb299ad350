//! What resolvers ask one by one, asked of the store at once: all keys that are wanted at the same time
//! become one statement. In: keys. Out: rows. Must not know: who wants them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::Context;
use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::runtime::{TokioSpawner, TokioTimer};
use entity::{
    AuthorId, EntryId, Millis, PlanetId, SourceId, author, enclosure, entry, entry_body, planet,
    planet_link, poll_attempt, poll_state, source,
};

use super::error::{Fault, Result};
use crate::store::Store;

/// Asks the store for many keys at once.
#[derive(Clone)]
pub struct Batches(Store);

/// The batches of a schema; must be made inside the runtime.
#[must_use]
pub fn new(store: Store) -> DataLoader<Batches> {
    DataLoader::new(
        Batches(store),
        TokioSpawner::current(),
        TokioTimer::default(),
    )
}

/// What belongs to a key, or nothing; waits for the others that want the same kind of thing.
///
/// # Errors
/// `INTERNAL` when the store fails.
pub async fn find<K>(ctx: &Context<'_>, key: K) -> Result<Option<<Batches as Loader<K>>::Value>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Batches: Loader<K, Error = Fault>,
{
    let batches = ctx
        .data::<DataLoader<Batches>>()
        .map_err(|_| Fault::hidden())?;
    batches.load_one(key).await
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
/// The enclosures of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnclosuresOf(pub EntryId);
/// The newest entries of a source, so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NewestOf(pub SourceId, pub u32);
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

macro_rules! batches {
    ($($key:ident => $method:ident -> $value:ty;)*) => {$(
        impl Loader<$key> for Batches {
            type Value = $value;
            type Error = Fault;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $value>> {
                let keys: Vec<_> = keys.iter().map(|key| key.0).collect();
                let found = self.0.$method(&keys).await?;
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
}

macro_rules! counted_batches {
    ($($key:ident => $method:ident -> $value:ty;)*) => {$(
        impl Loader<$key> for Batches {
            type Value = Vec<$value>;
            type Error = Fault;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, Vec<$value>>> {
                let mut found = HashMap::new();
                for (count, ids) in by_count(keys.iter().map(|key| (key.1, key.0))) {
                    let rows = self.0.$method(&ids, count).await?;
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
}

/// One statement for each number of rows wanted: as a rule there is one number in a document.
fn by_count(keys: impl Iterator<Item = (u32, SourceId)>) -> HashMap<u32, Vec<SourceId>> {
    let mut groups: HashMap<u32, Vec<SourceId>> = HashMap::new();
    for (count, id) in keys {
        groups.entry(count).or_default().push(id);
    }
    groups
}
