//! The one source of events behind WebSocket, SSE and multipart. In: a prepared operation. Out: its events,
//! until it ends, the caller's token expires, or the server stops. Nothing is read ahead: a client that
//! reads slowly has its place in the change log and no queue, so none can overflow. Must not know: how events
//! are written.

use std::sync::Arc;

use apollo_compiler::executable::OperationType;
use axum::extract::ws::Utf8Bytes;
use futures::stream::BoxStream;
use futures::{FutureExt as _, StreamExt as _};

use super::answer::Answer;
use super::door::{Door, Prepared};
use super::following;
use super::refusal::{Problem, Refusal, to_json};
use super::shared;
use crate::auth::Caller;
use crate::graphql::Code;

/// What a live operation gives; after the last event it is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A result, as JSON.
    Next(Utf8Bytes),
    /// It was not executed: the list of errors, as JSON. Nothing follows.
    Refused(String),
    /// The caller's token is not good any more. Nothing follows.
    Expired,
    /// The server stops; the operation is not complete. Nothing follows.
    Stopping,
}

impl Event {
    /// An operation that was turned away.
    #[must_use]
    pub fn refused(refusal: &Refusal) -> Self {
        Self::Refused(to_json(&refusal.errors))
    }
}

/// The error that an expired token is told by, where there is no code of the transport's own.
#[must_use]
pub fn expired() -> String {
    let problem = Problem::new(
        Code::Unauthenticated,
        "The access token has expired; go on with a new one.",
    );
    to_json(&[problem])
}

/// The error that a stopping server is told by, likewise.
#[must_use]
pub fn stopping() -> String {
    let problem = Problem::new(
        Code::Unavailable,
        "The server is stopping; go on from the last cursor in a moment.",
    );
    to_json(&[problem])
}

/// Runs an operation.
pub fn of(door: Arc<Door>, prepared: Prepared, caller: Caller) -> BoxStream<'static, Event> {
    if prepared.kind == OperationType::Subscription {
        return subscription(door, prepared, caller);
    }
    let answer = async move {
        match door.answer(&prepared).await {
            Ok(Answer::Refused { errors, .. }) => Event::Refused(errors),
            Ok(executed) => Event::Next(text(executed)),
            Err(refusal) => Event::refused(&refusal),
        }
    };
    answer.into_stream().boxed()
}

fn subscription(door: Arc<Door>, prepared: Prepared, caller: Caller) -> BoxStream<'static, Event> {
    let mut events = match shared::following(&prepared) {
        Some(following) => following::follow(Arc::clone(&door), prepared, following),
        None => following::alone(&door, &prepared),
    };
    let stream = async_stream::stream! {
        let (mut expired, stopping) = (door.expired(&caller), door.drain.stopping());
        tokio::pin!(stopping);
        loop {
            let next = tokio::select! {
                biased;
                () = &mut stopping => Some(Event::Stopping),
                () = &mut expired => Some(Event::Expired),
                event = events.next() => event,
            };
            let Some(event) = next else { return };
            let last = !matches!(event, Event::Next(_));
            yield event;
            if last {
                return;
            }
        }
    };
    stream.boxed()
}

/// What a subscription that broke down gives.
pub fn panicked() -> Event {
    tracing::error!("graphql subscription panicked");
    Event::refused(&Refusal::internal())
}

/// Before the first result a request error means that there is no subscription; after it, it is one result
/// among others.
pub fn of_answer(answer: Answer, begun: bool) -> Event {
    match answer {
        Answer::Refused { errors, .. } if !begun => Event::Refused(errors),
        answer => Event::Next(text(answer)),
    }
}

/// JSON is UTF-8, so there is always a text.
pub fn text(answer: Answer) -> Utf8Bytes {
    Utf8Bytes::try_from(answer.into_body()).unwrap_or_default()
}
