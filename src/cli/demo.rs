//! `feedgraph demo`. In: settings. Out: the whole program on a database of its own, following a publisher
//! within the same process. Nothing leaves the machine.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::CliError;
use super::output::say;
use super::serve::{self, stop, stop_signal};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::demo::Publisher;
use crate::follow::{Wish, subscribe};
use crate::store::{NewLink, PlanetChanges};

/// How the demo runs.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Seconds between two new entries.
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
}

/// Runs until Ctrl-C or SIGTERM; the demo's database goes with it.
pub async fn run(arguments: &Arguments, config: Config) -> Result<(), CliError> {
    let clock = Clock::system();
    let done = CancellationToken::new();
    let every = Duration::from_secs(arguments.every);
    let publisher = Publisher::start(clock.clone(), every, done.clone()).await?;
    let folder = Folder::make()?;
    let config = for_demo(config, &folder);
    let app = App::start(&config, clock).await?;
    dress_planet(&app).await?;
    follow_blogs(&app, &publisher).await?;
    let stopped = stop_signal();
    greet(&app, &config, arguments.every);
    stopped.await;
    stop(app).await;
    done.cancel();
    Ok(())
}

fn greet(app: &App, config: &Config, every: u64) {
    serve::greet(app, config);
    let base = app.public_url().as_str().trim_end_matches('/');
    say(format!(
        "A new entry is published every {every} s. See it arrive:"
    ));
    say("  curl -N -H 'accept: text/event-stream' -H 'content-type: application/json' \\");
    say(
        "    -d '{\"query\":\"subscription { entryAdded { entry { title source { title } } } }\"}' \\",
    );
    say(format!("    {base}/graphql/stream"));
    say("Press Ctrl-C to stop; nothing of the demo is kept.");
}

/// The settings with what the demo needs: its own database, loopback, and no patience.
fn for_demo(config: Config, folder: &Folder) -> Config {
    Config {
        database: format!("sqlite://{}", folder.0.join("demo.db").display()),
        starter_feeds: false,
        poll: true,
        poll_per_host: 16,
        poll_host_spacing: Duration::ZERO,
        poll_min_seconds: 1,
        poll_max_seconds: 2,
        allow_networks: vec![IpNet::from(IpAddr::from(Ipv4Addr::LOCALHOST))],
        ..config
    }
}

/// Gives the planet a name and links beside it, as an editor would.
async fn dress_planet(app: &App) -> Result<(), CliError> {
    let parts = app.parts();
    let Some(planet) = parts.store.default_planet().await? else {
        return Ok(());
    };
    let link = |group: &str, title: &str, url: &str| NewLink {
        group: group.to_owned(),
        title: title.to_owned(),
        url: url.to_owned(),
    };
    let about = "Made-up blogs by made-up people: everything here is bundled with Feedgraph.";
    let changes = PlanetChanges {
        title: Some("Sample Planet".to_owned()),
        description: Some(Some(about.to_owned())),
        links: Some(vec![
            link("Planets", "Planet Python", "https://planetpython.org/"),
            link("Planets", "Planet Debian", "https://planet.debian.org/"),
            link(
                "Formats",
                "RSS 2.0",
                "https://www.rssboard.org/rss-specification",
            ),
            link("Formats", "Atom", "https://www.rfc-editor.org/rfc/rfc4287"),
            link(
                "Formats",
                "JSON Feed",
                "https://www.jsonfeed.org/version/1.1/",
            ),
        ]),
        ..PlanetChanges::default()
    };
    let now = parts.clock.now();
    parts.store.update_planet(planet.id, &changes, now).await?;
    Ok(())
}

/// Follows the publisher's blogs, as an editor would.
async fn follow_blogs(app: &App, publisher: &Publisher) -> Result<(), CliError> {
    let parts = app.parts();
    let planet = parts.store.default_planet().await?;
    for blog in publisher.blogs() {
        let Ok(url) = Url::parse(&blog) else {
            continue;
        };
        let mut wish = Wish::new(url);
        wish.planet_ids
            .extend(planet.as_ref().map(|planet| planet.id));
        subscribe(&parts.store, &parts.bell, &wish, parts.clock.now()).await?;
    }
    parts.poller.wake();
    Ok(())
}

/// A folder of the demo's own, removed with the value.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, CliError> {
        let path = std::env::temp_dir().join(format!("feedgraph-demo-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|source| CliError::Unreadable {
            name: path.display().to_string(),
            source,
        })?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind lies in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
