//! Which draft is which stored entry. In: drafts, rows that they may be. Out: pairs. Publishers change identifiers
//! and links, use one for several entries, and count entries from the top; so the surest sign is taken first. Pure.
//! Must not know: SQL.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use entity::EntryId;

use super::decide::{How, Likely, Related};
use crate::normalize::{EntryDraft, fold, meaning, page_path};

/// The stored entry of each draft that has one.
pub(super) struct Matches<'a> {
    drafts: &'a [EntryDraft],
    found: Vec<Option<(EntryId, How)>>,
    taken: HashSet<EntryId>,
}

impl<'a> Matches<'a> {
    /// Finds them. Drafts that are `held` out are recognised by their identity only.
    pub(super) fn find(
        drafts: &'a [EntryDraft],
        related: &'a Related,
        held: impl Fn(&EntryDraft) -> bool,
    ) -> Self {
        let mut matches = Self {
            drafts,
            found: vec![None; drafts.len()],
            taken: HashSet::new(),
        };
        let claims = Claims::new(drafts, related);
        matches.by_identity(&claims, |claimed| claimed.agrees);
        matches.by_link(&claims, related, &held);
        matches.by_identity(&claims, |claimed| !claimed.is_reused);
        let claimed: HashSet<EntryId> = claims.of.iter().flatten().map(|claim| claim.id).collect();
        let free: Vec<&Likely> = related
            .likely
            .iter()
            .filter(|likely| !claimed.contains(&likely.known.id))
            .collect();
        let open: Vec<usize> = (0..drafts.len())
            .filter(|position| claims.at(*position).is_none())
            .filter(|position| drafts.get(*position).is_some_and(|draft| !held(draft)))
            .collect();
        matches.by_title_and_date(&free, &open);
        if related.looked_through {
            matches.as_a_whole(&free, &open);
        }
        matches
    }

    /// The entry of the draft at a position.
    pub(super) fn of(&self, position: usize) -> Option<(EntryId, How)> {
        self.found.get(position).copied().flatten()
    }

    fn take(&mut self, position: usize, id: EntryId, how: How) {
        if self.of(position).is_none()
            && let Some(place) = self.found.get_mut(position)
            && self.taken.insert(id)
        {
            *place = Some((id, how));
        }
    }

    fn by_identity(&mut self, claims: &Claims, which: impl Fn(&Claim) -> bool) {
        // What an entry itself is called comes before what it was called besides.
        for is_alias in [false, true] {
            for position in 0..self.drafts.len() {
                if let Some(claim) = claims.at(position)
                    && claim.is_alias == is_alias
                    && which(claim)
                {
                    self.take(position, claim.id, How::Identity);
                }
            }
        }
    }

    /// Only where exactly one stored entry and one draft have a link, so that feeds whose entries all link to one
    /// page are left alone. A draft with an unknown identifier takes no entry whose own is in the document, unless
    /// identifiers wander from link to link there, as those that count from the top do.
    fn by_link(&mut self, claims: &Claims, related: &Related, held: impl Fn(&EntryDraft) -> bool) {
        let stored = unique(
            related
                .likely
                .iter()
                .filter_map(|likely| Some((likely.known.url_key.as_deref()?, likely.known.id))),
        );
        let drafted = unique(
            (0..)
                .zip(self.drafts)
                .filter_map(|(position, draft): (usize, _)| {
                    Some((draft.url_key.as_ref()?.as_slice(), position))
                }),
        );
        let pairs: Vec<(usize, EntryId)> = drafted
            .iter()
            .filter_map(|(key, position)| Some((*position, *stored.get(key)?)))
            .collect();
        let claimed: HashSet<EntryId> = claims.of.iter().flatten().map(|claim| claim.id).collect();
        let wander = pairs.iter().any(|(position, id)| {
            claims.at(*position).is_some_and(|claim| claim.id != *id) && claimed.contains(id)
        });
        for (position, id) in pairs {
            let is_held = self.drafts.get(position).is_some_and(&held);
            match claims.at(position) {
                Some(_) => self.take(position, id, How::Link),
                None if !is_held && (wander || !claimed.contains(&id)) => {
                    self.take(position, id, How::Rekeyed);
                }
                None => {}
            }
        }
    }

    fn by_title_and_date(&mut self, free: &[&Likely], open: &[usize]) {
        let stored = free.iter().filter_map(|likely| {
            let title = fold(&likely.title);
            (!title.is_empty()).then_some(((title, likely.published_at), likely.known.id))
        });
        let drafted = open.iter().filter_map(|position| {
            let draft = self.drafts.get(*position)?;
            let date = draft.dates.published.or(draft.dates.updated)?;
            let title = fold(&draft.title);
            (!title.is_empty()).then_some(((title, date), *position))
        });
        for (position, id) in pairs(stored, drafted) {
            self.take(position, id, How::Rekeyed);
        }
    }

