//! Proposals. In: stored rows. Out: `Proposal`. Must not know: SQL. What a proposer may not know (who decided) is not here.

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::{ProposalId, ProposalState, proposal};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::Result;
use super::loader::{self, SourceOf};
use super::page::{self, Connection, Window};
use super::polling::Finding;
use super::scalar::{DateTime, Url};
use super::source::Source;
use super::{id, store, word};
use crate::normalize;

/// What was found at the feed when it was proposed, as a row keeps it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// How many entries it had.
    pub entries: i32,
    /// Its newest titles.
    pub titles: Vec<String>,
    /// What had to be repaired.
    pub findings: Vec<normalize::Finding>,
}

/// A proposal.
#[derive(Clone, Debug)]
pub struct Proposal(pub proposal::Model);

/// A feed that somebody wants to see followed.
#[Object]
impl Proposal {
    /// Opaque and lasting.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// The feed.
    fn feed_url(&self) -> Url {
        Url(self.0.feed_url.clone())
    }

    /// What the feed calls itself.
    fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    /// What the proposer says.
    fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// The planet that it is meant for, by its slug.
    fn planet_slug(&self) -> Option<&str> {
        self.0.planet_slug.as_deref()
    }

    /// What became of it.
    fn state(&self) -> word::ProposalState {
        self.0.state.into()
    }

    /// Why it was declined.
    fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The source that it became; null until then, and when that was removed.
    async fn source(&self, ctx: &Context<'_>) -> Option<Result<Source>> {
        let found = loader::find(ctx, SourceOf(self.0.source_id?)).await;
        found.map(|found| found.map(Source)).transpose()
    }

    /// What was found there when it was proposed.
    fn preview(&self) -> ProposalPreview {
        let found: Found = serde_json::from_str(&self.0.preview).unwrap_or_default();
        ProposalPreview {
            entry_count: found.entries,
            newest_titles: found.titles,
            findings: found.findings.into_iter().map(Into::into).collect(),
        }
    }

    /// When it was made.
    fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When an editor decided.
    fn decided_at(&self) -> Option<DateTime> {
        self.0.decided_at.map(DateTime)
    }
}

/// What was found at a proposed feed.
#[derive(SimpleObject)]
pub struct ProposalPreview {
    /// How many entries it had.
    entry_count: i32,
    /// Its newest titles.
    newest_titles: Vec<String>,
    /// What would have to be repaired.
    findings: Vec<Finding>,
}

/// What is kept of a token.
#[must_use]
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// The proposal that a token is of.
///
/// # Errors
/// `INTERNAL` when the store fails.
pub async fn by_token(ctx: &Context<'_>, token: &str) -> Result<Option<Proposal>> {
    let found = store(ctx)?.proposal_by_token(&token_hash(token)).await?;
    Ok(found.map(Proposal))
}

/// A page of proposals, newest first.
///
/// # Errors
/// `INVALID_PAGE`, `INVALID_CURSOR`, or `INTERNAL` when the store fails.
pub async fn list(
    ctx: &Context<'_>,
    state: Option<ProposalState>,
    window: &Window,
) -> Result<Connection<Proposal>> {
    let slice = window.slice::<ProposalId>("proposals")?;
    let store = store(ctx)?;
    let page = store.list_proposals(state, &slice).await?;
    let total = if page::wants_total(&ctx.look_ahead()) {
        Some(store.count_proposals(state).await?)
    } else {
        None
    };
    let page = page::map(page, Proposal);
    Ok(Connection::new("proposals", page, |one| one.0.id, total))
}
