//! Looking for feeds before following any. In: a URL. Out: the feeds found there. Must not know: how feeds
//! are fetched or discovered.

use async_graphql::{Context, Object, SimpleObject};
use entity::{Role, source};

use super::user_error::{UserError, Wrong};
use crate::follow::{check, not_readable};
use crate::graphql::error::Result;
use crate::graphql::needs::Needs;
use crate::graphql::polling::Finding;
use crate::graphql::scalar::{Url, int};
use crate::graphql::services;
use crate::graphql::source::Source;
use crate::graphql::word::FeedFormat;
use crate::normalize::EntryDraft;
use crate::poll::{Candidate, Discovered};
use crate::store::{self, Store};

/// How many titles a candidate shows.
const TITLES: usize = 5;

/// A feed that could be followed, with its newest titles and what would have to be repaired.
#[derive(SimpleObject)]
pub struct FeedCandidate {
    /// Where the feed is.
    feed_url: Url,
    /// Its own title.
    title: Option<String>,
    /// The family of format that it is written in.
    format: Option<FeedFormat>,
    /// How many entries it has.
    entry_count: i32,
    /// Titles of its newest entries, newest first; at most 5.
    newest_titles: Vec<String>,
    /// What was repaired or looks wrong in it.
    findings: Vec<Finding>,
    /// The source by which it is followed already.
    followed_as: Option<Source>,
}

/// The feeds that were found.
#[derive(SimpleObject)]
pub struct DiscoverFeedsPayload {
    /// The best first.
    candidates: Vec<FeedCandidate>,
    /// What was wrong.
    user_errors: Vec<UserError>,
}

/// Looking for feeds.
#[derive(Default)]
pub struct DiscoverMutation;

#[Object]
impl DiscoverMutation {
    /// Finds the feeds that a web page or site offers, or the feed itself; fetches, stores nothing.
    /// Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn discover_feeds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A page, a site or a feed.")] url: Url,
    ) -> Result<DiscoverFeedsPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let mut found = Vec::new();
        if let Some(url) = wrong.check(&["url"], check::url(&url.0)) {
            let looked = services.poller.preview(&url, None).await?;
            let looked = looked.map_err(|failure| not_readable(&url, failure));
            found = wrong.check(&["url"], looked).unwrap_or_default();
        }
        let mut candidates = Vec::new();
        for one in found {
            candidates.push(match one {
                Discovered::New(found) => candidate(*found),
                Discovered::Followed(source) => followed(&services.store, *source).await?,
            });
        }
        Ok(DiscoverFeedsPayload {
            candidates,
            user_errors: wrong.into(),
        })
    }
}

fn candidate(found: Candidate) -> FeedCandidate {
    let draft = found.draft;
    FeedCandidate {
        feed_url: Url(found.feed_url.into()),
        title: draft.feed.title,
        format: draft.feed.format.map(Into::into),
        entry_count: int(i64::try_from(draft.entries.len()).unwrap_or(i64::MAX)),
        newest_titles: newest_titles(&draft.entries),
        findings: draft.findings.into_iter().map(Into::into).collect(),
        followed_as: None,
    }
}

/// A feed that is followed, as it was last read: its publisher is not asked again.
async fn followed(store: &Store, source: source::Model) -> Result<FeedCandidate> {
    let key = [source.id];
    let count = u32::try_from(TITLES).unwrap_or_default();
    let mut newest = store.newest_entries_of_sources(&key, count).await?;
    let entries = newest.remove(&source.id).unwrap_or_default();
    let mut states = store.poll_states_of(&key).await?;
    let findings = states.remove(&source.id).map(|state| state.findings);
    let findings = findings.map_or(Vec::new(), |text| store::findings(&text));
    Ok(FeedCandidate {
        feed_url: Url(source.feed_url.clone()),
        title: source.feed_title.clone(),
        format: source.format.map(Into::into),
        entry_count: int(source.entry_count),
        newest_titles: entries
            .into_iter()
            .map(|entry| entry.title)
            .filter(|title| !title.is_empty())
            .collect(),
        findings: findings.into_iter().map(Into::into).collect(),
        followed_as: Some(source.into()),
    })
}

/// Titles of the newest entries; those without a date come last, in the publisher's order.
pub(super) fn newest_titles(entries: &[EntryDraft]) -> Vec<String> {
    let mut entries: Vec<&EntryDraft> = entries
        .iter()
        .filter(|entry| !entry.title.is_empty())
        .collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.dates.published.or(entry.dates.updated)));
    entries
        .iter()
        .take(TITLES)
        .map(|entry| entry.title.clone())
        .collect()
}
