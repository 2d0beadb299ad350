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
    /// The client goes; only the forerunner says so.
    Terminate,
}

/// Which words are spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Those of graphql-transport-ws.
    #[default]
    Present,
    /// Those of its forerunner, subscriptions-transport-ws. Some clients (gql of Python) offer both and do not see
    /// which one was chosen, because they look for the answer's header in one spelling only.
    Former,
}

impl Dialect {
    const fn next(self) -> &'static str {
        match self {
            Self::Present => "next",
            Self::Former => "data",
        }
    }

    /// The word of the present protocol for one that is read.
    fn present(self, kind: &str) -> &str {
        match (self, kind) {
            (Self::Former, "start") => "subscribe",
            (Self::Former, "stop") => "complete",
            _ => kind,
        }
    }

    /// Whether a message can only be of the forerunner.
    #[must_use]
    pub fn is_former(text: &str) -> bool {
        let message: Option<Value> = serde_json::from_str(text).ok();
        message.is_some_and(|message| message.get("type").and_then(Value::as_str) == Some("start"))
    }
}

/// Reads a message; none when it is not one of the protocol.
#[must_use]
pub fn read(text: &str, dialect: Dialect) -> Option<FromClient> {
    let Value::Object(mut message) = serde_json::from_str(text).ok()? else {
        return None;
    };
    let payload = message.remove("payload").filter(|value| !value.is_null());
    let kind = message.get("type")?.as_str()?;
    match dialect.present(kind) {
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
        "connection_terminate" if dialect == Dialect::Former => Some(FromClient::Terminate),
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
pub fn next(id: &str, result: &str, dialect: Dialect) -> String {
    format!(
        r#"{{"id":{},"type":"{}","payload":{result}}}"#,
        to_json(&id),
        dialect.next()
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
        let check = |text: &str, expected: Option<FromClient>| {
            assert_eq!(read(text, Dialect::Present), expected, "{text}");
        };
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
    fn the_forerunner_is_understood_where_it_is_spoken() {
        let start = r#"{"type":"start","id":"a","payload":{"query":"{a}"}}"#;
        assert!(Dialect::is_former(start) && !Dialect::is_former(r#"{"type":"subscribe"}"#));
        assert!(matches!(
            read(start, Dialect::Former),
            Some(FromClient::Subscribe { .. })
        ));
        let stop = read(r#"{"type":"stop","id":"a"}"#, Dialect::Former);
        assert_eq!(stop, Some(FromClient::Complete { id: "a".into() }));
        assert_eq!(
            next("a", "{}", Dialect::Former),
            r#"{"id":"a","type":"data","payload":{}}"#
        );
    }

    #[test]
    fn messages_are_written_with_the_clients_id() {
        assert_eq!(
            next("a\"b", "{}", Dialect::Present),
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
