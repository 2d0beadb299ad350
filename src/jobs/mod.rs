//! Background jobs: importing a list of subscriptions, polling many sources now, and looking through entries by rules. In: what an editor
//! asked for. Out: a row in `job` with its items, and a [`Runner`] that works them off, also after a restart.
//! Must not know: GraphQL, HTTP, how feeds are fetched or rows stored.

mod import;
mod refresh;
mod rules;
mod runner;
mod turn;
mod wait;

pub use import::{ImportWish, create_import};
pub use refresh::create_refresh;
pub use rules::create_rules_job;
pub use runner::Runner;

/// Most items that one job may have.
pub const MOST_ITEMS: usize = 10_000;
