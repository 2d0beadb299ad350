//! What a reading means for what is stored. In: drafts, and the stored rows that may be the same entries. Out:
//! a plan by position in the document. Pure. Must not know: SQL, content.

use std::collections::{HashMap, HashSet};

use entity::{EntryId, Millis};

use super::matching::Matches;
use crate::normalize::{EntryDraft, shared_identity};

/// As much of a stored entry as deciding takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) id: EntryId,
    pub(super) identity: Vec<u8>,
    pub(super) url_key: Option<Vec<u8>>,
    pub(super) content_hash: Vec<u8>,
}

/// A stored entry that may be one of the drafts under another identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Likely {
    pub(super) known: Known,
    pub(super) title: String,
    pub(super) url: Option<String>,
    pub(super) published_at: Millis,
    pub(super) meaning: Option<Vec<u8>>,
}

/// What is stored that could be some of the drafts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Related {
    /// By identity or alias.
    pub(super) known: Vec<Known>,
    /// Other identities that entries go by.
    pub(super) aliases: Vec<(Vec<u8>, EntryId)>,
    /// By link or place in time.
    pub(super) likely: Vec<Likely>,
    /// Whether the newest entries of the source are among `likely`, since most drafts are not known.
    pub(super) looked_through: bool,
}

/// An entry that an editor took out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Removed {
    pub(super) identity: Vec<u8>,
    pub(super) url_key: Option<Vec<u8>>,
}

/// How a draft was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// By an identity that it had before.
    Identity,
    /// By its link, although its identity is another entry's.
    Link,
    /// By something else, under an identity that was never seen.
    Rekeyed,
}

/// A draft that is a stored entry and differs from it, or may do so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) id: EntryId,
    pub(super) position: usize,
    pub(super) how: How,
}

/// What to do. Numbers are positions in the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// To be stored as new, under these identities.
    pub(super) new: Vec<(usize, [u8; 16])>,
    /// To be compared with, and perhaps written over, a stored entry.
    pub(super) changed: Vec<Changed>,
    /// How many drafts came under an identity that was never seen.
    pub(super) ids_changed: i32,
    /// The feed as a whole was given new identifiers.
    pub(super) is_rekeyed: bool,
    /// What is new and no newer than this is old: of a feed with new identifiers, an entry that was not recognised.
    pub(super) backlog_until: Option<Millis>,
}

/// Which drafts are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Horizon {
    /// When the reading was made.
    pub(super) seen: Millis,
    /// Entries whose place in time is before this are left out.
    pub(super) oldest: Option<Millis>,
    /// Drafts of which the publisher said the same before are compared, too: the reader is another.
    pub(super) rereads: bool,
}

/// Decides for each draft: unchanged (nothing to do), changed, new, or not wanted.
pub(super) fn decide(
    drafts: &[EntryDraft],
    related: &Related,
    removed: &[Removed],
    horizon: Horizon,
) -> Plan {
    let out = Out::new(removed);
    let matches = Matches::find(drafts, related, |draft| out.holds(draft));
    let hashes: HashMap<EntryId, &[u8]> = related
        .known
        .iter()
        .chain(related.likely.iter().map(|likely| &likely.known))
        .map(|known| (known.id, known.content_hash.as_slice()))
        .collect();
    let stored: HashSet<&[u8]> = related.known.iter().map(|known| &*known.identity).collect();
    let mut plan = Plan::default();
    let mut seen = HashSet::new();
    for (position, draft) in drafts.iter().enumerate() {
        if !seen.insert(draft.identity) {
            // The first of several with one identity stands.
            continue;
        }
        if let Some((id, how)) = matches.of(position) {
            let is_equal = hashes.get(&id) == Some(&draft.content_hash.as_slice());
            if how == How::Rekeyed || !is_equal || horizon.rereads {
                plan.changed.push(Changed { id, position, how });
            }
            plan.ids_changed += i32::from(how == How::Rekeyed);
        } else if !out.holds(draft) && horizon.reaches(draft) {
            let is_taken = stored.contains(draft.identity.as_slice());
            let identity = if is_taken {
                shared_identity(draft)
            } else {
                draft.identity
            };
            plan.new.push((position, identity));
        }
    }
    let rekeyed = usize::try_from(plan.ids_changed).unwrap_or_default();
    plan.is_rekeyed = rekeyed >= 3 && rekeyed * 2 >= drafts.len();
    if plan.is_rekeyed {
        let newest = related.likely.iter().map(|likely| likely.published_at);
        plan.backlog_until = newest.max();
    }
    plan
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.new.is_empty() && self.changed.is_empty()
    }
}

impl Horizon {
    fn reaches(self, draft: &EntryDraft) -> bool {
        self.oldest
            .is_none_or(|oldest| draft.dates.place(self.seen).0 >= oldest)
    }
}

struct Out<'a> {
    identities: HashSet<&'a [u8]>,
    links: HashSet<&'a [u8]>,
}

impl<'a> Out<'a> {
    fn new(removed: &'a [Removed]) -> Self {
        Self {
            identities: removed.iter().map(|row| row.identity.as_slice()).collect(),
            links: removed
                .iter()
                .filter_map(|row| row.url_key.as_deref())
                .collect(),
        }
    }

    /// The same identifier stays out; so does a new one for the same link.
    fn holds(&self, draft: &EntryDraft) -> bool {
        self.identities.contains(draft.identity.as_slice())
            || draft
                .url_key
                .as_ref()
                .is_some_and(|key| self.links.contains(key.as_slice()))
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
