//! API tokens. In: hashes, names, roles. Out: rows. Must not know: tokens' texts.

use std::collections::HashMap;

use entity::{ApiTokenId, Millis, Role, UserId, api_token, user};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, Condition, DbErr,
    EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
};

use super::audit::{Note, target};
use super::error::Reading;
use super::write::{Tx, Work, transaction};
use super::{Store, StoreError, portrait};

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    /// Whose.
    pub user_id: UserId,
    /// What its owner calls it.
    pub name: String,
    /// SHA-256 of its text.
    pub token_hash: Vec<u8>,
    /// The most that it may do.
    pub role: Role,
    /// When.
    pub at: Millis,
    /// When it stops being good.
    pub expires_at: Option<Millis>,
    /// The account may have so many that are good.
    pub most: u64,
}

type WithOwner = (api_token::Model, user::Model);

impl Store {
    /// Makes a token. None: the account has as many as it may.
    ///
    /// # Errors
    /// When the transaction fails; there is no token then.
    pub async fn create_api_token(
        &self,
        new: &NewApiToken,
    ) -> Result<Option<api_token::Model>, StoreError> {
        Ok(transaction!(self, "making an API token", |tx| create(tx, new))?.value)
    }

    /// Revokes a token, of one account or of any. None: there is none.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn revoke_api_token(
        &self,
        id: ApiTokenId,
        owner: Option<UserId>,
    ) -> Result<Option<api_token::Model>, StoreError> {
        Ok(transaction!(self, "revoking an API token", |tx| revoke(tx, id, owner))?.value)
    }

    /// The token of a hash with its owner, good or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_api_token(&self, hash: &[u8]) -> Result<Option<WithOwner>, StoreError> {
        let by_hash = api_token::Column::TokenHash.eq(hash.to_vec());
        self.api_token_with_owner(by_hash).await
    }

    /// The token of a key with its owner, good or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_api_token_by_id(
        &self,
        id: ApiTokenId,
    ) -> Result<Option<WithOwner>, StoreError> {
        self.api_token_with_owner(api_token::Column::Id.eq(id))
            .await
    }

    async fn api_token_with_owner(
        &self,
        which: sea_orm::sea_query::Expr,
    ) -> Result<Option<WithOwner>, StoreError> {
        let found = api_token::Entity::find()
            .find_also_related(user::Entity)
            .filter(which)
            .one(self.reader())
            .await
            .reading("an API token")?;
        Ok(found.and_then(|(token, user)| user.map(|user| (token, user))))
    }

    /// The tokens of accounts, newest first; each account has few.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn api_tokens_of(
        &self,
        users: &[UserId],
    ) -> Result<HashMap<UserId, Vec<api_token::Model>>, StoreError> {
        let rows = api_token::Entity::find()
            .filter(api_token::Column::UserId.is_in(users.iter().copied()))
            .order_by_desc(api_token::Column::Id)
            .all(self.reader())
            .await
            .reading("API tokens")?;
        Ok(super::batch::grouped(
            rows.into_iter().map(|row| (row.user_id, row)),
        ))
    }

    /// Notes that a token was used, unless that was noted less than `rest` milliseconds ago: several requests at once
    /// leave one note.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn note_api_token_use(
        &self,
        id: ApiTokenId,
        at: Millis,
        rest: i64,
    ) -> Result<(), StoreError> {
        let last = api_token::Column::LastUsedAt;
        let rested = Condition::any()
            .add(last.is_null())
            .add(last.lte(at.plus_millis(-rest)));
        transaction!(self, "noting the use of an API token", |tx| async {
            api_token::Entity::update_many()
                .col_expr(last, at.into())
                .filter(api_token::Column::Id.eq(id))
                .filter(rested.clone())
                .exec(&tx.db)
                .await?;
            Ok(Work::quiet(()))
        })?;
        Ok(())
    }
}

async fn create(tx: &Tx, new: &NewApiToken) -> Result<Work<Option<api_token::Model>>, DbErr> {
    super::account::lock_user(tx, new.user_id).await?;
    let of_user = api_token::Entity::find().filter(api_token::Column::UserId.eq(new.user_id));
    if of_user.count(&tx.db).await? >= new.most {
        return Ok(Work::quiet(None));
    }
    let row = api_token::ActiveModel {
        id: NotSet,
        user_id: Set(new.user_id),
        name: Set(new.name.clone()),
        token_hash: Set(new.token_hash.clone()),
        role: Set(new.role),
        created_at: Set(new.at),
        expires_at: Set(new.expires_at),
        last_used_at: Set(None),
    };
    let row = row.insert(&tx.db).await?;
    let note = Note::new(target::token(row.id), None, Some(portrait::token(&row)));
    Ok(Work::quiet(Some(row)).noting(note))
}

async fn revoke(
    tx: &Tx,
    id: ApiTokenId,
    owner: Option<UserId>,
) -> Result<Work<Option<api_token::Model>>, DbErr> {
    let mut which = api_token::Entity::find_by_id(id);
    if let Some(owner) = owner {
        which = which.filter(api_token::Column::UserId.eq(owner));
    }
    let Some(row) = which.one(&tx.db).await? else {
        return Ok(Work::quiet(None));
    };
    api_token::Entity::delete_by_id(id).exec(&tx.db).await?;
    let note = Note::new(target::token(id), Some(portrait::token(&row)), None);
    let owner = row.user_id;
    Ok(Work::quiet(Some(row)).noting(note).of_account(owner))
}
