//! The filters and orders of the contract. In: what a client wants to see. Out: the store's filters and
//! orders. Must not know: how they are answered.

use async_graphql::{Context, Enum, ID, InputObject, OneofObject};
use entity::{PlanetId, Role};

use super::error::{Code, Fault, Result};
use super::needs::Needs;
use super::scalar::{DateTime, Url};
use super::{id, store, word};
use crate::store as rows;

/// Names one entry.
#[derive(Clone, Debug, OneofObject)]
pub enum EntryBy {
    /// By its id.
    Id(ID),
    /// By its page's URL; the newest one when several sources carry it.
    Url(Url),
}

/// Names one source.
#[derive(Clone, Debug, OneofObject)]
pub enum SourceBy {
    /// By its id.
    Id(ID),
    /// By the URL of its feed, the present one or a former one.
    FeedUrl(Url),
}

/// Which entries to list: those that fit everything that is given.
#[derive(Clone, Debug, Default, InputObject)]
pub struct EntryFilter {
    /// Slug of the planet that they belong to.
    pub planet: Option<String>,
    /// They come from one of these sources.
    pub source_ids: Option<Vec<ID>>,
    /// One of these authors wrote them.
    pub author_ids: Option<Vec<ID>>,
    /// They carry one of these tags, in any spelling.
    pub tags: Option<Vec<String>>,
    /// They stand in time after this.
    pub published_after: Option<DateTime>,
    /// They stand in time before this.
    pub published_before: Option<DateTime>,
    /// They were first seen after this.
    pub seen_after: Option<DateTime>,
    /// They are written in this language: a BCP 47 tag.
    pub language: Option<String>,
    /// Whether they carry a file.
    pub has_enclosure: Option<bool>,
    /// Whether the viewer has not read them. Needs the role READER.
    pub unread: Option<bool>,
    /// Whether the viewer has starred them. Needs the role READER.
    pub starred: Option<bool>,
}

/// The most values in a list of a filter.
const MOST_VALUES: usize = 500;

impl EntryFilter {
    /// The store's filter.
    ///
    /// # Errors
    /// `INVALID_ID`, or `INVALID_ARGUMENT` for an unknown planet or too many values; `UNAUTHENTICATED` when it asks for
    /// marks and nobody is signed in.
    pub async fn resolve(self, ctx: &Context<'_>) -> Result<rows::EntryFilter> {
        let marks = match (self.unread, self.starred) {
            (None, None) => None,
            (unread, starred) => Some(rows::Marks {
                user: Needs(Role::Reader).of(ctx)?.user_id,
                unread,
                starred,
            }),
        };
        Ok(rows::EntryFilter {
            marks,
            seen_before: None,
            planet: planet("filter.planet", self.planet.as_deref(), ctx).await?,
            source_ids: ids("filter.sourceIds", self.source_ids.as_deref())?,
            author_ids: ids("filter.authorIds", self.author_ids.as_deref())?,
            tags: self.tags.map(|tags| few("filter.tags", tags)).transpose()?,
            published_after: self.published_after.map(|at| at.0),
            published_before: self.published_before.map(|at| at.0),
            seen_after: self.seen_after.map(|at| at.0),
            language: self.language,
            has_enclosure: self.has_enclosure,
        })
    }
}

/// Which sources to list: those that fit everything that is given.
#[derive(Clone, Debug, Default, InputObject)]
pub struct SourceFilter {
    /// Slug of the planet that they belong to.
    pub planet: Option<String>,
    /// How they are doing: one of these.
    pub status: Option<Vec<word::SourceStatus>>,
    /// Their title contains this, whatever the case.
    pub title_contains: Option<String>,
}

impl SourceFilter {
    /// The store's filter.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for an unknown planet.
    pub async fn resolve(self, ctx: &Context<'_>) -> Result<rows::SourceFilter> {
        Ok(rows::SourceFilter {
            planet: planet("filter.planet", self.planet.as_deref(), ctx).await?,
            status: self
                .status
                .map(|list| list.into_iter().map(Into::into).collect()),
            title_contains: self.title_contains,
        })
    }
}

async fn planet(argument: &str, slug: Option<&str>, ctx: &Context<'_>) -> Result<Option<PlanetId>> {
    let Some(slug) = slug else {
        return Ok(None);
    };
    match store(ctx)?.find_planet(slug).await? {
        Some(planet) => Ok(Some(planet.id)),
        None => Err(Fault::new(
            Code::InvalidArgument,
            format!("{argument}: there is no planet with this slug."),
        )),
    }
}

fn ids<K: id::Key>(argument: &str, list: Option<&[ID]>) -> Result<Option<Vec<K>>> {
    let Some(list) = list else {
        return Ok(None);
    };
    id::decode_all(&few(argument, list.to_vec())?).map(Some)
}

fn few<T>(argument: &str, list: Vec<T>) -> Result<Vec<T>> {
    if list.len() > MOST_VALUES {
        let message = format!("{argument}: at most {MOST_VALUES} values.");
        return Err(Fault::new(Code::InvalidArgument, message));
    }
    Ok(list)
}

/// In which order entries are listed; entries of one instant by their age in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum EntryOrder {
    /// The newest place in time first.
    PublishedDesc,
    /// The oldest place in time first.
    PublishedAsc,
    /// What was first seen last, first.
    SeenDesc,
    /// What was first seen first, first.
    SeenAsc,
}

impl EntryOrder {
    /// The name of a list in this order, as its cursors carry it.
    #[must_use]
    pub const fn list(self) -> &'static str {
        match self {
            Self::PublishedDesc => "entries.PUBLISHED_DESC",
            Self::PublishedAsc => "entries.PUBLISHED_ASC",
            Self::SeenDesc => "entries.SEEN_DESC",
            Self::SeenAsc => "entries.SEEN_ASC",
        }
    }
}

impl From<EntryOrder> for rows::EntryOrder {
    fn from(order: EntryOrder) -> Self {
        match order {
            EntryOrder::PublishedDesc => Self::PublishedDesc,
            EntryOrder::PublishedAsc => Self::PublishedAsc,
            EntryOrder::SeenDesc => Self::SeenDesc,
            EntryOrder::SeenAsc => Self::SeenAsc,
        }
    }
}

/// In which order sources are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SourceOrder {
    /// By title, A to Z, whatever the case.
    TitleAsc,
    /// By title, Z to A, whatever the case.
    TitleDesc,
    /// By the newest entry, newest first.
    LastEntryDesc,
    /// By when they were first followed, newest first.
    CreatedDesc,
    /// By when they are polled next, soonest first; those that are not polled last.
    NextPollAsc,
}

impl SourceOrder {
    /// The name of a list in this order, as its cursors carry it.
    #[must_use]
    pub const fn list(self) -> &'static str {
        match self {
            Self::TitleAsc => "sources.TITLE_ASC",
            Self::TitleDesc => "sources.TITLE_DESC",
            Self::LastEntryDesc => "sources.LAST_ENTRY_DESC",
            Self::CreatedDesc => "sources.CREATED_DESC",
            Self::NextPollAsc => "sources.NEXT_POLL_ASC",
        }
    }
}

impl From<SourceOrder> for rows::SourceOrder {
    fn from(order: SourceOrder) -> Self {
        match order {
            SourceOrder::TitleAsc => Self::TitleAsc,
            SourceOrder::TitleDesc => Self::TitleDesc,
            SourceOrder::LastEntryDesc => Self::LastEntryDesc,
            SourceOrder::CreatedDesc => Self::CreatedDesc,
            SourceOrder::NextPollAsc => Self::NextPollAsc,
        }
    }
}
