//! Signing in and out. In: passwords and refresh tokens. Out: the contract's `Session`, or why there is
//! none. Must not know: how passwords are compared and tokens are made.

use std::net::IpAddr;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use entity::UserErrorCode;

use super::error::Result;
use super::mutation::{UserError, Wrong};
use super::scalar::DateTime;
use super::user::User;
use super::{Fault, services, viewer};
use crate::auth::{AuthError, Issued, SignIn};
use crate::follow::Refusal;

/// The mutations of a session; they need no role.
#[derive(Clone, Copy, Debug, Default)]
pub struct SessionMutation;

/// The mutations of a session.
#[Object]
impl SessionMutation {
    /// Opens a session for an account. Anyone may try; after some failures from one address, with ever longer waits.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who, and the password.")] input: SignInInput,
    ) -> Result<SignInPayload> {
        let auth = &services(ctx)?.auth;
        let signed = auth
            .sign_in(&input.username, &input.password, address(ctx))
            .await;
        Ok(match signed.map_err(|error| inside(&error))? {
            SignIn::Granted(issued) => SignInPayload::of(*issued),
            SignIn::Wrong => SignInPayload::refused(
                &["input"],
                UserErrorCode::WrongCredentials,
                "No account has this name and password.".to_owned(),
            ),
            SignIn::Wait(seconds) => SignInPayload::refused(
                &["input"],
                UserErrorCode::RateLimited,
                format!("Too many tries; wait {seconds} seconds."),
            ),
        })
    }

    /// Gives a new pair and makes the old refresh token unusable; using an old one again ends the whole session. Needs the refresh token alone.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The newest refresh token of the session.")] refresh_token: String,
    ) -> Result<SignInPayload> {
        let refreshed = services(ctx)?
            .auth
            .refresh(&refresh_token, address(ctx))
            .await;
        Ok(match refreshed.map_err(|error| inside(&error))? {
            Some(issued) => SignInPayload::of(issued),
            None => SignInPayload::refused(
                &["refreshToken"],
                UserErrorCode::WrongCredentials,
                "This refresh token is not good, or not any more; sign in again.".to_owned(),
            ),
        })
    }

    /// Ends the session: its access and refresh tokens stop being good at once. Needs the refresh token alone; one that belongs to no open session is no error.
    async fn sign_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A refresh token of the session.")] refresh_token: String,
    ) -> Result<SignOutPayload> {
        let ended = services(ctx)?
            .auth
            .sign_out(&refresh_token, address(ctx))
            .await;
        ended.map_err(|error| inside(&error))?;
        Ok(SignOutPayload {
            user_errors: Vec::new(),
        })
    }
}

fn address(ctx: &Context<'_>) -> Option<IpAddr> {
    viewer::caller(ctx).and_then(|caller| caller.address)
}

fn inside(error: &AuthError) -> Fault {
    Fault::internal(error)
}

/// Who signs in.
#[derive(InputObject)]
pub struct SignInInput {
    /// The account's name; upper and lower case are the same.
    pub username: String,
    /// The account's password.
    pub password: String,
}

/// How signing in or refreshing went.
#[derive(SimpleObject)]
pub struct SignInPayload {
    /// The session; null when there are errors.
    pub session: Option<Session>,
    /// Why there is none: `WRONG_CREDENTIALS` or `RATE_LIMITED`.
    pub user_errors: Vec<UserError>,
}

impl SignInPayload {
    fn of(issued: Issued) -> Self {
        Self {
            session: Some(Session {
                access_token: issued.access_token,
                expires_at: DateTime(issued.expires_at),
                refresh_token: issued.refresh_token,
                refresh_expires_at: DateTime(issued.refresh_expires_at),
                user: User(issued.user),
            }),
            user_errors: Vec::new(),
        }
    }

    fn refused(path: &[&str], code: UserErrorCode, message: String) -> Self {
        Self {
            session: None,
            user_errors: Wrong::only(path, Refusal::new(code, message)).into(),
        }
    }
}

/// A signed-in client's pair of tokens.
#[derive(SimpleObject)]
pub struct Session {
    /// For the header `Authorization: Bearer …`, and as `Authorization` in the payload of a WebSocket's `connection_init`.
    pub access_token: String,
    /// When the access token stops being good; streams that it opened end then.
    pub expires_at: DateTime,
    /// For `refreshSession`, once.
    pub refresh_token: String,
    /// When the session ends unless it is refreshed before.
    pub refresh_expires_at: DateTime,
    /// The account.
    pub user: User,
}

/// How signing out went.
#[derive(SimpleObject)]
pub struct SignOutPayload {
    /// Always empty.
    pub user_errors: Vec<UserError>,
}
