//! From a URL to an outcome. In: a URL and stored validators. Out: an [`Outcome`]. Must not know: feeds, SQL.
//!
//! Redirects are followed here, hop by hop, so that the guard sees each one; addresses are
//! checked between resolving and dialling, so that no name can change its mind in between.

mod body;
mod client;
mod deliver;
mod failure;
mod guard;
mod headers;
mod host;
mod outcome;
mod redirect;
mod resolve;
mod settings;
mod submit;

pub use client::{FetchError, Fetcher, Turn, init};
pub use deliver::{Delivery, Receipt};
pub use guard::Guard;
pub use host::host_key;
pub use outcome::{Answer, Failure, Outcome, Validators, Wait};
pub use settings::{FetchSettings, Ports};
