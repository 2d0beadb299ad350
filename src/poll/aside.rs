//! Requests beside visits (pages, icons, hubs), and who may be asked at all. In: a URL. Out: what a fetch gave. The limits per
//! host and hosts' wishes for rest hold for them too. Must not know: what they are for.

use entity::Millis;
use futures::future::BoxFuture;
use url::Url;

use super::Poller;
use super::conclude::rest_of;
use super::hosts::Turn;
use crate::fetch::{Answer, Failure, Fetcher, Outcome, Validators, host_key};
use crate::store::{Store, StoreError};

/// How a form was answered that may not have been sent at all.
#[derive(Debug)]
pub enum Submitted {
    /// The host wants to be left alone until then, and was.
    Rests(Millis),
    /// It was sent.
    Sent(Box<Result<Answer, Failure>>),
}

impl Poller {
    /// Fetches something that is no source's feed when its host has a place; none while the host wants rest.
    ///
    /// # Errors
    /// When it cannot be read, or noted, which hosts want rest.
    pub async fn fetch_aside(
        &self,
        fetcher: &Fetcher,
        url: &Url,
    ) -> Result<Option<Outcome>, StoreError> {
        let Some(turn) = self.turn_at(url).await?.ok() else {
            return Ok(None);
        };
        let wait = |host| self.go_on(&turn, host);
        let nothing = Validators::default();
        let outcome = fetcher.fetch_in_turn(url, &nothing, &wait).await;
        if let Outcome::Failed {
            answer: Some(answer),
            ..
        } = &outcome
        {
            self.keep_rest(answer).await?;
        }
        drop(turn);
        Ok(Some(outcome))
    }

    /// Posts a form when its host has a place.
    ///
    /// # Errors
    /// When it cannot be read, or noted, which hosts want rest.
    pub async fn submit_aside(
        &self,
        url: &Url,
        fields: &[(&str, &str)],
    ) -> Result<Submitted, StoreError> {
        let turn = match self.turn_at(url).await? {
            Ok(turn) => turn,
            Err(until) => return Ok(Submitted::Rests(until)),
        };
        let wait = |host| self.go_on(&turn, host);
        let sent = self.fetcher().submit(url, fields, &wait).await;
        if let Ok(answer) = &sent {
            self.keep_rest(answer).await?;
        }
        drop(turn);
        Ok(Submitted::Sent(Box::new(sent)))
    }

    /// A place at a host, or until when it wants to be left alone.
    async fn turn_at(&self, url: &Url) -> Result<Result<Turn, Millis>, StoreError> {
        let host = host_key(url.as_str());
        let pass = self.hosts().enter(&host).await;
        let now = self.clock().now();
        let rest = match self.hosts().rests_until(&host, now) {
            None => self.store().rest_of_host(&host, now).await?,
            known => known,
        };
        Ok(rest.map_or_else(|| Ok(self.hosts().turn(pass)), Err))
    }

    /// Goes on to another host that a redirect leads to; until when it wants to be left alone, if it does.
    pub(super) fn go_on(&self, turn: &Turn, host: String) -> BoxFuture<'static, Option<Millis>> {
        let moved = turn.move_to(host.clone());
        let (hosts, clock, store) = (
            self.hosts().clone(),
            self.clock().clone(),
            self.store().clone(),
        );
        Box::pin(async move {
            moved.await;
            let now = clock.now();
            match hosts.rests_until(&host, now) {
                None => known_rest(&store, &host, now).await,
                known => known,
            }
        })
    }

    /// Tells those who wait for the same host that it asks for rest, before they get their turn. Which host, and until
    /// when.
    pub(super) fn heed_rest(&self, answer: &Answer) -> Option<(String, Millis)> {
        let now = self.clock().now();
        let (host, until) = rest_of(answer, now)?;
        self.hosts().rest(&host, until, now);
        tracing::warn!(
            host,
            http.status = answer.status,
            rest_ms = until.since(now),
            "host asks for rest"
        );
        Some((host, until))
    }

    /// The same for other nodes too; what a visit is answered is noted with the visit.
    async fn keep_rest(&self, answer: &Answer) -> Result<(), StoreError> {
        match self.heed_rest(answer) {
            Some((host, until)) => self.store().rest_host(&host, until).await,
            None => Ok(()),
        }
    }
}

/// A database that cannot be read now says nothing against asking: what is answered cannot be noted either.
async fn known_rest(store: &Store, host: &str, now: Millis) -> Option<Millis> {
    store.rest_of_host(host, now).await.unwrap_or_default()
}
