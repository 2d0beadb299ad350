//! What makes an entry the same entry at every reading. In: a publisher's identifier, link, texts. Out: a key.
//! Never derived from the feed's own address. Must not know: what is stored.

use std::collections::HashMap;

use super::draft::EntryDraft;
use super::link::{canonical, hash16, hex};
use super::text;

/// The key of an entry with an identifier of its own. For an identifier that is a web address, a move from http to
/// https and tracking parameters change nothing.
pub(super) fn of_guid(guid: &str) -> [u8; 16] {
    hash16(&["guid", &canonical(guid, true)])
}

/// The key of an entry without identifier: its link, else its title and content.
pub(super) fn without_guid(url: Option<&str>, title: &str, content: &str) -> [u8; 16] {
    match url {
        Some(url) => hash16(&["link", &canonical(url, true)]),
        None => hash16(&["text", &text::fold(title), &text::collapse(content)]),
    }
}

/// Leaves at most one entry of each identity, and gives how many identifiers were carried by more than one.
///
/// Entries that share an identifier, but neither link nor (where the link is all they have, or they have none) title,
/// are different entries of a careless publisher: link or title joins their key. Of readings of one entry the newest stays. Neither
/// depends on the order of the document.
pub(super) fn resolve(entries: Vec<EntryDraft>) -> (Vec<EntryDraft>, i32) {
    let mut groups: HashMap<[u8; 16], Vec<usize>> = HashMap::new();
    for (index, entry) in entries.iter().enumerate() {
        groups.entry(entry.identity).or_default().push(index);
    }
    let clashes = groups.values().filter(|group| group.len() > 1).count();
    if clashes == 0 {
        return (entries, 0);
    }
    let clashing: Vec<[u8; 16]> = groups
        .iter()
        .filter(|(_, group)| differ(&entries, group))
        .map(|(identity, _)| *identity)
        .collect();
    let keyed = entries.into_iter().map(|mut entry| {
        if clashing.contains(&entry.identity) {
            entry.identity = shared_identity(&entry);
        }
        entry
    });
    (
        newest_of_each(keyed),
        i32::try_from(clashes).unwrap_or(i32::MAX),
    )
}

/// The key of an entry whose identifier is another entry's, too: link or title joins it.
#[must_use]
pub fn shared_identity(entry: &EntryDraft) -> [u8; 16] {
    hash16(&["shared", &hex(entry.identity), &apart(entry)])
}

fn differ(entries: &[EntryDraft], group: &[usize]) -> bool {
    let mut all = group
        .iter()
        .filter_map(|index| entries.get(*index))
        .map(apart);
    let first = all.next();
    all.any(|other| Some(other) != first)
}

/// What tells apart entries that share an identifier: the link, where they have an identifier of their publisher's
/// besides; else the title, since the link is all that made the identifier.
fn apart(entry: &EntryDraft) -> String {
    match &entry.url {
        Some(url) if !entry.guid_is_made => canonical(url, true),
        _ => text::fold(&entry.title),
    }
}

fn newest_of_each(entries: impl Iterator<Item = EntryDraft>) -> Vec<EntryDraft> {
    let mut kept: Vec<EntryDraft> = Vec::new();
    let mut places: HashMap<[u8; 16], usize> = HashMap::new();
    for entry in entries {
        let place = places
            .get(&entry.identity)
            .and_then(|place| kept.get_mut(*place));
        match place {
            Some(known) if age(&entry) > age(known) => *known = entry,
            Some(_) => {}
            None => {
                places.insert(entry.identity, kept.len());
                kept.push(entry);
            }
        }
    }
    kept
}

/// Orders readings of one entry; the hash only makes the choice the same in any order of the document.
fn age(entry: &EntryDraft) -> (Option<entity::Millis>, Option<entity::Millis>, [u8; 16]) {
    (
        entry.dates.updated,
        entry.dates.published,
        entry.content_hash,
    )
}
