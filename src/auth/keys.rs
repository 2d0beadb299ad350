//! The keys that access tokens are signed with. In: the store's key table. Out: the newest key, or one by
//! its name. They live in the database, so a restart ends no session and every node knows them all.
//! Must not know: claims, SQL.

use std::sync::Arc;

use entity::{Millis, signing_key};
use tokio::sync::RwLock;

use super::token::{Key, new_secret};
use crate::store::{Store, StoreError};

/// How long to wait between two looks for a key that is not known, in milliseconds: names of keys are
/// whatever callers send.
const LOOK_AGAIN_AFTER: i64 = 10_000;
/// How long keys are remembered, in milliseconds: a new one signs, and one that was dropped checks no more, this long
/// after another process said so.
const REMEMBERED_FOR: i64 = 60_000;
/// How long an old key still checks, in seconds, beyond the life of the tokens that it signed.
const GRACE_SECONDS: i64 = 300;

/// The keys, read when first needed.
#[derive(Default)]
pub struct Keys {
    known: RwLock<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    /// Newest first.
    keys: Arc<Vec<Key>>,
    read_at: Millis,
}

impl Keys {
    /// The keys, newest first; makes the first one when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn all(&self, store: &Store, now: Millis) -> Result<Arc<Vec<Key>>, StoreError> {
        if let Some(known) = self.known.read().await.as_ref()
            && (0..REMEMBERED_FOR).contains(&now.since(known.read_at))
        {
            return Ok(Arc::clone(&known.keys));
        }
        let (kid, secret) = new_secret();
        let candidate = signing_key::Model {
            kid,
            secret,
            created_at: now,
        };
        let rows = store.ensure_signing_key(&candidate).await?;
        Ok(self.keep(rows, now).await)
    }

    /// The keys once more, when the name is not among them: another node may have added it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn with(
        &self,
        kid: &str,
        store: &Store,
        now: Millis,
    ) -> Result<Arc<Vec<Key>>, StoreError> {
        let keys = self.all(store, now).await?;
        if keys.iter().any(|key| key.kid == kid) || !self.may_look_again(now).await {
            return Ok(keys);
        }
        let rows = store.signing_keys().await?;
        Ok(self.keep(rows, now).await)
    }

    async fn may_look_again(&self, now: Millis) -> bool {
        let known = self.known.read().await;
        known
            .as_ref()
            .is_none_or(|known| now.since(known.read_at) >= LOOK_AGAIN_AFTER)
    }

    async fn keep(&self, rows: Vec<signing_key::Model>, now: Millis) -> Arc<Vec<Key>> {
        let keys = rows.into_iter().map(|row| Key::new(row.kid, &row.secret));
        let keys = Arc::new(keys.collect::<Vec<_>>());
        *self.known.write().await = Some(Known {
            keys: Arc::clone(&keys),
            read_at: now,
        });
        keys
    }
}

/// Makes a new key that signs from now on, and drops those whose tokens have all expired; with `at_once`, all others.
/// Gives the new key's name and how many were dropped.
///
/// # Errors
/// When the store fails.
pub async fn rotate(
    store: &Store,
    now: Millis,
    access_seconds: i64,
    at_once: bool,
) -> Result<(String, u64), StoreError> {
    let (kid, secret) = new_secret();
    let key = signing_key::Model {
        kid: kid.clone(),
        secret,
        created_at: now,
    };
    let keep = access_seconds.saturating_add(GRACE_SECONDS);
    let replaced_before = if at_once {
        now
    } else {
        now.plus_seconds(-keep)
    };
    let dropped = store.rotate_signing_key(&key, replaced_before).await?;
    Ok((kid, dropped))
}
