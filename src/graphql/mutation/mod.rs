//! What clients may change. In: inputs. Out: payloads, with refusals as data. Must not know: SQL, HTTP.

pub mod user_error;

pub use user_error::{UserError, Wrong};
