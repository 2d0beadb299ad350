//! `feedgraph reparse`. In: the database. Out: what is stored, brought to what today's reader makes of the bodies that
//! were fetched last, and how that went. Nothing is fetched; a running server goes on.

use entity::{SourceId, source};

use super::CliError;
use super::output::say;
use super::progress::Progress;
use crate::app::Parts;
use crate::clock::Clock;
use crate::config::Config;
use crate::poll::Reparsed;
use crate::store::{Attempted, Store};

/// What to read again.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only this source, by its id or feed URL.
    #[arg(long, value_name = "ID", conflicts_with = "all")]
    source: Option<String>,
    /// Every source; what happens when none is named.
    #[arg(long)]
    all: bool,
    /// Only say what would change.
    #[arg(long)]
    dry_run: bool,
}

/// How it went.
#[derive(Default)]
struct Report {
    read: u64,
    added: u64,
    updated: u64,
    sources: u64,
    left_out: u64,
}

/// Reads bodies again, one source after the other.
pub async fn run(arguments: &Arguments, config: &Config) -> Result<(), CliError> {
    let parts = Parts::open(config, Clock::system()).await?;
    let sources = match &arguments.source {
        Some(name) => vec![named(&parts.store, name).await?],
        None => parts.store.all_sources().await?,
    };
    let attempted = if arguments.dry_run {
        Attempted::Dry
    } else {
        Attempted::Really
    };
    let bar = Progress::new(
        "read again",
        u64::try_from(sources.len()).unwrap_or_default(),
    );
    let mut report = Report::default();
    for source in sources {
        let reparsed = parts.poller.reparse(source.id, attempted).await?;
        if let Some(why) = report.count(reparsed) {
            bar.note(&format!("{}: {why}", source.feed_url));
        }
        bar.step(&source.feed_url);
    }
    bar.finish();
    parts.store.close().await?;
    say(report.summary(attempted));
    Ok(())
}

/// The source of an id, `source:7` or `7`, or of a feed URL.
async fn named(store: &Store, name: &str) -> Result<source::Model, CliError> {
    let number = name.strip_prefix("source:").unwrap_or(name);
    let found = match number.parse() {
        Ok(id) => {
            let id = SourceId(id);
            store.sources_by_ids(&[id]).await?.remove(&id)
        }
        Err(_) => store.find_source_by_url(name).await?,
    };
    found.ok_or_else(|| CliError::Refused(format!("there is no source \"{name}\"")))
}

impl Report {
    /// Counts a source; gives why it was left out.
    fn count(&mut self, reparsed: Reparsed) -> Option<String> {
        let why = match reparsed {
            Reparsed::Read(done) => {
                self.read += 1;
                self.added += u64::try_from(done.added).unwrap_or_default();
                self.updated += u64::try_from(done.updated).unwrap_or_default();
                self.sources += u64::from(done.source_changed);
                return None;
            }
            Reparsed::NothingKept => {
                "no body is kept; it will be read when it is polled".to_owned()
            }
            Reparsed::NoFeed(message) => message,
            Reparsed::Overtaken => "it was polled meanwhile; try again".to_owned(),
        };
        self.left_out += 1;
        Some(why)
    }

    fn summary(&self, attempted: Attempted) -> String {
        let would = match attempted {
            Attempted::Really => "",
            Attempted::Dry => "; nothing was written",
        };
        format!(
            "{} sources read again, {} left out: {} entries added, {} updated, {} sources changed{would}",
            self.read, self.left_out, self.added, self.updated, self.sources
        )
    }
}
