//! Webhooks: new and changed entries, posted to whoever registered. In: the change log. Out: signed messages, each at
//! least once. Must not know: GraphQL, HTTP's server side, SQL.
//!
//! The change log is the outbox: a change row is written in the transaction that stores the entry, so a message is promised
//! exactly when an entry is stored, without a second table on the path of a visit. What is still to be told follows from
//! how far each webhook has read (`webhook.told_to`), and each step from there is a transaction: reading on puts messages
//! down, a sender takes them with a lease, and only an answer of 2xx takes one away. A crash anywhere repeats a message at
//! worst.

mod backoff;
mod message;
mod secret;
mod sender;

pub use backoff::{FIRST_DAY, next_attempt};
pub use message::{Event, sign};
pub use secret::{is_secret, new_secret};
pub use sender::Sender;
