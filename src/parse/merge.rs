//! The two readings of one document put together. In: what feed-rs read, and what our own reader did. Out: the reading
//! of feed-rs, corrected and completed where it is known to lose or mangle: identifiers, links, people, dates, titles,
//! markup. Must not know: how either was made.

use super::document::{Document, RawEntry, RawFeed};

/// The first reading, corrected by the second; both have the same entries in the same order.
pub(super) fn corrected(first: Document, own: Document) -> Document {
    Document {
        format: own.format.or(first.format),
        feed: feed(first.feed, own.feed),
        entries: first
            .entries
            .into_iter()
            .zip(own.entries)
            .map(|(first, own)| entry(first, own))
            .collect(),
        notes: own.notes,
    }
}

fn feed(first: RawFeed, own: RawFeed) -> RawFeed {
    RawFeed {
        title: own.title.or(first.title),
        description: own.description.or(first.description),
        language: own.language.or(first.language),
        icon: own.icon.or(first.icon),
        authors: if own.authors.is_empty() {
            first.authors
        } else {
            own.authors
        },
        ttl_seconds: own.ttl_seconds.or(first.ttl_seconds),
        ..own
    }
}

/// Identifiers, links and dates are never those of feed-rs: it takes some for others, and invents the first.
fn entry(first: RawEntry, own: RawEntry) -> RawEntry {
    RawEntry {
        title: own.title,
        summary: own.summary.or(first.summary),
        content: own.content.or(first.content),
        tags: if own.tags.is_empty() {
            first.tags
        } else {
            own.tags
        },
        image: own.image.or(first.image),
        language: own.language.or(first.language),
        ..own
    }
}
