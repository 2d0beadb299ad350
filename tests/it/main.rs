//! Every test that goes through the front door: one binary, on SQLite and on PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::as_conversions,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod support;

mod accounts;
mod attacks;
mod attacks_limits;
mod authorization;
mod caching;
mod changes;
mod costs;
mod declaring;
mod demo;
mod durability;
mod exactness;
mod fetch_bounds;
mod fetch_secure;
mod fetching;
mod health;
mod http;
mod icons;
mod importing;
mod importing_files;
mod jobs;
mod killing;
mod layering;
mod managing;
mod multipart;
mod nodes;
mod outputs;
mod paging;
mod parsing;
mod planets;
mod polling;
mod program;
mod proposing;
mod publishing;
mod pushing;
mod reading;
mod resuming;
mod ruling;
mod schema;
mod searching;
mod sharing;
mod signing_in;
mod sse;
mod storing;
mod subscribing;
mod tiny;
mod watching;
mod webhooks;
mod websocket;
