//! Tests of what a reading means for what is stored.

use entity::{EntryId, Millis};

use super::*;
use crate::normalize::{Dates, LazyContent};

const NOW: Horizon = Horizon {
    seen: Millis(1_000),
    oldest: None,
    rereads: false,
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

fn related(stored: &[Known]) -> Related {
    let likely = stored.iter().cloned().map(|known| Likely {
        known,
        title: String::new(),
        url: None,
        published_at: Millis(0),
        meaning: None,
    });
    Related {
        known: stored.to_vec(),
        likely: likely.collect(),
        ..Related::default()
    }
}

fn new(plan: &Plan) -> Vec<usize> {
    plan.new.iter().map(|(position, _)| *position).collect()
}

fn changed(plan: &Plan) -> Vec<(EntryId, usize)> {
    plan.changed
        .iter()
        .map(|change| (change.id, change.position))
        .collect()
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
    let plan = decide(&drafts, &related(&stored), &[], NOW);
    assert_eq!(new(&plan), [2]);
    assert_eq!(changed(&plan), [(EntryId(12), 1)]);
    assert_eq!(plan.ids_changed, 0);
}

#[test]
fn a_new_identifier_for_a_known_link_is_the_same_entry() {
    let plan = decide(
        &[draft(7, Some(1), 1)],
        &related(&[known(11, 1, Some(1), 1)]),
        &[],
        NOW,
    );
    assert_eq!(changed(&plan), [(EntryId(11), 0)]);
    assert_eq!(plan.ids_changed, 1);
    assert_eq!(new(&plan), Vec::<usize>::new());
}

#[test]
fn a_link_that_several_entries_share_tells_nothing() {
    let stored = [known(11, 1, Some(1), 1)];
    let two_drafts = [draft(7, Some(1), 1), draft(8, Some(1), 1)];
    assert_eq!(
        new(&decide(&two_drafts, &related(&stored), &[], NOW)),
        [0, 1]
    );
    let two_stored = [known(11, 1, Some(1), 1), known(12, 2, Some(1), 1)];
    assert_eq!(
        new(&decide(&two_drafts[..1], &related(&two_stored), &[], NOW)),
        [0]
    );
    let both_there = [draft(1, Some(1), 1), draft(7, Some(1), 1)];
    assert_eq!(new(&decide(&both_there, &related(&stored), &[], NOW)), [1]);
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
    assert_eq!(new(&decide(&drafts, &related(&[]), &removed, NOW)), [2]);
}

#[test]
fn entries_beyond_the_horizon_are_left_out_and_undated_ones_are_not() {
    let mut old = draft(1, None, 1);
    old.dates.published = Some(Millis(5));
    let horizon = Horizon {
        seen: Millis(1_000),
        oldest: Some(Millis(500)),
        rereads: false,
    };
    assert_eq!(
        new(&decide(
            &[old, draft(2, None, 1)],
            &related(&[]),
            &[],
            horizon
        )),
        [1]
    );
}

#[test]
fn identifiers_that_count_from_the_top_do_not_overwrite() {
    let stored = [known(11, 1, Some(21), 1), known(12, 2, Some(22), 1)];
    let drafts = [
        draft(1, Some(23), 1),
        draft(2, Some(21), 1),
        draft(3, Some(22), 1),
    ];
    let plan = decide(&drafts, &related(&stored), &[], NOW);
    assert_eq!(new(&plan), [0]);
    assert_eq!(plan.new[0].1, shared_identity(&drafts[0]));
    assert_eq!(changed(&plan), [(EntryId(12), 2)]);
}

#[test]
fn a_whole_feed_with_new_identifiers_and_links_is_told_by_its_titles() {
    let titled = |mut draft: EntryDraft, title: &str| {
        title.clone_into(&mut draft.title);
        draft
    };
    let stored: Vec<Known> = (1..=4)
        .map(|id| known(i64::from(id), id, Some(id), 1))
        .collect();
    let mut related = related(&stored);
    related.known.clear();
    related.looked_through = true;
    for (likely, title) in related.likely.iter_mut().zip(["a", "b", "c", "d"]) {
        title.clone_into(&mut likely.title);
    }
    let drafts: Vec<EntryDraft> = (51..=54)
        .zip(["b", "c", "d", "e"])
        .map(|(id, title)| titled(draft(id, Some(id), 1), title))
        .collect();
    let plan = decide(&drafts, &related, &[], NOW);
    assert_eq!(
        changed(&plan),
        [(EntryId(2), 0), (EntryId(3), 1), (EntryId(4), 2)]
    );
    assert_eq!(new(&plan), [3]);
    assert!(plan.is_rekeyed);
}
