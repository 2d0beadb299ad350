//! One entry: from what was published to a draft. In: a raw entry and what it inherits. Out: an [`EntryDraft`].
//! Must not know: the other entries.

use entity::FindingCode;
use url::Url;

use super::draft::{
    AuthorDraft, Dates, EnclosureDraft, EntryDraft, FeedFacts, Finding, LazyContent, RawContent,
};
use super::{alternate_page, author, content, found, identity, language, link, resolved, text};
use crate::parse::{RawEnclosure, RawEntry, RawFeed, RawLink, RawText};

/// Identifiers longer than this are replaced by their hash, in bytes.
const LONGEST_GUID: usize = 1_000;
/// More tags or files than this are left out.
const MOST: usize = 100;
/// Longest tag, in characters.
const LONGEST_TAG: usize = 100;

/// What entries inherit from their feed.
pub(super) struct Context<'a> {
    feed_url: &'a Url,
    language: Option<String>,
    authors: Vec<AuthorDraft>,
}

impl<'a> Context<'a> {
    pub(super) fn new(raw: &RawFeed, feed: &FeedFacts, feed_url: &'a Url) -> Self {
        Self {
            feed_url,
            language: feed.language.clone(),
            authors: author::all(&raw.authors, feed_url),
        }
    }
}

/// Normalises one entry.
pub(super) fn draft(raw: &RawEntry, context: &Context<'_>) -> EntryDraft {
    let url = page(raw, context.feed_url);
    let title = raw.title.as_ref().map(text::title).unwrap_or_default();
    let body = raw
        .content
        .as_ref()
        .or(raw.summary.as_ref())
        .map_or("", |body| &body.value);
    let said = raw
        .id
        .as_deref()
        .map(text::collapse)
        .filter(|id| !id.is_empty());
    let identity = match &said {
        Some(guid) => identity::of_guid(guid),
        None => identity::without_guid(url.as_deref(), &title, body),
    };
    let guid_is_made = said.is_none();
    let authors = author::all(&raw.authors, &link::base_url(&raw.base, context.feed_url));
    let mut draft = EntryDraft {
        identity,
        guid: said
            .filter(|guid| guid.len() <= LONGEST_GUID)
            .or_else(|| url.clone().filter(|_| guid_is_made))
            .unwrap_or_else(|| made_guid(identity)),
        guid_is_made,
        url_key: url.as_deref().map(link::url_key),
        content_hash: [0; 16],
        title,
        dates: Dates {
            published: raw.published,
            updated: raw.updated,
        },
        language: declared_language(raw).or_else(|| context.language.clone()),
        authors: if authors.is_empty() {
            context.authors.clone()
        } else {
            authors
        },
        tags: tags(&raw.tags),
        enclosures: enclosures(&raw.enclosures, context.feed_url),
        image_url: raw
            .image
            .as_ref()
            .and_then(|image| resolved(image, context.feed_url)),
        comments_url: raw
            .comments
            .as_ref()
            .and_then(|link| resolved(link, context.feed_url)),
        content: LazyContent::default(),
        url,
    };
    draft.content = lazy_content(raw, &draft, context.feed_url);
    draft.content_hash = hash(&draft);
    draft
}

fn made_guid(identity: [u8; 16]) -> String {
    format!("urn:feedgraph:{}", link::hex(identity))
}

/// The page of an entry: its alternate link, HTML before other kinds, else an identifier that is a link.
fn page(raw: &RawEntry, feed_url: &Url) -> Option<String> {
    alternate_page(&raw.links, feed_url).or_else(|| {
        let id = raw.id.as_deref().filter(|_| raw.id_is_link)?;
        let absolute = ["http://", "https://"]
            .iter()
            .any(|start| id.trim().starts_with(start));
        absolute.then(|| link::web(feed_url, id)).flatten()
    })
}

fn declared_language(raw: &RawEntry) -> Option<String> {
    let on_text = |text: &Option<RawText>| text.as_ref().and_then(|text| text.language.clone());
    raw.language
        .clone()
        .or_else(|| on_text(&raw.content))
        .or_else(|| on_text(&raw.summary))
        .and_then(|tag| language::declared(&tag))
}

fn tags(raw: &[String]) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    let mut known: Vec<String> = Vec::new();
    for tag in raw {
        let tag = text::cut(&text::collapse(&text::strip(tag)), LONGEST_TAG);
        let key = text::fold(&tag);
        if !key.is_empty() && tags.len() < MOST && !known.contains(&key) {
            known.push(key);
            tags.push(tag);
        }
    }
    tags
}

