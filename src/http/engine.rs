//! The executor behind the doors, whatever its roots are. In: a checked request. Out: an answer or a
//! stream of answers. Must not know: HTTP.

use async_graphql::{ObjectType, Request, Response, Schema, SubscriptionType};
use entity::Revision;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

type Execute = dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync;
type Open = dyn Fn(Request) -> Request + Send + Sync;
type Version = dyn Fn() -> Option<Revision> + Send + Sync;
type Stream = dyn Fn(Request) -> BoxStream<'static, Response> + Send + Sync;

/// A schema that executes, its types left behind.
pub struct Engine {
    execute: Box<Execute>,
    stream: Box<Stream>,
    open: Box<Open>,
    version: Box<Version>,
    sdl: String,
}

impl Engine {
    /// An engine for a schema; `sdl` is its text as it is published.
    #[must_use]
    pub fn new<Q, M, S>(schema: Schema<Q, M, S>, sdl: String) -> Self
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let streaming = schema.clone();
        Self {
            execute: Box::new(move |request| {
                let schema = schema.clone();
                Box::pin(async move { schema.execute(request).await })
            }),
            stream: Box::new(move |request| streaming.execute_stream(request)),
            open: Box::new(|request| request),
            version: Box::new(|| None),
            sdl,
        }
    }

    /// What every request is given just before it is executed.
    #[must_use]
    pub fn opening(self, open: impl Fn(Request) -> Request + Send + Sync + 'static) -> Self {
        Self {
            open: Box::new(open),
            ..self
        }
    }

    /// Tells the version of all that answers are made of; none while it is not known. Answers are shared only while
    /// it is.
    #[must_use]
    pub fn versioned(self, version: impl Fn() -> Option<Revision> + Send + Sync + 'static) -> Self {
        Self {
            version: Box::new(version),
            ..self
        }
    }

    /// The version of all that answers are made of, if it is known.
    #[must_use]
    pub fn version(&self) -> Option<Revision> {
        (self.version)()
    }

    /// The schema's text.
    #[must_use]
    pub fn sdl(&self) -> &str {
        &self.sdl
    }

    /// Executes a query or mutation.
    #[must_use]
    pub fn execute(&self, request: Request) -> BoxFuture<'static, Response> {
        (self.execute)((self.open)(request))
    }

    /// Executes any operation; a query or mutation gives one answer.
    #[must_use]
    pub fn stream(&self, request: Request) -> BoxStream<'static, Response> {
        (self.stream)((self.open)(request))
    }
}
