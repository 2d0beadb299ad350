//! The fetch itself: asks, follows redirects, reads the body. In: a URL and validators. Out: an
//! [`Outcome`]. Must not know: feeds, SQL, schedules.

use std::error::Error;
use std::fmt;
use std::future::ready;
use std::sync::Arc;

use entity::{Millis, PollErrorKind};
use futures::future::BoxFuture;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LOCATION,
};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response, StatusCode, Version};
use url::Url;

use super::body::{self, Bounds, ENCODINGS};
use super::failure::{classify, failure, timed_out};
use super::guard::Guard;
use super::headers;
use super::host::host_key;
use super::outcome::{Answer, Failure, Outcome, Validators, Wait};
use super::redirect::Chain;
use super::resolve::GuardedResolver;
use super::settings::FetchSettings;

/// Feeds first; pages too, since feeds are discovered in them.
const ACCEPTED: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
    application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, \
    text/html;q=0.5, */*;q=0.1";

/// How long connections are kept open: a host's feeds follow one another within seconds, and then not for an
/// hour.
const IDLE_SECONDS: u64 = 5;

/// Installs the one TLS provider. Needed before the first [`Fetcher`]; harmless when repeated.
pub fn init() {
    // An error says that one is installed already.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
}

/// Waits until a host, by the name that politeness knows it by, may be asked; says until when not to ask it, if it wants
/// to be left alone.
pub type Turn<'a> = &'a (dyn Fn(String) -> BoxFuture<'static, Option<Millis>> + Send + Sync);

/// Fetches feeds and pages within bounds and behind the guard. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Fetcher(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) client: Client,
    pub(super) guard: Arc<Guard>,
    pub(super) settings: FetchSettings,
}

/// Why no [`Fetcher`] could be made.
#[derive(Debug)]
pub enum FetchError {
    /// The user agent holds characters that no header can carry.
    UserAgent,
    /// The certificates to trust are none.
    Certificates(reqwest::Error),
    /// The HTTP client could not be set up.
    Client(reqwest::Error),
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UserAgent => "the user agent holds characters that cannot be sent",
            Self::Certificates(_) => "the trusted certificates cannot be read; expected PEM",
            Self::Client(_) => "cannot set up the HTTP client",
        })
    }
}

impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::UserAgent => None,
            Self::Certificates(cause) | Self::Client(cause) => Some(cause),
        }
    }
}

impl Fetcher {
    /// A fetcher with its own connections.
    ///
    /// # Errors
    /// When the user agent cannot be sent, or the TLS roots cannot be read.
    pub fn new(settings: FetchSettings) -> Result<Self, FetchError> {
        init();
        let agent =
            HeaderValue::from_str(&settings.user_agent).map_err(|_| FetchError::UserAgent)?;
        let guard = Arc::new(Guard::new(&settings));
        let trusted = Certificate::from_pem_bundle(&settings.trusted_certificates)
            .map_err(FetchError::Certificates)?;
        let client = Client::builder()
            .user_agent(agent)
            .default_headers(HeaderMap::from_iter([
                (ACCEPT, HeaderValue::from_static(ACCEPTED)),
                (ACCEPT_ENCODING, HeaderValue::from_static(ENCODINGS)),
            ]))
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .tls_certs_merge(trusted)
            .dns_resolver(GuardedResolver::new(Arc::clone(&guard)))
            // One line that breaks the rules is no reason to lose a feed.
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .connect_timeout(settings.connect_timeout)
            .pool_max_idle_per_host(settings.idle_per_host)
            .pool_idle_timeout(std::time::Duration::from_secs(IDLE_SECONDS))
            .build()
            // What is in the PEM is looked at here at last.
            .map_err(match settings.trusted_certificates.as_slice() {
                [] => FetchError::Client,
                _ => FetchError::Certificates,
            })?;
        Ok(Self(Arc::new(Inner {
            client,
            guard,
            settings,
        })))
    }

    /// Says which addresses this fetcher may reach.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.0.guard
    }

    /// The same, with the same connections, for smaller bodies.
    #[must_use]
    pub fn limited_to(&self, max_body_bytes: usize) -> Self {
        let Inner {
            client,
            guard,
            settings,
        } = self.0.as_ref();
        Self(Arc::new(Inner {
            client: client.clone(),
            guard: Arc::clone(guard),
            settings: FetchSettings {
                max_body_bytes,
                ..settings.clone()
            },
        }))
    }

    /// The longest that a fetch may take.
    #[must_use]
    pub fn longest(&self) -> std::time::Duration {
        self.0.settings.total_timeout
    }

    /// Asks for a document, conditionally where validators of that address are known, and reads it to its end. Never
    /// takes longer than the total time limit.
    pub async fn fetch(&self, url: &Url, validators: &Validators) -> Outcome {
        let at_once = |_| -> BoxFuture<'static, Option<Millis>> { Box::pin(ready(None)) };
        self.fetch_in_turn(url, validators, &at_once).await
    }

    /// The same; every further host that redirects lead to is asked once `turn` is done with its name. One that wants to be
    /// left alone is not asked: then the redirect's own answer says for how long.
    pub async fn fetch_in_turn(
        &self,
        url: &Url,
        validators: &Validators,
        turn: Turn<'_>,
    ) -> Outcome {
        let limit = self.0.settings.total_timeout;
        let fetched = tokio::time::timeout(limit, self.0.follow(url, validators, turn)).await;
        fetched.unwrap_or_else(|_| Outcome::Failed {
            answer: None,
            failure: timed_out("the fetch was not finished", limit),
        })
    }
}

impl Inner {
    async fn follow(&self, url: &Url, validators: &Validators, turn: Turn<'_>) -> Outcome {
        let mut start = url.clone();
        start.set_fragment(None);
        let mut chain = Chain::new(start);
        let mut last = None;
        loop {
            let response = match self.ask(chain.current(), validators).await {
                Ok(response) => response,
                Err(failure) => return failed(last, failure),
            };
            let (status, headers) = (response.status(), response.headers());
            let mut answer =
                headers::answer(status.as_u16(), headers, chain.current(), chain.permanent());
            // From HTTP/2 on, every body has an end of its own.
            answer.is_framed |= response.version() >= Version::HTTP_2;
            if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                return self.conclude(response, answer, validators, &chain).await;
            }
            match self.go_on(&mut chain, status.as_u16(), headers, turn).await {
                Ok(None) => last = Some(answer),
                Ok(rest) => {
                    answer.retry_after = rest;
                    return failed(Some(answer), not_asked());
                }
                Err(failure) => return failed(Some(answer), failure),
            }
        }
    }

    /// Goes where a redirect points, and waits for the turn of a further host; for how long that wants to be left alone,
    /// if it does.
    pub(super) async fn go_on(
        &self,
        chain: &mut Chain,
        status: u16,
        headers: &HeaderMap,
        turn: Turn<'_>,
    ) -> Result<Option<Wait>, Failure> {
        let location = headers.get(LOCATION);
        let location = location.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let from = host_key(chain.current().as_str());
        chain.follow(status, location.as_deref(), self.settings.max_redirects)?;
        let to = host_key(chain.current().as_str());
        if to == from {
            return Ok(None);
        }
        Ok(turn(to).await.map(Wait::Until))
    }

    /// One request to one hop, up to the end of its headers.
    async fn ask(&self, url: &Url, validators: &Validators) -> Result<Response, Failure> {
        self.guard.check_url(url)?;
        let mut request = self.client.get(url.clone());
        let is_conditional = validators.are_of(url);
        for (name, value) in [
            (IF_NONE_MATCH, &validators.etag),
            (IF_MODIFIED_SINCE, &validators.last_modified),
        ] {
            let value = value.as_deref().filter(|_| is_conditional);
            let value = value.map(HeaderValue::from_bytes);
            if let Some(Ok(value)) = value {
                request = request.header(name, value);
            }
        }
        let limit = self.settings.connect_timeout + self.settings.first_byte_timeout;
        match tokio::time::timeout(limit, request.send()).await {
            Ok(sent) => sent.map_err(|error| classify(&error)),
            Err(_) => Err(timed_out("the server did not answer", limit)),
        }
    }

    /// What the last hop's answer means.
    async fn conclude(
        &self,
        response: Response,
        answer: Answer,
        validators: &Validators,
        chain: &Chain,
    ) -> Outcome {
        match response.status().as_u16() {
            200 | 203 => self.take(response, answer).await,
            304 if validators.are_of(chain.current()) => Outcome::Unchanged(answer),
            // Gone for good is only what the feed's own address says: where it is sent to, even for good, is not
            // believed at first sight.
            410 if chain.is_at_start() => Outcome::Gone(answer),
            _ => {
                let failure = status_failure(response.status());
                failed(Some(answer), failure)
            }
        }
    }

    async fn take(&self, response: Response, mut answer: Answer) -> Outcome {
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type =
            content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let bounds = Bounds {
            max_bytes: self.settings.max_body_bytes,
            idle: self.settings.idle_timeout,
        };
        match body::read(response, bounds).await {
            Ok((bytes, wire_bytes)) => {
                answer.wire_bytes = wire_bytes;
                Outcome::Body {
                    answer,
                    bytes,
                    content_type,
                }
            }
            Err(failure) => failed(Some(answer), failure),
        }
    }
}

/// Of a host that wants to be left alone.
fn not_asked() -> Failure {
    failure(
        PollErrorKind::HttpStatus,
        "not asked: the server that a redirect leads to wants to be left alone for a while",
    )
}

const fn failed(answer: Option<Answer>, failure: Failure) -> Outcome {
    Outcome::Failed { answer, failure }
}

fn status_failure(status: StatusCode) -> Failure {
    let number = status.as_u16();
    let message = match (number, status.canonical_reason()) {
        (304, _) => "the server answered 304 Not Modified without having been asked conditionally"
            .to_owned(),
        (200..=299, _) => format!("the server answered {number}, which carries no document"),
        (_, Some(reason)) => format!("the server answered {number} {reason}"),
        (_, None) => format!("the server answered {number}"),
    };
    failure(PollErrorKind::HttpStatus, &message)
}
