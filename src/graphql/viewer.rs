//! Who asks. In: the request's principal. Out: the contract's `Viewer`. Must not know: tokens.

use async_graphql::{Context, Object};
use entity::{Role, user};

use super::error::Result;
use super::store;
use super::user::User;
use crate::auth::Principal;

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct Viewer(user::Model);

/// Who is signed in, and what is theirs alone.
#[Object]
impl Viewer {
    /// The account.
    fn user(&self) -> User {
        User(self.0.clone())
    }
}

/// Who is signed in; none without a valid token.
///
/// # Errors
/// `INTERNAL` when the store fails.
pub async fn find(ctx: &Context<'_>) -> Result<Option<Viewer>> {
    let Some(principal) = ctx.data_opt::<Principal>() else {
        return Ok(None);
    };
    let mut users = store(ctx)?.users_by_ids(&[principal.user_id]).await?;
    Ok(users.remove(&principal.user_id).map(Viewer))
}

/// Whether who asks has at least this role.
#[must_use]
pub fn may(ctx: &Context<'_>, role: Role) -> bool {
    ctx.data_opt::<Principal>()
        .is_some_and(|principal| principal.role >= role)
}
