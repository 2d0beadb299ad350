//! Accounts. In: names, hashes, roles. Out: rows. Must not know: passwords, tokens.

use std::collections::HashMap;

use entity::{Millis, Role, SessionId, UserId, user};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, DbErr, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde_json::json;

use super::audit::{Note, target, with};
use super::error::Reading;
use super::session::end_all;
use super::write::{Tx, Work, transaction};
use super::{Backend, Store, StoreError, portrait};
use crate::normalize::fold;

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// As shown.
    pub username: String,
    /// argon2id, PHC string format.
    pub password_hash: String,
    /// What it may do.
    pub role: Role,
    /// When.
    pub at: Millis,
}

/// What to change of an account; none leaves it.
#[derive(Clone, Debug, Default)]
pub struct UserChanges {
    /// As shown.
    pub username: Option<String>,
    /// What it may do.
    pub role: Option<Role>,
    /// argon2id, PHC string format. Ends the account's sessions.
    pub password_hash: Option<String>,
    /// When.
    pub at: Millis,
    /// The session that goes on all the same.
    pub keep: Option<SessionId>,
}

/// An account of an outside issuer, as its token has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideAccount {
    /// Who vouches for it.
    pub issuer: String,
    /// Its name there, which is never given to another.
    pub subject: String,
    /// What it is to be called; with a number when that is taken.
    pub username: String,
    /// What it may do now.
    pub role: Role,
    /// When.
    pub at: Millis,
}

/// How changing an account went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateUser {
    /// It is so now.
    Updated(user::Model),
    /// There is no such account.
    NotFound,
    /// Another account has the name.
    NameTaken,
    /// It is the last one that manages accounts.
    LastAdmin,
}

/// How removing an account went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoveUser {
    /// It is gone, and its sessions with it.
    Removed,
    /// There is no such account.
    NotFound,
    /// It is the last one that manages accounts.
    LastAdmin,
}

impl Store {
    /// Makes an account. None: the name is taken, in whatever case.
    ///
    /// # Errors
    /// When the transaction fails; there is no account then.
    pub async fn create_user(&self, new: &NewUser) -> Result<Option<user::Model>, StoreError> {
        Ok(transaction!(self, "creating an account", |tx| create(tx, new))?.value)
    }

    /// The account of that name, in whatever case.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_user(&self, username: &str) -> Result<Option<user::Model>, StoreError> {
        user::Entity::find()
            .filter(user::Column::UsernameKey.eq(fold(username)))
            .one(self.reader())
            .await
            .reading("an account by name")
    }

    /// Accounts by their keys.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn users_by_ids(
        &self,
        ids: &[UserId],
    ) -> Result<HashMap<UserId, user::Model>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = user::Entity::find()
            .filter(user::Column::Id.is_in(ids.iter().copied()))
            .all(self.reader())
            .await
            .reading("accounts by key")?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }

    /// Changes an account. A new role counts from the next request on. A new password or a lower role ends its sessions.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn update_user(
        &self,
        id: UserId,
        changes: &UserChanges,
    ) -> Result<UpdateUser, StoreError> {
        Ok(transaction!(self, "changing an account", |tx| update(tx, id, changes))?.value)
    }

    /// Removes an account with its sessions.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn remove_user(&self, id: UserId) -> Result<RemoveUser, StoreError> {
        Ok(transaction!(self, "removing an account", |tx| remove(tx, id))?.value)
    }

    /// The account that an outside issuer's token stands for; made when it is seen first, and given the role that the
    /// token has.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn outside_account(
        &self,
        account: &OutsideAccount,
    ) -> Result<user::Model, StoreError> {
        let known = of_outside(account).one(self.reader()).await;
        if let Some(row) = known.reading("an outside account")?
            && row.role == account.role
        {
            return Ok(row);
        }
        Ok(transaction!(self, "keeping an outside account", |tx| keep(tx, account))?.value)
    }
}

fn of_outside(account: &OutsideAccount) -> Select<user::Entity> {
    user::Entity::find()
        .filter(user::Column::Issuer.eq(account.issuer.as_str()))
        .filter(user::Column::Subject.eq(account.subject.as_str()))
}

async fn keep(tx: &Tx, account: &OutsideAccount) -> Result<Work<user::Model>, DbErr> {
    if let Some(row) = of_outside(account).one(&tx.db).await? {
        let (id, before) = (row.id, portrait::user(&row));
        let mut row = row.into_active_model();
        row.role = Set(account.role);
        let row = row.update(&tx.db).await?;
        let note = Note::changed(target::user(id), before, portrait::user(&row));
        return Ok(Work::quiet(row).noting(note).of_account(id));
    }
    let mut username = account.username.clone();
    let mut number = 2;
    while of_name(tx, &username).await?.is_some() {
        username = format!("{}-{number}", account.username);
        number += 1;
    }
    let row = user::ActiveModel {
        id: NotSet,
        username_key: Set(fold(&username)),
        username: Set(username),
        password_hash: Set(String::new()),
        role: Set(account.role),
        created_at: Set(account.at),
        last_sign_in_at: Set(Some(account.at)),
        issuer: Set(Some(account.issuer.clone())),
        subject: Set(Some(account.subject.clone())),
    };
    let row = row.insert(&tx.db).await?;
    let note = Note::new(target::user(row.id), None, Some(portrait::user(&row)));
    Ok(Work::quiet(row).noting(note))
}

