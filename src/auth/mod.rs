//! From a token to who asks, and from a password to a token. In: what clients send. Out: principals and
//! sessions. Must not know: HTTP, GraphQL, SQL.

mod principal;

pub use principal::{Caller, Principal};
