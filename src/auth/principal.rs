//! Who asks. In: a token that was checked. Out: what guards and resolvers look at. Must not know: tokens' texts.

use std::net::IpAddr;

use entity::{ApiTokenId, Millis, Role, SessionId, UserId};

/// A signed-in account, as its rows stood when this request began. In the context of a GraphQL request there is one
/// when, and only when, a good token came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The account.
    pub user_id: UserId,
    /// Its name.
    pub username: String,
    /// What it may do with this token.
    pub role: Role,
    /// What it was known by.
    pub proof: Proof,
    /// When the token stops being good, and with it every stream that it opened.
    pub expires_at: Millis,
}

/// What an account was known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// An access token of this session.
    Session(SessionId),
    /// A program's token.
    ApiToken(ApiTokenId),
    /// A token of an outside issuer.
    Outside,
}

impl Principal {
    /// The session that the token belongs to, where it is that of a session.
    #[must_use]
    pub const fn session_id(&self) -> Option<SessionId> {
        match self.proof {
            Proof::Session(id) => Some(id),
            Proof::ApiToken(_) | Proof::Outside => None,
        }
    }
}

/// What a request brought, whether or not it was good; in the context of every GraphQL request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The account that the token stands for.
    pub principal: Option<Principal>,
    /// Whether there was a token, and it was not good.
    pub token_refused: bool,
    /// The client's address, to slow down guessing of passwords.
    pub address: Option<IpAddr>,
}
