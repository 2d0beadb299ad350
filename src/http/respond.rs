//! Answers as HTTP responses. In: an answer or a refusal, and the form the client wants. Out: status,
//! headers, body. Must not know: what was asked.

use async_graphql_axum::GraphQLResponse;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::answer::Answer;
use super::cost::{add_left, with_left};
use super::negotiate::Form;
use super::refusal::Refusal;
use super::result::{Executed, For};
use super::wishes::Wishes;

/// An answer in one of the two JSON forms.
pub async fn answer(answer: Answer, form: Form, wishes: &Wishes) -> Response {
    match answer {
        Answer::Executed(mut response) => {
            add_left(&mut response, wishes.left);
            labelled(GraphQLResponse::from(*response).into_response(), form)
        }
        Answer::Shared(result) => shared(&result, form, wishes).await,
        Answer::Refused { status, .. } => {
            let told = form == Form::GraphqlResponse;
            let status = if told { status } else { StatusCode::OK };
            let mut response = json(status, answer.into_body(), form);
            if status == StatusCode::UNAUTHORIZED {
                challenge(response.headers_mut());
            }
            response
        }
    }
}

/// What is the same for everyone is compressed here, once; the rest further out, for each. Only what a GET without a
/// token gets may be kept by others, and has a tag.
async fn shared(result: &Executed, form: Form, wishes: &Wishes) -> Response {
    if result.audience() != For::Everyone || !result.is_whole() || wishes.left.is_some() {
        return json(StatusCode::OK, with_left(result.json(), wishes.left), form);
    }
    let public = wishes.get.as_ref().filter(|get| !get.is_signed);
    let (bytes, coding) = result.bytes(wishes.coding).await;
    let has = public.and_then(|get| get.has.as_deref());
    let mut response = if has.is_some_and(|tags| result.is_named_by(tags)) {
        let mut response = json(StatusCode::NOT_MODIFIED, Bytes::new(), form);
        response.headers_mut().remove(header::CONTENT_TYPE);
        response
    } else {
        let mut response = json(StatusCode::OK, bytes, form);
        if let Some(name) = coding.name() {
            let name = HeaderValue::from_static(name);
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, name);
        }
        response
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(get) = public {
        headers.insert(header::ETAG, result.tag(coding));
        let kept = format!("public, max-age={}, must-revalidate", get.max_age.as_secs());
        if let Ok(kept) = HeaderValue::try_from(kept) {
            headers.insert(header::CACHE_CONTROL, kept);
        }
    }
    response
}

/// A refusal. Its status is told unless the client knows no better form than `application/json` and the
/// HTTP request was in order.
#[must_use]
pub fn refusal(refusal: &Refusal, form: Form) -> Response {
    let status = if refusal.well_formed && form != Form::GraphqlResponse {
        StatusCode::OK
    } else {
        refusal.status
    };
    hinted(json(status, refusal.body(), form), refusal)
}

/// When to come back, where waiting helps.
fn hinted(mut response: Response, refusal: &Refusal) -> Response {
    if let Some(seconds) = refusal.retry_after {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A stream's refusal before it began: always with its status, since no stream can be read from it.
#[must_use]
pub fn stream_refusal(refusal: &Refusal) -> Response {
    hinted(json(refusal.status, refusal.body(), Form::Json), refusal)
}

/// The methods that are allowed instead, on a 405.
#[must_use]
pub fn allowing(mut response: Response, methods: &'static str) -> Response {
    let value = HeaderValue::from_static(methods);
    response.headers_mut().insert(header::ALLOW, value);
    response
}

/// A stream of chunks that no cache or proxy may hold back.
#[must_use]
pub fn stream(content_type: &'static str, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-transform"),
    );
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn json(status: StatusCode, body: impl Into<Body>, form: Form) -> Response {
    labelled((status, body.into()).into_response(), form)
}

/// The headers that every answer in JSON carries.
fn labelled(mut response: Response, form: Form) -> Response {
    let content_type = if form == Form::GraphqlResponse {
        "application/graphql-response+json; charset=utf-8"
    } else {
        "application/json; charset=utf-8"
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    headers.append(
        header::VARY,
        HeaderValue::from_static("accept, authorization"),
    );
    response
}

fn challenge(headers: &mut HeaderMap) {
    let value = HeaderValue::from_static("Bearer realm=\"feedgraph\"");
    headers.insert(header::WWW_AUTHENTICATE, value);
}
