//! The root of reading: every question on one screen. In: arguments. Out: nouns and connections. Must
//! not know: SQL; each answer is put together beside its noun.

use async_graphql::{Context, ID, Object};
use entity::Role;

use super::audit::{self, AuditEntry, AuditFilter};
use super::author::{self, Author};
use super::change::{self, ChangeConnection};
use super::entry::Entry;
use super::error::{Code, Fault, Result};
use super::filter::{EntryBy, EntryFilter, EntryOrder, SourceBy, SourceFilter, SourceOrder};
use super::job::{self, Job};
use super::needs::Needs;
use super::node::{self, Node};
use super::page::{Connection, Window};
use super::planet::{self, Planet};
use super::scalar::Url;
use super::search::{self, SearchConnection};
use super::server::Server;
use super::source::{self, Source};
use super::tag::{self, Tag};
use super::user::{self, User};
use super::viewer::{self, Viewer};
use super::{Began, id, known, list, store};
use crate::normalize;
use crate::store::AuthorFilter;

/// The root of reading.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query;

/// Reading; nothing here changes anything, and most of it needs no token.
#[expect(
    clippy::too_many_arguments,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_self,
    reason = "the contract's fields and arguments"
)]
#[Object(name = "ReadingQuery")]
impl Query {
    /// Anything by its id; null when there is no such thing. Accounts and jobs as in `users` and `jobs`.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The thing's id.")] id: ID,
    ) -> Option<Result<Node>> {
        node::find(ctx, &id).await.transpose()
    }

    /// Many things by their ids, in the order of the ids; null where there is no such thing.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The things' ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        node::find_all(ctx, &ids).await
    }

    /// Name, version, limits and capabilities of this server.
    fn server(&self) -> Server {
        Server
    }

    /// Who is signed in; null without a valid token.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Result<Viewer>> {
        viewer::find(ctx).await.transpose()
    }

    /// A planet by its slug; the default planet when no slug is given.
    async fn planet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The planet's short name.")] slug: Option<String>,
    ) -> Option<Result<Planet>> {
        find_planet(ctx, slug.as_deref()).await.transpose()
    }

    /// All planets, oldest first.
    async fn planets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 1 to 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Planet>> {
        planet::list(
            ctx,
            &Window {
                first,
                after,
                last,
                before,
            },
        )
        .await
    }

    /// One entry; null when there is no such entry.
    async fn entry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] by: EntryBy,
    ) -> Option<Result<Entry>> {
        find_entry(ctx, &by).await.transpose()
    }

    /// Entries of all sources, or of those that the filter lets through.
    async fn entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 1 to 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those that fit this.")] filter: Option<EntryFilter>,
        #[graphql(desc = "In which order.", default_with = "EntryOrder::PublishedDesc")]
        order_by: EntryOrder,
    ) -> Result<Connection<Entry>> {
        let filter = filter.unwrap_or_default().resolve(ctx).await?;
        list::entries(
            ctx,
            &filter,
            order_by,
            &Window {
                first,
                after,
                last,
                before,
            },
        )
        .await
    }

    /// Full-text search in title, author, tags and content; best match first. All words must be there; phrases stand
    /// in quotation marks; -not, a OR b, begin*; author:, tag: and source: have one value each, in quotation marks
    /// where it has spaces; after:2024-03-01 from that day on, before:2024-03-01 until the day before. Any text is
    /// a query.
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to look for.")] query: String,
        #[graphql(desc = "So many, 1 to 100; 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor of the same search.")] after: Option<
            String,
        >,
        #[graphql(desc = "Only those that fit this.")] filter: Option<EntryFilter>,
    ) -> Result<SearchConnection> {
        search::find(ctx, &query, filter, (first, after)).await
    }

    /// One source; null when there is no such source.
    async fn source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] by: SourceBy,
    ) -> Option<Result<Source>> {
        find_source(ctx, &by).await.transpose()
    }

    /// The sources that are followed.
    async fn sources(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 1 to 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those that fit this.")] filter: Option<SourceFilter>,
        #[graphql(desc = "In which order.", default_with = "SourceOrder::TitleAsc")]
        order_by: SourceOrder,
    ) -> Result<Connection<Source>> {
        let filter = filter.unwrap_or_default().resolve(ctx).await?;
        source::list(
            ctx,
            filter,
            order_by,
            &Window {
                first,
                after,
                last,
                before,
            },
        )
        .await
    }

    /// One author; null when there is no such author. One that was merged is the one that it was merged into.
    async fn author(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The author's id.")] id: ID,
    ) -> Option<Result<Author>> {
        find_author(ctx, &id).await.transpose()
    }

    /// Everyone who wrote an entry, by name.
    async fn authors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 1 to 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those whose name contains this, whatever the case.")] name_contains: Option<String>,
    ) -> Result<Connection<Author>> {
        let filter = AuthorFilter {
            name_contains,
            ..AuthorFilter::default()
        };
        author::list(
            ctx,
            filter,
            &Window {
                first,
                after,
                last,
                before,
            },
        )
        .await
    }

    /// Tags by number of entries, most used first.
    async fn tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many, 1 to 100; 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "Count only the entries that fit this.")] filter: Option<EntryFilter>,
    ) -> Result<Connection<Tag>> {
        let filter = filter.unwrap_or_default().resolve(ctx).await?;
        tag::list(ctx, &filter, &Window::forward(first, after)).await
    }

    /// Everything that changed after a cursor, oldest first, without gaps or repeats: a client that keeps
    /// the last cursor and asks again holds an exact copy. Without `after` it starts at the oldest change
    /// still kept; a cursor older than that is refused with code `CURSOR_EXPIRED`, and the client starts over.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what came after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many, 1 to 100; 20 when left out.")] first: Option<i32>,
    ) -> Result<ChangeConnection> {
        change::list(ctx, first, after).await
    }

    /// Where the change log stood when this request began: select it beside a page, pass it as `after` to
    /// `changes` or to a subscription, and nothing between the two is missed.
    async fn change_cursor(&self, ctx: &Context<'_>) -> Result<String> {
        let began = ctx.data::<Began>().map_err(|_| Fault::hidden())?;
        let head = store(ctx)?.head().await?;
        Ok(change::cursor_of(&head.epoch, began.0.max(head.trimmed_to)))
    }

    /// The accounts, oldest first. Needs the role ADMIN.
    #[graphql(guard = "Needs(Role::Admin)")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 1 to 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<User>> {
        user::list(
            ctx,
            &Window {
                first,
                after,
                last,
                before,
            },
        )
        .await
    }

    /// What was done by whom, newest first. Needs the role ADMIN.
    #[graphql(guard = "Needs(Role::Admin)")]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 1 to 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only what fits this.")] filter: Option<AuditFilter>,
    ) -> Result<Connection<AuditEntry>> {
        audit::list(
            ctx,
            filter.unwrap_or_default(),
            &Window {
                first,
                after,
                last,
                before,
            },
        )
        .await
    }

    /// Background jobs, newest first. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 1 to 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Job>> {
        job::list(
            ctx,
            &Window {
                first,
                after,
                last,
                before,
            },
        )
        .await
    }
}

