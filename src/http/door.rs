//! What all transports share: who asks, the gate, and execution within a time. In: parameters and a token.
//! Out: answers and events. Must not know: how they are written to a client.

use std::future::pending;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use apollo_compiler::executable::OperationType;
use apollo_compiler::response::JsonMap;
use async_graphql::{Request, Response, Variables};
use axum::http::{HeaderMap, StatusCode, header};
use entity::Role;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::time::timeout;

use super::answer::{Answer, shape};
use super::cost::Cost;
use super::drain::Drain;
use super::engine::Engine;
use super::gate::{Gate, InvalidSchema, Passed};
use super::health::Health;
use super::kept::{Audience, Question};
use super::params::Params;
use super::persisted::Persisted;
use super::rate::Rates;
use super::refusal::{Problem, Refusal};
use super::result::For;
use super::seats::Seats;
use super::settings::HttpSettings;
use super::shared::{self, Asked, Shared};
use crate::auth::{Auth, Caller, Principal};
use crate::clock::Clock;
use crate::graphql::Code;
use crate::metrics::Metrics;
use crate::store::abandonable;

/// The one door behind all transports.
pub struct Door {
    /// What many get.
    pub(super) shared: Shared,
    /// Executes.
    pub(super) engine: Engine,
    pub(super) gate: Arc<Gate>,
    pub(super) auth: Arc<Auth>,
    pub(super) health: Health,
    pub(super) settings: HttpSettings,
    pub(super) drain: Drain,
    pub(super) metrics: Metrics,
    pub(super) seats: Seats,
    rates: Rates,
    persisted: Persisted,
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
    /// Counts what is asked.
    pub metrics: Metrics,
}

/// An operation that has passed the gate.
pub struct Prepared {
    /// What it is.
    pub kind: OperationType,
    /// Who asks.
    pub caller: Caller,
    /// What is asked, whoever asks.
    pub question: Question,
    /// What it costs.
    pub cost: Cost,
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
            health: frame.health,
            drain: frame.drain,
            metrics: frame.metrics,
            seats: Seats::new(settings.live_per_address),
            rates: Rates::new(settings.rows_per_minute, frame.clock),
            persisted: Persisted::new(settings.trusted.clone(), settings.only_trusted),
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
        let prepared = self.pass(params, caller).await;
        self.metrics.operation(match &prepared {
            Ok(prepared) => prepared.kind.name(),
            Err(_) => "refused",
        });
        prepared
    }

    async fn pass(&self, params: Params, caller: Caller) -> Result<Prepared, Refusal> {
        let params = self.persisted.resolve(params)?;
        let passed = self.gate.pass(&params.query).await?;
        let name = params.operation_name.as_deref();
        let kind = passed.kind(name)?;
        let coerced = passed.coerce_variables(name, &params.variables)?;
        if passed.introspects() && !self.may_introspect(caller.principal.as_ref()) {
            return Err(Refusal::of_document(vec![Problem::new(
                Code::Forbidden,
                "Only editors may ask this server for its schema.",
            )]));
        }
        let price = passed.price(name, &coerced)?;
        let cost = self.charge(&caller, price)?;
        Ok(Prepared {
            kind,
            caller,
            question: shared::question(&passed.key, name, &coerced),
            cost,
            passed,
            coerced,
            operation_name: params.operation_name,
            variables: Variables::from_json(Value::Object(params.variables)),
        })
    }

    /// Whether the schema may be asked for.
    pub(super) fn may_introspect(&self, principal: Option<&Principal>) -> bool {
        let is_editor = |principal: &Principal| principal.role >= Role::Editor;
        self.settings.introspection || principal.is_some_and(is_editor)
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

    /// Takes the price of what is answered again from what the client may ask for.
    ///
    /// # Errors
    /// The client has to wait.
    pub(super) fn charge(&self, caller: &Caller, price: u64) -> Result<Cost, Refusal> {
        Cost::charge(&self.rates, caller, price, self.settings.limits.rows)
    }

    /// Executes a query or mutation; what is not done in time is given up, and stops working.
    async fn execute(&self, prepared: &Prepared) -> Result<Answer, Refusal> {
        let limit = match prepared.kind {
            OperationType::Mutation => self.settings.mutation_timeout,
            OperationType::Query | OperationType::Subscription => self.settings.query_timeout,
        };
        let asked = Asked::default();
        let request = prepared.request().data(asked.clone());
        let work = abandonable(self.engine.execute(request));
        let work = AssertUnwindSafe(work).catch_unwind();
        let priced = |response: Response| shape(response.extension("cost", prepared.cost.told()));
        match timeout(limit, work).await {
            Ok(Ok(response)) if prepared.kind != OperationType::Query => Ok(priced(response)),
            Ok(Ok(response)) if asked.is_fleeting() => Ok(priced(response).shared(For::Once)),
            Ok(Ok(response)) if asked.who() => Ok(priced(response).shared(For::Asker)),
            Ok(Ok(response)) => Ok(priced(response).shared(For::Everyone)),
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

    /// Waits until the caller's token is not good any more, by age or because somebody ended what it stands for; for ever
    /// where there is none.
    /// In a box, which is empty for those without a token, who are most.
    pub(super) fn expired<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, ()> {
        match &caller.principal {
            Some(principal) => self.auth.until_over(principal).boxed(),
            None => pending().boxed(),
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
