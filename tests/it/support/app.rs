//! The whole program in a test. In: a database and what should differ from the usual settings. Out: the
//! program running on a free port, with clients and hands to move it.

use entity::{Millis, Role, SourceId};
use feedgraph::app::App;
use feedgraph::clock::Clock;
use feedgraph::config::Config;
use feedgraph::follow::{Followed, Wish, subscribe};
use feedgraph::poll::PollReport;
use feedgraph::store::NewUser;
use tokio_util::sync::CancellationToken;

use super::{Client, Database};

/// Where a test's clock stands at first: 2026-01-01T00:00:00Z.
pub const START: Millis = Millis(1_767_225_600_000);

const PASSWORD: &str = "correct horse battery";

/// What a test's program is made from.
pub struct Builder {
    config: Config,
    clock: Clock,
}

impl Builder {
    /// The same with the machine's clock, and with the poller at work by itself.
    pub fn alive(mut self) -> Self {
        self.clock = Clock::system();
        self.config.poll = true;
        self
    }

    /// The same with another clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The same with some settings changed.
    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Starts it.
    pub async fn start(self) -> TestApp {
        let app = App::start(&self.config, self.clock.clone())
            .await
            .unwrap_or_else(|error| panic!("it does not start: {error:?}"));
        let origin = format!("http://{}", app.address());
        TestApp {
            clock: self.clock,
            client: Client::anonymous(&origin),
            origin,
            app,
        }
    }
}

/// A running program.
pub struct TestApp {
    pub app: App,
    pub clock: Clock,
    /// Of the server, without a path.
    pub origin: String,
    /// A client that is not signed in.
    pub client: Client,
}

impl TestApp {
    /// On a database, with a clock that stands at [`START`] and a poller that works only when told; it may
    /// fetch from loopback, and hosts need no rest.
    pub fn on(database: &Database) -> Builder {
        let mut config = Config::defaults().expect("valid defaults");
        config.database.clone_from(&database.url);
        config.listen = "127.0.0.1:0".parse().expect("an address");
        config.starter_feeds = false;
        config.poll = false;
        config.icons = false;
        config.poll_per_host = 16;
        config.poll_host_spacing = std::time::Duration::ZERO;
        config.allow_networks = vec!["127.0.0.0/8".parse().expect("a network")];
        Builder {
            config,
            clock: Clock::manual(START),
        }
    }

    /// On a database, as [`TestApp::on`] has it.
    pub async fn start(database: &Database) -> Self {
        Self::on(database).start().await
    }

    /// Makes an account with a role, once for each, and a client signed in to it.
    pub async fn client_as(&self, role: Role) -> Client {
        // Not `admin` alone: that account is made at the first start.
        let username = format!("a-{role:?}").to_lowercase();
        let new = NewUser {
            username: username.clone(),
            password_hash: feedgraph::auth::password::hash(PASSWORD).expect("a hash"),
            role,
            at: self.clock.now(),
        };
        let store = &self.app.parts().store;
        let made = store.create_user(&new).await.expect("an answer");
        assert!(made.is_some(), "there is an account {username} already");
        self.client.sign_in(&username, PASSWORD).await
    }

    /// Follows a feed without fetching it, in the default planet; it is due at once.
    pub async fn follow(&self, url: &str) -> SourceId {
        let parts = self.app.parts();
        let planet = parts.store.default_planet().await.expect("an answer");
        let mut wish = Wish::new(url.parse().expect("a URL"));
        wish.planet_ids.extend(planet.map(|planet| planet.id));
        let followed = subscribe(&parts.store, &parts.bell, &wish, self.clock.now()).await;
        match followed.expect("an answer") {
            Followed::New(source) | Followed::AlreadyThere(source) => source.id,
        }
    }

    /// Polls everything that is due.
    pub async fn poll(&self) -> PollReport {
        let never = CancellationToken::new();
        let polled = self.app.parts().poller.poll_due_once(&never, |_| {}).await;
        polled.expect("an answer")
    }

    /// Moves the clock.
    pub fn advance_seconds(&self, seconds: i64) {
        self.clock.advance(seconds * 1_000);
    }

    /// Makes every source due and polls all.
    pub async fn poll_again(&self) -> PollReport {
        self.advance_seconds(8 * 24 * 60 * 60);
        self.poll().await
    }

    /// Stops it as SIGTERM would.
    pub async fn stop(self) {
        self.app.stop().await;
    }
}
