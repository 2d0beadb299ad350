//! `feedgraph apply`. In: a file that declares planets, sources, links and rules. Out: the plan, and what is stored made to fit
//! it, in one go.

use std::path::PathBuf;
use std::sync::Arc;

use super::CliError;
use super::output::{say, warn};
use crate::app::Parts;
use crate::clock::Clock;
use crate::config::Config;
use crate::declare;
use crate::jobs;
use crate::store::{Actor, Declared, Plan};

/// What to apply.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file, TOML.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only show what would be done, or has drifted; change nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub async fn run(arguments: &Arguments, config: &Config) -> Result<(), CliError> {
    let declared = read(&arguments.file)?;
    let parts = Parts::open(config, Clock::system()).await?;
    let done = if arguments.dry_run {
        show(&parts.store.plan_declared(&declared).await?, "would be")
    } else {
        apply(&parts, &declared).await?
    };
    parts.store.close().await?;
    done
}

async fn apply(parts: &Parts, declared: &Declared) -> Result<Result<(), CliError>, CliError> {
    let now = parts.clock.now();
    let actor = Actor::cli(parts.clock.clone(), "apply");
    let store = parts.store.acting(Arc::new(actor));
    let applied = store.apply_declared(declared, now).await?;
    for scope in &applied.ruled {
        // Whoever serves looks through what is stored.
        jobs::create_rules_job(&store, *scope, None, now).await?;
    }
    Ok(show(&applied.plan, "were"))
}

fn show(plan: &Plan, tense: &str) -> Result<(), CliError> {
    for note in &plan.notes {
        warn(format!("note: {note}"));
    }
    if !plan.problems.is_empty() {
        for problem in &plan.problems {
            warn(format!("problem: {problem}"));
        }
        return Err(CliError::Refused("nothing was changed".to_owned()));
    }
    for change in &plan.changes {
        say(change);
    }
    match plan.changes.len() {
        0 => say("Nothing to do: everything is as the file says."),
        1 => say(format!("1 thing {} changed.", tense.replace("were", "was"))),
        many => say(format!("{many} things {tense} changed.")),
    }
    Ok(())
}

fn read(path: &std::path::Path) -> Result<Declared, CliError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| CliError::Unreadable {
        name: name.clone(),
        source,
    })?;
    declare::read(&text).map_err(|mistakes| {
        for mistake in &mistakes {
            warn(format!("{name}, {mistake}"));
        }
        let count = match mistakes.len() {
            1 => "1 mistake".to_owned(),
            many => format!("{many} mistakes"),
        };
        CliError::Refused(format!("{name} has {count}; nothing was changed"))
    })
}
