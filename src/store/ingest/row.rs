//! From a draft to rows. In: a draft and when it was seen. Out: the rows that would be stored for it. Pure; asks for
//! the draft's content, so it is called for new and changed entries only. Must not know: SQL.

use entity::{DateQuality, EntryId, Millis, SourceId, enclosure, entry, entry_body};

use crate::normalize::EntryDraft;

/// The rows of one entry, as yet without its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) entry: entry::Model,
    pub(super) html: Option<String>,
    pub(super) text: Option<String>,
}

/// Where and when an entry was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) source: SourceId,
    pub(super) at: Millis,
    /// When the document was fetched; earlier than `at` where it is read again.
    pub(super) read_at: Millis,
    pub(super) backlog: bool,
    pub(super) why: Why,
}

/// Why a document is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It was fetched.
    Visit,
    /// The reader is another.
    Reread,
}

/// The rows of a new entry; its key is 0 until the database gives one.
pub(super) fn new_rows(draft: &EntryDraft, sighting: Sighting) -> Rows {
    let content = draft.content.get();
    let (published_at, date_quality) = draft.dates.place(sighting.at);
    let entry = entry::Model {
        id: EntryId(0),
        source_id: sighting.source,
        identity: draft.identity.to_vec(),
        guid: draft.guid.clone(),
        url: draft.url.clone(),
        url_key: draft.url_key.map(|key| key.to_vec()),
        title: draft.title.clone(),
        summary: content.summary.clone(),
        language: draft.language.clone().or_else(|| content.language.clone()),
        published_at,
        date_quality,
        updated_at: believed_update(draft, sighting.at).filter(|at| *at > published_at),
        first_seen_at: sighting.at,
        image_url: draft
            .image_url
            .clone()
            .or_else(|| content.first_image.clone()),
        comments_url: draft.comments_url.clone(),
        word_count: content.word_count,
        has_enclosure: !draft.enclosures.is_empty(),
        content_hash: draft.content_hash.to_vec(),
        backlog: sighting.backlog,
    };
    Rows {
        entry,
        html: content.html.clone(),
        text: content.text.clone(),
    }
}

/// The rows of a stored entry after a change: it keeps its key, its identifier and its place in time.
pub(super) fn changed_rows(draft: &EntryDraft, old: &entry::Model, seen: Millis) -> Rows {
    let sighting = Sighting {
        source: old.source_id,
        at: seen,
        read_at: seen,
        backlog: old.backlog,
        why: Why::Visit,
    };
    let mut rows = new_rows(draft, sighting);
    rows.entry.id = old.id;
    rows.entry.identity.clone_from(&old.identity);
    rows.entry.guid.clone_from(&old.guid);
    rows.entry.published_at = old.published_at;
    rows.entry.date_quality = old.date_quality;
    rows.entry.first_seen_at = old.first_seen_at;
    let known = old.updated_at.unwrap_or(old.published_at);
    rows.entry.updated_at = believed_update(draft, seen)
        .filter(|claimed| *claimed > known)
        .or(old.updated_at);
    rows
}

/// When an entry was published, if that is known: entries without a date that were there at the first visit came
/// at any time before it.
pub(super) fn rhythm_of(row: &entry::Model) -> Option<Millis> {
    let is_known = row.date_quality != DateQuality::FirstSeen || !row.backlog;
    is_known.then_some(row.published_at)
}

/// What the publisher claims as the time of the last change; a claim from the future is not believed.
fn believed_update(draft: &EntryDraft, seen: Millis) -> Option<Millis> {
    draft.dates.updated.filter(|claimed| *claimed <= seen)
}

/// Whether a reader of the API could see the difference between two rows of one entry.
pub(super) fn looks_different(old: &entry::Model, new: &entry::Model) -> bool {
    let mut new = new.clone();
    new.content_hash.clone_from(&old.content_hash);
    new != *old
}

/// The body's row.
pub(super) fn body(id: EntryId, rows: &Rows) -> entry_body::Model {
    entry_body::Model {
        entry_id: id,
        content_html: rows.html.clone(),
        content_text: rows.text.clone(),
    }
}

/// The rows of the files that an entry carries.
pub(super) fn enclosures(id: EntryId, draft: &EntryDraft) -> Vec<enclosure::Model> {
    (0_i16..)
        .zip(&draft.enclosures)
        .map(|(position, file)| enclosure::Model {
            entry_id: id,
            position,
            url: file.url.clone(),
            mime_type: file.mime_type.clone(),
            size_bytes: file.size_bytes,
            duration_seconds: file.duration_seconds,
            title: file.title.clone(),
        })
        .collect()
}
