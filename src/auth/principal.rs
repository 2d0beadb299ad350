//! Who asks. In: a session that was checked. Out: what guards and resolvers look at. Must not know: tokens.

use std::net::IpAddr;

use entity::{Millis, Role, SessionId, UserId};

/// A signed-in account, as its session and account rows stood when this request began. In the context of
/// a GraphQL request there is one when, and only when, a good access token came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The account.
    pub user_id: UserId,
    /// What it may do.
    pub role: Role,
    /// The session that the token belongs to.
    pub session_id: SessionId,
    /// When the token stops being good, and with it every stream that it opened.
    pub expires_at: Millis,
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
