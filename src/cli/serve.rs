//! `feedgraph serve`. In: settings. Out: the program at work until it is told to stop.

use std::future::pending;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::CliError;
use super::output::{say, warn};
use crate::app::{App, FIRST_ADMIN};
use crate::clock::Clock;
use crate::config::{Config, Flags, without_password};

/// What `serve` is told.
#[derive(Debug, Default, clap::Args)]
pub struct Arguments {
    /// Serve only: other nodes of the same database, or `feedgraph poll`, do the polling.
    #[arg(long)]
    no_poll: bool,
}

impl Arguments {
    /// Adds the settings that they stand for.
    pub fn add_to(&self, flags: &mut Flags) {
        if self.no_poll {
            flags.insert("poll".to_owned(), "false".to_owned());
        }
    }
}

/// Runs until Ctrl-C or SIGTERM.
pub async fn run(config: &Config) -> Result<(), CliError> {
    super::limits::raise_open_files();
    let app = App::start(config, Clock::system()).await?;
    let stopped = stop_signal();
    greet(&app, config);
    say("Press Ctrl-C to stop.");
    stopped.await;
    stop(app).await;
    Ok(())
}

/// Says where everything is, and the password of a new admin this once.
pub fn greet(app: &App, config: &Config) {
    let base = app.public_url().as_str().trim_end_matches('/');
    let live = base.replacen("http", "ws", 1);
    say(format!("Feedgraph {}", env!("CARGO_PKG_VERSION")));
    say(format!("  GraphiQL   {base}/graphiql"));
    say(format!("  GraphQL    {base}/graphql"));
    say(format!("  Live       {live}/graphql/ws"));
    say(format!("  Schema     {base}/schema.graphql"));
    say(format!(
        "  Database   {}",
        without_password(&config.database)
    ));
    let first = app.first_run();
    if let Some(password) = &first.admin_password {
        say(format!(
            "  Admin      user {FIRST_ADMIN}, password {password}"
        ));
        say("             shown this once; `feedgraph user passwd admin` sets another");
    }
    if first.starter_feeds > 0 {
        let many = first.starter_feeds;
        say(format!(
            "  Following  {many} feeds of the starter list, read now for the first time"
        ));
    }
}

/// Listens for Ctrl-C and SIGTERM from now on, before anybody is told that they may be used; what it gives waits for one.
pub fn stop_signal() -> impl Future<Output = ()> {
    let interrupt = signal(SignalKind::interrupt());
    let terminate = signal(SignalKind::terminate());
    async {
        tokio::select! {
            () = heard(interrupt) => {}
            () = heard(terminate) => {}
        }
    }
}

/// For ever where it cannot be listened for: it then ends the program by itself, only less politely.
async fn heard(signal: io::Result<Signal>) {
    match signal {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => pending().await,
    }
}

/// Finishes what is in hand; a second Ctrl-C does not wait for it.
pub async fn stop(app: App) {
    warn(
        "Stopping: finishing what is in hand. Press Ctrl-C again to stop at once; nothing is lost either way.",
    );
    tokio::select! {
        () = app.stop() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
