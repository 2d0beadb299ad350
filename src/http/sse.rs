//! `/graphql/stream`: the graphql-sse protocol's distinct connections mode, one operation a connection.
//! In: HTTP requests. Out: `next` events, then `complete`; a comment now and then while nothing happens.
//! A stream that ends without `complete` was cut off, and the client may try again. Must not know: how
//! operations are executed.

use std::sync::Arc;
use std::time::Duration;

use async_stream::stream;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use tokio::time::timeout;

use super::door::Door;
use super::events::{self, Event};
use super::graphql::{accept, admit, not_acceptable};
use super::negotiate::{Form, choose};
use super::seats::{Seat, seated};
use super::{intake, respond};

/// The handler of `/graphql/stream`.
pub async fn serve(State(door): State<Arc<Door>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if choose(accept(&parts.headers).as_deref(), &[Form::EventStream]).is_none() {
        return respond::stream_refusal(&not_acceptable("Here is only text/event-stream."));
    }
    let admitted = async {
        let said = intake::take(&parts, body, &door.settings).await?;
        admit(&door, &parts, &said).await
    };
    match admitted.await {
        Ok((caller, prepared)) => match door.seats.take(caller.address) {
            Ok(seat) => respond(&door, events::of(Arc::clone(&door), prepared, caller), seat),
            Err(refusal) => respond::stream_refusal(&refusal),
        },
        Err(refusal) => {
            let response = respond::stream_refusal(&refusal);
            if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
                return respond::allowing(response, "GET, POST");
            }
            response
        }
    }
}

/// Streams events as server-sent events; the seat is held as long.
pub fn respond(door: &Door, events: BoxStream<'static, Event>, seat: Seat) -> Response {
    let body = seated(write(events, door.settings.heartbeat), seat);
    respond::stream(
        "text/event-stream; charset=utf-8",
        Body::from_stream(body.map(|text| Ok::<_, std::convert::Infallible>(Bytes::from(text)))),
    )
}

fn write(mut events: BoxStream<'static, Event>, heartbeat: Duration) -> impl Stream<Item = String> {
    stream! {
        // Tells the client and every proxy between that the stream is open.
        yield ":\n\n".to_owned();
        loop {
            match timeout(heartbeat, events.next()).await {
                Err(_) => yield ":\n\n".to_owned(),
                Ok(Some(Event::Next(result))) => yield next(&result),
                Ok(Some(Event::Refused(errors))) => yield next(&failed(&errors)),
                Ok(Some(Event::Expired)) => yield next(&failed(&events::expired())),
                Ok(Some(Event::Stopping)) => return,
                Ok(None) => {
                    yield "event: complete\ndata:\n\n".to_owned();
                    return;
                }
            }
        }
    }
}

fn failed(errors: &str) -> String {
    format!("{{\"errors\":{errors}}}")
}

/// JSON has no line breaks outside its strings, and escapes them inside.
fn next(result: &str) -> String {
    format!("event: next\ndata: {result}\n\n")
}
