//! Whether a draft that differs from its entry is an edit. In: the draft, the entry's print, its earlier versions.
//! Out: a verdict. Pure. Must not know: SQL, rows.

use std::collections::HashSet;

use entity::{EntryId, Millis};

use super::decide::{Changed, How};
use crate::normalize::{EntryDraft, claimed, meaning, version};

/// What is known of the version that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Print {
    pub(super) meaning: Vec<u8>,
    pub(super) text_key: Option<Vec<u8>>,
    pub(super) claimed_at: Option<Millis>,
    pub(super) url_key: Option<Vec<u8>>,
}

/// What to do with a draft that is stored already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same but for what changes by itself.
    Noise,
    /// An older version, from a cache that lags behind.
    Stale,
    /// An edit by the publisher: kept, told, the version before it kept beside it.
    Edit,
    /// The same entry under another address, or in another reader's words: kept and not told as an edit.
    Quiet,
}

/// What judging found out of one draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) meaning: [u8; 16],
    pub(super) claimed_at: Option<Millis>,
}

/// The circumstances of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Circumstances {
    pub(super) seen: Millis,
    /// The document has entries that were never seen.
    pub(super) brings_news: bool,
    /// The feed as a whole was given new identifiers.
    pub(super) is_rekeyed: bool,
    /// The same bytes are read again.
    pub(super) rereads: bool,
}

/// What is known of a stored entry's versions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Versions<'a> {
    pub(super) print: Option<&'a Print>,
    pub(super) earlier: &'a HashSet<Vec<u8>>,
}

/// Judges all drafts of a reading that differ from what is stored. Where a publisher's servers disagree, an older copy
/// comes again and again; it is told by what it claims, else by having been seen before. Only a document with something
/// that was never seen is surely no older copy, so that a change that was taken back is believed from such a one.
pub(super) fn judge<'a>(
    drafts: &[EntryDraft],
    changed: &[Changed],
    circumstances: Circumstances,
    versions: impl Fn(EntryId) -> Versions<'a>,
) -> Vec<Judged> {
    let first: Vec<(Judged, bool)> = changed
        .iter()
        .filter_map(|change| {
            let draft = drafts.get(change.position)?;
            Some(one(draft, change.how, circumstances, versions(change.id)))
        })
        .collect();
    let has_edits = first
        .iter()
        .any(|(judged, _)| judged.verdict == Verdict::Edit);
    let brings_news = circumstances.brings_news || has_edits;
    first
        .into_iter()
        .map(|(judged, may_be_meant)| match judged.verdict {
            Verdict::Stale if may_be_meant && brings_news => Judged {
                verdict: Verdict::Edit,
                ..judged
            },
            _ => judged,
        })
        .collect()
}

/// The verdict on one draft; with it whether a stale one would be an edit in a document that brings news.
fn one(
    draft: &EntryDraft,
    how: How,
    circumstances: Circumstances,
    versions: Versions<'_>,
) -> (Judged, bool) {
    let meaning = meaning(draft);
    let claimed_at = claimed(draft, circumstances.seen);
    let judged = |verdict| Judged {
        verdict,
        meaning,
        claimed_at,
    };
    let Some(print) = versions.print.filter(|_| !circumstances.rereads) else {
        let verdict = if circumstances.rereads {
            Verdict::Quiet
        } else {
            Verdict::Edit
        };
        return (judged(verdict), false);
    };
    let link = draft.url_key.as_ref().map(<[u8; 16]>::as_slice);
    let says_the_same = print.meaning == meaning;
    if says_the_same && print.url_key.as_deref() == link {
        return (judged(Verdict::Noise), false);
    }
    let is_newer = claimed_at > print.claimed_at && print.claimed_at.is_some();
    let is_older = claimed_at.is_some() && claimed_at < print.claimed_at;
    let was_seen = versions
        .earlier
        .contains(version(&meaning, link).as_slice());
    if is_older || (was_seen && !is_newer) {
        return (judged(Verdict::Stale), !is_older);
    }
    if how == How::Rekeyed && (says_the_same || circumstances.is_rekeyed) {
        return (judged(Verdict::Quiet), false);
    }
    (judged(Verdict::Edit), false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::{Dates, LazyContent};

    const SEEN: Millis = Millis(1_000);

    fn draft(title: &str, updated: Option<i64>) -> EntryDraft {
        EntryDraft {
            identity: [1; 16],
            guid: "a".to_owned(),
            guid_is_made: false,
            url: None,
            url_key: None,
            content_hash: [1; 16],
            title: title.to_owned(),
            dates: Dates {
                published: None,
                updated: updated.map(Millis),
            },
            language: None,
            authors: Vec::new(),
            tags: Vec::new(),
            enclosures: Vec::new(),
            image_url: None,
            comments_url: None,
            content: LazyContent::default(),
        }
    }

    fn print(draft: &EntryDraft) -> Print {
        Print {
            meaning: meaning(draft).to_vec(),
            text_key: None,
            claimed_at: claimed(draft, SEEN),
            url_key: None,
        }
    }

    fn verdict(
        stored: &EntryDraft,
        earlier: &[&EntryDraft],
        read: &EntryDraft,
        news: bool,
    ) -> Verdict {
        let print = print(stored);
        let earlier = earlier
            .iter()
            .map(|draft| version(&meaning(draft), None).to_vec())
            .collect();
        let circumstances = Circumstances {
            seen: SEEN,
            brings_news: news,
            is_rekeyed: false,
            rereads: false,
        };
        let change = Changed {
            id: EntryId(1),
            position: 0,
            how: How::Identity,
        };
        let judged = judge(std::slice::from_ref(read), &[change], circumstances, |_| {
            Versions {
                print: Some(&print),
                earlier: &earlier,
            }
        });
        judged[0].verdict
    }

    #[test]
    fn what_says_the_same_is_noise() {
        let stored = draft("One (12 comments)", Some(5));
        assert_eq!(
            verdict(&stored, &[], &draft(" One  (13 comments)", Some(9)), true),
            Verdict::Noise
        );
        assert_eq!(
            verdict(&stored, &[], &draft("One!", Some(9)), true),
            Verdict::Edit
        );
    }

    #[test]
    fn an_earlier_version_is_stale_unless_it_claims_to_be_newer_or_comes_with_news() {
        let (old, new) = (draft("old", None), draft("new", None));
        assert_eq!(verdict(&new, &[&old], &old, false), Verdict::Stale);
        assert_eq!(verdict(&new, &[&old], &old, true), Verdict::Edit);
        let (old, new, back) = (
            draft("old", Some(1)),
            draft("new", Some(2)),
            draft("old", Some(3)),
        );
        assert_eq!(verdict(&new, &[&old], &old, true), Verdict::Stale);
        assert_eq!(verdict(&new, &[&old], &back, false), Verdict::Edit);
        assert_eq!(
            verdict(&new, &[], &draft("never seen", Some(1)), true),
            Verdict::Stale
        );
    }
}
