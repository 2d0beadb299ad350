//! Following a feed by reading it first. In: a [`Wish`]. Out: a source stored with its entries in one go, or
//! a [`Refusal`] and nothing stored. Must not know: GraphQL, or who asks.

use entity::{SourceId, UserErrorCode, source};
use url::Url;

use super::subscribe::{Wish, new_source};
use super::{Refusal, quoted};
use crate::fetch::Failure;
use crate::poll::{Candidate, Discovered, Poller, Wanted};
use crate::publish::Bell;
use crate::store::{AddSource, Store, StoreError};

/// Fetches the feed, or the first one that the page offers, and follows it.
///
/// # Errors
/// When the store fails. What the publisher or the wish is to blame for is a refusal.
pub async fn read_and_follow(
    store: &Store,
    bell: &Bell,
    poller: &Poller,
    wish: &Wish,
) -> Result<Result<source::Model, Refusal>, StoreError> {
    if let Some(known) = store.find_source_by_url(wish.url.as_str()).await? {
        return Ok(Err(already_followed(&known)));
    }
    let candidate = match first_found(poller, &wish.url, None).await? {
        Ok(Discovered::New(candidate)) => candidate,
        Ok(Discovered::Followed(known)) => return Ok(Err(already_followed(&known))),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let first = poller.first_visit(&candidate, &Wanted::default());
    let mut new = new_source(wish, candidate.feed_url.as_str(), first.at);
    new.first = Some(first);
    Ok(match store.add_source(&new).await? {
        AddSource::Added(written) => {
            bell.ring(written.revision);
            Ok(written.row)
        }
        AddSource::AlreadyThere(known) => Err(already_followed(&known)),
    })
}

/// What is at `url`, where a source is to be from now on, when it is a feed or a page that offers one. That there is
/// a feed is looked at first, so that a slip of the pen does not end a source.
///
/// # Errors
/// When the store fails.
pub async fn new_home(
    poller: &Poller,
    stored: &source::Model,
    url: &Url,
) -> Result<Result<Box<Candidate>, Refusal>, StoreError> {
    Ok(match first_found(poller, url, Some(stored.id)).await? {
        Ok(Discovered::New(candidate)) => Ok(candidate),
        Ok(Discovered::Followed(other)) => Err(already_followed(&other)),
        Err(refusal) => Err(refusal),
    })
}

/// `ALREADY_EXISTS`, naming the source.
#[must_use]
pub fn already_followed(known: &source::Model) -> Refusal {
    Refusal::new(
        UserErrorCode::AlreadyExists,
        format!(
            "This feed is followed already: {} (source:{}).",
            quoted(&known.title),
            known.id.0
        ),
    )
}

/// What a failure to find a feed at `url` is to whoever named it.
#[must_use]
pub fn not_readable(url: &Url, failure: Failure) -> Refusal {
    let mut refusal = Refusal::from(failure);
    refusal.message = format!(
        "{} cannot be followed: {}.",
        quoted(url.as_str()),
        refusal.message.trim_end_matches('.')
    );
    refusal
}

/// The feed at `url`, or the first one that the page there offers; one that `moving` is at counts as new.
///
/// # Errors
/// When the store fails. What the publisher is to blame for is a refusal.
pub async fn first_found(
    poller: &Poller,
    url: &Url,
    moving: Option<SourceId>,
) -> Result<Result<Discovered, Refusal>, StoreError> {
    let found = match poller.preview(url, moving).await? {
        Ok(found) => found,
        Err(failure) => return Ok(Err(not_readable(url, failure))),
    };
    let none = || {
        Refusal::new(
            UserErrorCode::NotAFeed,
            format!("{} offers no feed.", quoted(url.as_str())),
        )
    };
    Ok(found.into_iter().next().ok_or_else(none))
}
