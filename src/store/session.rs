//! Sessions, their refresh tokens, and the keys of access tokens. In: hashes and instants. Out: rows. Must
//! not know: tokens' texts.

use entity::{Millis, SessionId, UserId, refresh_token, session, signing_key, user};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;

use super::audit::{Note, target};
use super::error::Reading;
use super::write::{Tx, Work, transaction};
use super::{Store, StoreError};

/// A session to be opened.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Whose.
    pub user_id: UserId,
    /// When.
    pub at: Millis,
    /// When it ends unless it is renewed.
    pub expires_at: Millis,
    /// SHA-256 of its first refresh token.
    pub token_hash: Vec<u8>,
}

/// A refresh token to be exchanged for the next.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// SHA-256 of the one that was sent.
    pub old_hash: Vec<u8>,
    /// SHA-256 of the next one.
    pub new_hash: Vec<u8>,
    /// When.
    pub at: Millis,
    /// When the session ends unless it is renewed again.
    pub expires_at: Millis,
}

/// How an exchange went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// The next token is good, the old one not any more.
    Renewed(Box<(session::Model, user::Model)>),
    /// The token was exchanged before: the session is ended now.
    Reused,
    /// The token is not known, or it or its session has expired or was ended.
    Refused,
}

impl Store {
    /// Opens a session with its first refresh token, and notes when its account signed in.
    ///
    /// # Errors
    /// When the transaction fails; there is no session then.
    pub async fn create_session(&self, new: &NewSession) -> Result<session::Model, StoreError> {
        Ok(transaction!(self, "opening a session", |tx| open(tx, new))?.value)
    }

    /// A session with its account, whether it is open or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_session(
        &self,
        id: SessionId,
    ) -> Result<Option<(session::Model, user::Model)>, StoreError> {
        let found = session::Entity::find_by_id(id)
            .find_also_related(user::Entity)
            .one(self.reader())
            .await
            .reading("a session")?;
        Ok(found.and_then(|(session, user)| user.map(|user| (session, user))))
    }

    /// Exchanges a refresh token.
    ///
    /// # Errors
    /// When the transaction fails; the old token is then as it was.
    pub async fn renew_session(&self, renewal: &Renewal) -> Result<Renewed, StoreError> {
        Ok(transaction!(self, "renewing a session", |tx| renew(tx, renewal))?.value)
    }

    /// Ends the session that a refresh token belongs to; false when there is none that is open.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn end_session_of_token(
        &self,
        token_hash: &[u8],
        at: Millis,
    ) -> Result<bool, StoreError> {
        let committed = transaction!(self, "ending a token's session", |tx| async {
            let token = refresh_token::Entity::find_by_id(token_hash.to_vec())
                .one(&tx.db)
                .await?;
            let ended = match token {
                Some(token) => end(tx, token.session_id, at).await?,
                None => None,
            };
            Ok(match ended {
                Some(user) => {
                    let note = Note::of(target::user(user));
                    Work::quiet(true).noting(note).of_account(user)
                }
                None => Work::quiet(false),
            })
        })?;
        Ok(committed.value)
    }

    /// Deletes sessions that ended by themselves before an instant, with their tokens; gives how many.
    ///
    /// # Errors
    /// When the transaction fails; none is deleted then.
    pub async fn delete_old_sessions(&self, before: Millis) -> Result<u64, StoreError> {
        let committed = transaction!(self, "deleting old sessions", |tx| async {
            let deleted = session::Entity::delete_many()
                .filter(session::Column::ExpiresAt.lt(before))
                .exec(&tx.db)
                .await?;
            Ok(Work::quiet(deleted.rows_affected))
        })?;
        Ok(committed.value)
    }

    /// The keys of access tokens, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn signing_keys(&self) -> Result<Vec<signing_key::Model>, StoreError> {
        newest_first()
            .all(self.reader())
            .await
            .reading("signing keys")
    }

    /// The keys of access tokens, newest first; stores the candidate when there is none. Of two nodes that
    /// do so together, one has its candidate stored, and both get it.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn ensure_signing_key(
        &self,
        candidate: &signing_key::Model,
    ) -> Result<Vec<signing_key::Model>, StoreError> {
        let known = self.signing_keys().await?;
        if !known.is_empty() {
            return Ok(known);
        }
        Ok(transaction!(self, "making a signing key", |tx| ensure_key(tx, candidate))?.value)
    }

    /// Adds a key, which signs from now on, and drops those that were replaced at an instant or before; gives how many.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn rotate_signing_key(
        &self,
        key: &signing_key::Model,
        replaced_by: Millis,
    ) -> Result<u64, StoreError> {
        let committed = transaction!(self, "rotating signing keys", |tx| rotate(
            tx,
            key,
            replaced_by
        ))?;
        Ok(committed.value)
    }
}

async fn rotate(
    tx: &Tx,
    key: &signing_key::Model,
    replaced_by: Millis,
) -> Result<Work<u64>, DbErr> {
    tx.lock_keys().await?;
    key.clone().into_active_model().insert(&tx.db).await?;
    let keys = newest_first().all(&tx.db).await?;
    // Each key was replaced when the next newer one was made.
    let old = keys.iter().zip(keys.iter().skip(1));
    let gone: Vec<&String> = old
        .filter(|(newer, _)| newer.created_at <= replaced_by)
        .map(|(_, older)| &older.kid)
        .collect();
    let dropped = signing_key::Entity::delete_many()
        .filter(signing_key::Column::Kid.is_in(gone.iter().copied()))
        .exec(&tx.db)
        .await?;
    let facts = json!({"kid": key.kid, "dropped": gone});
    let note = Note::new("signingKey".to_owned(), None, Some(facts));
    Ok(Work::quiet(dropped.rows_affected).noting(note))
}

