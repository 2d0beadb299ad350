//! Accounts. In: names, hashes, roles. Out: rows. Must not know: passwords, tokens.

use std::collections::HashMap;

use entity::{Millis, Role, UserId, user};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, DbErr, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect,
};

use super::error::Reading;
use super::write::{Tx, Work, transaction};
use super::{Backend, Store, StoreError};
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
    /// argon2id, PHC string format.
    pub password_hash: Option<String>,
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

    /// Changes an account. A new role counts from the next request on; sessions stay.
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

    /// Notes that an account signed in.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn note_sign_in(&self, id: UserId, at: Millis) -> Result<(), StoreError> {
        transaction!(self, "noting a sign-in", |tx| async {
            user::Entity::update_many()
                .col_expr(user::Column::LastSignInAt, at.into())
                .filter(user::Column::Id.eq(id))
                .exec(&tx.db)
                .await?;
            Ok(Work::quiet(()))
        })?;
        Ok(())
    }
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
    };
    Ok(Work::quiet(Some(row.insert(&tx.db).await?)))
}

async fn update(tx: &Tx, id: UserId, changes: &UserChanges) -> Result<Work<UpdateUser>, DbErr> {
    let Some(found) = user::Entity::find_by_id(id).one(&tx.db).await? else {
        return Ok(Work::quiet(UpdateUser::NotFound));
    };
    let lowered = changes.role.is_some_and(|role| role < Role::Admin);
    if lowered && is_last_admin(tx, &found).await? {
        return Ok(Work::quiet(UpdateUser::LastAdmin));
    }
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
    Ok(Work::quiet(UpdateUser::Updated(row.update(&tx.db).await?)))
}

async fn remove(tx: &Tx, id: UserId) -> Result<Work<RemoveUser>, DbErr> {
    let Some(found) = user::Entity::find_by_id(id).one(&tx.db).await? else {
        return Ok(Work::quiet(RemoveUser::NotFound));
    };
    if is_last_admin(tx, &found).await? {
        return Ok(Work::quiet(RemoveUser::LastAdmin));
    }
    user::Entity::delete_by_id(id).exec(&tx.db).await?;
    Ok(Work::quiet(RemoveUser::Removed))
}

async fn of_name(tx: &Tx, username: &str) -> Result<Option<user::Model>, DbErr> {
    user::Entity::find()
        .filter(user::Column::UsernameKey.eq(fold(username)))
        .one(&tx.db)
        .await
}

/// Locks the admins first, so that two who lower each other at the same time cannot both go ahead.
async fn is_last_admin(tx: &Tx, row: &user::Model) -> Result<bool, DbErr> {
    if row.role != Role::Admin {
        return Ok(false);
    }
    let admins = user::Entity::find().filter(user::Column::Role.eq(Role::Admin));
    if tx.backend == Backend::Postgres {
        let locked = admins.lock(LockType::Update).all(&tx.db).await?;
        return Ok(locked.len() <= 1);
    }
    Ok(admins.count(&tx.db).await? <= 1)
}
