//! Proposing sources, and deciding. In: inputs. Out: payloads. Must not know: SQL, how feeds are fetched.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::{ProposalId, ProposalState, Role, UserErrorCode, proposal};

use super::allowance::Allowance;
use super::asker;
use super::discover::newest_titles;
use super::owned;
use super::source::planets;
use super::user_error::{UserError, Wrong, no_such};
use crate::follow::{self, Refusal, Wish, check};
use crate::graphql::error::Result;
use crate::graphql::needs::Needs;
use crate::graphql::proposal::{Found, Proposal, token_hash};
use crate::graphql::scalar::{Url, int};
use crate::graphql::source::Source;
use crate::graphql::{Services, services, viewer};
use crate::poll::{Candidate, Discovered};
use crate::store::{Decision, NewProposal, Propose};

/// The longest note or reason, in characters.
const NOTE_LENGTH: usize = 1_000;

/// A feed to propose.
#[derive(InputObject)]
pub struct ProposeSourceInput {
    /// The feed, or a page that offers one: then the first that it offers is proposed.
    url: Url,
    /// For which planet; the default one when left out.
    planet_slug: Option<String>,
    /// What editors should know; at most 1,000 characters.
    note: Option<String>,
}

/// A proposal that was made.
#[derive(SimpleObject, Default)]
pub struct ProposeSourcePayload {
    /// The proposal; null when something was wrong.
    proposal: Option<Proposal>,
    /// By this `proposal(token:)` shows what became of it; shown this once.
    token: Option<String>,
    /// The source, where the feed is followed already.
    followed_as: Option<Source>,
    /// What was wrong; then nothing was proposed.
    user_errors: Vec<UserError>,
}

/// A proposal that was decided.
#[derive(SimpleObject, Default)]
pub struct DecideProposalPayload {
    /// As it is now; null when something was wrong.
    proposal: Option<Proposal>,
    /// What was wrong; then nothing was decided.
    user_errors: Vec<UserError>,
}

/// Mutations about proposals.
#[derive(Default)]
pub struct ProposalMutation;

#[Object]
impl ProposalMutation {
    /// Proposes a feed to the editors: it is fetched and looked at, and kept until one decides. Anyone may, a few times
    /// an hour, unless the server takes no proposals.
    async fn propose_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which feed, and why.")] input: ProposeSourceInput,
    ) -> Result<ProposeSourcePayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let url = wrong.check(&["input", "url"], check::url(&input.url.0));
        let note = input
            .note
            .as_deref()
            .map(|note| check::text("The note", note, NOTE_LENGTH));
        let note = wrong.check_given(&["input", "note"], note);
        let slugs = input.planet_slug.clone().map(|slug| vec![slug]);
        planets(
            services,
            slugs.as_deref(),
            &["input", "planetSlug"],
            &mut wrong,
        )
        .await?;
        let (Some(url), Some(note), true) = (url, note, wrong.is_empty()) else {
            return Ok(wrong.into());
        };
        if let Err(refusal) = may_propose(ctx, services) {
            return Ok(Wrong::only(&["input"], refusal).into());
        }
        let found = match follow::first_found(&services.poller, &url, None).await? {
            Ok(Discovered::New(found)) => *found,
            Ok(Discovered::Followed(known)) => {
                let refusal = follow::already_followed(&known);
                return Ok(ProposeSourcePayload {
                    followed_as: Some((*known).into()),
                    ..Wrong::only(&["input", "url"], refusal).into()
                });
            }
            Err(refusal) => return Ok(Wrong::only(&["input", "url"], refusal).into()),
        };
        let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let new = new(services, found, &token, (note.flatten(), input.planet_slug));
        Ok(match services.store.propose(&new).await? {
            Propose::Proposed(row) => ProposeSourcePayload {
                proposal: Some(Proposal(*row)),
                token: Some(token),
                ..ProposeSourcePayload::default()
            },
            Propose::AlreadyThere => {
                let message = "This feed was proposed already and waits for an editor.";
                let refusal = Refusal::new(UserErrorCode::AlreadyExists, message);
                Wrong::only(&["input", "url"], refusal).into()
            }
            Propose::Full => {
                let message = "Too many proposals wait for editors; try again in a few days.";
                let refusal = Refusal::new(UserErrorCode::RateLimited, message);
                Wrong::only(&["input"], refusal).into()
            }
        })
    }

    /// Follows a proposed feed, in the planets chosen. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn approve_proposal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proposal.")] id: ID,
        #[graphql(
            desc = "The planets that it joins; the one that it was proposed for when left out, none when empty."
        )]
        planet_slugs: Option<Vec<String>>,
    ) -> Result<DecideProposalPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let Some(row) = waiting(services, &id, &mut wrong).await? else {
            return Ok(wrong.into());
        };
        let slugs = planet_slugs.or_else(|| row.planet_slug.clone().map(|slug| vec![slug]));
        let planet_ids = planets(services, slugs.as_deref(), &["planetSlugs"], &mut wrong).await?;
        owned::refuse_planets(services, &["planetSlugs"], &planet_ids, &mut wrong).await?;
        let url = wrong.check(&["id"], check::url(&row.feed_url));
        let (Some(url), true) = (url, wrong.is_empty()) else {
            return Ok(wrong.into());
        };
        let wish = Wish {
            planet_ids,
            ..Wish::new(url)
        };
        let followed =
            follow::read_and_follow(&services.store, &services.bell, &services.poller, &wish)
                .await?;
        let source = match followed {
            Ok(source) => source,
            // Somebody followed it meanwhile, which is what was proposed.
            Err(refusal) => match services.store.find_source_by_url(&row.feed_url).await? {
                Some(source) => source,
                None => return Ok(Wrong::only(&["id"], refusal).into()),
            },
        };
        let decision = Decision {
            source: Some(source.id),
            reason: None,
            by: asker(ctx),
            at: services.clock.now(),
        };
        decide(services, row.id, &decision).await
    }

    /// Declines a proposal; its proposer can read why. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn decline_proposal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proposal.")] id: ID,
        #[graphql(desc = "Why; at most 1,000 characters.")] reason: String,
    ) -> Result<DecideProposalPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let row = waiting(services, &id, &mut wrong).await?;
        let reason = check::text("The reason", &reason, NOTE_LENGTH).and_then(|text| {
            text.ok_or_else(|| check::invalid("Say why, for whoever proposed it."))
        });
        let reason = wrong.check(&["reason"], reason);
        let (Some(row), Some(reason)) = (row, reason) else {
            return Ok(wrong.into());
        };
        let decision = Decision {
            source: None,
            reason: Some(reason),
            by: asker(ctx),
            at: services.clock.now(),
        };
        decide(services, row.id, &decision).await
    }
}

