//! The shape of an answer. In: what the executor gave. Out: JSON as the specification has it: no `data` on
//! a request error, a code on every error, at most twenty of them. Must not know: transports.

use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};
use axum::body::Bytes;
use axum::http::StatusCode;

use super::refusal::{MAX_ERRORS, to_json};
use super::result::{Executed, For};
use crate::graphql::Code;

/// An answer.
#[derive(Debug)]
pub enum Answer {
    /// It was executed for this one request, perhaps with errors in some fields: a whole result.
    Executed(Box<Response>),
    /// The same, as others may get it too.
    Shared(Arc<Executed>),
    /// It was not, or what it wanted may not be had: a request error.
    Refused {
        /// The status where the form of answer lets it tell.
        status: StatusCode,
        /// The list of errors, a JSON array.
        errors: String,
    },
}

impl Answer {
    /// The same, written down for all who may get it; `audience` says who.
    #[must_use]
    pub fn shared(self, audience: For) -> Self {
        match self {
            Self::Executed(response) => {
                let is_whole = response.errors.is_empty();
                let result = Executed::new(to_json(&response), is_whole, audience);
                Self::Shared(Arc::new(result))
            }
            other => other,
        }
    }

    /// The whole result as JSON, whichever it is.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        match self {
            Self::Executed(response) => to_json(&response).into(),
            Self::Shared(result) => result.json(),
            Self::Refused { errors, .. } => format!("{{\"errors\":{errors}}}").into(),
        }
    }
}

/// Shapes what the executor gave. Where no field has a value, errors that the client caused (a missing role,
/// a wrong cursor, a page too long) are request errors, as the contract says, although a resolver found
/// them. Where some have, nothing of it is thrown away.
#[must_use]
pub fn shape(mut response: Response) -> Answer {
    response.errors.truncate(MAX_ERRORS);
    for error in &mut response.errors {
        give_code(error);
    }
    let refused = response.errors.iter().find_map(status_of);
    match refused {
        Some(status) if is_nothing(&response.data) => Answer::Refused {
            status,
            errors: to_json(&response.errors),
        },
        _ => Answer::Executed(Box::new(response)),
    }
}

fn is_nothing(data: &Value) -> bool {
    match data {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(|value| *value == Value::Null),
        _ => false,
    }
}

/// Errors of the executor itself come without a code: about an argument when they have a path, else about
/// the document.
fn give_code(error: &mut ServerError) {
    let extensions = error
        .extensions
        .get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        let code = if error.path.is_empty() {
            Code::GraphqlValidationFailed
        } else {
            Code::InvalidArgument
        };
        extensions.set("code", code.as_str());
    }
}

/// The status of a request error; none for the server's own faults.
fn status_of(error: &ServerError) -> Option<StatusCode> {
    let code = match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => code.as_str(),
        _ => return None,
    };
    let is = |known: Code| known.as_str() == code;
    if is(Code::Internal) || is(Code::Unavailable) || is(Code::Timeout) {
        None
    } else if is(Code::Unauthenticated) {
        Some(StatusCode::UNAUTHORIZED)
    } else if is(Code::Forbidden) {
        Some(StatusCode::FORBIDDEN)
    } else {
        Some(StatusCode::BAD_REQUEST)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::PathSegment;

    use super::*;

    fn error(code: Option<&str>, path: bool) -> ServerError {
        let mut error = ServerError::new("m", None);
        if let Some(code) = code {
            let mut extensions = ErrorExtensionValues::default();
            extensions.set("code", code);
            error.extensions = Some(extensions);
        }
        if path {
            error.path = vec![PathSegment::Field("f".into())];
        }
        error
    }

    #[test]
    fn a_result_is_written_in_order() {
        let mut response = Response::new(Value::from_json(serde_json::json!({"a": 1})).unwrap());
        assert_eq!(
            shape(Response::new(response.data.clone())).into_body(),
            r#"{"data":{"a":1}}"#
        );
        response.errors.push(error(Some("NOT_FOUND"), true));
        assert_eq!(
            shape(response).into_body(),
            r#"{"errors":[{"message":"m","path":["f"],"extensions":{"code":"NOT_FOUND"}}],"data":{"a":1}}"#
        );
    }

    #[test]
    fn a_request_error_has_no_data_and_a_status() {
        let check = |code: Option<&str>, path, expected: Option<u16>| {
            let answer = shape(Response::from_errors(vec![error(code, path)]));
            let status = match &answer {
                Answer::Refused { status, .. } => Some(status.as_u16()),
                Answer::Executed(_) | Answer::Shared(_) => None,
            };
            assert_eq!(status, expected, "{code:?}");
            let body = String::from_utf8(answer.into_body().to_vec()).unwrap();
            assert_eq!(body.contains("data"), expected.is_none());
        };
        check(Some("UNAUTHENTICATED"), true, Some(401));
        check(Some("FORBIDDEN"), true, Some(403));
        check(Some("INVALID_CURSOR"), true, Some(400));
        check(None, false, Some(400));
        check(None, true, Some(400));
        check(Some("INTERNAL"), true, None);
    }

    #[test]
    fn errors_are_cut() {
        let errors = (0..50).map(|_| error(None, false)).collect();
        let body = shape(Response::from_errors(errors)).into_body();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!(body.matches("message").count(), MAX_ERRORS);
    }
}
