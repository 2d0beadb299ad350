//! Planets. In: stored rows. Out: the contract's `Planet`. Must not know: SQL.

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::planet;

use super::day::{self, Day};
use super::entry::Entry;
use super::error::Result;
use super::filter::{EntryOrder, SourceOrder};
use super::health::{self, PlanetHealth};
use super::loader::{self, DeclaredPlanet, LinksOf, UpdatedAt};
use super::page::{self, Connection, Window};
use super::rule::{self, Rule};
use super::scalar::{DateTime, Url};
use super::source::{self, Source};
use super::{id, list, services, store, word};
use crate::store::{EntryFilter, RuleScope, SourceFilter};

/// A planet.
#[derive(Clone, Debug)]
pub struct Planet(pub planet::Model);

impl From<planet::Model> for Planet {
    fn from(row: planet::Model) -> Self {
        Self(row)
    }
}

/// A planet: a named, public selection of sources with pages of its own.
#[Object]
impl Planet {
    /// Opaque and lasting.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Its short name, as used in URLs.
    fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Plain text.
    fn title(&self) -> &str {
        &self.0.title
    }

    /// What it is about, plain text.
    fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Its home page.
    fn link(&self) -> Option<Url> {
        self.0.link.clone().map(Url)
    }

    /// Who runs it.
    fn owner_name(&self) -> Option<&str> {
        self.0.owner_name.as_deref()
    }

    /// When an entry of this planet was last added or changed.
    async fn updated_at(&self, ctx: &Context<'_>) -> Option<Result<DateTime>> {
        let at = loader::find(ctx, UpdatedAt(self.0.id)).await;
        at.map(|at| at.map(DateTime)).transpose()
    }

    /// The sources that it shows.
    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn sources(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 1 to 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "In which order.", default_with = "SourceOrder::TitleAsc")]
        order_by: SourceOrder,
    ) -> Result<Connection<Source>> {
        let window = Window {
            first,
            after,
            last,
            before,
        };
        let filter = SourceFilter {
            planet: Some(self.0.id),
            ..SourceFilter::default()
        };
        source::list(ctx, filter, order_by, &window).await
    }

    /// The entries of its sources.
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
        let filter = EntryFilter {
            planet: Some(self.0.id),
            ..EntryFilter::default()
        };
        list::entries(ctx, &filter, order_by, &window).await
    }

    /// Days that have entries, newest first, cut in the given IANA time zone (default UTC).
    async fn days(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many, 1 to 100; 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(
            desc = "Where a day begins: a name of the IANA time zone database, like Europe/Berlin.",
            default_with = "String::from(\"UTC\")"
        )]
        time_zone: String,
    ) -> Result<Connection<Day>> {
        day::list(ctx, self.0.id, &time_zone, &Window::forward(first, after)).await
    }

    /// Links beside the planet, in groups: sister planets, libraries, and so on.
    async fn links(&self, ctx: &Context<'_>) -> Result<Vec<PlanetLink>> {
        let links = loader::find(ctx, LinksOf(self.0.id))
            .await?
            .unwrap_or_default();
        let link = |row: entity::planet_link::Model| PlanetLink {
            group: row.group_name,
            title: row.title,
            url: Url(row.url),
        };
        Ok(links.into_iter().map(link).collect())
    }

    /// Who says what it is.
    async fn managed_by(&self, ctx: &Context<'_>) -> Result<word::ManagedBy> {
        let owned = loader::find(ctx, DeclaredPlanet(self.0.id)).await?;
        Ok(word::ManagedBy::of(owned))
    }

    /// How it is doing, for everyone.
    async fn health(&self, ctx: &Context<'_>) -> Result<PlanetHealth> {
        health::of_planet(ctx, self.0.id).await
    }

    /// Its rules on what to show, in order; for editors, null for everyone else.
    async fn rules(&self, ctx: &Context<'_>) -> Option<Result<Vec<Rule>>> {
        rule::of(ctx, RuleScope::Planet(self.0.id)).await
    }

    /// Its feeds, for everyone who does not speak GraphQL.
    fn outputs(&self, ctx: &Context<'_>) -> Result<PlanetOutputs> {
        Ok(PlanetOutputs {
            base: services(ctx)?.settings.public_url.clone(),
            slug: self.0.slug.clone(),
        })
    }
}

/// Where a planet's feeds are.
#[derive(Clone, Debug)]
pub struct PlanetOutputs {
    base: Option<url::Url>,
    slug: String,
}

impl PlanetOutputs {
    fn file(&self, name: &str) -> Url {
        let path = format!("planet/{}/{name}", self.slug);
        match &self.base {
            Some(base) => Url(format!("{}/{path}", base.as_str().trim_end_matches('/'))),
            None => Url(format!("http://localhost/{path}")),
        }
    }
}

/// Feeds of a planet: its newest entries, and with them the way to all older ones (RFC 5005).
#[Object]
impl PlanetOutputs {
    /// Atom 1.0.
    async fn atom(&self) -> Url {
        self.file("atom.xml")
    }

    /// RSS 2.0.
    async fn rss(&self) -> Url {
        self.file("rss.xml")
    }

    /// RSS 2.0 with titles and links only.
    async fn rss_titles_only(&self) -> Url {
        self.file("rss-titles.xml")
    }

    /// JSON Feed 1.1.
    async fn json(&self) -> Url {
        self.file("feed.json")
    }

    /// OPML 2.0: its sources.
    async fn opml(&self) -> Url {
        self.file("opml.xml")
    }
}

/// A link beside a planet.
#[derive(Clone, Debug, SimpleObject)]
pub struct PlanetLink {
    /// The heading that it stands under.
    group: String,
    /// What it is called, plain text.
    title: String,
    /// Where it leads.
    url: Url,
}

/// A page of planets, oldest first.
///
/// # Errors
/// `INVALID_PAGE`, `INVALID_CURSOR`, or `INTERNAL` when the store fails.
pub async fn list(ctx: &Context<'_>, window: &Window) -> Result<Connection<Planet>> {
    let slice = window.slice("planets")?;
    let store = store(ctx)?;
    let page = store.list_planets(&slice).await?;
    let total = if page::wants_total(&ctx.look_ahead()) {
        Some(store.count_planets().await?)
    } else {
        None
    };
    let position = |planet: &Planet| planet.0.id;
    Ok(Connection::new(
        "planets",
        page::map(page, Planet),
        position,
        total,
    ))
}
