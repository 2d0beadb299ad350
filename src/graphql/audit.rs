//! What was done by whom. In: stored rows. Out: the API's audit log. Must not know: SQL, who may see it.

use async_graphql::{Context, ID, InputObject, Object};
use entity::{UserId, audit};

use super::error::Result;
use super::page::{self, Connection, Window};
use super::scalar::DateTime;
use super::user::User;
use super::{id, store};
use crate::store::{AuditFilter as Rows, AuditPosition, Page};

const LIST: &str = "auditLog";

/// One thing that somebody did.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    row: audit::Model,
    user: Option<User>,
}

/// One thing that somebody did, as it was noted in the transaction that did it. Passwords and tokens never stand here.
#[Object]
impl AuditEntry {
    /// Opaque and lasting.
    async fn id(&self) -> String {
        format!("audit:{}", self.row.id.0)
    }

    /// When.
    fn at(&self) -> DateTime {
        DateTime(self.row.at)
    }

    /// The account that did it; null when it is gone, for the command line, and for anyone.
    fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// The account's name at that time, `cli` for the command line of the server's machine, `anyone` for a caller
    /// without a token.
    fn actor(&self) -> &str {
        &self.row.actor
    }

    /// The client's address; null for the command line.
    fn address(&self) -> Option<&str> {
        self.row.address.as_deref()
    }

    /// The mutation, or the command.
    fn action(&self) -> &str {
        &self.row.action
    }

    /// The id of what it was done to; null when it is no one thing.
    fn target(&self) -> Option<ID> {
        self.row.target.clone().map(ID)
    }

    /// What it was: a JSON object of what changed. Null when it was not there before, or shows no values.
    fn before(&self) -> Option<&str> {
        self.row.before.as_deref()
    }

    /// What it is: a JSON object of what changed. Null when it is not there any more, or shows no values.
    fn after(&self) -> Option<&str> {
        self.row.after.as_deref()
    }
}

/// Which part of the audit log to list: what fits everything that is given.
#[derive(Clone, Debug, Default, InputObject)]
pub struct AuditFilter {
    /// Done by this account.
    pub user_id: Option<ID>,
    /// Done to the thing of this id.
    pub target: Option<ID>,
    /// This mutation, or this command.
    pub action: Option<String>,
    /// Not earlier than this.
    pub from: Option<DateTime>,
    /// Earlier than this.
    pub until: Option<DateTime>,
}

impl AuditFilter {
    fn resolve(self) -> Result<Rows> {
        Ok(Rows {
            user: self
                .user_id
                .map(|id| id::decode::<UserId>(&id))
                .transpose()?,
            target: self.target.map(|id| id.0),
            action: self.action,
            from: self.from.map(|at| at.0),
            until: self.until.map(|at| at.0),
        })
    }
}

/// A page of the audit log, newest first.
///
/// # Errors
/// `INVALID_ID`, `INVALID_PAGE`, `INVALID_CURSOR`, or `INTERNAL` when the store fails.
pub async fn list(
    ctx: &Context<'_>,
    filter: AuditFilter,
    window: &Window,
) -> Result<Connection<AuditEntry>> {
    let filter = filter.resolve()?;
    let slice = window.slice::<AuditPosition>(LIST)?;
    let store = store(ctx)?;
    let page = store.list_audit(&filter, &slice).await?;
    let total = if page::wants_total(&ctx.look_ahead()) {
        Some(store.count_audit(&filter).await?)
    } else {
        None
    };
    let users: Vec<UserId> = page.rows.iter().filter_map(|row| row.user_id).collect();
    let users = store.users_by_ids(&users).await?;
    let page: Page<AuditEntry> = page::map(page, |row| AuditEntry {
        user: row.user_id.and_then(|id| users.get(&id).cloned()).map(User),
        row,
    });
    Ok(Connection::new(
        LIST,
        page,
        |entry: &AuditEntry| AuditPosition::of(&entry.row),
        total,
    ))
}