impl From<Wrong> for ProposeSourcePayload {
    fn from(wrong: Wrong) -> Self {
        Self {
            user_errors: wrong.into(),
            ..Self::default()
        }
    }
}

impl From<Wrong> for DecideProposalPayload {
    fn from(wrong: Wrong) -> Self {
        Self {
            proposal: None,
            user_errors: wrong.into(),
        }
    }
}

/// Editors may propose as often as they like; they may follow, too.
fn may_propose(ctx: &Context<'_>, services: &Services) -> std::result::Result<(), Refusal> {
    if !services.settings.proposals {
        let message = "This server takes no proposals; ask whoever runs it.";
        return Err(Refusal::new(UserErrorCode::InvalidValue, message));
    }
    let address = viewer::caller(ctx).and_then(|caller| caller.address);
    let Ok(allowance) = ctx.data::<Allowance>() else {
        return Ok(());
    };
    allowance
        .take(address, services.clock.now())
        .map_err(|seconds| {
            let minutes = (seconds + 59) / 60;
            let message = format!("These are many proposals; try again in {minutes} minutes.");
            Refusal::new(UserErrorCode::RateLimited, message)
        })
}

fn new(
    services: &Services,
    found: Candidate,
    token: &str,
    (note, planet_slug): (Option<String>, Option<String>),
) -> NewProposal {
    let draft = found.draft;
    let preview = Found {
        entries: int(i64::try_from(draft.entries.len()).unwrap_or(i64::MAX)),
        titles: newest_titles(&draft.entries),
        findings: draft.findings,
    };
    NewProposal {
        token_hash: token_hash(token),
        feed_url: found.feed_url.into(),
        title: draft.feed.title,
        note,
        planet_slug,
        preview: serde_json::to_string(&preview).unwrap_or_else(|_| "{}".to_owned()),
        at: services.clock.now(),
    }
}

/// The proposal, if it waits to be decided; a refusal if not.
async fn waiting(
    services: &Services,
    id: &ID,
    wrong: &mut Wrong,
) -> Result<Option<proposal::Model>> {
    let Some(key) = wrong.key::<ProposalId>(&["id"], id) else {
        return Ok(None);
    };
    let found = services.store.find_proposal(key).await?;
    match &found {
        None => wrong.add(&["id"], no_such(key)),
        Some(row) if row.state != ProposalState::Pending => wrong.add(&["id"], decided()),
        Some(_) => return Ok(found),
    }
    Ok(None)
}

async fn decide(
    services: &Services,
    key: ProposalId,
    decision: &Decision,
) -> Result<DecideProposalPayload> {
    Ok(match services.store.decide_proposal(key, decision).await? {
        Some(row) => DecideProposalPayload {
            proposal: Some(Proposal(row)),
            user_errors: Vec::new(),
        },
        None => Wrong::only(&["id"], decided()).into(),
    })
}

fn decided() -> Refusal {
    let message = "This proposal was decided already.";
    Refusal::new(UserErrorCode::AlreadyExists, message)
}
