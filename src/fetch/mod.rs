//! From a URL to an outcome. In: a URL and stored validators. Out: an [`Outcome`]. Must not know: feeds, SQL.

mod outcome;

pub use outcome::{Answer, Failure, Outcome, Validators};