async fn find_planet(ctx: &Context<'_>, slug: Option<&str>) -> Result<Option<Planet>> {
    let row = known(ctx)?.planet(store(ctx)?, slug).await?;
    Ok(row.map(Planet))
}

async fn find_entry(ctx: &Context<'_>, by: &EntryBy) -> Result<Option<Entry>> {
    let store = store(ctx)?;
    let row = match by {
        EntryBy::Id(id) => {
            let key = id::decode(id)?;
            store.entries_by_ids(&[key]).await?.remove(&key)
        }
        EntryBy::Url(url) => {
            let key = normalize::url_key(absolute("by.url", url)?.as_str());
            store.find_entry_by_url_key(&key).await?
        }
    };
    Ok(row.map(Entry::from))
}

async fn find_source(ctx: &Context<'_>, by: &SourceBy) -> Result<Option<Source>> {
    let store = store(ctx)?;
    let row = match by {
        SourceBy::Id(id) => {
            let key = id::decode(id)?;
            store.sources_by_ids(&[key]).await?.remove(&key)
        }
        SourceBy::FeedUrl(url) => {
            store
                .find_source_by_url(absolute("by.feedUrl", url)?.as_str())
                .await?
        }
    };
    Ok(row.map(Source::from))
}

async fn find_author(ctx: &Context<'_>, id: &ID) -> Result<Option<Author>> {
    let (key, store) = (id::decode(id)?, store(ctx)?);
    let found = match store.authors_by_ids(&[key]).await?.remove(&key) {
        Some(row) => Some(row),
        None => store.find_merged_author(key).await?,
    };
    Ok(found.map(Author))
}

fn absolute(argument: &str, url: &Url) -> Result<url::Url> {
    url.parse_http().ok_or_else(|| {
        let message = format!("{argument}: not an absolute http or https URL.");
        Fault::new(Code::InvalidUrl, message)
    })
}
