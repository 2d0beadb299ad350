//! The one guard. In: the request's [`Principal`]. Out: the field goes ahead, or a request error. A field
//! that has it says so at the end of its description ("Needs the role EDITOR."), and a test walks the
//! schema and tries each. Must not know: tokens, what the field does.

use async_graphql::{Context, Error, Guard};
use entity::Role;

use super::error::{Code, Fault};
use super::viewer;
use crate::auth::Principal;

/// The least role that a field needs: `#[graphql(guard = "Needs(Role::Editor)")]`.
#[derive(Clone, Copy, Debug)]
pub struct Needs(pub Role);

impl Guard for Needs {
    async fn check(&self, ctx: &Context<'_>) -> Result<(), Error> {
        self.of(ctx).map(|_| ()).map_err(Error::from)
    }
}

impl Needs {
    /// The account that asks, when its role suffices.
    ///
    /// # Errors
    /// UNAUTHENTICATED without a good token, FORBIDDEN with a lower role.
    pub fn of<'a>(self, ctx: &Context<'a>) -> Result<&'a Principal, Fault> {
        let Some(principal) = viewer::principal(ctx) else {
            let refused = viewer::caller(ctx).is_some_and(|caller| caller.token_refused);
            let message = if refused {
                "The access token is not valid, or not any more."
            } else {
                "This needs an access token: sign in first."
            };
            return Err(Fault::new(Code::Unauthenticated, message));
        };
        if principal.role >= self.0 {
            return Ok(principal);
        }
        let needed = name(self.0);
        Err(Fault::new(
            Code::Forbidden,
            format!("This needs the role {needed}."),
        ))
    }
}

const fn name(role: Role) -> &'static str {
    match role {
        Role::Reader => "READER",
        Role::Editor => "EDITOR",
        Role::Admin => "ADMIN",
    }
}
