//! Mutations about accounts. In: names, passwords, roles. Out: payloads. Must not know: SQL, how passwords are hashed.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{Role, UserErrorCode, UserId};

use super::user_error::{UserError, Wrong, no_such};
use crate::auth::password::Weak;
use crate::auth::{AccountChanges, Denied, NewAccount, Outcome, Principal, username::BadName};
use crate::follow::Refusal;
use crate::graphql::error::{Fault, Result};
use crate::graphql::needs::Needs;
use crate::graphql::user::User;
use crate::graphql::{services, word};

/// A new account.
#[derive(InputObject)]
pub struct CreateUserInput {
    /// The name to sign in with: 1 to 64 letters, digits and signs, no spaces. Upper and lower case are the same.
    username: String,
    /// At least 10 characters, at most 1,024 bytes, and not one that everybody tries first.
    password: String,
    /// What it may do.
    role: word::Role,
}

/// Changes of an account. Left out or null: unchanged.
#[derive(InputObject)]
pub struct UpdateUserInput {
    /// The account.
    id: ID,
    /// Another name to sign in with.
    username: Option<String>,
    /// What it may do from now on; a lower role ends the account's sessions.
    role: Option<word::Role>,
    /// Another password; it ends the account's sessions.
    password: Option<String>,
}

/// An account that was written.
#[derive(SimpleObject)]
pub struct UserPayload {
    /// As it is now; null when something was wrong.
    user: Option<User>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// An account that was removed.
#[derive(SimpleObject)]
pub struct RemoveUserPayload {
    /// Its former id; null when something was wrong.
    removed_id: Option<ID>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// Mutations about accounts.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Makes an account. Needs the role ADMIN.
    #[graphql(guard = "Needs(Role::Admin)")]
    async fn create_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new account.")] input: CreateUserInput,
    ) -> Result<UserPayload> {
        let services = services(ctx)?;
        let new = NewAccount {
            username: input.username,
            password: input.password,
            role: input.role.into(),
        };
        let made = services.auth.create_account(&services.store, &new).await;
        let made = made.map_err(|error| Fault::internal(&error))?;
        Ok(UserPayload::of(made, Paths::OF_INPUT))
    }

    /// Changes an account. The last admin keeps the role. A new password ends the account's sessions, a lower role too,
    /// except the one that asks; its API tokens stay, and may do no more than it may. Needs the role ADMIN.
    #[graphql(guard = "Needs(Role::Admin)")]
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateUserInput,
    ) -> Result<UserPayload> {
        let services = services(ctx)?;
        let asker: &Principal = Needs(Role::Admin).of(ctx)?;
        let mut wrong = Wrong::default();
        let Some(key) = wrong.key::<UserId>(&["input", "id"], &input.id) else {
            return Ok(wrong.into());
        };
        let changes = AccountChanges {
            username: input.username,
            password: input.password,
            role: input.role.map(Into::into),
        };
        let outcome = services
            .auth
            .change_account(&services.store, asker, key, &changes)
            .await
            .map_err(|error| Fault::internal(&error))?;
        Ok(UserPayload::of(
            outcome,
            Paths {
                key: Some(key),
                ..Paths::OF_INPUT
            },
        ))
    }

    /// Removes an account with its sessions, tokens and marks. The last admin stays. Needs the role ADMIN.
    #[graphql(guard = "Needs(Role::Admin)")]
    async fn remove_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account.")] id: ID,
    ) -> Result<RemoveUserPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let mut removed_id = None;
        if let Some(key) = wrong.key::<UserId>(&["id"], &id) {
            let removed = services.auth.remove_account(&services.store, key).await;
            match removed.map_err(|error| Fault::internal(&error))? {
                Ok(()) => removed_id = Some(id),
                Err(denied) => {
                    let paths = Paths {
                        id: &["id"],
                        role: &["id"],
                        key: Some(key),
                        ..Paths::OF_INPUT
                    };
                    paths.add(&mut wrong, denied);
                }
            }
        }
        Ok(RemoveUserPayload {
            removed_id,
            user_errors: wrong.into(),
        })
    }
}

/// Where the values of an input are, for refusals.
#[derive(Clone, Copy)]
pub struct Paths {
    /// The account's id.
    pub id: &'static [&'static str],
    /// Its name.
    pub username: &'static [&'static str],
    /// Its new password.
    pub password: &'static [&'static str],
    /// Its present password.
    pub current: &'static [&'static str],
    /// Its role.
    pub role: &'static [&'static str],
    /// The account that was named.
    pub key: Option<UserId>,
}

impl Paths {
    const OF_INPUT: Self = Self {
        id: &["input", "id"],
        username: &["input", "username"],
        password: &["input", "password"],
        current: &["currentPassword"],
        role: &["input", "role"],
        key: None,
    };

    fn add(self, wrong: &mut Wrong, denied: Denied) {
        let (path, refusal) = self.tell(denied);
        wrong.add(path, refusal);
    }

    fn tell(self, denied: Denied) -> (&'static [&'static str], Refusal) {
        use UserErrorCode as Code;
        match denied {
            Denied::Name(bad) => {
                let code = match bad {
                    BadName::TooLong => Code::TooLong,
                    BadName::Empty | BadName::Odd => Code::InvalidValue,
                };
                (self.username, Refusal::new(code, bad.to_string()))
            }
            Denied::Password(weak) => {
                let code = match weak {
                    Weak::TooLong => Code::TooLong,
                    Weak::Odd => Code::InvalidValue,
                    _ => Code::WeakPassword,
                };
                (
                    self.password,
                    Refusal::new(code, format!("Choose another password: {weak}.")),
                )
            }
            Denied::NameTaken => (
                self.username,
                Refusal::new(
                    Code::AlreadyExists,
                    "Another account has this name; choose another.",
                ),
            ),
            Denied::NotFound => {
                let refusal = self.key.map_or_else(
                    || Refusal::new(Code::NotFound, "The account is gone."),
                    no_such,
                );
                (self.id, refusal)
            }
            Denied::LastAdmin => (
                self.role,
                Refusal::new(
                    Code::LastAdmin,
                    "This is the last account that manages accounts; make another one ADMIN first.",
                ),
            ),
            Denied::Outside => (
                self.id,
                Refusal::new(
                    Code::InvalidValue,
                    "This account's name, role and password are kept by an outside issuer; change them there.",
                ),
            ),
            Denied::WrongPassword => (
                self.current,
                Refusal::new(Code::WrongCredentials, "This is not the present password."),
            ),
            Denied::Wait(seconds) => (
                self.current,
                Refusal::new(
                    Code::RateLimited,
                    format!("Too many tries; wait {seconds} seconds."),
                ),
            ),
        }
    }
}

impl UserPayload {
    /// The account as it is now, or all that was wrong.
    #[must_use]
    pub fn of(outcome: Outcome, paths: Paths) -> Self {
        match outcome {
            Ok(row) => Self {
                user: Some(row.into()),
                user_errors: Vec::new(),
            },
            Err(denied) => {
                let mut wrong = Wrong::default();
                for denied in denied {
                    paths.add(&mut wrong, denied);
                }
                wrong.into()
            }
        }
    }
}

impl From<Wrong> for UserPayload {
    fn from(wrong: Wrong) -> Self {
        Self {
            user: None,
            user_errors: wrong.into(),
        }
    }
}
