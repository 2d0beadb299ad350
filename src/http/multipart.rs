//! Subscriptions as Apollo Client reads them from `/graphql`: parts of `multipart/mixed`, each a result in
//! a `payload`, and empty ones now and then while nothing happens. In: events. Out: a response. Must not
//! know: how operations are executed.

use std::time::Duration;

use async_stream::stream;
use axum::body::{Body, Bytes};
use axum::response::Response;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use tokio::time::timeout;

use super::door::Door;
use super::events::{self, Event};
use super::respond;
use super::seats::{Seat, seated};

/// Streams events as parts. The boundary after a part is sent with it, since readers wait for it.
pub fn respond(door: &Door, events: BoxStream<'static, Event>, seat: Seat) -> Response {
    let body = seated(write(events, door.settings.heartbeat), seat);
    respond::stream(
        "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"",
        Body::from_stream(body.map(|text| Ok::<_, std::convert::Infallible>(Bytes::from(text)))),
    )
}

fn write(mut events: BoxStream<'static, Event>, heartbeat: Duration) -> impl Stream<Item = String> {
    stream! {
        yield "\r\n--graphql".to_owned();
        loop {
            match timeout(heartbeat, events.next()).await {
                Err(_) => yield part("{}"),
                Ok(Some(Event::Next(result))) => yield part(&format!("{{\"payload\":{result}}}")),
                Ok(Some(Event::Refused(errors))) => {
                    yield part(&format!("{{\"payload\":{{\"errors\":{errors}}}}}"));
                }
                Ok(Some(Event::Expired)) => yield part(&fatal(&events::expired())),
                Ok(Some(Event::Stopping)) => yield part(&fatal(&events::stopping())),
                Ok(None) => {
                    yield "--\r\n".to_owned();
                    return;
                }
            }
        }
    }
}

/// An error of the transport: it ends the stream on the client's side.
fn fatal(errors: &str) -> String {
    format!("{{\"payload\":null,\"errors\":{errors}}}")
}

fn part(json: &str) -> String {
    format!("\r\ncontent-type: application/json; charset=utf-8\r\n\r\n{json}\r\n--graphql")
}
