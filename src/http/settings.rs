//! What the doors allow. In: nothing. Out: plain values with defaults. Must not know: where they come from.

use std::time::Duration;

use ipnet::IpNet;

use super::gate::Limits;
use super::persisted::Trusted;
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
    /// Proxies whose word on where a request comes from is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Rows that one address, and one account, may ask for in a minute; 0 for no limit.
    pub rows_per_minute: u32,
    /// Live connections of one address; 0 for no limit.
    pub live_per_address: u32,
    /// Whether everyone may ask for the schema; else only editors.
    pub introspection: bool,
    /// Whether GraphiQL is served.
    pub graphiql: bool,
    /// Documents that clients may send by their ids.
    pub trusted: Trusted,
    /// Whether no others are taken.
    pub only_trusted: bool,
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
            trusted_proxies: Vec::new(),
            rows_per_minute: 1_000_000,
            live_per_address: 100,
            introspection: true,
            graphiql: true,
            trusted: Trusted::default(),
            only_trusted: false,
            init_timeout: Duration::from_secs(10),
            heartbeat: Duration::from_secs(12),
            write_timeout: Duration::from_secs(15),
            message_bytes: 256 * 1024,
            operations_per_socket: 50,
            drain_timeout: Duration::from_secs(10),
        }
    }
}
