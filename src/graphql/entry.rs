//! Entries. In: stored rows, with what belongs to them where a list has fetched it for all of its rows.
//! Out: the contract's `Entry`. Must not know: SQL, or how a list was chosen.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::{enclosure, entry, entry_body};

use super::author::Author;
use super::error::{Fault, Result};
use super::gather::{Body, Related};
use super::loader::{
    self, AuthorsOf, BodyOf, DuplicatesOf, EnclosuresOf, MarksOf, RevisionsOf, SourceOf, TagsOf,
};
use super::mark::EntryState;
use super::revision::{self, EntryRevision};
use super::scalar::{DateTime, Html, Url, int};
use super::source::Source;
use super::{id, page, viewer, word};

/// An entry.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(super) row: entry::Model,
    pub(super) related: Related,
}

impl From<entry::Model> for Entry {
    fn from(row: entry::Model) -> Self {
        Self {
            row,
            related: Related::default(),
        }
    }
}

impl Entry {
    async fn body(&self, ctx: &Context<'_>) -> Result<Option<Arc<entry_body::Model>>> {
        match &self.related.body {
            Body::Read(body) => Ok(Some(Arc::clone(body))),
            Body::Missing => Ok(None),
            Body::Unread => loader::find(ctx, BodyOf(self.row.id)).await,
        }
    }

    /// The source, fetched already or not.
    pub(super) async fn fetch_source(&self, ctx: &Context<'_>) -> Result<Source> {
        if let Some(source) = &self.related.source {
            return Ok(Source(Arc::clone(source)));
        }
        let source = loader::find(ctx, SourceOf(self.row.source_id)).await?;
        source.map(Source).ok_or_else(Fault::hidden)
    }

    /// Some part of the body.
    async fn of_body<T>(
        &self,
        ctx: &Context<'_>,
        part: impl Fn(&entry_body::Model) -> Option<T>,
    ) -> Result<Option<T>> {
        Ok(self.body(ctx).await?.as_deref().and_then(part))
    }
}

