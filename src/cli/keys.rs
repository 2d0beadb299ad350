//! `feedgraph keys`. In: what to do with the keys that access tokens are signed with. Out: changed keys. Must not know:
//! tokens.

use std::sync::Arc;

use clap::Subcommand;

use super::CliError;
use super::output::say;
use crate::app::open_store;
use crate::auth;
use crate::clock::Clock;
use crate::config::Config;
use crate::store::Actor;

/// What to do with signing keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new key that signs from now on; the old ones check until the tokens that they signed have expired.
    Rotate {
        /// Drop the old keys at once: every access token stops being good within a minute, and clients refresh.
        #[arg(long)]
        drop_old: bool,
    },
}

/// Runs the command.
pub async fn run(command: Command, config: &Config) -> Result<(), CliError> {
    let clock = Clock::system();
    let store = open_store(config).await?;
    let acting = store.acting(Arc::new(Actor::cli(clock.clone(), "keys rotate")));
    let Command::Rotate { drop_old } = command;
    let lasting = config.access_token_minutes.saturating_mul(60);
    let (kid, dropped) = auth::rotate(&acting, clock.now(), lasting, drop_old).await?;
    say(format!(
        "key {kid} signs from now on (running servers take it up within a minute); old keys dropped: {dropped}"
    ));
    store.close().await?;
    Ok(())
}
