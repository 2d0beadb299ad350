//! One entry: from what was published to a draft. In: a raw entry and what it inherits. Out: an [`EntryDraft`].
//! Must not know: the other entries.

use url::Url;

use super::draft::{
    AuthorDraft, Dates, EnclosureDraft, EntryDraft, FeedFacts, LazyContent, RawContent,
};
use super::{
    alternate_page, author, content, fingerprint, identity, language, link, resolved, text,
};
use crate::parse::{RawEnclosure, RawEntry, RawFeed, RawText};

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
pub(super) fn draft(raw: RawEntry, context: &Context<'_>) -> EntryDraft {
    let url = page(&raw, context.feed_url);
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
    let authors = people(&raw, context);
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
        language: declared_language(&raw).or_else(|| context.language.clone()),
        authors,
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
    draft.content_hash = fingerprint::of(&draft, context.feed_url);
    draft
}

/// The authors, of the feed where the entry names none, and then who contributed.
fn people(raw: &RawEntry, context: &Context<'_>) -> Vec<AuthorDraft> {
    let base = link::base_url(&raw.base, context.feed_url);
    let own = author::all(&raw.authors, &base);
    let mut people = if own.is_empty() {
        context.authors.clone()
    } else {
        own
    };
    for contributor in author::all(&raw.contributors, &base) {
        if people.iter().all(|known| known.name != contributor.name) {
            people.push(contributor);
        }
    }
    people
}

fn made_guid(identity: [u8; 16]) -> String {
    format!("urn:feedgraph:{}", link::hex(identity))
}

/// The page of an entry: its alternate link, HTML before other kinds, else an identifier that is a link.
fn page(raw: &RawEntry, feed_url: &Url) -> Option<String> {
    alternate_page(&raw.links, feed_url).or_else(|| {
        let id = raw.id.as_deref().filter(|_| raw.id_is_link)?;
        let begins = |start: &&str| {
            let head = id.trim().get(..start.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(start))
        };
        let absolute = ["http://", "https://"].iter().any(begins);
        // A relative address looks like a path, the more so where nothing says what it is relative to.
        let relative = !id.contains([' ', ':'])
            && (is_path(id.trim()) || raw.base.is_some() && id.contains('/'));
        (absolute || relative)
            .then(|| link::web(&link::base_url(&raw.base, feed_url), id))
            .flatten()
    })
}

/// Whether an identifier that may be a link is written like the path of a page. Many that are said to be links are numbers.
fn is_path(id: &str) -> bool {
    const PAGES: [&str; 7] = ["html", "htm", "shtml", "php", "asp", "aspx", "jsp"];
    let path = id.split(['?', '#']).next().unwrap_or_default();
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    ["/", "./", "../"]
        .iter()
        .any(|start| path.starts_with(start))
        || path.ends_with('/')
        || extension.is_some_and(|extension| PAGES.contains(&extension))
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

fn lazy_content(raw: RawEntry, draft: &EntryDraft, feed_url: &Url) -> LazyContent {
    let filled = |text: &RawText| !text.value.trim().is_empty();
    let (content, summary) = (raw.content.filter(filled), raw.summary.filter(filled));
    let (main, summary) = match content {
        Some(content) => (Some(content), summary),
        None => (summary, None),
    };
    let bases = main.as_ref().and_then(|text| text.base.clone());
    let base_url = bases
        .or(raw.base)
        .map(|bases| link::base_url(&Some(bases), feed_url).to_string())
        .or_else(|| draft.url.clone())
        .unwrap_or_else(|| feed_url.to_string());
    LazyContent::new(RawContent {
        content_html: main.and_then(content::to_html),
        summary_html: summary.and_then(content::to_html),
        base_url: Some(base_url),
        declared_language: draft.language.clone(),
    })
}
