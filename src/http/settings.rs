//! What the doors allow. In: nothing. Out: plain values with defaults. Must not know: where they come from.

use std::time::Duration;

use super::gate::Limits;
use super::serve::Patience;

/// What the doors allow.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// The largest request body, in bytes; a list of subscriptions of 5 MiB must fit in, quoted as JSON.
    pub body_bytes: usize,
    /// How long a body may take to come.
    pub body_timeout: Duration,
    /// How long a query may take.
    pub query_timeout: Duration,
    /// How long a mutation may take; some fetch feeds.
    pub mutation_timeout: Duration,
    /// What documents may ask for.
    pub limits: Limits,
    /// How many bytes of parsed documents are remembered.
    pub documents_bytes: u64,
    /// How many bytes of answers are kept for others who ask the same; with 0 none are.
    pub answers_bytes: u64,
    /// How long browsers and proxies may use the answer to a public GET without asking again.
    pub max_age: Duration,
    /// Origins whose pages may read answers (`https://example.org`), or `*` for all; none by default.
    pub cors_origins: Vec<String>,
    /// How long a WebSocket may take to send `connection_init`.
    pub init_timeout: Duration,
    /// How often a quiet live connection is shown that the server is there.
    pub heartbeat: Duration,
    /// How long a client may take to read one message of a stream, or anything of an answer, before it is cut off.
    pub write_timeout: Duration,
    /// The largest message of a WebSocket, in bytes.
    pub message_bytes: usize,
    /// Operations at work on one WebSocket.
    pub operations_per_socket: usize,
    /// How long open requests may go on when the server stops.
    pub drain_timeout: Duration,
}

impl HttpSettings {
    /// How long to wait for clients; a live one is told before its connection is dropped.
    #[must_use]
    pub fn patience(&self) -> Patience {
        Patience {
            write: self.write_timeout + Duration::from_secs(1),
            drain: self.drain_timeout,
        }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            body_bytes: 8 * 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            query_timeout: Duration::from_secs(20),
            mutation_timeout: Duration::from_mins(2),
            limits: Limits::default(),
            documents_bytes: 32 * 1024 * 1024,
            answers_bytes: 32 * 1024 * 1024,
            max_age: Duration::ZERO,
            cors_origins: Vec::new(),
            init_timeout: Duration::from_secs(10),
            heartbeat: Duration::from_secs(12),
            write_timeout: Duration::from_secs(15),
            message_bytes: 256 * 1024,
            operations_per_socket: 50,
            drain_timeout: Duration::from_secs(10),
        }
    }
}
