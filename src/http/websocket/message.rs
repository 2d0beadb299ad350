//! The messages of the graphql-transport-ws protocol. In: text. Out: messages, and the other way. Must not
//! know: sockets.

use serde_json::{Map, Value};

use crate::http::door::bearer_of;
use crate::http::params::{self, Params};
use crate::http::refusal::to_json;

/// What a client sends.
#[derive(Clone, Debug, PartialEq)]
pub enum FromClient {
    /// It wants to begin; with a token perhaps.
    Init {
        /// The access token in the payload.
        token: Option<String>,
    },
    /// Is anyone there?
    Ping {
        /// Sent back.
        payload: Option<Value>,
    },
    /// Yes.
    Pong,
    /// Begin an operation.
    Subscribe {
        /// The client's name for it.
        id: String,
        /// What it is.
        params: Params,
    },
    /// End an operation.
    Complete {
        /// Which.
        id: String,
    },
}

/// Reads a message; none when it is not one of the protocol.
#[must_use]
pub fn read(text: &str) -> Option<FromClient> {
    let Value::Object(mut message) = serde_json::from_str(text).ok()? else {
        return None;
    };
    let payload = message.remove("payload").filter(|value| !value.is_null());
    let kind = message.get("type")?.as_str()?;
    match kind {
        "connection_init" => Some(FromClient::Init {
            token: token(optional_object(payload)?),
        }),
        "ping" => Some(FromClient::Ping {
            payload: optional_object(payload)?.map(Value::Object),
        }),
        "pong" => optional_object(payload).map(|_| FromClient::Pong),
        "subscribe" => Some(FromClient::Subscribe {
            id: id(&message)?,
            params: params::from_object(optional_object(payload)??).ok()?,
        }),
        "complete" => Some(FromClient::Complete { id: id(&message)? }),
        _ => None,
    }
}

/// The outer option says whether it is right, the inner whether it is there.
#[expect(clippy::option_option, reason = "the two say different things")]
fn optional_object(payload: Option<Value>) -> Option<Option<Map<String, Value>>> {
    match payload {
        None => Some(None),
        Some(Value::Object(object)) => Some(Some(object)),
        Some(_) => None,
    }
}

fn id(message: &Map<String, Value>) -> Option<String> {
    let id = message.get("id")?.as_str()?;
    (!id.is_empty() && id.len() <= 256).then(|| id.to_owned())
}

/// Browsers cannot send headers with a WebSocket: the token comes as `Authorization` in the payload.
fn token(payload: Option<Map<String, Value>>) -> Option<String> {
    let payload = payload?;
    let mut fields = payload.iter();
    let (_, value) = fields.find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| bearer_of(text).to_owned())
}

/// The connection is accepted.
pub const ACK: &str = r#"{"type":"connection_ack"}"#;

/// The answer to a ping.
#[must_use]
pub fn pong(payload: Option<&Value>) -> String {
    payload.map_or_else(
        || r#"{"type":"pong"}"#.to_owned(),
        |payload| format!(r#"{{"type":"pong","payload":{}}}"#, to_json(payload)),
    )
}

/// A result.
#[must_use]
pub fn next(id: &str, result: &str) -> String {
    format!(
        r#"{{"id":{},"type":"next","payload":{result}}}"#,
        to_json(&id)
    )
}

/// An operation that was not executed.
#[must_use]
pub fn error(id: &str, errors: &str) -> String {
    format!(
        r#"{{"id":{},"type":"error","payload":{errors}}}"#,
        to_json(&id)
    )
}

/// An operation has ended.
#[must_use]
pub fn complete(id: &str) -> String {
    format!(r#"{{"id":{},"type":"complete"}}"#, to_json(&id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_protocol_are_read() {
        let check =
            |text: &str, expected: Option<FromClient>| assert_eq!(read(text), expected, "{text}");
        let init = |token: Option<&str>| {
            Some(FromClient::Init {
                token: token.map(str::to_owned),
            })
        };
        check(r#"{"type":"connection_init"}"#, init(None));
        check(r#"{"type":"connection_init","payload":null}"#, init(None));
        check(
            r#"{"type":"connection_init","payload":{"authorization":"Bearer x.y"}}"#,
            init(Some("x.y")),
        );
        check(
            r#"{"type":"connection_init","payload":{"Authorization":"x.y"}}"#,
            init(Some("x.y")),
        );
        check(r#"{"type":"connection_init","payload":7}"#, None);
        check(r#"{"type":"pong"}"#, Some(FromClient::Pong));
        check(
            r#"{"type":"complete","id":"a"}"#,
            Some(FromClient::Complete { id: "a".into() }),
        );
        check(r#"{"type":"complete"}"#, None);
        check(r#"{"type":"complete","id":7}"#, None);
        check(r#"{"type":"subscribe","id":"a"}"#, None);
        check(
            r#"{"type":"subscribe","id":"a","payload":{"query":7}}"#,
            None,
        );
        check(
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            None,
        );
        check(r#"{"type":"start"}"#, None);
        check("[]", None);
        check("", None);
        let params = Params {
            query: "{a}".into(),
            ..Params::default()
        };
        check(
            r#"{"type":"subscribe","id":"a","payload":{"query":"{a}"}}"#,
            Some(FromClient::Subscribe {
                id: "a".into(),
                params,
            }),
        );
    }

    #[test]
    fn messages_are_written_with_the_clients_id() {
        assert_eq!(
            next("a\"b", "{}"),
            r#"{"id":"a\"b","type":"next","payload":{}}"#
        );
        assert_eq!(
            error("a", "[]"),
            r#"{"id":"a","type":"error","payload":[]}"#
        );
        assert_eq!(complete("a"), r#"{"id":"a","type":"complete"}"#);
        assert_eq!(pong(None), r#"{"type":"pong"}"#);
    }
}
