//! How a connection of graphql-transport-ws ends. In: why. Out: close codes. Must not know: sockets.

use std::borrow::Cow;

/// Why a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Close {
    /// The other side has gone already; nothing is said.
    Gone,
    /// A close frame.
    With {
        /// Of RFC 6455, or of the protocol (4400 and up).
        code: u16,
        /// At most 123 bytes.
        reason: Cow<'static, str>,
    },
}

impl Close {
    const fn because(code: u16, reason: &'static str) -> Self {
        Self::With {
            code,
            reason: Cow::Borrowed(reason),
        }
    }

    /// The server stops; connect again.
    pub const STOPPING: Self = Self::because(1001, "Going away");
    /// A message that is none of the protocol's.
    pub const INVALID_MESSAGE: Self = Self::because(4400, "Invalid message received");
    /// An operation before the connection was accepted.
    pub const UNAUTHORIZED: Self = Self::because(4401, "Unauthorized");
    /// The access token is not good, or not any more; connect again with a new one.
    pub const FORBIDDEN: Self = Self::because(4403, "Forbidden");
    /// The client speaks another protocol.
    pub const SUBPROTOCOL: Self = Self::because(4406, "Subprotocol not acceptable");
    /// `connection_init` did not come in time.
    pub const INIT_TIMEOUT: Self = Self::because(4408, "Connection initialisation timeout");
    /// `connection_init` came twice.
    pub const TOO_MANY_INITS: Self = Self::because(4429, "Too many initialisation requests");
    /// The client answers no pings, or does not read what it is sent; it may connect again and go on from
    /// its last cursor.
    pub const TERMINATED: Self = Self::because(4499, "Terminated");
    /// The server failed.
    pub const INTERNAL: Self = Self::because(4500, "Internal server error");

    /// Two operations of one name.
    #[must_use]
    pub fn duplicate(id: &str) -> Self {
        let id: String = id.chars().take(20).collect();
        Self::With {
            code: 4409,
            reason: format!("Subscriber for {id} already exists").into(),
        }
    }
}