async fn create(tx: &Tx, new: &NewUser) -> Result<Work<Option<user::Model>>, DbErr> {
    if of_name(tx, &new.username).await?.is_some() {
        return Ok(Work::quiet(None));
    }
    let row = user::ActiveModel {
        id: NotSet,
        username: Set(new.username.clone()),
        username_key: Set(fold(&new.username)),
        password_hash: Set(new.password_hash.clone()),
        role: Set(new.role),
        created_at: Set(new.at),
        last_sign_in_at: Set(None),
        issuer: Set(None),
        subject: Set(None),
    };
    let row = row.insert(&tx.db).await?;
    let note = Note::new(target::user(row.id), None, Some(portrait::user(&row)));
    Ok(Work::quiet(Some(row)).noting(note))
}

async fn update(tx: &Tx, id: UserId, changes: &UserChanges) -> Result<Work<UpdateUser>, DbErr> {
    lock_admins(tx).await?;
    let Some(found) = lock_user(tx, id).await? else {
        return Ok(Work::quiet(UpdateUser::NotFound));
    };
    let lowered = changes.role.is_some_and(|role| role < found.role);
    if lowered && is_last_admin(tx, &found).await? {
        return Ok(Work::quiet(UpdateUser::LastAdmin));
    }
    let mut before = portrait::user(&found);
    let mut row = found.into_active_model();
    if let Some(username) = &changes.username {
        let other = of_name(tx, username).await?;
        if other.is_some_and(|other| other.id != id) {
            return Ok(Work::quiet(UpdateUser::NameTaken));
        }
        row.username = Set(username.clone());
        row.username_key = Set(fold(username));
    }
    if let Some(role) = changes.role {
        row.role = Set(role);
    }
    if let Some(hash) = &changes.password_hash {
        row.password_hash = Set(hash.clone());
    }
    let row = row.update(&tx.db).await?;
    let mut after = portrait::user(&row);
    if changes.password_hash.is_some() || lowered {
        end_all(tx, id, changes.keep, changes.at).await?;
    }
    if changes.password_hash.is_some() {
        before = with(before, "password", json!("the former one"));
        after = with(after, "password", json!("another one"));
    }
    let note = Note::changed(target::user(id), before, after);
    let work = Work::quiet(UpdateUser::Updated(row)).noting(note);
    Ok(work.of_account(id))
}

async fn remove(tx: &Tx, id: UserId) -> Result<Work<RemoveUser>, DbErr> {
    lock_admins(tx).await?;
    let Some(found) = lock_user(tx, id).await? else {
        return Ok(Work::quiet(RemoveUser::NotFound));
    };
    if is_last_admin(tx, &found).await? {
        return Ok(Work::quiet(RemoveUser::LastAdmin));
    }
    // Sessions, tokens and marks go with it.
    user::Entity::delete_by_id(id).exec(&tx.db).await?;
    let note = Note::new(target::user(id), Some(portrait::user(&found)), None);
    Ok(Work::quiet(RemoveUser::Removed).noting(note).of_account(id))
}

/// The account's row, locked, so that what is its own changes one after the other.
pub(super) async fn lock_user(tx: &Tx, id: UserId) -> Result<Option<user::Model>, DbErr> {
    let mut found = user::Entity::find_by_id(id);
    if tx.backend == Backend::Postgres {
        // Not FOR UPDATE: rows that refer to the account may be written meanwhile.
        found = found.lock(LockType::NoKeyUpdate);
    }
    found.one(&tx.db).await
}

/// Locks the admins, in one order, before anything is read: two who lower each other at the same time cannot both go
/// ahead, and none waits for the other in a circle.
async fn lock_admins(tx: &Tx) -> Result<(), DbErr> {
    if tx.backend == Backend::Postgres {
        let admins = user::Entity::find().filter(user::Column::Role.eq(Role::Admin));
        let admins = admins.order_by_asc(user::Column::Id);
        admins.lock(LockType::NoKeyUpdate).all(&tx.db).await?;
    }
    Ok(())
}

async fn of_name(tx: &Tx, username: &str) -> Result<Option<user::Model>, DbErr> {
    user::Entity::find()
        .filter(user::Column::UsernameKey.eq(fold(username)))
        .one(&tx.db)
        .await
}

/// Whether nobody else could manage accounts; an outside issuer may stop vouching for its own any time, so they do not
/// count.
async fn is_last_admin(tx: &Tx, row: &user::Model) -> Result<bool, DbErr> {
    if row.role != Role::Admin || row.issuer.is_some() {
        return Ok(false);
    }
    let admins = user::Entity::find()
        .filter(user::Column::Role.eq(Role::Admin))
        .filter(user::Column::Issuer.is_null());
    Ok(admins.count(&tx.db).await? <= 1)
}