fn newest_first() -> sea_orm::Select<signing_key::Entity> {
    signing_key::Entity::find()
        .order_by_desc(signing_key::Column::CreatedAt)
        .order_by_desc(signing_key::Column::Kid)
}

async fn open(tx: &Tx, new: &NewSession) -> Result<Work<session::Model>, DbErr> {
    let row = session::ActiveModel {
        id: NotSet,
        user_id: Set(new.user_id),
        created_at: Set(new.at),
        expires_at: Set(new.expires_at),
        revoked_at: Set(None),
    };
    let row = row.insert(&tx.db).await?;
    add_token(tx, row.id, &new.token_hash, new.expires_at).await?;
    user::Entity::update_many()
        .col_expr(user::Column::LastSignInAt, new.at.into())
        .filter(user::Column::Id.eq(new.user_id))
        .exec(&tx.db)
        .await?;
    Ok(Work::quiet(row).noting(Note::of(target::user(new.user_id))))
}

async fn add_token(
    tx: &Tx,
    session_id: SessionId,
    hash: &[u8],
    expires_at: Millis,
) -> Result<(), DbErr> {
    let row = refresh_token::ActiveModel {
        token_hash: Set(hash.to_vec()),
        session_id: Set(session_id),
        expires_at: Set(expires_at),
        used_at: Set(None),
    };
    refresh_token::Entity::insert(row)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

async fn renew(tx: &Tx, renewal: &Renewal) -> Result<Work<Renewed>, DbErr> {
    let refused = Ok(Work::quiet(Renewed::Refused));
    let Some(token) = refresh_token::Entity::find_by_id(renewal.old_hash.clone())
        .one(&tx.db)
        .await?
    else {
        return refused;
    };
    // Of two that exchange the same token at the same time, the second finds it used.
    let marked = refresh_token::Entity::update_many()
        .col_expr(refresh_token::Column::UsedAt, renewal.at.into())
        .filter(refresh_token::Column::TokenHash.eq(renewal.old_hash.clone()))
        .filter(refresh_token::Column::UsedAt.is_null())
        .exec(&tx.db)
        .await?;
    if marked.rows_affected == 0 {
        let ended = end(tx, token.session_id, renewal.at).await?;
        return Ok(ended.map_or_else(
            || Work::quiet(Renewed::Reused),
            |user| {
                let fact = json!({"refreshToken": "used again"});
                let note = Note::new(target::user(user), None, Some(fact));
                Work::quiet(Renewed::Reused).noting(note).of_account(user)
            },
        ));
    }
    let found = session::Entity::find_by_id(token.session_id)
        .find_also_related(user::Entity)
        .one(&tx.db)
        .await?;
    let Some((session, Some(owner))) = found else {
        return refused;
    };
    let over = token.expires_at <= renewal.at || session.expires_at <= renewal.at;
    if over || session.revoked_at.is_some() {
        return refused;
    }
    let mut row = session.into_active_model();
    row.expires_at = Set(renewal.expires_at);
    let session = row.update(&tx.db).await?;
    add_token(tx, session.id, &renewal.new_hash, renewal.expires_at).await?;
    Ok(Work::quiet(Renewed::Renewed(Box::new((session, owner)))))
}

/// Whose session it was; none when it was not open.
async fn end(tx: &Tx, id: SessionId, at: Millis) -> Result<Option<UserId>, DbErr> {
    let ended = session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, at.into())
        .filter(session::Column::Id.eq(id))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(at))
        .exec(&tx.db)
        .await?;
    if ended.rows_affected == 0 {
        return Ok(None);
    }
    session::Entity::find_by_id(id)
        .select_only()
        .column(session::Column::UserId)
        .into_tuple()
        .one(&tx.db)
        .await
}

/// Ends all open sessions of an account but one; gives how many.
pub(super) async fn end_all(
    tx: &Tx,
    user: UserId,
    except: Option<SessionId>,
    at: Millis,
) -> Result<u64, DbErr> {
    let mut ending = session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, at.into())
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::RevokedAt.is_null());
    if let Some(except) = except {
        ending = ending.filter(session::Column::Id.ne(except));
    }
    Ok(ending.exec(&tx.db).await?.rows_affected)
}

async fn ensure_key(
    tx: &Tx,
    candidate: &signing_key::Model,
) -> Result<Work<Vec<signing_key::Model>>, DbErr> {
    tx.lock_keys().await?;
    let known = newest_first().all(&tx.db).await?;
    if !known.is_empty() {
        return Ok(Work::quiet(known));
    }
    let row = candidate.clone().into_active_model().insert(&tx.db).await?;
    Ok(Work::quiet(vec![row]))
}

impl Tx {
    /// Lets one node after the other look whether there is a key. Plain SQL: `PostgreSQL` has no row to lock
    /// yet; `SQLite` has one writer anyway.
    async fn lock_keys(&self) -> Result<(), DbErr> {
        use sea_orm::ConnectionTrait as _;
        if self.backend == super::Backend::Postgres {
            self.db
                .execute_unprepared("SELECT pg_advisory_xact_lock(7463269)")
                .await?;
        }
        Ok(())
    }
}
