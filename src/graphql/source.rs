//! Sources. In: stored rows. Out: the contract's `Source`. Must not know: SQL, or how polling works.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::{entry, source};

use super::author::Author;
use super::entry::Entry;
use super::error::Result;
use super::filter::{EntryOrder, SourceOrder};
use super::loader::{self, DeclaredSource, NewestOf, PlanetsOf, PollStateOf};
use super::page::{self, Connection, Window};
use super::planet::Planet;
use super::polling::Polling;
use super::rule::{self, Rule};
use super::scalar::{DateTime, Url};
use super::{author, health, id, list, services, store, viewer, word};
use crate::store::{
    AuthorFilter, Direction, EntryFilter, EntryPosition, Page, RuleScope, Slice, SourceFilter,
    SourcePosition,
};

/// A source.
#[derive(Clone, Debug)]
pub struct Source(pub Arc<source::Model>);

impl From<source::Model> for Source {
    fn from(row: source::Model) -> Self {
        Self(Arc::new(row))
    }
}

/// A feed that this server follows.
#[Object]
impl Source {
    /// Opaque and lasting.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// The editor's title, or else the feed's own, or else its host.
    fn title(&self) -> &str {
        &self.0.title
    }

    /// Where the feed is read.
    fn feed_url(&self) -> Url {
        Url(self.0.feed_url.clone())
    }

    /// The page that the feed belongs to.
    fn site_url(&self) -> Option<Url> {
        self.0.site_url.clone().map(Url)
    }

    /// What the feed says of itself, plain text.
    fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The language that the feed declares: a BCP 47 tag.
    fn language(&self) -> Option<&str> {
        self.0.language.as_deref()
    }

    /// Its icon, kept by this server; until one is kept, the icon or logo that the feed names.
    fn icon_url(&self, ctx: &Context<'_>) -> Option<Url> {
        let services = services(ctx).ok();
        let base = services.and_then(|services| services.settings.public_url.as_ref());
        let kept = self.0.icon_key.as_ref().zip(base).map(|(key, base)| {
            let base = base.as_str().trim_end_matches('/');
            format!("{base}/icons/{}/{key}", self.0.id.0)
        });
        kept.or_else(|| self.0.icon_url.clone()).map(Url)
    }

    /// The format it was last read in; null until it was read.
    fn format(&self) -> Option<word::FeedFormat> {
        self.0.format.map(Into::into)
    }

    /// How it is doing.
    fn status(&self) -> word::SourceStatus {
        self.0.status.into()
    }

    /// Since when it is doing so.
    fn status_since(&self) -> DateTime {
        DateTime(self.0.status_since.unwrap_or(self.0.created_at))
    }

    /// Why, in plain words, for whoever writes in it and asks where a post is.
    async fn status_reason(&self, ctx: &Context<'_>) -> Result<String> {
        // It changes with polls that change nothing else: it is not for keeping.
        viewer::fleeting(ctx);
        let state = loader::find(ctx, PollStateOf(self.0.id)).await?;
        Ok(health::reason(self.0.status, state.as_deref()))
    }

    /// The planets that show it.
    async fn planets(&self, ctx: &Context<'_>) -> Result<Vec<Planet>> {
        let planets = loader::find(ctx, PlanetsOf(self.0.id)).await?;
        Ok(planets
            .unwrap_or_default()
            .into_iter()
            .map(Planet)
            .collect())
    }

    /// The tags that editors gave it.
    fn tags(&self) -> Vec<String> {
        crate::store::texts(&self.0.tags)
    }

    /// Who writes in it, by name.
    async fn authors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many, 1 to 100; 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<Author>> {
        let filter = AuthorFilter {
            source: Some(self.0.id),
            ..AuthorFilter::default()
        };
        author::list(ctx, filter, &Window::forward(first, after)).await
    }

    /// What it published.
    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 1 to 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "In which order.", default_with = "EntryOrder::PublishedDesc")]
        order_by: EntryOrder,
    ) -> Result<Connection<Entry>> {
        let window = Window {
            first,
            after,
            last,
            before,
        };
        let slice = window.slice(order_by.list())?;
        let page = self.page(ctx, order_by, &slice).await?;
        Ok(list::plain_entries(
            page,
            order_by,
            Some(self.0.entry_count),
        ))
    }

    /// publishedAt of its newest entry.
    fn latest_entry_at(&self) -> Option<DateTime> {
        self.0.latest_entry_at.map(DateTime)
    }

    /// When it was first followed.
    fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// Who says what it is.
    async fn managed_by(&self, ctx: &Context<'_>) -> Result<word::ManagedBy> {
        let owned = loader::find(ctx, DeclaredSource(self.0.id)).await?;
        Ok(word::ManagedBy::of(owned))
    }

    /// Its rules on what to show, in order; for editors, null for everyone else.
    async fn rules(&self, ctx: &Context<'_>) -> Option<Result<Vec<Rule>>> {
        rule::of(ctx, RuleScope::Source(self.0.id)).await
    }

    /// How polling goes; for editors, null for everyone else.
    async fn polling(&self, ctx: &Context<'_>) -> Option<Result<Polling>> {
        if !viewer::may(ctx, entity::Role::Editor) {
            return None;
        }
        let state = loader::find(ctx, PollStateOf(self.0.id)).await;
        state.map(|state| state.map(Polling)).transpose()
    }
}

impl Source {
    /// The newest entries, the usual question, are fetched for all sources of a list at once.
    async fn page(
        &self,
        ctx: &Context<'_>,
        order: EntryOrder,
        slice: &Slice<EntryPosition>,
    ) -> Result<Page<entry::Model>> {
        let newest = order == EntryOrder::PublishedDesc
            && slice.direction == Direction::Forward
            && slice.after.is_none()
            && slice.before.is_none();
        if !newest {
            let filter = EntryFilter {
                source_ids: Some(vec![self.0.id]),
                ..EntryFilter::default()
            };
            return Ok(store(ctx)?
                .list_entries(&filter, order.into(), slice)
                .await?);
        }
        // One more than wanted tells whether there is a next page.
        let found = loader::find(ctx, NewestOf(self.0.id, slice.size + 1)).await?;
        let mut rows = found.unwrap_or_default();
        let size = usize::try_from(slice.size).unwrap_or(usize::MAX);
        let has_next = rows.len() > size;
        rows.truncate(size);
        Ok(Page {
            rows,
            has_next,
            has_previous: false,
        })
    }
}

/// A page of sources.
///
/// # Errors
/// `INVALID_PAGE`, `INVALID_CURSOR`, or `INTERNAL` when the store fails.
pub async fn list(
    ctx: &Context<'_>,
    filter: SourceFilter,
    order: SourceOrder,
    window: &Window,
) -> Result<Connection<Source>> {
    let slice = window.slice::<SourcePosition>(order.list())?;
    let store = store(ctx)?;
    let page = store.list_sources(&filter, order.into(), &slice).await?;
    let total = if page::wants_total(&ctx.look_ahead()) {
        Some(store.count_sources(&filter).await?)
    } else {
        None
    };
    let positions: Vec<_> = page
        .rows
        .iter()
        .map(|row| row.position(order.into()))
        .collect();
    let nodes = page::map(page, |row| Source::from(row.source));
    Ok(Connection::at(order.list(), nodes, positions, total))
}