    /// A feed that moved, with new identifiers and links throughout: its entries are told by what they say, else by
    /// path or title, where that explains most of them.
    fn as_a_whole(&mut self, free: &[&Likely], open: &[usize]) {
        let open: Vec<usize> = open
            .iter()
            .copied()
            .filter(|at| self.of(*at).is_none())
            .collect();
        let free: Vec<&&Likely> = free
            .iter()
            .filter(|likely| !self.taken.contains(&likely.known.id))
            .collect();
        let drafts: Vec<(usize, &EntryDraft)> = open
            .iter()
            .filter_map(|position| Some((*position, self.drafts.get(*position)?)))
            .collect();
        let mut told = pairs(
            free.iter()
                .filter_map(|likely| Some((likely.meaning.clone()?, likely.known.id))),
            drafts
                .iter()
                .map(|(position, draft)| (meaning(draft).to_vec(), *position)),
        );
        told.extend(pairs(
            free.iter()
                .filter_map(|likely| Some((page_path(likely.url.as_deref()?)?, likely.known.id))),
            drafts.iter().filter_map(|(position, draft)| {
                Some((page_path(draft.url.as_deref()?)?, *position))
            }),
        ));
        let titled = |title: &str| Some(fold(title)).filter(|title| !title.is_empty());
        told.extend(pairs(
            free.iter()
                .filter_map(|likely| Some((titled(&likely.title)?, likely.known.id))),
            drafts
                .iter()
                .filter_map(|(position, draft)| Some((titled(&draft.title)?, *position))),
        ));
        let explained: HashSet<usize> = told.iter().map(|(position, _)| *position).collect();
        if explained.len() * 2 >= open.len() {
            for (position, id) in told {
                self.take(position, id, How::Rekeyed);
            }
        }
    }
}

/// The stored entry that a draft's identity names.
struct Claim {
    id: EntryId,
    is_alias: bool,
    /// The link is that of the entry, too.
    agrees: bool,
    /// Link, title and date are all others: the publisher used the identifier again.
    is_reused: bool,
}

struct Claims {
    of: Vec<Option<Claim>>,
}

impl Claims {
    fn new(drafts: &[EntryDraft], related: &Related) -> Self {
        let own: HashMap<&[u8], EntryId> = related
            .known
            .iter()
            .map(|known| (known.identity.as_slice(), known.id))
            .collect();
        let aliases: HashMap<&[u8], EntryId> = related
            .aliases
            .iter()
            .map(|(identity, id)| (identity.as_slice(), *id))
            .collect();
        let links: HashMap<EntryId, Option<&[u8]>> = related
            .known
            .iter()
            .map(|known| (known.id, known.url_key.as_deref()))
            .collect();
        let likely: HashMap<EntryId, &Likely> = related
            .likely
            .iter()
            .map(|likely| (likely.known.id, likely))
            .collect();
        let claim = |draft: &EntryDraft| {
            let identity = draft.identity.as_slice();
            let own = own.get(identity);
            let id = *own.or_else(|| aliases.get(identity))?;
            let link = draft.url_key.as_ref().map(<[u8; 16]>::as_slice);
            let agrees = links.get(&id).is_some_and(|known| *known == link);
            Some(Claim {
                id,
                is_alias: own.is_none(),
                agrees,
                is_reused: !agrees && likely.get(&id).is_some_and(|old| is_another(draft, old)),
            })
        };
        Self {
            of: drafts.iter().map(claim).collect(),
        }
    }

    fn at(&self, position: usize) -> Option<&Claim> {
        self.of.get(position)?.as_ref()
    }
}

fn is_another(draft: &EntryDraft, old: &Likely) -> bool {
    let date = draft.dates.published.or(draft.dates.updated);
    draft.url_key.is_some()
        && old.url.is_some()
        && fold(&draft.title) != fold(&old.title)
        && date.is_some_and(|date| date != old.published_at)
}

/// What belongs to each key that occurs once.
fn unique<K: Eq + Hash, V>(pairs: impl Iterator<Item = (K, V)>) -> HashMap<K, V> {
    let mut all: HashMap<K, Option<V>> = HashMap::new();
    for (key, value) in pairs {
        all.entry(key)
            .and_modify(|only| *only = None)
            .or_insert(Some(value));
    }
    all.into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
}

/// Pairs of what has one key, where it occurs once on either side; in the order of the document.
fn pairs<K: Eq + Hash>(
    stored: impl Iterator<Item = (K, EntryId)>,
    drafted: impl Iterator<Item = (K, usize)>,
) -> Vec<(usize, EntryId)> {
    let stored = unique(stored);
    let mut pairs: Vec<(usize, EntryId)> = unique(drafted)
        .into_iter()
        .filter_map(|(key, position)| Some((position, *stored.get(&key)?)))
        .collect();
    pairs.sort_unstable();
    pairs
}
