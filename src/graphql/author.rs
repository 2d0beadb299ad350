//! Authors. In: stored rows. Out: the contract's `Author`. Must not know: SQL.

use async_graphql::{Context, ID, Object};
use entity::author;

use super::entry::Entry;
use super::error::Result;
use super::filter::EntryOrder;
use super::loader::{self, SourcesOf};
use super::page::{self, Connection, Window};
use super::scalar::Url;
use super::source::Source;
use super::{id, list, store};
use crate::store::{AuthorFilter, AuthorPosition, EntryFilter};

/// An author.
#[derive(Clone, Debug)]
pub struct Author(pub author::Model);

/// Who writes entries.
#[Object]
impl Author {
    /// Opaque and lasting.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Plain text, never empty.
    fn name(&self) -> &str {
        &self.0.name
    }

    /// The author's home page.
    fn url(&self) -> Option<Url> {
        self.0.url.clone().map(Url)
    }

    /// The author's picture.
    fn avatar_url(&self) -> Option<Url> {
        self.0.avatar_url.clone().map(Url)
    }

    /// The sources that the author writes in.
    async fn sources(&self, ctx: &Context<'_>) -> Result<Vec<Source>> {
        let sources = loader::find(ctx, SourcesOf(self.0.id)).await?;
        Ok(sources
            .unwrap_or_default()
            .into_iter()
            .map(Source::from)
            .collect())
    }

    /// What the author wrote, newest first.
    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 1 to 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Entry>> {
        let window = Window {
            first,
            after,
            last,
            before,
        };
        let order = EntryOrder::PublishedDesc;
        let filter = EntryFilter {
            author_ids: Some(vec![self.0.id]),
            ..EntryFilter::default()
        };
        list::nested_entries(ctx, &filter, order, &window, Some(self.0.entry_count)).await
    }
}

/// A page of authors, by name.
///
/// # Errors
/// `INVALID_PAGE`, `INVALID_CURSOR`, or `INTERNAL` when the store fails.
pub async fn list(
    ctx: &Context<'_>,
    filter: AuthorFilter,
    window: &Window,
) -> Result<Connection<Author>> {
    let slice = window.slice("authors")?;
    let store = store(ctx)?;
    let page = store.list_authors(&filter, &slice).await?;
    let total = if page::wants_total(&ctx.look_ahead()) {
        Some(store.count_authors(&filter).await?)
    } else {
        None
    };
    let position = |author: &Author| AuthorPosition::of(&author.0);
    Ok(Connection::new(
        "authors",
        page::map(page, Author),
        position,
        total,
    ))
}
