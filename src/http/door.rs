//! What all transports share: who asks, the gate, and execution within a time. In: parameters and a token.
//! Out: answers and events. Must not know: how they are written to a client.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use apollo_compiler::executable::OperationType;
use apollo_compiler::response::JsonMap;
use async_graphql::{Request, Variables};
use axum::http::{HeaderMap, StatusCode, header};
use futures::FutureExt as _;
use serde_json::Value;
use tokio::time::timeout;

use super::answer::{Answer, shape};
use super::drain::Drain;
use super::engine::Engine;
use super::gate::{Gate, InvalidSchema, Passed};
use super::health::Health;
use super::kept::{Audience, Question};
use super::params::Params;
use super::refusal::Refusal;
use super::result::For;
use super::settings::HttpSettings;
use super::shared::{self, Asked, Shared};
use crate::auth::{Auth, Caller};
use crate::clock::Clock;
use crate::graphql::Code;

/// The one door behind all transports.
pub struct Door {
    /// What many get.
    pub(super) shared: Shared,
    /// Executes.
    pub(super) engine: Engine,
    pub(super) gate: Arc<Gate>,
    pub(super) auth: Arc<Auth>,
    pub(super) clock: Clock,
    pub(super) health: Health,
    pub(super) settings: HttpSettings,
    pub(super) drain: Drain,
}

/// What a door is made of.
pub struct Frame {
    /// Executes what has passed.
    pub engine: Engine,
    /// Knows who asks.
    pub auth: Arc<Auth>,
    /// Tells when a token has expired.
    pub clock: Clock,
    /// Tells whether the program is well.
    pub health: Health,
    /// What is allowed.
    pub settings: HttpSettings,
    /// Tells when to stop.
    pub drain: Drain,
}

/// An operation that has passed the gate.
pub struct Prepared {
    /// What it is.
    pub kind: OperationType,
    /// Who asks.
    pub caller: Caller,
    /// What is asked, whoever asks.
    pub question: Question,
    pub(super) passed: Arc<Passed>,
    pub(super) operation_name: Option<String>,
    variables: Variables,
    pub(super) coerced: JsonMap,
}

impl Prepared {
    /// What is executed; as often as it is.
    #[must_use]
    pub fn request(&self) -> Request {
        let mut request = self.bare_request();
        if let Some(principal) = &self.caller.principal {
            request = request.data(principal.clone());
        }
        request.data(self.caller.clone())
    }

    /// The same for nobody in particular.
    #[must_use]
    pub fn request_of_nobody(&self) -> Request {
        self.bare_request().data(Caller::default())
    }

    fn bare_request(&self) -> Request {
        let mut request = Request::new("").variables(self.variables.clone());
        request.operation_name.clone_from(&self.operation_name);
        request.set_parsed_query(self.passed.parsed());
        request
    }

    /// With whom an answer may be shared.
    fn audience(&self) -> Audience {
        match self.caller.principal {
            Some(_) => Audience::SignedIn,
            None => Audience::Anyone,
        }
    }
}

impl Door {
    /// Makes a door.
    ///
    /// # Errors
    /// When the engine's schema is not valid.
    pub fn new(frame: Frame) -> Result<Arc<Self>, InvalidSchema> {
        let settings = frame.settings;
        let gate = Gate::new(
            frame.engine.sdl(),
            settings.limits,
            settings.documents_bytes,
        )?;
        Ok(Arc::new(Self {
            shared: Shared::new(settings.answers_bytes),
            engine: frame.engine,
            gate: Arc::new(gate),
            auth: frame.auth,
            clock: frame.clock,
            health: frame.health,
            drain: frame.drain,
            settings,
        }))
    }

    /// Who asks. A token that is not good is as none: what is public stays public, and what is not is
    /// refused by its guard.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn caller(
        &self,
        token: Option<&str>,
        address: Option<IpAddr>,
    ) -> Result<Caller, Refusal> {
        let principal = match token {
            Some(token) => self.auth.principal_of(token).await.map_err(|error| {
                tracing::error!(error = %chain(&error), "access token check failed");
                Refusal::internal()
            })?,
            None => None,
        };
        Ok(Caller {
            token_refused: token.is_some() && principal.is_none(),
            principal,
            address,
        })
    }

    /// Takes an operation through the gate.
    ///
    /// # Errors
    /// Whatever is wrong with the document, its operation or its variables.
    pub async fn prepare(&self, params: Params, caller: Caller) -> Result<Prepared, Refusal> {
        let passed = self.gate.pass(&params.query).await?;
        let name = params.operation_name.as_deref();
        let kind = passed.kind(name)?;
        let coerced = passed.coerce_variables(name, &params.variables)?;
        Ok(Prepared {
            kind,
            caller,
            question: shared::question(&passed.key, name, &coerced),
            passed,
            coerced,
            operation_name: params.operation_name,
            variables: Variables::from_json(Value::Object(params.variables)),
        })
    }

    /// Answers a query or mutation. A query whose answer is known is not executed, and one that another is waiting
    /// for is executed once for both.
    ///
    /// # Errors
    /// It took too long, or the executor broke down.
    pub async fn answer(&self, prepared: &Prepared) -> Result<Answer, Refusal> {
        let sharable = prepared.kind == OperationType::Query && !prepared.caller.token_refused;
        match (self.engine.version(), &self.shared.kept) {
            (Some(version), Some(kept)) if sharable => {
                let execute = || self.execute(prepared);
                kept.answer(prepared.question, prepared.audience(), version, execute)
                    .await
            }
            _ => self.execute(prepared).await,
        }
    }

    /// Executes a query or mutation; what is not done in time is given up, and stops working.
    async fn execute(&self, prepared: &Prepared) -> Result<Answer, Refusal> {
        let limit = match prepared.kind {
            OperationType::Mutation => self.settings.mutation_timeout,
            OperationType::Query | OperationType::Subscription => self.settings.query_timeout,
        };
        let asked = Asked::default();
        let request = prepared.request().data(asked.clone());
        let work = AssertUnwindSafe(self.engine.execute(request)).catch_unwind();
        match timeout(limit, work).await {
            Ok(Ok(response)) if prepared.kind != OperationType::Query => Ok(shape(response)),
            Ok(Ok(response)) if asked.who() => Ok(shape(response).shared(For::Asker)),
            Ok(Ok(response)) => Ok(shape(response).shared(For::Everyone)),
            Ok(Err(_)) => {
                tracing::error!("graphql execution panicked");
                Err(Refusal::internal())
            }
            Err(_) => Err(Refusal::of_request(
                StatusCode::SERVICE_UNAVAILABLE,
                Code::Timeout,
                format!(
                    "It took longer than {} seconds and was given up.",
                    limit.as_secs()
                ),
            )),
        }
    }

    /// Waits until the caller's token is not good any more; for ever where there is none.
    pub(super) async fn expired(&self, caller: &Caller) {
        let Some(principal) = &caller.principal else {
            return std::future::pending().await;
        };
        loop {
            let left = principal.expires_at.since(self.clock.now());
            let Ok(left @ 1..) = u64::try_from(left) else {
                return;
            };
            // Short, since the clock may be moved by hand or by the machine's owner.
            tokio::time::sleep(Duration::from_millis(left.min(1_000))).await;
        }
    }
}

/// The token of an `Authorization` header; the whole value where it is of another scheme, which is then no
/// good token.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?;
    Some(bearer_of(value.to_str().unwrap_or_default()))
}

/// The token in the text of an `Authorization` header (RFC 6750, section 2.1).
#[must_use]
pub fn bearer_of(text: &str) -> &str {
    match text.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => text.trim(),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
