//! The doors. In: HTTP. Out: GraphQL answers and streams, and a few files. Must not know: SQL, feeds.

mod engine;
mod gate;
mod negotiate;
mod params;
mod refusal;

pub use engine::Engine;
pub use gate::{Gate, InvalidSchema, Limits};
