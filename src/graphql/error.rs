//! Errors as clients see them. In: what went wrong, with its inside cause. Out: a code from one list and
//! a message that may be shown to anyone; the cause is logged here, once. Must not know: transports.

use async_graphql::{Error, ErrorExtensionValues};

use crate::store::StoreError;

/// What resolvers give.
pub type Result<T, E = Fault> = std::result::Result<T, E>;

/// The values of `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request cannot be read as a GraphQL request.
    BadRequest,
    /// The text of the document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// An id that this server did not make, or of the wrong kind.
    InvalidId,
    /// A cursor that this list did not make.
    InvalidCursor,
    /// `first` and `last` out of range or together.
    InvalidPage,
    /// Not an absolute http or https URL.
    InvalidUrl,
    /// Not the name of an IANA time zone.
    InvalidTimeZone,
    /// An argument's value cannot be used.
    InvalidArgument,
    /// The change log does not reach back to the cursor: start over.
    CursorExpired,
    /// A token is missing or not valid.
    Unauthenticated,
    /// The role does not suffice.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// Too much, or too long.
    LimitExceeded,
    /// Too often: again after a while.
    RateLimited,
    /// No document is known by this hash or name.
    PersistedQueryNotFound,
    /// The hash is not that of the document.
    PersistedQueryHashMismatch,
    /// Only the documents of a list are taken, and this is none of them.
    QueryNotInSafelist,
    /// The HTTP method does not fit the kind of operation.
    MethodNotAllowed,
    /// The client accepts no form that the answer can be given in.
    NotAcceptable,
    /// The body's type is not understood.
    UnsupportedMediaType,
    /// The body is too large.
    PayloadTooLarge,
    /// It took too long and was given up.
    Timeout,
    /// The server is stopping, or not ready.
    Unavailable,
    /// The server's fault.
    Internal,
}

impl Code {
    /// As written in `extensions.code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::InvalidId => "INVALID_ID",
            Self::InvalidCursor => "INVALID_CURSOR",
            Self::InvalidPage => "INVALID_PAGE",
            Self::InvalidUrl => "INVALID_URL",
            Self::InvalidTimeZone => "INVALID_TIME_ZONE",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::CursorExpired => "CURSOR_EXPIRED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::RateLimited => "RATE_LIMITED",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::PersistedQueryHashMismatch => "PERSISTED_QUERY_HASH_MISMATCH",
            Self::QueryNotInSafelist => "QUERY_NOT_IN_SAFELIST",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::Timeout => "TIMEOUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }
}

/// Why a field has no value. Deliberately without `Display`: async-graphql turns whatever has it into
/// an error that shows its text, and with it the inside of an error of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of thing went wrong.
    pub code: Code,
    /// In words that may be shown to anyone.
    pub message: String,
}

impl Fault {
    /// A fault that the client can do something about.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// The server's own fault: logs the cause with all that led to it, and keeps it inside.
    #[must_use]
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        let mut chain = cause.to_string();
        let mut next = cause.source();
        while let Some(source) = next {
            chain.push_str(": ");
            chain.push_str(&source.to_string());
            next = source.source();
        }
        tracing::error!(error = chain, "graphql request failed");
        Self::hidden()
    }

    /// The server's own fault, logged elsewhere.
    #[must_use]
    pub fn hidden() -> Self {
        Self::new(
            Code::Internal,
            "Something went wrong inside the server. The cause is in its log.",
        )
    }
}

impl From<StoreError> for Fault {
    fn from(cause: StoreError) -> Self {
        Self::internal(&cause)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", fault.code.as_str());
        Self {
            message: fault.message,
            source: None,
            extensions: Some(extensions),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_shown_and_a_cause_is_not() {
        let error = Error::from(Fault::new(Code::InvalidId, "no id"));
        assert_eq!(
            serde_json::to_value(&error).unwrap(),
            serde_json::json!({"message": "no id", "extensions": {"code": "INVALID_ID"}})
        );
        let inside = std::io::Error::other("/secret/path");
        assert!(!Fault::internal(&inside).message.contains("secret"));
    }
}
