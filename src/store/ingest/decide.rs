//! What a reading means for what is stored. In: drafts, and the stored rows that may be the same entries. Out:
//! a plan by position in the document. Pure. Must not know: SQL, content.

use std::collections::{HashMap, HashSet};

use entity::{EntryId, Millis};

use crate::normalize::EntryDraft;

/// As much of a stored entry as deciding takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) id: EntryId,
    pub(super) identity: Vec<u8>,
    pub(super) url_key: Option<Vec<u8>>,
    pub(super) content_hash: Vec<u8>,
}

/// An entry that an editor took out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Removed {
    pub(super) identity: Vec<u8>,
    pub(super) url_key: Option<Vec<u8>>,
}

/// What to do. Numbers are positions in the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// To be stored as new.
    pub(super) new: Vec<usize>,
    /// To be compared with, and written over, a stored entry.
    pub(super) changed: Vec<(EntryId, usize)>,
    /// How many of `changed` are known by their link under another identifier.
    pub(super) ids_changed: i32,
}

/// Where new entries are not wanted although they are new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Horizon {
    /// When the reading was made.
    pub(super) seen: Millis,
    /// Entries whose place in time is before this are left out.
    pub(super) oldest: Option<Millis>,
}

/// Decides for each draft: unchanged (nothing to do), changed, new, or not wanted.
pub(super) fn decide(
    drafts: &[EntryDraft],
    known: &[Known],
    removed: &[Removed],
    horizon: Horizon,
) -> Plan {
    let by_identity: HashMap<&[u8], &Known> = known
        .iter()
        .map(|known| (known.identity.as_slice(), known))
        .collect();
    let links = Links::new(drafts, known);
    let out = Out::new(removed);
    let mut plan = Plan::default();
    let mut seen = HashSet::new();
    for (position, draft) in drafts.iter().enumerate() {
        if !seen.insert(draft.identity) {
            // The first of several with one identity stands.
            continue;
        }
        if let Some(known) = by_identity.get(draft.identity.as_slice()) {
            if known.content_hash != draft.content_hash {
                plan.changed.push((known.id, position));
            }
        } else if !out.holds(draft) {
            if let Some(known) = links.same(draft) {
                plan.changed.push((known.id, position));
                plan.ids_changed += 1;
            } else if horizon.reaches(draft) {
                plan.new.push(position);
            }
        }
    }
    plan
}

impl Horizon {
    fn reaches(self, draft: &EntryDraft) -> bool {
        self.oldest
            .is_none_or(|oldest| draft.dates.place(self.seen).0 >= oldest)
    }
}

/// Entries told by their link: only where exactly one stored entry and one draft without a stored identity have
/// it, and the stored entry's own identity is not in the document, so that feeds whose entries all link to one
/// page are left alone.
struct Links<'a> {
    stored: HashMap<&'a [u8], Option<&'a Known>>,
    drafted: HashMap<&'a [u8], usize>,
}

impl<'a> Links<'a> {
    fn new(drafts: &'a [EntryDraft], known: &'a [Known]) -> Self {
        let identities: HashSet<&[u8]> = drafts
            .iter()
            .map(|draft| draft.identity.as_slice())
            .collect();
        let mut stored: HashMap<&[u8], Option<&Known>> = HashMap::new();
        for known in known {
            if let Some(key) = known.url_key.as_deref() {
                let free = !identities.contains(known.identity.as_slice());
                stored
                    .entry(key)
                    .and_modify(|only| *only = None)
                    .or_insert_with(|| free.then_some(known));
            }
        }
        let identities: HashSet<&[u8]> = known
            .iter()
            .map(|known| known.identity.as_slice())
            .collect();
        let mut drafted = HashMap::new();
        for draft in drafts {
            if let Some(key) = &draft.url_key
                && !identities.contains(draft.identity.as_slice())
            {
                *drafted.entry(key.as_slice()).or_insert(0) += 1;
            }
        }
        Self { stored, drafted }
    }

