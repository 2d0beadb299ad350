//! What every account may change of its own: its password, and its tokens for programs. In: inputs. Out: payloads. Must
//! not know: SQL, how tokens are made.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{ApiTokenId, Role, UserErrorCode};

use super::account::{Paths, UserPayload};
use super::user_error::{UserError, Wrong, no_such};
use crate::auth::{MOST_API_TOKEN_DAYS, MOST_API_TOKENS, Made, NAME_CHARS, Wish};
use crate::follow::Refusal;
use crate::follow::check::{self, invalid};
use crate::graphql::error::{Fault, Result};
use crate::graphql::needs::Needs;
use crate::graphql::viewer::{self, ApiToken};
use crate::graphql::{services, word};

/// A new token for a program.
#[derive(InputObject)]
pub struct CreateApiTokenInput {
    /// What to call it: plain text, at most 100 characters.
    name: String,
    /// The most that it may do; not more than the viewer may.
    role: word::Role,
    /// For how many days it is good, 1 to 3,650; for ever when left out.
    expires_in_days: Option<i32>,
}

/// A token that was made.
#[derive(SimpleObject)]
pub struct CreateApiTokenPayload {
    /// Its text, for `Authorization: Bearer`: shown this once, kept nowhere. It begins with `fgp_`.
    token: Option<String>,
    /// What is kept of it; null when something was wrong.
    api_token: Option<ApiToken>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// A token that was revoked.
#[derive(SimpleObject)]
pub struct RevokeApiTokenPayload {
    /// Its former id; null when something was wrong.
    revoked_id: Option<ID>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// Mutations of what is the viewer's own.
#[derive(Default)]
pub struct OwnMutation;

#[Object]
impl OwnMutation {
    /// Gives the viewer another password and ends the viewer's other sessions. Needs the role READER.
    #[graphql(guard = "Needs(Role::Reader)")]
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The present password.")] current_password: String,
        #[graphql(
            desc = "The new one: at least 10 characters, at most 1,024 bytes, and not one that everybody tries first."
        )]
        new_password: String,
    ) -> Result<UserPayload> {
        let services = services(ctx)?;
        let asker = Needs(Role::Reader).of(ctx)?;
        let address = viewer::caller(ctx).and_then(|caller| caller.address);
        let passwords = (current_password.as_str(), new_password.as_str());
        let changed = services
            .auth
            .change_own_password(&services.store, asker, passwords, address)
            .await
            .map_err(|error| Fault::internal(&error))?;
        let paths = Paths {
            id: &["currentPassword"],
            username: &["newPassword"],
            password: &["newPassword"],
            current: &["currentPassword"],
            role: &["newPassword"],
            key: Some(asker.user_id),
        };
        Ok(UserPayload::of(changed, paths))
    }

    /// Makes a long-lived token for a program; its text is shown this once. It may never do more than its owner may, also
    /// when the owner's role is lowered later. A token cannot make tokens. Needs the role READER.
    #[graphql(guard = "Needs(Role::Reader)")]
    async fn create_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new token.")] input: CreateApiTokenInput,
    ) -> Result<CreateApiTokenPayload> {
        let services = services(ctx)?;
        let asker = Needs(Role::Reader).of(ctx)?;
        let mut wrong = Wrong::default();
        let name = check::line("The name", &input.name, NAME_CHARS);
        let name = wrong.check(&["input", "name"], name);
        let days = input.expires_in_days.map(days);
        let days = wrong.check_given(&["input", "expiresInDays"], days);
        if let (Some(name), Some(days), true) = (name, days, wrong.is_empty()) {
            let wish = Wish {
                name,
                role: input.role.into(),
                days,
            };
            let made = services
                .auth
                .make_api_token(&services.store, asker, wish)
                .await;
            match made.map_err(|error| Fault::internal(&error))? {
                Made::Token(text, row) => {
                    return Ok(CreateApiTokenPayload {
                        token: Some(text),
                        api_token: Some(ApiToken(row)),
                        user_errors: Vec::new(),
                    });
                }
                refused => {
                    let (path, refusal) = tell(&refused);
                    wrong.add(path, refusal);
                }
            }
        }
        Ok(CreateApiTokenPayload {
            token: None,
            api_token: None,
            user_errors: wrong.into(),
        })
    }

    /// Ends a token of the viewer's own, for an ADMIN anyone's: it and the streams that it opened stop being good.
    /// Needs the role READER.
    #[graphql(guard = "Needs(Role::Reader)")]
    async fn revoke_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token.")] id: ID,
    ) -> Result<RevokeApiTokenPayload> {
        let services = services(ctx)?;
        let asker = Needs(Role::Reader).of(ctx)?;
        let owner = (asker.role < Role::Admin).then_some(asker.user_id);
        let mut wrong = Wrong::default();
        let mut revoked_id = None;
        if let Some(key) = wrong.key::<ApiTokenId>(&["id"], &id) {
            match services.store.revoke_api_token(key, owner).await? {
                Some(_) => revoked_id = Some(id),
                None => wrong.add(&["id"], no_such(key)),
            }
        }
        Ok(RevokeApiTokenPayload {
            revoked_id,
            user_errors: wrong.into(),
        })
    }
}

fn days(days: i32) -> std::result::Result<i64, Refusal> {
    if (1..=MOST_API_TOKEN_DAYS).contains(&days) {
        return Ok(days.into());
    }
    Err(invalid(format!(
        "{days} days are not allowed; say 1 to {MOST_API_TOKEN_DAYS}, or leave it out for a token that does not expire."
    )))
}

fn tell(refused: &Made) -> (&'static [&'static str], Refusal) {
    match refused {
        Made::TooMany => (
            &["input"],
            invalid(format!(
                "There are {MOST_API_TOKENS} tokens already; revoke one that is not needed any more."
            )),
        ),
        Made::NeedsSession => (
            &["input"],
            Refusal::new(
                UserErrorCode::WrongCredentials,
                "A token cannot make tokens; sign in with the password.",
            ),
        ),
        Made::RoleTooHigh | Made::Token(..) => (
            &["input", "role"],
            invalid("A token may not do more than its owner; choose a lower role."),
        ),
    }
}
