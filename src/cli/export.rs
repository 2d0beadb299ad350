//! `feedgraph export`. In: the database. Out: the followed feeds as OPML, or everything as TOML.

use clap::ValueEnum;
use entity::source;

use super::output::say;
use super::{CliError, planet_named};
use crate::app::open_store;
use crate::config::Config;
use crate::declare;
use crate::render::opml::{self, Outline};
use crate::store::{Slice, SourceFilter, SourceOrder, Store, StoreError, texts};

/// Sources read at once.
const PAGE: u32 = 500;

/// What to export.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only the feeds of this planet, by its slug.
    #[arg(long, value_name = "SLUG")]
    planet: Option<String>,
    /// How it is written.
    #[arg(long = "as", value_enum, default_value_t = Format::Opml, value_name = "FORMAT")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The feeds; `feedgraph import` and feed readers take it.
    Opml,
    /// Planets, sources, links and rules; `feedgraph apply` takes it.
    Toml,
}

/// Prints an OPML document; `feedgraph import` reads it.
pub async fn run(arguments: &Arguments, config: &Config) -> Result<(), CliError> {
    let store = open_store(config).await?;
    if arguments.format == Format::Toml {
        if arguments.planet.is_some() {
            let message = "a TOML file holds everything; leave out --planet";
            return Err(CliError::Refused(message.to_owned()));
        }
        say(declare::write(&store.declared().await?).trim_end());
        store.close().await?;
        return Ok(());
    }
    let planet = match &arguments.planet {
        Some(slug) => planet_named(&store, Some(slug)).await?,
        None => None,
    };
    let title = planet.as_ref().map_or(&config.name, |planet| &planet.title);
    let filter = SourceFilter {
        planet: planet.as_ref().map(|planet| planet.id),
        ..SourceFilter::default()
    };
    let outlines = outlines(&store, &filter).await?;
    say(opml::write(title, &outlines).trim_end());
    store.close().await?;
    Ok(())
}

async fn outlines(store: &Store, filter: &SourceFilter) -> Result<Vec<Outline>, StoreError> {
    let order = SourceOrder::TitleAsc;
    let mut outlines = Vec::new();
    let mut slice = Slice::first(PAGE);
    loop {
        let page = store.list_sources(filter, order, &slice).await?;
        outlines.extend(page.rows.iter().map(|row| outline(&row.source)));
        match page.rows.last().filter(|_| page.has_next) {
            Some(last) => slice = Slice::first(PAGE).after(last.position(order)),
            None => return Ok(outlines),
        }
    }
}

fn outline(source: &source::Model) -> Outline {
    Outline {
        feed_url: source.feed_url.clone(),
        title: source.title.clone(),
        site_url: source.site_url.clone(),
        tags: texts(&source.tags),
    }
}
