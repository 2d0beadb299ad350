//! Following a feed without asking its publisher first. In: a [`Wish`]. Out: a source that is due now.
//! Must not know: fetching, GraphQL, or who asks.

use entity::{Millis, PlanetId, source};
use url::Url;

use super::{Refusal, check};
use crate::publish::Bell;
use crate::store::{AddSource, NewSource, Store, StoreError};

/// What an editor wishes to follow. All of it is checked already, see [`super::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The feed, or for [`super::read_and_follow`] a page that offers one.
    pub url: Url,
    /// The editor's title; none leaves it to the feed.
    pub title: Option<String>,
    /// The editor's tags.
    pub tags: Vec<String>,
    /// The planets that it joins.
    pub planet_ids: Vec<PlanetId>,
}

impl Wish {
    /// To follow `url`, with nothing else said.
    #[must_use]
    pub const fn new(url: Url) -> Self {
        Self {
            url,
            title: None,
            tags: Vec::new(),
            planet_ids: Vec::new(),
        }
    }

    /// To follow a feed of a list under the name and tags that the list gives it. A name or tag that would be
    /// refused from an editor is cut or left out, since nobody can be asked and the feed matters more.
    ///
    /// # Errors
    /// When `url` is none.
    pub fn listed(url: &str, title: Option<&str>, tags: &[String]) -> Result<Self, Refusal> {
        let tags = tags
            .iter()
            .filter_map(|tag| check::line("The tag", tag, check::TAG_LENGTH).ok());
        Ok(Self {
            url: check::url(url)?,
            title: title.and_then(check::fitting_line),
            tags: tags.take(check::TAG_COUNT).collect(),
            planet_ids: Vec::new(),
        })
    }
}

/// What became of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// It is followed from now on.
    New(source::Model),
    /// It was followed already, perhaps by another spelling of its URL.
    AlreadyThere(source::Model),
}

/// Follows a feed unseen: it is stored, named as wished, and due at once; the poller reads it. A feed that
/// is followed already keeps its name and tags, and joins the planets.
///
/// # Errors
/// When the store fails.
pub async fn subscribe(
    store: &Store,
    bell: &Bell,
    wish: &Wish,
    at: Millis,
) -> Result<Followed, StoreError> {
    match store
        .add_source(&new_source(wish, wish.url.as_str(), at))
        .await?
    {
        AddSource::Added(written) => {
            bell.ring(written.revision);
            Ok(Followed::New(written.row))
        }
        AddSource::AlreadyThere(source) => {
            for planet in &wish.planet_ids {
                let joined = store
                    .add_sources_to_planet(*planet, &[source.id], at)
                    .await?;
                if let Some(written) = joined {
                    bell.ring(written.revision);
                }
            }
            Ok(Followed::AlreadyThere(source))
        }
    }
}

/// The row for a wish whose feed is at `feed_url`.
pub(super) fn new_source(wish: &Wish, feed_url: &str, at: Millis) -> NewSource {
    let mut new = NewSource::new(feed_url, at);
    new.title.clone_from(&wish.title);
    new.tags.clone_from(&wish.tags);
    new.planet_ids.clone_from(&wish.planet_ids);
    if feed_url != wish.url.as_str() {
        new.aliases.push(wish.url.as_str().to_owned());
    }
    new
}
