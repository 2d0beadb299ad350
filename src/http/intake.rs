//! Takes what is said out of an HTTP request. In: method, headers, query string, body. Out: parameters,
//! or what is wrong with the request as HTTP. Must not know: GraphQL.

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::http::{HeaderMap, Method, StatusCode, header, request};
use tokio::time::timeout;

use super::params::{self, Params};
use super::refusal::Refusal;
use super::settings::HttpSettings;
use crate::graphql::Code;

/// What a request says, not yet looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Said {
    /// In the query string of a GET.
    Query(String),
    /// In the body of a POST.
    Body(Bytes),
}

impl Said {
    /// How long it is, in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Query(text) => text.len(),
            Self::Body(bytes) => bytes.len(),
        }
    }

    /// The parameters in it.
    ///
    /// # Errors
    /// It is wrong (400).
    pub fn params(&self) -> Result<Params, Refusal> {
        match self {
            Self::Query(text) => params::from_query(text),
            Self::Body(bytes) => params::from_json(bytes),
        }
    }
}

/// Takes a GET's query string or a POST's JSON body.
///
/// # Errors
/// Another method (405), another type of body (415), too large (413), or too slow (408).
pub async fn take(
    parts: &request::Parts,
    body: Body,
    settings: &HttpSettings,
) -> Result<Said, Refusal> {
    if parts.method == Method::GET || parts.method == Method::HEAD {
        check_site(&parts.headers)?;
        return Ok(Said::Query(
            parts.uri.query().unwrap_or_default().to_owned(),
        ));
    }
    if parts.method != Method::POST {
        return Err(Refusal::of_request(
            StatusCode::METHOD_NOT_ALLOWED,
            Code::MethodNotAllowed,
            "GraphQL is served over GET and POST.",
        ));
    }
    check_type(&parts.headers)?;
    let limit = settings.body_bytes;
    if usize::try_from(body.size_hint().lower()).is_ok_and(|least| least > limit) {
        return Err(too_large(limit));
    }
    match timeout(settings.body_timeout, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(Said::Body(bytes)),
        Ok(Err(_)) => Err(too_large(limit)),
        Err(_) => Err(Refusal::of_request(
            StatusCode::REQUEST_TIMEOUT,
            Code::Timeout,
            "The body took too long to come.",
        )),
    }
}

fn too_large(limit: usize) -> Refusal {
    Refusal::of_request(
        StatusCode::PAYLOAD_TOO_LARGE,
        Code::PayloadTooLarge,
        format!("The body is cut off, or over {limit} bytes."),
    )
}

/// Only JSON in UTF-8, not compressed: no form of request that a page of another origin can send without
/// being asked for leave (CSRF).
fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let refuse = |message: &str| {
        Err(Refusal::of_request(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::UnsupportedMediaType,
            message,
        ))
    };
    let Some(content_type) = value(header::CONTENT_TYPE) else {
        return refuse("The Content-Type is missing; send application/json.");
    };
    let mut parts = content_type.split(';');
    let media = parts.next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return refuse("The body must be application/json.");
    }
    let charset = parts
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, charset)| charset.trim().trim_matches('"'));
    if charset.is_some_and(|charset| !is_utf8(charset)) {
        return refuse("The body must be in UTF-8.");
    }
    if value(header::CONTENT_ENCODING).is_some_and(|how| !how.eq_ignore_ascii_case("identity")) {
        return refuse("The body must not be compressed.");
    }
    Ok(())
}

/// A browser says where a GET comes from. A page of another site may not load answers as parts of itself (a script, a
/// picture); what it asks for by script goes by the rules of CORS. Apollo's headers cannot be sent without leave either.
fn check_site(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_foreign = matches!(value("sec-fetch-site"), Some("cross-site" | "same-site"));
    let is_part = value("sec-fetch-mode") == Some("no-cors");
    let has_leave = ["apollo-require-preflight", "x-apollo-operation-name"]
        .iter()
        .any(|name| headers.contains_key(*name));
    if is_foreign && is_part && !has_leave {
        return Err(Refusal::of_request(
            StatusCode::FORBIDDEN,
            Code::Forbidden,
            "A page of another site may not load answers as parts of itself.",
        ));
    }
    Ok(())
}

fn is_utf8(charset: &str) -> bool {
    ["utf-8", "utf8"]
        .iter()
        .any(|known| charset.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_json_in_utf8_is_taken() {
        let check = |content_type: Option<&str>, good: bool| {
            let mut headers = HeaderMap::new();
            if let Some(value) = content_type {
                headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            }
            assert_eq!(check_type(&headers).is_ok(), good, "{content_type:?}");
        };
        check(Some("application/json"), true);
        check(Some("Application/JSON ; Charset=\"UTF-8\""), true);
        check(Some("application/json; foo=bar"), true);
        check(Some("application/json; charset=iso-8859-1"), false);
        check(Some("application/graphql"), false);
        check(Some("text/plain"), false);
        check(Some("text/plain; application/json"), false);
        check(Some("application/x-www-form-urlencoded"), false);
        check(Some("multipart/form-data; boundary=x"), false);
        check(Some(""), false);
        check(None, false);
    }
}
