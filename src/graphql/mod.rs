//! The API. In: GraphQL documents. Out: answers and streams. Must not know: HTTP, SQL, feeds.
//!
//! The roots are [`query`], [`mutation`] and [`subscription`]; each noun of the contract has a file with
//! its fields. Resolvers give [`error::Result`], never async-graphql's own: its errors show their insides.
//! A nullable field that can fail is `Option<Result<T>>`, since a failing `Result<Option<T>>` takes its
//! parent with it.

mod acting;
pub mod audit;
pub mod author;
pub mod change;
mod cursor;
pub mod day;
pub mod entry;
pub mod error;
pub mod filter;
mod gather;
pub mod health;
pub mod id;
pub mod job;
mod known;
mod list;
mod live;
pub mod loader;
pub mod mark;
pub mod mutation;
pub mod needs;
pub mod node;
pub mod page;
mod place;
pub mod planet;
pub mod polling;
pub mod proposal;
pub mod query;
mod quick;
pub mod revision;
pub mod rule;
pub mod run;
pub mod scalar;
pub mod search;
pub mod server;
pub mod session;
pub mod source;
pub mod steering;
pub mod subscription;
pub mod tag;
pub mod user;
pub mod viewer;
pub mod webhook;
pub mod word;
mod zone;

use std::sync::Arc;

use async_graphql::{
    Context, MergedObject, Request, SDLExportOptions, SchemaBuilder, ValidationMode,
};
use entity::Revision;

use error::Result;
pub use error::{Code, Fault};
pub use mutation::Mutation;
pub use place::{FOLLOWING, Place};
use query::Query;
use subscription::Subscription;
pub use viewer::Asked;

use crate::auth::Auth;
use crate::clock::Clock;
use crate::poll::Poller;
use crate::publish::Bell;
use crate::store::Store;

/// Reading; nothing here changes anything, and most of it needs no token.
#[derive(Debug, Default, MergedObject)]
#[graphql(name = "Query")]
pub struct Root(Query, steering::SteeringQuery);

/// The schema with its roots.
pub type Schema = async_graphql::Schema<Root, Mutation, Subscription>;

/// What resolvers work with.
#[derive(Clone)]
pub struct Services {
    /// The rows.
    pub store: Store,
    /// Rings when the change log or a job moves.
    pub bell: Bell,
    /// Accounts' way in.
    pub auth: Arc<Auth>,
    /// The time.
    pub clock: Clock,
    /// Who polls.
    pub poller: Poller,
    /// What the operator chose.
    pub settings: GraphqlSettings,
}

/// What the operator chose.
#[derive(Clone, Debug)]
pub struct GraphqlSettings {
    /// What the server calls itself.
    pub name: String,
    /// Where clients see the server; none where nobody serves.
    pub public_url: Option<url::Url>,
    /// Whether anyone may propose sources.
    pub proposals: bool,
    /// How deep selections may be nested; the door enforces it.
    pub max_depth: u32,
    /// How many rows an operation may ask for; the door enforces it.
    pub max_complexity: u32,
}

impl Default for GraphqlSettings {
    fn default() -> Self {
        Self {
            name: "Feedgraph".to_owned(),
            public_url: None,
            proposals: true,
            max_depth: 15,
            max_complexity: 100_000,
        }
    }
}

/// The schema, ready to execute requests that [`begin`] has prepared.
#[must_use]
pub fn build(services: Services) -> Schema {
    builder()
        // The door's gate has validated every document and priced it; here it would be done again for each request.
        .validation_mode(ValidationMode::Fast)
        .data(known::Known::new(services.bell.clone()))
        .data(services)
        .data(mutation::allowance::Allowance::default())
        .finish()
}

/// The schema's text, as schema.graphql holds it.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .include_specified_by()
        .prefer_single_line_descriptions()
        .use_space_ident()
        .indent_width(2);
    let text = builder().finish().sdl_with_options(options);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim())
}

fn builder() -> SchemaBuilder<Root, Mutation, Subscription> {
    Schema::build(Root::default(), Mutation::default(), Subscription)
}

/// How far the change log had come when a request began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Began(pub Revision);

/// Gives a request what it needs for itself; every door calls it before executing. What `changeCursor`
/// gives must be older than anything that the request reads, and fields are read at the same time.
#[must_use]
pub fn begin(request: Request, bell: &Bell) -> Request {
    request
        .data(Began(bell.last()))
        .data(loader::Batches::default())
        .data(acting::Acting::default())
}

/// What resolvers work with; in a mutation, what they write is noted as the caller's.
///
/// # Errors
/// `INTERNAL` when the schema was built without.
pub fn services<'a>(ctx: &Context<'a>) -> Result<&'a Services> {
    let shared = ctx.data::<Services>().map_err(|_| Fault::hidden())?;
    Ok(acting::services(ctx, shared))
}

/// Rows that were read before.
///
/// # Errors
/// `INTERNAL` when the schema was built without.
fn known<'a>(ctx: &Context<'a>) -> Result<&'a known::Known> {
    ctx.data::<known::Known>().map_err(|_| Fault::hidden())
}

/// The rows.
///
/// # Errors
/// `INTERNAL` when the schema was built without.
pub fn store<'a>(ctx: &Context<'a>) -> Result<&'a Store> {
    Ok(&services(ctx)?.store)
}