/// One thing that a source published.
#[Object]
impl Entry {
    /// Opaque and lasting; never used again for another entry.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.row.id)
    }

    /// The publisher's identifier (RSS guid, Atom id), or one made from the link or content.
    fn guid(&self) -> &str {
        &self.row.guid
    }

    /// The page of the entry.
    fn url(&self) -> Option<Url> {
        self.row.url.clone().map(Url)
    }

    /// Plain text; empty when the publisher gave none.
    fn title(&self) -> &str {
        &self.row.title
    }

    /// Plain-text abstract, at most 500 characters, cut at a word.
    fn summary(&self) -> &str {
        &self.row.summary
    }

    /// The whole content as published, sanitised.
    async fn content(&self, ctx: &Context<'_>) -> Option<Result<Html>> {
        self.of_body(ctx, |body| body.content_html.clone().map(Html))
            .await
            .transpose()
    }

    /// The whole content as plain text.
    async fn content_text(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        self.of_body(ctx, |body| body.content_text.clone())
            .await
            .transpose()
    }

    /// The language it is written in: a BCP 47 tag, declared or detected.
    fn language(&self) -> Option<&str> {
        self.row.language.as_deref()
    }

    /// Where the entry stands in time. Set once, when it is first seen: the publisher's date, or firstSeenAt
    /// when that is missing, unreadable or in the future. A publisher who re-dates an entry later does not
    /// move it.
    fn published_at(&self) -> DateTime {
        DateTime(self.row.published_at)
    }

    /// Where publishedAt comes from.
    fn date_quality(&self) -> word::DateQuality {
        self.row.date_quality.into()
    }

    /// When the publisher last changed it: the publisher's own claim, or when the change was seen.
    fn updated_at(&self) -> Option<DateTime> {
        self.row.updated_at.map(DateTime)
    }

    /// When this server first saw it.
    fn first_seen_at(&self) -> DateTime {
        DateTime(self.row.first_seen_at)
    }

    /// The source that published it.
    async fn source(&self, ctx: &Context<'_>) -> Result<Source> {
        self.fetch_source(ctx).await
    }

    /// In the publisher's order; the source's author where the entry names none.
    async fn authors(&self, ctx: &Context<'_>) -> Result<Vec<Author>> {
        let authors = match &self.related.authors {
            Some(authors) => authors.clone(),
            None => loader::find(ctx, AuthorsOf(self.row.id))
                .await?
                .unwrap_or_default(),
        };
        Ok(authors.into_iter().map(Author).collect())
    }

    /// In the publisher's order and spelling.
    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        match &self.related.tags {
            Some(tags) => Ok(tags.clone()),
            None => Ok(loader::find(ctx, TagsOf(self.row.id))
                .await?
                .unwrap_or_default()),
        }
    }

    /// The files that it carries.
    async fn enclosures(&self, ctx: &Context<'_>) -> Result<Vec<Enclosure>> {
        let files = match &self.related.enclosures {
            Some(files) => files.clone(),
            None if !self.row.has_enclosure => Vec::new(),
            None => loader::find(ctx, EnclosuresOf(self.row.id))
                .await?
                .unwrap_or_default(),
        };
        Ok(files.into_iter().map(Enclosure).collect())
    }

    /// Its picture.
    fn image_url(&self) -> Option<Url> {
        self.row.image_url.clone().map(Url)
    }

    /// Where it is discussed.
    fn comments_url(&self) -> Option<Url> {
        self.row.comments_url.clone().map(Url)
    }

    /// Words in its content.
    fn word_count(&self) -> i32 {
        self.row.word_count
    }

    /// Its earlier versions, newest first, of those that are kept: an edit by the publisher leaves the version before
    /// it here. What changes by itself, such as counters, tracking parameters and white space, is no edit.
    async fn revisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many, 1 to 50; 20 when left out.")] first: Option<i32>,
    ) -> Result<Vec<EntryRevision>> {
        let size = first.map_or(Ok(page::USUAL), |first| {
            page::size("first", first, revision::MOST)
        })?;
        let revisions = loader::find(ctx, RevisionsOf(self.row.id, size)).await?;
        Ok(revisions
            .unwrap_or_default()
            .into_iter()
            .map(EntryRevision)
            .collect())
    }

    /// Entries of other sources with the same link or the same text, oldest first: the same, published again.
    async fn duplicates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many, 1 to 50; 20 when left out.")] first: Option<i32>,
    ) -> Result<Vec<Entry>> {
        let size = first.map_or(Ok(page::USUAL), |first| {
            page::size("first", first, revision::MOST)
        })?;
        let twins = loader::find(ctx, DuplicatesOf(self.row.id, size)).await?;
        Ok(twins
            .unwrap_or_default()
            .into_iter()
            .map(Entry::from)
            .collect())
    }

    /// The viewer's own marks; null without a token.
    async fn viewer_state(&self, ctx: &Context<'_>) -> Option<Result<EntryState>> {
        let viewer = viewer::principal(ctx)?;
        let marks = loader::find(ctx, MarksOf(self.row.id, viewer.user_id)).await;
        Some(marks.map(|marks| EntryState::from(marks.unwrap_or_default())))
    }
}

/// A file that an entry carries.
#[derive(Clone, Debug)]
pub struct Enclosure(pub enclosure::Model);

/// A file that an entry carries: an episode, a picture, a film.
#[Object]
impl Enclosure {
    /// Where the file is.
    fn url(&self) -> Url {
        Url(self.0.url.clone())
    }

    /// Its media type, as the publisher says.
    fn mime_type(&self) -> Option<&str> {
        self.0.mime_type.as_deref()
    }

    /// Its size in bytes, as the publisher says; at most 2147483647.
    fn size_bytes(&self) -> Option<i32> {
        self.0.size_bytes.map(int)
    }

    /// The length of sound or film in seconds.
    fn duration_seconds(&self) -> Option<i32> {
        self.0.duration_seconds.map(int)
    }

    /// What it is called, plain text.
    fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }
}
