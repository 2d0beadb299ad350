//! Requests beside visits: pages, icons, hubs. In: a URL. Out: what a fetch gave. The limits per host and hosts' wishes for
//! rest hold for them too. Must not know: what they are for.

use url::Url;

use super::Poller;
use super::conclude::rest_until;
use crate::fetch::{Fetcher, Outcome, Validators, host_key};

impl Poller {
    /// Fetches something that is no source's feed when its host has a place; none while the host wants rest.
    pub async fn fetch_aside(&self, fetcher: &Fetcher, url: &Url) -> Option<Outcome> {
        let host = host_key(url.as_str());
        let pass = self.place_at(&host).await;
        if self.hosts().rests(&host, self.clock().now()) {
            return None;
        }
        let turn = self.hosts().turn(pass);
        let wait = |host| turn.move_to(host);
        let nothing = Validators::default();
        let outcome = fetcher.fetch_in_turn(url, &nothing, &wait).await;
        self.heed_rest(&host, &outcome);
        drop(turn);
        Some(outcome)
    }

    /// Tells those who wait for the same host that it asks for rest, before they get their turn.
    pub(super) fn heed_rest(&self, host: &str, outcome: &Outcome) {
        let now = self.clock().now();
        if let Outcome::Failed {
            answer: Some(answer),
            ..
        } = outcome
            && let Some(until) = rest_until(answer, now)
        {
            self.hosts().rest(host, until, now);
            tracing::warn!(
                host,
                http.status = answer.status,
                rest_ms = until.since(now),
                "host asks for rest"
            );
        }
    }
}
