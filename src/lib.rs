//! Feedgraph follows RSS, Atom and JSON feeds and serves them as one fast, live, typed GraphQL API.
//!
//! Data flows one way: fetch, parse, normalize, store, publish, serve. ARCHITECTURE.md walks through it.

pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod declare;
pub mod demo;
pub mod fetch;
pub mod follow;
pub mod graphql;
pub mod hooks;
pub mod http;
pub mod icons;
pub mod jobs;
pub mod metrics;
pub mod normalize;
pub mod parse;
pub mod poll;
pub mod publish;
pub mod render;
pub mod starter;
pub mod store;
pub mod telemetry;
pub mod websub;
