//! Things by their ids. In: ids. Out: the contract's `Node`. Must not know: SQL.

use std::collections::{HashMap, HashSet};

use async_graphql::{Context, ID, Interface};
use entity::{AuthorId, EntryId, JobId, PlanetId, Role, SourceId, UserId};

use super::author::Author;
use super::entry::Entry;
use super::error::{Code, Fault, Result};
use super::id::{AnyKey, decode_any};
use super::job::Job;
use super::needs::Needs;
use super::page::MOST;
use super::planet::Planet;
use super::source::Source;
use super::store;
use super::user::User;
use crate::store::Store;

/// Anything that has an id and can be asked for by it.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, and gone when its fields are resolved"
)]
#[derive(Clone, Debug, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque and lasting."))]
pub enum Node {
    /// An author.
    Author(Author),
    /// An entry.
    Entry(Entry),
    /// A job.
    Job(Job),
    /// A planet.
    Planet(Planet),
    /// A source.
    Source(Source),
    /// An account.
    User(User),
}

/// One thing by its id.
///
/// # Errors
/// `INVALID_ID`; `UNAUTHENTICATED` and `FORBIDDEN` for kinds that not everyone may see.
pub async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let mut found = find_all(ctx, std::slice::from_ref(id)).await?;
    Ok(found.pop().flatten())
}

/// Things by their ids, in the order of the ids; one statement for each kind.
///
/// # Errors
/// As [`find`], and `INVALID_PAGE` for too many ids.
pub async fn find_all(ctx: &Context<'_>, ids: &[ID]) -> Result<Vec<Option<Node>>> {
    if u32::try_from(ids.len()).map_or(true, |count| count > MOST) {
        return Err(Fault::new(
            Code::InvalidPage,
            format!("ids: at most {MOST} at once."),
        ));
    }
    let keys: Vec<AnyKey> = ids.iter().map(decode_any).collect::<Result<_>>()?;
    permit(ctx, &keys)?;
    let store = store(ctx)?;
    let found = fetch(store, &Keys::of(&keys)).await?;
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}

/// Keys by kind.
#[derive(Default)]
struct Keys {
    authors: Vec<AuthorId>,
    entries: Vec<EntryId>,
    jobs: Vec<JobId>,
    planets: Vec<PlanetId>,
    sources: Vec<SourceId>,
    users: Vec<UserId>,
}

impl Keys {
    fn of(keys: &[AnyKey]) -> Self {
        let mut kinds = Self::default();
        let mut seen = HashSet::new();
        for key in keys.iter().filter(|key| seen.insert(**key)) {
            match *key {
                AnyKey::Author(id) => kinds.authors.push(id),
                AnyKey::Entry(id) => kinds.entries.push(id),
                AnyKey::Job(id) => kinds.jobs.push(id),
                AnyKey::Planet(id) => kinds.planets.push(id),
                AnyKey::Source(id) => kinds.sources.push(id),
                AnyKey::User(id) => kinds.users.push(id),
            }
        }
        kinds
    }
}

async fn fetch(store: &Store, keys: &Keys) -> Result<HashMap<AnyKey, Node>> {
    let (authors, entries, jobs, planets, sources, users) = tokio::try_join!(
        store.authors_by_ids(&keys.authors),
        store.entries_by_ids(&keys.entries),
        store.jobs_by_ids(&keys.jobs),
        store.planets_by_ids(&keys.planets),
        store.sources_by_ids(&keys.sources),
        store.users_by_ids(&keys.users),
    )?;
    let mut found = HashMap::new();
    found.extend(
        authors
            .into_iter()
            .map(|(id, row)| (AnyKey::Author(id), Node::Author(Author(row)))),
    );
    found.extend(
        entries
            .into_iter()
            .map(|(id, row)| (AnyKey::Entry(id), Node::Entry(row.into()))),
    );
    found.extend(
        jobs.into_iter()
            .map(|(id, row)| (AnyKey::Job(id), Node::Job(Job(row)))),
    );
    found.extend(
        planets
            .into_iter()
            .map(|(id, row)| (AnyKey::Planet(id), Node::Planet(Planet(row)))),
    );
    found.extend(
        sources
            .into_iter()
            .map(|(id, row)| (AnyKey::Source(id), Node::Source(row.into()))),
    );
    found.extend(
        users
            .into_iter()
            .map(|(id, row)| (AnyKey::User(id), Node::User(User(row)))),
    );
    Ok(found)
}

/// Accounts are for admins and for whose they are, jobs for editors.
fn permit(ctx: &Context<'_>, keys: &[AnyKey]) -> Result<()> {
    for key in keys {
        match *key {
            AnyKey::User(user) => {
                let principal = Needs(Role::Reader).of(ctx)?;
                if principal.user_id != user {
                    Needs(Role::Admin).of(ctx)?;
                }
            }
            AnyKey::Job(_) => {
                Needs(Role::Editor).of(ctx)?;
            }
            AnyKey::Author(_) | AnyKey::Entry(_) | AnyKey::Planet(_) | AnyKey::Source(_) => {}
        }
    }
    Ok(())
}
