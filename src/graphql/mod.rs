//! The API. In: GraphQL documents. Out: answers and streams. Must not know: HTTP, SQL, feeds.

pub mod error;
pub mod id;
pub mod mutation;
pub mod needs;
pub mod scalar;
pub mod word;

pub use error::{Code, Fault};
