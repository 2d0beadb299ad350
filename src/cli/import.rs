//! `feedgraph import`. In: a list of subscriptions. Out: its feeds, followed, or only listed in a dry run.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use entity::SubscriptionFormat;

use super::output::{say, warn};
use super::progress::Progress;
use super::{CliError, planet_named};
use crate::app::{Parts, prepare_planet};
use crate::clock::Clock;
use crate::config::Config;
use crate::follow::{Followed, Wish, subscribe};
use crate::parse::subscriptions::{self, Subscription, Subscriptions};
use crate::store::Actor;

/// What to import.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file; - for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How the file is written.
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    format: Format,
    /// The planet that the feeds join, by its slug; else the default one.
    #[arg(long, value_name = "SLUG")]
    planet: Option<String>,
    /// Only list the feeds with their names and tags; follow none.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Found out from the file.
    Auto,
    /// OPML 1 or 2.
    Opml,
    /// A Planet, Venus or Pluto configuration.
    Planet,
    /// One URL a line.
    Urls,
}

/// Runs the command.
pub async fn run(arguments: &Arguments, config: &Config) -> Result<(), CliError> {
    let read = read(&arguments.file, arguments.format)?;
    report(&read);
    if arguments.dry_run {
        list(&read);
        return Ok(());
    }
    follow_all(read.feeds, arguments.planet.as_deref(), config).await
}

/// Follows the feeds without asking their publishers; the poller reads them.
async fn follow_all(
    feeds: Vec<Subscription>,
    slug: Option<&str>,
    config: &Config,
) -> Result<(), CliError> {
    let parts = Parts::open(config, Clock::system()).await?;
    prepare_planet(&parts, config).await?;
    let planet = planet_named(&parts.store, slug).await?;
    let actor = Actor::cli(parts.clock.clone(), "import");
    let store = parts.store.acting(Arc::new(actor));
    let progress = Progress::new("followed", u64::try_from(feeds.len()).unwrap_or(u64::MAX));
    let (mut new, mut there, mut refused) = (0, 0, 0);
    for feed in feeds {
        progress.step(&feed.url);
        let mut wish = match Wish::listed(&feed.url, feed.title.as_deref(), &feed.tags) {
            Ok(wish) => wish,
            Err(refusal) => {
                refused += 1;
                progress.note(&format!(
                    "line {}: {}: {}",
                    feed.line, feed.url, refusal.message
                ));
                continue;
            }
        };
        wish.planet_ids
            .extend(planet.as_ref().map(|planet| planet.id));
        match subscribe(&store, &parts.bell, &wish, parts.clock.now()).await? {
            Followed::New(_) => new += 1,
            Followed::AlreadyThere(_) => there += 1,
        }
    }
    progress.finish();
    parts.store.close().await?;
    say(format!(
        "{new} followed, {there} followed already, {refused} refused"
    ));
    Ok(())
}

fn read(path: &Path, format: Format) -> Result<Subscriptions, CliError> {
    let (name, bytes) = if path == Path::new("-") {
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes);
        ("standard input".to_owned(), read.map(|_| bytes))
    } else {
        (path.display().to_string(), std::fs::read(path))
    };
    let bytes = bytes.map_err(|source| CliError::Unreadable {
        name: name.clone(),
        source,
    })?;
    let format = match format {
        Format::Auto => SubscriptionFormat::Auto,
        Format::Opml => SubscriptionFormat::Opml,
        Format::Planet => SubscriptionFormat::PlanetIni,
        Format::Urls => SubscriptionFormat::UrlList,
    };
    subscriptions::read(&subscriptions::decode(&bytes), format)
        .map_err(|source| CliError::Malformed { name, source })
}

/// Says what could not be read, and how much could.
fn report(read: &Subscriptions) {
    for problem in &read.problems {
        warn(format!(
            "line {}: {} ({})",
            problem.line, problem.message, problem.text
        ));
    }
    let title = read
        .title
        .as_deref()
        .map_or_else(String::new, |title| format!("{title}: "));
    let broken = match read.problems.len() {
        0 => String::new(),
        1 => ", 1 line not understood".to_owned(),
        many => format!(", {many} lines not understood"),
    };
    warn(format!("{title}{} feeds{broken}", read.feeds.len()));
}

/// Lists the feeds, one a line: URL, name, tags.
fn list(read: &Subscriptions) {
    for feed in &read.feeds {
        let name = feed.title.as_deref().unwrap_or_default();
        let mut line = format!("{}\t{name}", feed.url);
        if !feed.tags.is_empty() {
            line.push('\t');
            line.push_str(&feed.tags.join(", "));
        }
        say(line);
    }
}
