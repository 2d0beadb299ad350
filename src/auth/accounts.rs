//! Making and changing accounts. In: names, passwords, roles, as typed. Out: rows, or why not. Names and passwords are
//! checked before anything dear is done with them. Must not know: HTTP, GraphQL, SQL.

use std::net::IpAddr;

use entity::{Role, UserId, user};

use super::password::Weak;
use super::username::{self, BadName};
use super::{Auth, AuthError, Principal, password};
use crate::store::{NewUser, RemoveUser, Store, UpdateUser, UserChanges};

/// What an admin says of a new account.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its name.
    pub username: String,
    /// Its password.
    pub password: String,
    /// What it may do.
    pub role: Role,
}

/// What an admin changes of an account; none leaves it.
#[derive(Clone, Debug, Default)]
pub struct AccountChanges {
    /// Its name.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<String>,
    /// What it may do.
    pub role: Option<Role>,
}

/// Why an account was not made or changed. Nothing was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The name is none.
    Name(BadName),
    /// The password is not taken.
    Password(Weak),
    /// Another account has the name.
    NameTaken,
    /// There is no such account.
    NotFound,
    /// It is the last one that manages accounts.
    LastAdmin,
    /// Its name, role and password are an outside issuer's.
    Outside,
    /// The present password is another one.
    WrongPassword,
    /// Too many wrong ones; wait so many seconds.
    Wait(i64),
}

/// An account as it is now, or everything that is wrong.
pub type Outcome = Result<user::Model, Vec<Denied>>;

impl Auth {
    /// Makes an account; `store` knows in whose name.
    ///
    /// # Errors
    /// When the store or hashing fails.
    pub async fn create_account(
        &self,
        store: &Store,
        new: &NewAccount,
    ) -> Result<Outcome, AuthError> {
        let mut denied = Vec::new();
        let name = username::check(&new.username);
        denied.extend(name.as_ref().err().copied().map(Denied::Name));
        let weak = password::check(&new.password, name.as_deref().unwrap_or_default());
        denied.extend(weak.err().map(Denied::Password));
        let (Ok(name), true) = (name, denied.is_empty()) else {
            return Ok(Err(denied));
        };
        if store.find_user(&name).await?.is_some() {
            return Ok(Err(vec![Denied::NameTaken]));
        }
        let new = NewUser {
            username: name,
            password_hash: self.passwords.hash(&new.password).await?,
            role: new.role,
            at: self.clock.now(),
        };
        let made = store.create_user(&new).await?;
        Ok(made.ok_or_else(|| vec![Denied::NameTaken]))
    }

    /// Changes an account; `store` knows in whose name. A new password ends the account's sessions, a lower role too; the
    /// session of who asks goes on.
    ///
    /// # Errors
    /// When the store or hashing fails.
    pub async fn change_account(
        &self,
        store: &Store,
        asker: &Principal,
        id: UserId,
        changes: &AccountChanges,
    ) -> Result<Outcome, AuthError> {
        let Some(account) = store.users_by_ids(&[id]).await?.remove(&id) else {
            return Ok(Err(vec![Denied::NotFound]));
        };
        if account.issuer.is_some() {
            return Ok(Err(vec![Denied::Outside]));
        }
        let mut denied = Vec::new();
        let name = changes.username.as_deref().map(username::check).transpose();
        denied.extend(name.as_ref().err().copied().map(Denied::Name));
        if let Some(password) = &changes.password {
            let name = name.as_ref().ok().and_then(Option::as_deref);
            let weak = password::check(password, name.unwrap_or(&account.username));
            denied.extend(weak.err().map(Denied::Password));
        }
        let (Ok(username), true) = (name, denied.is_empty()) else {
            return Ok(Err(denied));
        };
        let password_hash = match &changes.password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let changes = UserChanges {
            username,
            role: changes.role,
            password_hash,
            at: self.clock.now(),
            keep: asker.session_id(),
        };
        Ok(outcome(store.update_user(id, &changes).await?))
    }

    /// Gives who asks another password, when the present one is right, and ends the account's other sessions.
    ///
    /// # Errors
    /// When the store or hashing fails.
    pub async fn change_own_password(
        &self,
        store: &Store,
        asker: &Principal,
        (current, new): (&str, &str),
        address: Option<IpAddr>,
    ) -> Result<Outcome, AuthError> {
        let found = store
            .users_by_ids(&[asker.user_id])
            .await?
            .remove(&asker.user_id);
        let Some(account) = found else {
            return Ok(Err(vec![Denied::NotFound]));
        };
        if account.issuer.is_some() {
            return Ok(Err(vec![Denied::Outside]));
        }
        if let Err(weak) = password::check(new, &account.username) {
            return Ok(Err(vec![Denied::Password(weak)]));
        }
        let tried = self
            .throttle
            .begin(&account.username_key, address, self.clock.now());
        let tried = match tried {
            Ok(tried) => tried,
            Err(seconds) => return Ok(Err(vec![Denied::Wait(seconds)])),
        };
        if !self
            .passwords
            .fits(current, Some(&account.password_hash))
            .await?
        {
            return Ok(Err(vec![Denied::WrongPassword]));
        }
        self.throttle.succeed(tried);
        let changes = UserChanges {
            password_hash: Some(self.passwords.hash(new).await?),
            at: self.clock.now(),
            keep: asker.session_id(),
            ..UserChanges::default()
        };
        Ok(outcome(store.update_user(account.id, &changes).await?))
    }

    /// Removes an account with all that is its own; `store` knows in whose name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_account(
        &self,
        store: &Store,
        id: UserId,
    ) -> Result<Result<(), Denied>, AuthError> {
        Ok(match store.remove_user(id).await? {
            RemoveUser::Removed => Ok(()),
            RemoveUser::NotFound => Err(Denied::NotFound),
            RemoveUser::LastAdmin => Err(Denied::LastAdmin),
        })
    }
}

fn outcome(updated: UpdateUser) -> Outcome {
    match updated {
        UpdateUser::Updated(row) => Ok(row),
        UpdateUser::NotFound => Err(vec![Denied::NotFound]),
        UpdateUser::NameTaken => Err(vec![Denied::NameTaken]),
        UpdateUser::LastAdmin => Err(vec![Denied::LastAdmin]),
    }
}