fn enclosures(raw: &[RawEnclosure], feed_url: &Url) -> Vec<EnclosureDraft> {
    let mut enclosures: Vec<EnclosureDraft> = Vec::new();
    for file in raw {
        let Some(url) = link::web(&link::base_url(&file.base, feed_url), &file.url) else {
            continue;
        };
        let clean = |text: &Option<String>| {
            text.as_deref()
                .map(text::collapse)
                .filter(|text| !text.is_empty())
        };
        let new = EnclosureDraft {
            url,
            mime_type: clean(&file.mime_type),
            size_bytes: file.size_bytes.filter(|size| *size > 0),
            duration_seconds: file.duration_seconds.filter(|seconds| *seconds > 0),
            title: clean(&file.title).map(|title| text::strip(&title)),
        };
        let room = enclosures.len() < MOST;
        match enclosures.iter_mut().find(|known| known.url == new.url) {
            Some(known) => merge(known, new),
            None if room => enclosures.push(new),
            None => {}
        }
    }
    enclosures
}

fn merge(known: &mut EnclosureDraft, new: EnclosureDraft) {
    known.mime_type = known.mime_type.take().or(new.mime_type);
    known.size_bytes = known.size_bytes.or(new.size_bytes);
    known.duration_seconds = known.duration_seconds.or(new.duration_seconds);
    known.title = known.title.take().or(new.title);
}

fn lazy_content(raw: &RawEntry, draft: &EntryDraft, feed_url: &Url) -> LazyContent {
    let body = raw
        .content
        .as_ref()
        .filter(|text| !text.value.trim().is_empty());
    let main = body.or(raw.summary.as_ref());
    let base = main
        .and_then(|text| text.base.as_ref())
        .or(raw.base.as_ref())
        .map(|bases| link::base_url(&Some(bases.clone()), feed_url).to_string())
        .or_else(|| draft.url.clone())
        .unwrap_or_else(|| feed_url.to_string());
    LazyContent::new(RawContent {
        content_html: main.and_then(content::to_html),
        summary_html: body.and(raw.summary.as_ref()).and_then(content::to_html),
        base_url: Some(base),
        declared_language: draft.language.clone(),
    })
}

/// Covers all that is stored of an entry, as published, so that an equal hash means that nothing needs comparing.
/// White space and the order of tags and files do not count; nor does the identifier, which is compared by itself.
fn hash(draft: &EntryDraft) -> [u8; 16] {
    let date =
        |date: Option<entity::Millis>| date.map_or_else(String::new, |date| date.0.to_string());
    let texts = |text: &Option<String>| text.as_deref().map(text::collapse).unwrap_or_default();
    let mut tags = draft.tags.clone();
    tags.sort_unstable();
    let mut files: Vec<String> = draft
        .enclosures
        .iter()
        .map(|file| format!("{file:?}"))
        .collect();
    files.sort_unstable();
    let authors: Vec<String> = draft
        .authors
        .iter()
        .map(|author| format!("{author:?}"))
        .collect();
    let raw = &draft.content.raw;
    link::hash16(&[
        &texts(&draft.url),
        &draft.title,
        &date(draft.dates.published),
        &date(draft.dates.updated),
        &texts(&draft.language),
        &texts(&draft.image_url),
        &texts(&draft.comments_url),
        &texts(&raw.content_html),
        &texts(&raw.summary_html),
        &texts(&raw.base_url),
        &tags.join("\n"),
        &files.join("\n"),
        &authors.join("\n"),
    ])
}

/// What looks wrong in the entries of a document, counted.
pub(super) fn findings(entries: &[RawEntry]) -> Vec<Finding> {
    let count = |wanted: fn(&RawEntry) -> bool| {
        i32::try_from(entries.iter().filter(|entry| wanted(entry)).count()).unwrap_or(i32::MAX)
    };
    let unreadable = entries
        .iter()
        .map(|entry| entry.unreadable_dates)
        .fold(0, i32::saturating_add);
    let is_relative = |link: &RawLink| {
        Url::parse(link.href.trim()) == Err(url::ParseError::RelativeUrlWithoutBase)
    };
    let relative = entries
        .iter()
        .flat_map(|entry| &entry.links)
        .filter(|link| is_relative(link))
        .count();
    [
        (
            FindingCode::MissingIds,
            "entries without an identifier",
            count(|entry| entry.id.is_none()),
        ),
        (
            FindingCode::MissingDates,
            "entries without a date",
            count(|entry| {
                entry.published.is_none() && entry.updated.is_none() && entry.unreadable_dates == 0
            }),
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
            i32::try_from(relative).unwrap_or(i32::MAX),
        ),
    ]
    .into_iter()
    .filter(|(_, _, count)| *count > 0)
    .map(|(code, message, count)| found(code, message, count))
    .collect()
}
