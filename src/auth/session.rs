//! Sessions: signing in, going on, signing out. In: passwords and refresh tokens. Out: pairs of tokens.
//! Must not know: HTTP, GraphQL, SQL.

use std::net::IpAddr;
use std::sync::Arc;

use entity::{Millis, SessionId, UserId, user};

use super::{Auth, AuthError, token, username};
use crate::store::{Actor, NewSession, Renewal, Renewed};

/// A pair of tokens, just issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The JWT for `Authorization: Bearer`.
    pub access_token: String,
    /// When it stops being good.
    pub expires_at: Millis,
    /// Good for one more pair.
    pub refresh_token: String,
    /// When it stops being good.
    pub refresh_expires_at: Millis,
    /// Whose.
    pub user: user::Model,
}

/// How signing in went.
#[derive(Clone, Debug)]
pub enum SignIn {
    /// There is a session.
    Granted(Box<Issued>),
    /// No account has that name and password.
    Wrong,
    /// Too many tries; wait that many seconds.
    Wait(i64),
}

impl Auth {
    /// Opens a session. Whether the name or the password was wrong is not told, and takes as long.
    ///
    /// # Errors
    /// When the store or hashing fails.
    pub async fn sign_in(
        &self,
        username: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<SignIn, AuthError> {
        // One name for all spellings of an account, so that none of them gives more tries, whether it exists or not.
        let name = username::sought(username);
        let tried = match self.throttle.begin(&name, address, self.clock.now()) {
            Ok(tried) => tried,
            Err(seconds) => return Ok(SignIn::Wait(seconds)),
        };
        let user = self.store.find_user(&name).await?;
        let stored = user.as_ref().map(|user| user.password_hash.as_str());
        let fits = self.passwords.fits(password, stored).await?;
        let Some(user) = user.filter(|_| fits) else {
            return Ok(SignIn::Wrong);
        };
        self.throttle.succeed(tried);
        self.open(user, address)
            .await
            .map(|issued| SignIn::Granted(Box::new(issued)))
    }

    async fn open(
        &self,
        mut user: user::Model,
        address: Option<IpAddr>,
    ) -> Result<Issued, AuthError> {
        let at = self.clock.now();
        let refresh_token = token::refresh_token();
        let session = NewSession {
            user_id: user.id,
            at,
            expires_at: self.session_end(at),
            token_hash: token::hash(&refresh_token),
        };
        let by = Some((user.id, user.username.clone()));
        let store = self.store.acting(self.actor(by, address, "signIn"));
        let session = store.create_session(&session).await?;
        user.last_sign_in_at = Some(at);
        self.issue(user, session.id, refresh_token, session.expires_at)
            .await
    }

    /// Exchanges a refresh token for a new pair. None when it is not good; one that was exchanged before
    /// also ends its session, since one of the two who hold it is a thief.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn refresh(
        &self,
        refresh_token: &str,
        address: Option<IpAddr>,
    ) -> Result<Option<Issued>, AuthError> {
        let at = self.clock.now();
        let next = token::refresh_token();
        let renewal = Renewal {
            old_hash: token::hash(refresh_token),
            new_hash: token::hash(&next),
            at,
            expires_at: self.session_end(at),
        };
        let store = self
            .store
            .acting(self.actor(None, address, "refreshSession"));
        match store.renew_session(&renewal).await? {
            Renewed::Renewed(renewed) => {
                let (session, user) = *renewed;
                let issued = self
                    .issue(user, session.id, next, renewal.expires_at)
                    .await?;
                Ok(Some(issued))
            }
            Renewed::Reused => {
                tracing::warn!("refresh token reused, session ended");
                Ok(None)
            }
            Renewed::Refused => Ok(None),
        }
    }

    /// Ends the session that a refresh token belongs to; false when it belongs to none that is open.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sign_out(
        &self,
        refresh_token: &str,
        address: Option<IpAddr>,
    ) -> Result<bool, AuthError> {
        let hash = token::hash(refresh_token);
        let store = self.store.acting(self.actor(None, address, "signOut"));
        Ok(store.end_session_of_token(&hash, self.clock.now()).await?)
    }

    pub(super) fn actor(
        &self,
        by: Option<(UserId, String)>,
        address: Option<IpAddr>,
        action: &str,
    ) -> Arc<Actor> {
        let actor = Actor::new(by, address, self.clock.clone());
        actor.begin(action);
        Arc::new(actor)
    }

    async fn issue(
        &self,
        user: user::Model,
        session: SessionId,
        refresh_token: String,
        refresh_expires_at: Millis,
    ) -> Result<Issued, AuthError> {
        let (access_token, expires_at) = self.access_token(&user, session.0).await?;
        Ok(Issued {
            access_token,
            expires_at,
            refresh_token,
            refresh_expires_at,
            user,
        })
    }

    const fn session_end(&self, at: Millis) -> Millis {
        at.plus_seconds(self.settings.refresh_seconds)
    }
}
