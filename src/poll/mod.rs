//! Keeps sources current. In: due sources. Out: visits stored, and the bell rung. Must not know: GraphQL, who reads.

mod backoff;
pub mod hosts;
pub mod moved;
pub mod schedule;
mod words;
