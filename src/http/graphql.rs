//! `/graphql`: queries and mutations as JSON, and subscriptions as a stream where the client asks for one.
//! In: HTTP requests. Out: HTTP responses (GraphQL over HTTP). Must not know: how things are executed.

use std::net::IpAddr;
use std::sync::Arc;

use apollo_compiler::executable::OperationType;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header, request};
use axum::response::Response;

use super::answer::Answer;
use super::door::{Door, Prepared, bearer};
use super::events;
use super::intake::Said;
use super::negotiate::{Form, choose};
use super::refusal::Refusal;
use super::wishes::Wishes;
use super::{address, intake, multipart, respond, sse};
use crate::auth::Caller;
use crate::graphql::Code;

const ANSWERS: &[Form] = &[Form::Json, Form::GraphqlResponse];
const STREAMS: &[Form] = &[Form::Multipart, Form::EventStream];
const ALL: &[Form] = &[
    Form::Json,
    Form::GraphqlResponse,
    Form::Multipart,
    Form::EventStream,
];

/// The handler of `/graphql`.
pub async fn serve(State(door): State<Arc<Door>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let accept = accept(&parts.headers);
    let form = choose(accept.as_deref(), ANSWERS);
    let outcome = handle(&door, &parts, body, accept.as_deref()).await;
    outcome.unwrap_or_else(|refusal| {
        let response = respond::refusal(&refusal, form.unwrap_or(Form::Json));
        if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
            let over_get = parts.method == Method::GET || parts.method == Method::HEAD;
            respond::allowing(response, if over_get { "POST" } else { "GET, POST" })
        } else {
            response
        }
    })
}

async fn handle(
    door: &Arc<Door>,
    parts: &request::Parts,
    body: Body,
    accept: Option<&str>,
) -> Result<Response, Refusal> {
    if choose(accept, ALL).is_none() {
        return Err(not_acceptable(
            "Answers are application/graphql-response+json or application/json.",
        ));
    }
    let said = intake::take(parts, body, &door.settings).await?;
    let wishes = Wishes::of(parts, door.settings.max_age);
    // What was said before by somebody without a token, and was a query, need not be looked at again.
    if is_anonymous(parts)
        && let Some(form) = choose(accept, ANSWERS)
        && let Some((result, price)) = door.shared.recall(&said, door.engine.version()).await
    {
        let caller = Caller {
            address: address_of(door, parts),
            ..Caller::default()
        };
        let wishes = wishes.of_client(door.charge(&caller, price)?);
        return Ok(respond::answer(Answer::Shared(result), form, &wishes).await);
    }
    // Much larger than what comes before, and what is known already never needs it.
    Box::pin(find_out(door, parts, said, accept, wishes)).await
}

fn is_anonymous(parts: &request::Parts) -> bool {
    !parts.headers.contains_key(header::AUTHORIZATION)
}

/// The same of what is not known yet.
async fn find_out(
    door: &Arc<Door>,
    parts: &request::Parts,
    said: Said,
    accept: Option<&str>,
    wishes: Wishes,
) -> Result<Response, Refusal> {
    let (caller, prepared) = admit(door, parts, &said).await?;
    let form = if prepared.kind == OperationType::Subscription {
        choose(accept, STREAMS).ok_or_else(|| {
            not_acceptable(
                "A subscription is a stream: use a WebSocket at /graphql/ws, or accept \
                 multipart/mixed or text/event-stream.",
            )
        })?
    } else {
        choose(accept, ANSWERS)
            .or_else(|| choose(accept, STREAMS))
            .unwrap_or(Form::Json)
    };
    match form {
        Form::Json | Form::GraphqlResponse => {
            let answer = door.answer(&prepared).await?;
            if is_anonymous(parts) {
                door.shared.remember(said, &prepared);
            }
            let wishes = wishes.of_client(prepared.cost);
            Ok(respond::answer(answer, form, &wishes).await)
        }
        Form::Multipart | Form::EventStream => {
            let seat = door.seats.take(caller.address)?;
            let events = events::of(Arc::clone(door), prepared, caller);
            Ok(if form == Form::Multipart {
                multipart::respond(door, events, seat)
            } else {
                sse::respond(door, events, seat)
            })
        }
    }
}

/// Reads what is said, finds out who asks, and takes the operation through the gate; over GET no mutation.
///
/// # Errors
/// Whatever is wrong with it.
pub async fn admit(
    door: &Door,
    parts: &request::Parts,
    said: &Said,
) -> Result<(Caller, Prepared), Refusal> {
    let params = said.params()?;
    let address = address_of(door, parts);
    let caller = door.caller(bearer(&parts.headers), address).await?;
    let prepared = door.prepare(params, caller.clone()).await?;
    if prepared.kind == OperationType::Mutation && parts.method != Method::POST {
        return Err(Refusal::of_request(
            StatusCode::METHOD_NOT_ALLOWED,
            Code::MethodNotAllowed,
            "A mutation must be sent by POST.",
        ));
    }
    Ok((caller, prepared))
}

fn address_of(door: &Door, parts: &request::Parts) -> Option<IpAddr> {
    let trusted = &door.settings.trusted_proxies;
    address::client(&parts.extensions, &parts.headers, trusted)
}

/// All `Accept` headers as one; none when there is none.
#[must_use]
pub fn accept(headers: &HeaderMap) -> Option<String> {
    let values: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// Nothing that the client accepts can be given.
#[must_use]
pub fn not_acceptable(message: &str) -> Refusal {
    Refusal::of_request(StatusCode::NOT_ACCEPTABLE, Code::NotAcceptable, message)
}
