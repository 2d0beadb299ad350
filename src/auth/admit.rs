//! From the text of a token to who asks, and how long that holds. In: tokens. Out: principals. Must not know: HTTP,
//! GraphQL, SQL.

use std::time::Duration;

use entity::{Millis, UserId, session, user};
use tokio::sync::broadcast::error::RecvError;

use super::principal::Proof;
use super::{Auth, AuthError, Principal, api_token, token};

/// How often a stream's account is looked at although nobody told of a change: the command line of another process
/// tells nobody.
const LOOK_EVERY: i64 = 30_000;

impl Auth {
    /// Whom a token stands for; none when it is not one of ours or of the outside issuer, has expired, or its session or
    /// account is gone. The account is read anew, so that a lower role counts at once.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn principal_of(&self, text: &str) -> Result<Option<Principal>, AuthError> {
        let now = self.clock.now();
        if api_token::is_one(text) {
            return self.of_api_token(text, now).await;
        }
        let Some(kid) = token::key_name(text) else {
            return Ok(None);
        };
        let keys = self.keys.with(&kid, &self.store, now).await?;
        match keys.iter().find(|key| key.kid == kid) {
            Some(key) => match token::check(text, key, &self.issuer, now) {
                Some(claims) => self.of_session(&claims, now).await,
                None => Ok(None),
            },
            None => self.of_outside(text, &kid, now).await,
        }
    }

    async fn of_session(
        &self,
        claims: &token::Claims,
        now: Millis,
    ) -> Result<Option<Principal>, AuthError> {
        let Some((session, user)) = self.store.find_session(claims.session()).await? else {
            return Ok(None);
        };
        let same = claims.user() == Some(session.user_id) && session.user_id == user.id;
        Ok((is_open(&session, now) && same).then(|| Principal {
            user_id: user.id,
            username: user.username,
            role: user.role,
            proof: Proof::Session(session.id),
            expires_at: Millis(claims.exp.saturating_mul(1_000)),
        }))
    }

    async fn of_api_token(&self, text: &str, now: Millis) -> Result<Option<Principal>, AuthError> {
        let found = self.store.find_api_token(&token::hash(text)).await?;
        let Some((row, user)) = found else {
            return Ok(None);
        };
        if !api_token::is_good(&row, now) {
            return Ok(None);
        }
        self.note_use(&row, now);
        Ok(Some(Principal {
            user_id: user.id,
            username: user.username,
            role: row.role.min(user.role),
            proof: Proof::ApiToken(row.id),
            expires_at: row.expires_at.unwrap_or(Millis(i64::MAX)),
        }))
    }

    async fn of_outside(
        &self,
        text: &str,
        kid: &str,
        now: Millis,
    ) -> Result<Option<Principal>, AuthError> {
        let Some(outside) = &self.outside else {
            return Ok(None);
        };
        let Some(person) = outside.person(text, kid, now).await else {
            return Ok(None);
        };
        let store = self.store.acting(self.actor(None, None, "outsideToken"));
        let user = store.outside_account(&person.account(now)).await?;
        Ok(Some(Principal {
            user_id: user.id,
            username: user.username,
            role: person.role.min(user.role),
            proof: Proof::Outside,
            expires_at: person.expires_at,
        }))
    }

    /// Waits until a principal is not to be believed any more: its token has expired, its session was ended, its API
    /// token revoked, its account removed or given a lower role.
    pub async fn until_over(&self, principal: &Principal) {
        // Listening begins before the first look, so that nothing falls between the two.
        let mut changes = self.store.account_changes();
        let mut looked_at: Option<Millis> = None;
        loop {
            let now = self.clock.now();
            if principal.expires_at <= now {
                return;
            }
            if looked_at.is_none_or(|at| now.since(at) >= LOOK_EVERY) {
                if !self.still_holds(principal, now).await {
                    return;
                }
                looked_at = Some(now);
            }
            // Short, since the clock may be moved by hand or by the machine's owner.
            let left = principal.expires_at.since(now).clamp(1, 1_000);
            let pause = Duration::from_millis(u64::try_from(left).unwrap_or(1));
            if tokio::time::timeout(pause, stirred(&mut changes, principal.user_id))
                .await
                .is_ok()
            {
                looked_at = None;
            }
        }
    }

    /// Whether the rows still say what they said; when they cannot be read, yes.
    async fn still_holds(&self, principal: &Principal, now: Millis) -> bool {
        match self.role_now(principal, now).await {
            Ok(role) => role.is_some_and(|role| role >= principal.role),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "account of a stream not read");
                true
            }
        }
    }

    async fn role_now(
        &self,
        principal: &Principal,
        now: Millis,
    ) -> Result<Option<entity::Role>, AuthError> {
        let of_user = |user: user::Model| user.role;
        Ok(match principal.proof {
            Proof::Session(id) => {
                let found = self.store.find_session(id).await?;
                let open = found.filter(|(session, _)| is_open(session, now));
                open.map(|(_, user)| user.role)
            }
            Proof::ApiToken(id) => {
                let found = self.store.find_api_token_by_id(id).await?;
                let good = found.filter(|(row, _)| api_token::is_good(row, now));
                good.map(|(row, user)| row.role.min(user.role))
            }
            Proof::Outside => {
                let mut users = self.store.users_by_ids(&[principal.user_id]).await?;
                users.remove(&principal.user_id).map(of_user)
            }
        })
    }
}

fn is_open(session: &session::Model, now: Millis) -> bool {
    session.revoked_at.is_none() && now < session.expires_at
}

/// Waits until an account may have changed.
async fn stirred(heard: &mut tokio::sync::broadcast::Receiver<UserId>, user: UserId) {
    loop {
        match heard.recv().await {
            Ok(changed) if changed != user => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
