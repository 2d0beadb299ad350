//! `feedgraph migrate`. In: the database's address. Out: tables that are up to date.

use super::CliError;
use super::output::say;
use crate::app::open_store;
use crate::config::{Config, without_password};

/// Opens the database and brings its tables up to date.
pub async fn run(config: &Config) -> Result<(), CliError> {
    open_store(config).await?.close().await?;
    say(format!(
        "{} is up to date",
        without_password(&config.database)
    ));
    Ok(())
}
