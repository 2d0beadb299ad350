//! Who asks. In: the request's principal. Out: the contract's `Viewer`. Must not know: tokens.
//!
//! Everything that depends on who asks comes through [`principal`] and [`caller`], and nothing else may look (a
//! test reads the sources for it): both leave a mark, and an answer with the mark is never given to anyone else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::{Context, Object};
use entity::{Role, user};

use super::error::Result;
use super::store;
use super::user::User;
use crate::auth::{Caller, Principal};

/// Whether anything of a request wanted to know who asks; given to the request as data by whoever shares answers.
#[derive(Clone, Debug, Default)]
pub struct Asked(Arc<AtomicBool>);

impl Asked {
    /// Whether the answer, as far as it was made, may depend on who asked.
    #[must_use]
    pub fn who(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The account that asks; none without a valid token.
#[must_use]
pub fn principal<'a>(ctx: &Context<'a>) -> Option<&'a Principal> {
    mark(ctx);
    ctx.data_opt::<Principal>()
}

/// What the request brought, good or not.
#[must_use]
pub fn caller<'a>(ctx: &Context<'a>) -> Option<&'a Caller> {
    mark(ctx);
    ctx.data_opt::<Caller>()
}

fn mark(ctx: &Context<'_>) {
    if let Some(asked) = ctx.data_opt::<Asked>() {
        asked.0.store(true, Ordering::Release);
    }
}

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
    let Some(principal) = principal(ctx) else {
        return Ok(None);
    };
    let mut users = store(ctx)?.users_by_ids(&[principal.user_id]).await?;
    Ok(users.remove(&principal.user_id).map(Viewer))
}

/// Whether who asks has at least this role.
#[must_use]
pub fn may(ctx: &Context<'_>, role: Role) -> bool {
    principal(ctx).is_some_and(|principal| principal.role >= role)
}
