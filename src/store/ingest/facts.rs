//! A source's own facts after a visit. In: the stored row, what the feed says, how the visit went. Out: the new
//! row. Pure. Must not know: SQL, entries.

use entity::{Millis, SourceStatus, source};

use crate::normalize::{FeedFacts, fold};
use crate::store::text::host_title;

/// Takes over what the feed says of itself; what an editor says stands.
pub(in crate::store) fn apply(row: &mut source::Model, facts: &FeedFacts) {
    row.feed_title.clone_from(&facts.title);
    row.feed_site_url.clone_from(&facts.site_url);
    row.site_url = row
        .editor_site_url
        .clone()
        .or_else(|| facts.site_url.clone());
    row.description.clone_from(&facts.description);
    row.language.clone_from(&facts.language);
    row.icon_url.clone_from(&facts.icon_url);
    row.format = facts.format.or(row.format);
    retitle(row);
}

/// Sets what is shown: the editor's title, or else the feed's own, or else its host.
pub(in crate::store) fn retitle(row: &mut source::Model) {
    let given = [&row.editor_title, &row.feed_title]
        .into_iter()
        .flatten()
        .find(|title| !title.trim().is_empty())
        .cloned();
    row.title = given.unwrap_or_else(|| host_title(&row.feed_url));
    row.title_key = fold(&row.title);
}

/// Counts what came; `newest` is the newest new entry's place in time.
pub(super) fn count(row: &mut source::Model, added: i32, newest: Option<Millis>) {
    row.entry_count += i64::from(added);
    row.latest_entry_at = row.latest_entry_at.max(newest);
}

/// The status after a visit: one that an editor changed meanwhile stands.
pub(super) const fn status(stored: SourceStatus, next: SourceStatus) -> SourceStatus {
    match (stored, next) {
        (SourceStatus::Paused, SourceStatus::Active | SourceStatus::Failing) => stored,
        _ => next,
    }
}

/// Whether anyone who may read the API could see the difference, apart from counters, which entries' own
/// changes tell of.
pub(in crate::store) fn looks_different(old: &source::Model, new: &source::Model) -> bool {
    let public = |row: &source::Model| {
        (
            row.title.clone(),
            row.feed_url.clone(),
            row.site_url.clone(),
            row.description.clone(),
            row.language.clone(),
            row.icon_url.clone(),
            row.icon_key.clone(),
            row.format,
            row.status,
            row.tags.clone(),
        )
    };
    public(old) != public(new)
}
