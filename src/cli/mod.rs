//! The command line. In: arguments. Out: one command run, and an exit status. Must not know: how anything
//! is done; each command has a file of its own that puts the parts to work.

mod apply;
mod demo;
mod export;
mod import;
mod keys;
pub mod limits;
mod migrate;
mod output;
mod poll;
mod progress;
mod reparse;
mod serve;
mod settings;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use entity::planet;

use crate::app::StartError;
use crate::auth::password::HashError;
use crate::config::{self, Config, ConfigError, Flags, Layers, SETTINGS};
use crate::demo::DemoError;
use crate::graphql;
use crate::parse::subscriptions::Malformed;
use crate::store::{Store, StoreError};
use crate::telemetry;

/// The stack of each thread that runs requests, in bytes. Without optimisation a mutation that polls a feed needs some 2 MiB, which
/// is what a thread has by itself; only what is touched takes memory.
pub const STACK: usize = 8 << 20;

/// Follows RSS, Atom and JSON feeds and serves them as one fast, live, typed GraphQL API.
#[derive(Debug, Parser)]
#[command(name = "feedgraph", version, after_help = AFTER_HELP, max_term_width = 110)]
struct Line {
    /// Settings file; else `FEEDGRAPH_CONFIG`, else feedgraph.toml in this folder where there is one.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

const AFTER_HELP: &str = "\
Every setting is a flag, an environment variable (FEEDGRAPH_ and its name in capitals), and a key
of feedgraph.toml (its name with underscores); flags come first, then variables, then the file.
`feedgraph --help` describes them all, `feedgraph config` shows the values in force.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Poll feeds and serve the API; what happens when no command is named.
    Serve(serve::Arguments),
    /// Follow the feeds of an OPML file, a Planet or Venus config.ini, or a list of URLs.
    Import(import::Arguments),
    /// Make planets, sources, links and rules what a file declares; --dry-run shows what would change.
    Apply(apply::Arguments),
    /// Print the followed feeds as OPML, or everything as a file that `apply` takes.
    Export(export::Arguments),
    /// Poll every feed that is due once, and end.
    Poll,
    /// Read again, with today's reader and sanitiser, what each feed answered last.
    Reparse(reparse::Arguments),
    /// Make, list, change and remove accounts.
    #[command(subcommand)]
    User(user::Command),
    /// Change the keys that access tokens are signed with.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Bring the tables of the database up to date, and end.
    Migrate,
    /// Print the GraphQL schema.
    Schema,
    /// Show the settings in force and where each came from.
    Config,
    /// Serve a bundled planet that publishes all the time; needs no internet and keeps nothing.
    Demo(demo::Arguments),
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The program does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The demo's publisher.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// A password.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// What was asked for cannot be done.
    #[error("{0}")]
    Refused(String),
    /// A file.
    #[error("{name} cannot be read")]
    Unreadable {
        /// Its path, or what it is.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file's content.
    #[error("{name}, {source}")]
    Malformed {
        /// Its path, or what it is.
        name: String,
        /// Where and why.
        source: Malformed,
    },
    /// The machine gives no threads.
    #[error("the program cannot start its threads")]
    Threads(#[source] std::io::Error),
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let matches = arguments().get_matches();
    let run = || {
        let line = Line::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let mut flags = flags(&matches);
        if let Some(Command::Serve(arguments)) = &line.command {
            arguments.add_to(&mut flags);
        }
        let layers = config::gather(&flags, line.config.as_deref())?;
        let config = Config::from_layers(&layers)?;
        telemetry::start(&config.log, config.log_format);
        let threads = tokio::runtime::Builder::new_multi_thread()
            .thread_stack_size(STACK)
            .enable_all()
            .build()
            .map_err(CliError::Threads)?;
        threads.block_on(run(line.command, &layers, config))
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Option<Command>, layers: &Layers, config: Config) -> Result<(), CliError> {
    match command.unwrap_or(Command::Serve(serve::Arguments::default())) {
        Command::Serve(_) => serve::run(&config).await,
        Command::Import(arguments) => import::run(&arguments, &config).await,
        Command::Apply(arguments) => apply::run(&arguments, &config).await,
        Command::Export(arguments) => export::run(&arguments, &config).await,
        Command::Poll => poll::run(&config).await,
        Command::Reparse(arguments) => reparse::run(&arguments, &config).await,
        Command::User(command) => user::run(command, &config).await,
        Command::Keys(command) => keys::run(command, &config).await,
        Command::Migrate => migrate::run(&config).await,
        Command::Schema => {
            output::say(graphql::sdl().trim_end());
            Ok(())
        }
        Command::Config => {
            settings::show(layers);
            Ok(())
        }
        Command::Demo(arguments) => demo::run(&arguments, config).await,
    }
}

/// The planet of a slug, or the default one.
async fn planet_named(
    store: &Store,
    slug: Option<&str>,
) -> Result<Option<planet::Model>, CliError> {
    let Some(slug) = slug else {
        return Ok(store.default_planet().await?);
    };
    match store.find_planet(slug).await? {
        Some(planet) => Ok(Some(planet)),
        None => Err(CliError::Refused(format!("there is no planet \"{slug}\""))),
    }
}

/// The commands with a flag for every setting.
fn arguments() -> clap::Command {
    let flags = SETTINGS.iter().map(|setting| {
        let default = match setting.default {
            "" => String::new(),
            default => format!(" [default: {default}]"),
        };
        Arg::new(setting.name)
            .long(setting.flag())
            .value_name(setting.value)
            .help(format!(
                "{} [env: {}]{default}",
                setting.help,
                setting.variable()
            ))
            .help_heading("Settings")
            .hide_short_help(true)
            .global(true)
    });
    Line::command().args(flags)
}

/// The settings given as flags, by name.
fn flags(matches: &ArgMatches) -> Flags {
    let given = SETTINGS.iter().filter_map(|setting| {
        let text = matches.get_one::<String>(setting.name)?;
        Some((setting.name.to_owned(), text.clone()))
    });
    given.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        arguments().debug_assert();
    }

    #[test]
    fn settings_are_taken_before_and_after_the_command() {
        for line in [
            ["feedgraph", "--name", "A", "config"],
            ["feedgraph", "config", "--name", "A"],
        ] {
            let matches = arguments().try_get_matches_from(line).unwrap();
            assert_eq!(flags(&matches)["name"], "A");
        }
    }

    #[test]
    fn no_poll_is_the_setting_poll_as_a_plain_word() {
        let line = ["feedgraph", "serve", "--no-poll"];
        let matches = arguments().try_get_matches_from(line).unwrap();
        let line = Line::from_arg_matches(&matches).unwrap();
        let Some(Command::Serve(serve)) = line.command else {
            panic!("another command");
        };
        let mut flags = flags(&matches);
        serve.add_to(&mut flags);
        assert_eq!(flags["poll"], "false");
    }

    #[test]
    fn help_names_every_setting_and_its_variable() {
        let help = arguments().render_long_help().to_string();
        for setting in SETTINGS {
            assert!(
                help.contains(&format!("--{}", setting.flag())),
                "{}",
                setting.name
            );
            assert!(help.contains(&setting.variable()), "{}", setting.name);
        }
    }
}
