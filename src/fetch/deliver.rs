//! Handing a message to somebody else's server, behind the same guard as fetching. In: a URL, headers, a body. Out: the
//! status that it was answered with, or why there is none. Must not know: what the message is.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::client::Fetcher;
use super::failure::{classify, failure, timed_out};
use super::headers::retry_after;
use super::outcome::{Failure, Wait};

/// A message to be handed over.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// To whom.
    pub url: Url,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

/// What a message was answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The HTTP status.
    pub status: u16,
    /// How long the server wants to be left alone (RFC 9110, section 10.2.3).
    pub retry_after: Option<Wait>,
}

impl Fetcher {
    /// Posts a message and gives what it was answered with, but for the body, which is not read. Redirects are not followed: the
    /// message is for the address that was registered and for no other.
    ///
    /// # Errors
    /// When the address may not be reached, or no answer comes within `limit`.
    pub async fn deliver(&self, delivery: Delivery, limit: Duration) -> Result<Receipt, Failure> {
        self.0.guard.check_url(&delivery.url)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &delivery.headers {
            let value = HeaderValue::from_str(value)
                .map_err(|_| failure(entity::PollErrorKind::Other, "a header cannot be sent"))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        let request = self
            .0
            .client
            .post(delivery.url)
            .headers(headers)
            .body(delivery.body);
        match tokio::time::timeout(limit, request.send()).await {
            Ok(sent) => {
                let response = sent.map_err(|error| classify(&error))?;
                Ok(Receipt {
                    status: response.status().as_u16(),
                    retry_after: retry_after(response.headers()),
                })
            }
            Err(_) => Err(timed_out("the server did not answer", limit)),
        }
    }
}
