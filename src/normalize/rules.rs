//! An editor's rules on what to keep of a source. In: a draft and expressions. Out: whether it passes. Must not
//! know: where rules are stored.

use regex::Regex;

use super::draft::EntryDraft;

/// Whether an entry passes: some `keep` expression matches its title or a tag (any entry passes when there is none),
/// and no `drop` expression does.
#[must_use]
pub fn passes(draft: &EntryDraft, keep: &[Regex], drop: &[Regex]) -> bool {
    let matches = |rule: &Regex| {
        rule.is_match(&draft.title) || draft.tags.iter().any(|tag| rule.is_match(tag))
    };
    (keep.is_empty() || keep.iter().any(matches)) && !drop.iter().any(matches)
}
