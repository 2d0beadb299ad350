//! `feedgraph migrate`. In: the database's address. Out: tables that are up to date.

use super::CliError;
use super::output::say;
use crate::config::{Config, without_password};
use crate::store::{Store, StoreSettings};

/// Opens the database and brings its tables up to date.
pub async fn run(config: &Config) -> Result<(), CliError> {
    let store = open(config).await?;
    store.close().await.map_err(|source| CliError::Store {
        address: address(config),
        source,
    })?;
    say(format!("{} is up to date", address(config)));
    Ok(())
}

/// The database, with its tables up to date.
pub async fn open(config: &Config) -> Result<Store, CliError> {
    let failed = |source| CliError::Store {
        address: address(config),
        source,
    };
    let settings = StoreSettings {
        url: config.database.clone(),
        readers: config.database_connections,
        postgres_connections: config.database_connections,
    };
    let store = Store::open(&settings).await.map_err(failed)?;
    store.migrate().await.map_err(failed)?;
    Ok(store)
}

fn address(config: &Config) -> String {
    without_password(&config.database)
}
