//! Questions of those who run a planet: the second part of the root of reading. In: arguments. Out: nouns and
//! connections. Must not know: SQL; each answer is put together beside its noun.

use async_graphql::{Context, ID, InputObject, Object};
use entity::{PlanetId, Role, SourceId};

use super::error::{Code, Fault, Result};
use super::mutation::rule::{PreviewRulesPayload, RulesInput, preview};
use super::needs::Needs;
use super::page::{Connection, Window};
use super::proposal::{self, Proposal};
use super::rule::{self, HiddenEntry};
use super::webhook::{self, Webhook};
use super::{id, word};
use crate::store::HiddenWhere;

/// Which hidden entries.
#[derive(Clone, Debug, Default, InputObject)]
pub struct HiddenFilter {
    /// Those that this planet's rules hide there. Cannot be given with the others.
    planet_id: Option<ID>,
    /// Of this source; of any when left out.
    source_id: Option<ID>,
    /// Those that an editor removed, in place of those that rules of sources hide.
    #[graphql(default)]
    removed: bool,
}

/// Questions of those who run a planet.
#[derive(Clone, Copy, Debug, Default)]
pub struct SteeringQuery;

#[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
#[Object]
impl SteeringQuery {
    /// Entries that are kept but not shown, newest first: what rules hide, and what was removed. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn hidden_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; those that rules of sources hide when left out.")] filter: Option<
            HiddenFilter,
        >,
        #[graphql(desc = "So many from the beginning, 1 to 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<HiddenEntry>> {
        let place = place(&filter.unwrap_or_default())?;
        let window = Window {
            first,
            after,
            last,
            before,
        };
        rule::list_hidden(ctx, place, &window).await
    }

    /// What rules would do to stored entries, and why, before they are set: the newest 2,000 are tried.
    /// Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn preview_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose rules, and which.")] input: RulesInput,
    ) -> Result<PreviewRulesPayload> {
        preview(ctx, &input).await
    }

    /// A proposal by the token that its proposer was given; null when there is none.
    async fn proposal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As `proposeSource` gave it.")] token: String,
    ) -> Option<Result<Proposal>> {
        proposal::by_token(ctx, &token).await.transpose()
    }

    /// What readers propose, newest first. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn proposals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this state.")] state: Option<word::ProposalState>,
        #[graphql(desc = "So many from the beginning, 1 to 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Proposal>> {
        let window = Window {
            first,
            after,
            last,
            before,
        };
        proposal::list(ctx, state.map(Into::into), &window).await
    }

    /// Servers that are told of new and changed entries, oldest first. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn webhooks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 1 to 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Webhook>> {
        let window = Window {
            first,
            after,
            last,
            before,
        };
        webhook::list(ctx, &window).await
    }
}

fn place(filter: &HiddenFilter) -> Result<HiddenWhere> {
    let source: Option<SourceId> = filter.source_id.as_ref().map(id::decode).transpose()?;
    match (&filter.planet_id, source, filter.removed) {
        (Some(planet), None, false) => Ok(HiddenWhere::Planet(id::decode::<PlanetId>(planet)?)),
        (Some(_), _, _) => Err(Fault::new(
            Code::InvalidArgument,
            "filter: planetId cannot be given together with sourceId or removed.",
        )),
        (None, source, true) => Ok(HiddenWhere::Removed(source)),
        (None, source, false) => Ok(HiddenWhere::ByRules(source)),
    }
}
