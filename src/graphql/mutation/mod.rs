//! What clients may change: the root of writing. In: inputs. Out: payloads, with refusals as data.
//! Must not know: SQL, HTTP.

pub mod account;
pub mod allowance;
pub mod author;
pub mod discover;
pub mod entry;
pub mod mark;
pub mod own;
pub mod owned;
pub mod planet;
pub mod planet_input;
pub mod proposal;
pub mod rule;
pub mod source;
pub mod source_input;
pub mod subscriptions;
pub mod user_error;
pub mod webhook;

use async_graphql::{Context, MergedObject};
use entity::UserId;

pub use user_error::{UserError, Wrong};

use super::session::SessionMutation;
use super::viewer;

/// Changes. Wrong input comes back in `userErrors` with the argument's path and a code, and nothing is changed.
/// A missing or bad token is a request error with extensions.code UNAUTHENTICATED, a role that does not
/// suffice FORBIDDEN.
#[derive(MergedObject, Default)]
pub struct Mutation(
    SessionMutation,
    discover::DiscoverMutation,
    source::SourceMutation,
    subscriptions::SubscriptionsMutation,
    planet::PlanetMutation,
    entry::EntryMutation,
    rule::RuleMutation,
    webhook::WebhookMutation,
    proposal::ProposalMutation,
    author::AuthorMutation,
    mark::MarkMutation,
    account::AccountMutation,
    own::OwnMutation,
);

/// Who asks.
fn asker(ctx: &Context<'_>) -> Option<UserId> {
    viewer::principal(ctx).map(|principal| principal.user_id)
}
