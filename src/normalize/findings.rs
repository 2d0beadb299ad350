//! What looks wrong in a feed, counted. In: a document, a draft. Out: findings. Must not know: what is done about them.

use entity::{FindingCode, Millis};
use url::Url;

use super::draft::{FeedDraft, FeedFacts, Finding};
use super::{danger, same_address};
use crate::parse::{Document, RawEntry, RawLink, RawText, TextKind};

/// What a document shows before it is normalised.
pub(super) fn of_document(document: &Document, feed: &FeedFacts, feed_url: &Url) -> Vec<Finding> {
    let notes = document.notes.iter().map(|note| Finding {
        code: note.code,
        message: note.message.clone(),
        count: note.count,
    });
    let moved = feed
        .new_feed_url
        .as_deref()
        .filter(|url| !same_address(url, feed_url));
    let moved = moved.map(|url| Finding {
        code: FindingCode::Moved,
        message: format!("the feed says that it has moved to {url}"),
        count: 1,
    });
    notes
        .chain(moved)
        .chain(of_entries(&document.entries))
        .collect()
}

fn of_entries(entries: &[RawEntry]) -> Vec<Finding> {
    let count = |wanted: fn(&RawEntry) -> bool| {
        number(entries.iter().filter(|entry| wanted(entry)).count())
    };
    let unreadable = entries
        .iter()
        .map(|entry| entry.unreadable_dates)
        .fold(0, i32::saturating_add);
    [
        (
            FindingCode::MissingIds,
            "entries without an identifier",
            count(|entry| entry.id.is_none()),
        ),
        (
            FindingCode::MissingDates,
            "entries without a date",
            count(is_undated),
        ),
        (
            FindingCode::MissingTitles,
            "entries without a title",
            count(|entry| entry.title.is_none()),
        ),
        (
            FindingCode::UnreadableDates,
            "dates that could not be read",
            unreadable,
        ),
        (
            FindingCode::RelativeLinks,
            "relative links",
            number(entries.iter().map(relative_links).sum()),
        ),
        (
            FindingCode::UnsafeHtml,
            "entries with scripts or other unsafe markup, which was taken out",
            count(is_unsafe),
        ),
    ]
    .into_iter()
    .filter(|(_, _, count)| *count > 0)
    .map(|(code, message, count)| Finding {
        code,
        message: message.to_owned(),
        count,
    })
    .collect()
}

fn is_undated(entry: &RawEntry) -> bool {
    entry.published.is_none() && entry.updated.is_none() && entry.unreadable_dates == 0
}

fn relative_links(entry: &RawEntry) -> usize {
    let is_relative =
        |href: &str| Url::parse(href.trim()) == Err(url::ParseError::RelativeUrlWithoutBase);
    let links = entry
        .links
        .iter()
        .filter(|link: &&RawLink| is_relative(&link.href));
    let files = entry
        .enclosures
        .iter()
        .filter(|file| is_relative(&file.url));
    links.count() + files.count()
}

fn is_unsafe(entry: &RawEntry) -> bool {
    let texts = [&entry.content, &entry.summary].into_iter().flatten();
    texts
        .filter(|text: &&RawText| text.kind != TextKind::Plain)
        .any(|text| danger::is_in(&text.value))
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

impl FeedDraft {
    /// The findings of a reading made at `seen`: those of the document, and dates after it.
    #[must_use]
    pub fn findings_at(&self, seen: Millis) -> Vec<Finding> {
        let is_future = |date: Option<Millis>| date.is_some_and(|date| date > seen);
        let future = self
            .entries
            .iter()
            .filter(|entry| is_future(entry.dates.published) || is_future(entry.dates.updated))
            .count();
        let mut findings = self.findings.clone();
        if future > 0 {
            findings.push(Finding {
                code: FindingCode::FutureDates,
                message:
                    "entries dated in the future, placed at the time that they were first seen"
                        .to_owned(),
                count: number(future),
            });
        }
        findings
    }
}
