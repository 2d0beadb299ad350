//! Who asks. In: the request's principal. Out: the contract's `Viewer`. Must not know: tokens' texts.
//!
//! Everything that depends on who asks comes through [`principal`] and [`caller`], and nothing else may look (a
//! test reads the sources for it): both leave a mark, and an answer with the mark is never given to anyone else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::{Context, ID, Object};
use entity::{Role, api_token, user};

use super::error::Result;
use super::filter::EntryFilter;
use super::scalar::{DateTime, int};
use super::user::User;
use super::{id, store, word};
use crate::auth::{Caller, Principal};
use crate::store::Marks;

/// What fields of a request did that matters for sharing its answer; given to the request as data by whoever shares
/// answers.
#[derive(Clone, Debug, Default)]
pub struct Asked(Arc<Signs>);

#[derive(Debug, Default)]
struct Signs {
    who: AtomicBool,
    fleeting: AtomicBool,
}

impl Asked {
    /// Whether the answer, as far as it was made, may depend on who asked.
    #[must_use]
    pub fn who(&self) -> bool {
        self.0.who.load(Ordering::Acquire)
    }

    /// Whether something in the answer changes without a change number.
    #[must_use]
    pub fn is_fleeting(&self) -> bool {
        self.0.fleeting.load(Ordering::Acquire)
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

/// Says that a field changes without a change number, such as how polling goes: its answer is kept for nobody.
pub fn fleeting(ctx: &Context<'_>) {
    if let Some(asked) = ctx.data_opt::<Asked>() {
        asked.0.fleeting.store(true, Ordering::Release);
    }
}

fn mark(ctx: &Context<'_>) {
    if let Some(asked) = ctx.data_opt::<Asked>() {
        asked.0.who.store(true, Ordering::Release);
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

    /// How many entries the viewer has not read; kept counters answer for everything, planets and sources.
    async fn unread_count(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of those that fit this.")] filter: Option<EntryFilter>,
    ) -> Result<i32> {
        let mut filter = filter.unwrap_or_default().resolve(ctx).await?;
        let starred = filter.marks.and_then(|marks| marks.starred);
        if filter
            .marks
            .is_some_and(|marks| marks.unread == Some(false))
        {
            return Ok(0);
        }
        filter.marks = Some(Marks {
            user: self.0.id,
            unread: Some(true),
            starred,
        });
        Ok(int(store(ctx)?.count_entries(&filter).await?))
    }

    /// The viewer's tokens for programs, newest first; without their texts.
    async fn api_tokens(&self, ctx: &Context<'_>) -> Result<Vec<ApiToken>> {
        let mut tokens = store(ctx)?.api_tokens_of(&[self.0.id]).await?;
        let tokens = tokens.remove(&self.0.id).unwrap_or_default();
        Ok(tokens.into_iter().map(ApiToken).collect())
    }
}

/// A token for a program.
#[derive(Clone, Debug)]
pub struct ApiToken(pub api_token::Model);

/// A long-lived token for a program; its text was shown once, when it was made.
#[Object]
impl ApiToken {
    /// Opaque and lasting.
    async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// What its owner calls it.
    fn name(&self) -> &str {
        &self.0.name
    }

    /// The most that it may do; never more than its owner may.
    fn role(&self) -> word::Role {
        self.0.role.into()
    }

    /// When it was made.
    fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it stops being good; null for never.
    fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at.map(DateTime)
    }

    /// When it was last used, to within five minutes; null until then.
    fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at.map(DateTime)
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
