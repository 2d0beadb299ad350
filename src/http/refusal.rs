//! What a request is told that is not executed. In: a status and what is wrong. Out: errors of the form
//! that the GraphQL specification gives them (7.1.2, request errors). Must not know: transports, SQL.

use axum::http::StatusCode;
use serde::{Serialize, Serializer};

use crate::graphql::Code;

/// The most errors that one answer lists.
pub const MAX_ERRORS: usize = 20;

/// The longest message, in characters: documents are quoted in some of them.
const MAX_MESSAGE: usize = 400;

/// Where in the document, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Location {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

/// One error, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// For people.
    pub message: String,
    /// Where in the document, when it is about a place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Location>,
    /// For programs.
    pub extensions: Extensions,
}

/// What an error says to programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Extensions {
    /// Why.
    #[serde(serialize_with = "as_written")]
    pub code: Code,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn as_written<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}

impl Problem {
    /// An error about the request as a whole.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
            message.truncate(end);
            message.push('…');
        }
        Self {
            message,
            locations: Vec::new(),
            extensions: Extensions { code },
        }
    }
}

/// A request that is not executed.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The status over HTTP.
    pub status: StatusCode,
    /// Whether the HTTP request itself was in order, and only the GraphQL in it was not: then a client that
    /// accepts no more than `application/json` gets 200 (GraphQL over HTTP, 6.4.1).
    pub well_formed: bool,
    /// At most [`MAX_ERRORS`], never none.
    pub errors: Vec<Problem>,
    /// Seconds after which the same request may do.
    pub retry_after: Option<u64>,
}

impl Refusal {
    /// A request that is wrong as HTTP, or as a GraphQL request.
    #[must_use]
    pub fn of_request(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self {
            status,
            well_formed: false,
            errors: vec![Problem::new(code, message)],
            retry_after: None,
        }
    }

    /// A well-formed request whose document, operation or variables are wrong; cut at [`MAX_ERRORS`].
    #[must_use]
    pub fn of_document(mut errors: Vec<Problem>) -> Self {
        errors.truncate(MAX_ERRORS);
        Self {
            status: StatusCode::BAD_REQUEST,
            well_formed: true,
            errors,
            retry_after: None,
        }
    }

    /// [`Refusal::of_document`] with a single error.
    #[must_use]
    pub fn of_limit(message: impl Into<String>) -> Self {
        Self::of_document(vec![Problem::new(Code::LimitExceeded, message)])
    }

    /// Too much from one client for now.
    #[must_use]
    pub fn of_rate(seconds: u64, message: impl Into<String>) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::of_request(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, message)
        }
    }

    /// A request that is wrong in one of its parameters.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::of_request(StatusCode::BAD_REQUEST, Code::BadRequest, message)
    }

    /// A fault of the server, which the caller has logged.
    #[must_use]
    pub fn internal() -> Self {
        Self::of_request(
            StatusCode::INTERNAL_SERVER_ERROR,
            Code::Internal,
            "The server failed; its log says more.",
        )
    }

    /// The errors as a GraphQL response without `data`.
    #[must_use]
    pub fn body(&self) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            errors: &'a [Problem],
        }
        to_json(&Body {
            errors: &self.errors,
        })
    }
}

/// Writes a value that cannot fail to be written: structures, strings and numbers.
pub fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