    fn same(&self, draft: &EntryDraft) -> Option<&'a Known> {
        let key = draft.url_key.as_ref()?.as_slice();
        if self.drafted.get(key) != Some(&1) {
            return None;
        }
        self.stored.get(key).copied().flatten()
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
mod tests {
    use super::*;
    use crate::normalize::{Dates, LazyContent};

    const NOW: Horizon = Horizon {
        seen: Millis(1_000),
        oldest: None,
    };

    fn draft(identity: u8, link: Option<u8>, hash: u8) -> EntryDraft {
        EntryDraft {
            identity: [identity; 16],
            guid: identity.to_string(),
            guid_is_made: false,
            url: None,
            url_key: link.map(|link| [link; 16]),
            content_hash: [hash; 16],
            title: String::new(),
            dates: Dates::default(),
            language: None,
            authors: Vec::new(),
            tags: Vec::new(),
            enclosures: Vec::new(),
            image_url: None,
            comments_url: None,
            content: LazyContent::default(),
        }
    }

    fn known(id: i64, identity: u8, link: Option<u8>, hash: u8) -> Known {
        Known {
            id: EntryId(id),
            identity: vec![identity; 16],
            url_key: link.map(|link| vec![link; 16]),
            content_hash: vec![hash; 16],
        }
    }

    #[test]
    fn unchanged_changed_and_new_are_told_apart() {
        let drafts = [draft(1, None, 1), draft(2, None, 9), draft(3, None, 1)];
        let stored = [known(11, 1, None, 1), known(12, 2, None, 1)];
        let plan = decide(&drafts, &stored, &[], NOW);
        assert_eq!(plan.new, [2]);
        assert_eq!(plan.changed, [(EntryId(12), 1)]);
        assert_eq!(plan.ids_changed, 0);
    }

    #[test]
    fn a_new_identifier_for_a_known_link_is_the_same_entry() {
        let plan = decide(
            &[draft(7, Some(1), 1)],
            &[known(11, 1, Some(1), 1)],
            &[],
            NOW,
        );
        assert_eq!(plan.changed, [(EntryId(11), 0)]);
        assert_eq!(plan.ids_changed, 1);
        assert_eq!(plan.new, Vec::<usize>::new());
    }

    #[test]
    fn a_link_that_several_entries_share_tells_nothing() {
        let stored = [known(11, 1, Some(1), 1)];
        let two_drafts = [draft(7, Some(1), 1), draft(8, Some(1), 1)];
        assert_eq!(decide(&two_drafts, &stored, &[], NOW).new, [0, 1]);
        let two_stored = [known(11, 1, Some(1), 1), known(12, 2, Some(1), 1)];
        assert_eq!(decide(&two_drafts[..1], &two_stored, &[], NOW).new, [0]);
        let both_there = [draft(1, Some(1), 1), draft(7, Some(1), 1)];
        assert_eq!(decide(&both_there, &stored, &[], NOW).new, [1]);
    }

    #[test]
    fn what_was_removed_stays_out_under_its_identifier_and_its_link() {
        let removed = [Removed {
            identity: vec![1; 16],
            url_key: Some(vec![5; 16]),
        }];
        let drafts = [
            draft(1, None, 3),
            draft(2, Some(5), 3),
            draft(3, Some(6), 3),
        ];
        assert_eq!(decide(&drafts, &[], &removed, NOW).new, [2]);
    }

    #[test]
    fn entries_beyond_the_horizon_are_left_out_and_undated_ones_are_not() {
        let mut old = draft(1, None, 1);
        old.dates.published = Some(Millis(5));
        let horizon = Horizon {
            seen: Millis(1_000),
            oldest: Some(Millis(500)),
        };
        assert_eq!(
            decide(&[old, draft(2, None, 1)], &[], &[], horizon).new,
            [1]
        );
    }
}
