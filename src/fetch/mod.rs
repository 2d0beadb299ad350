//! From a URL to an outcome. In: a URL and stored validators. Out: an [`Outcome`]. Must not know: feeds, SQL.

mod host;
mod outcome;

pub use host::host_key;
pub use outcome::{Answer, Failure, Outcome, Validators};
