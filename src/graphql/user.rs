//! Accounts. In: stored rows. Out: the contract's `User`. Must not know: SQL, passwords.

use async_graphql::{Context, ID, Object};
use entity::user;

use super::error::Result;
use super::page::{self, Connection, Window};
use super::scalar::DateTime;
use super::{id, store, word};

/// An account.
#[derive(Clone, Debug)]
pub struct User(pub user::Model);

impl From<user::Model> for User {
    fn from(row: user::Model) -> Self {
        Self(row)
    }
}

/// An account.
#[Object]
impl User {
    /// Opaque and lasting.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// The name to sign in with.
    fn username(&self) -> &str {
        &self.0.username
    }

    /// What the account may do.
    fn role(&self) -> word::Role {
        self.0.role.into()
    }

    /// When it was made.
    fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last signed in; null until then.
    fn last_sign_in_at(&self) -> Option<DateTime> {
        self.0.last_sign_in_at.map(DateTime)
    }
}

/// A page of accounts, oldest first.
///
/// # Errors
/// `INVALID_PAGE`, `INVALID_CURSOR`, or `INTERNAL` when the store fails.
pub async fn list(ctx: &Context<'_>, window: &Window) -> Result<Connection<User>> {
    let slice = window.slice("users")?;
    let store = store(ctx)?;
    let page = store.list_users(&slice).await?;
    let total = if page::wants_total(&ctx.look_ahead()) {
        Some(store.count_users().await?)
    } else {
        None
    };
    Ok(Connection::new(
        "users",
        page::map(page, User),
        |user: &User| user.0.id,
        total,
    ))
}
