//! What a request wants of the way in which it is answered, beside the form. In: its head. Out: how the bytes may be
//! coded, which ones the client has already, and who may keep them. Must not know: what was asked.

use std::time::Duration;

use axum::http::{HeaderName, Method, header, request};

use super::cost::Cost;
use super::result::Coding;

/// What a request wants.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// How the bytes may be coded.
    pub coding: Coding,
    /// Set for a GET or HEAD, whose answers others may keep.
    pub get: Option<Get>,
    /// Rows that are left to the client, which an answer to it alone tells.
    pub left: Option<u32>,
}

/// What a GET wants.
#[derive(Clone, Debug)]
pub struct Get {
    /// The tags of what the client has.
    pub has: Option<String>,
    /// Whether somebody asks who may be told what others are not.
    pub is_signed: bool,
    /// How long the answer may be used without asking again.
    pub max_age: Duration,
}

impl Wishes {
    /// What this request wants.
    #[must_use]
    pub fn of(parts: &request::Parts, max_age: Duration) -> Self {
        let all = |name: HeaderName| {
            let values = parts.headers.get_all(name).iter();
            let texts: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
            (!texts.is_empty()).then(|| texts.join(","))
        };
        let is_get = parts.method == Method::GET || parts.method == Method::HEAD;
        Self {
            coding: Coding::of(&all(header::ACCEPT_ENCODING).unwrap_or_default()),
            get: is_get.then(|| Get {
                has: all(header::IF_NONE_MATCH),
                is_signed: parts.headers.contains_key(header::AUTHORIZATION),
                max_age,
            }),
            left: None,
        }
    }

    /// The same of a client that was charged.
    #[must_use]
    pub fn of_client(self, cost: Cost) -> Self {
        Self {
            left: cost.left.filter(|_| self.get.is_none()),
            ..self
        }
    }
}
