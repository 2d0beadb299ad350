//! Requests beside visits (pages, icons, hubs), and who may be asked at all. In: a URL. Out: what a fetch gave. The limits per
//! host and hosts' wishes for rest hold for them too. Must not know: what they are for.

use entity::Millis;
use futures::future::BoxFuture;
use url::Url;

use super::Poller;
use super::conclude::rest_of;
use super::hosts::Turn;
use crate::fetch::{Answer, Failure, Fetcher, Outcome, Receipt, Validators, host_key};
use crate::store::StoreError;

/// What became of a form, which may not have been sent at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// The host wants to be left alone until then, and was.
    Rests(Millis),
    /// It was sent and answered.
    Answered(Receipt),
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
        if let Some(answer) = outcome.answer() {
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
    ) -> Result<Result<Submitted, Failure>, StoreError> {
        let turn = match self.turn_at(url).await? {
            Ok(turn) => turn,
            Err(until) => return Ok(Ok(Submitted::Rests(until))),
        };
        let wait = |host| self.go_on(&turn, host);
        let answer = match self.fetcher().submit(url, fields, &wait).await {
            Ok(answer) => answer,
            Err(failure) => return Ok(Err(failure)),
        };
        self.keep_rest(&answer).await?;
        drop(turn);
        Ok(Ok(Submitted::Answered(Receipt {
            status: answer.status,
            retry_after: answer.retry_after,
        })))
    }

    /// A place at a host, or until when it wants to be left alone.
    async fn turn_at(&self, url: &Url) -> Result<Result<Turn, Millis>, StoreError> {
        let host = host_key(url.as_str());
        let pass = self.hosts().enter(&host).await;
        let rest = self.rest_at(&host).await?;
        Ok(rest.map_or_else(|| Ok(self.hosts().turn(pass)), Err))
    }

    /// Until when a host wants to be left alone, as this process knows it or another does.
    async fn rest_at(&self, host: &str) -> Result<Option<Millis>, StoreError> {
        let now = self.clock().now();
        match self.hosts().rests_until(host, now) {
            None => self.store().rest_of_host(host, now).await,
            known => Ok(known),
        }
    }

    /// Goes on to another host that a redirect leads to; until when it wants to be left alone, if it does.
    pub(super) fn go_on(&self, turn: &Turn, host: String) -> BoxFuture<'static, Option<Millis>> {
        let (moved, poller) = (turn.move_to(host.clone()), self.clone());
        Box::pin(async move {
            moved.await;
            // A database that cannot be read now says nothing against asking: what is answered cannot be noted either.
            poller.rest_at(&host).await.unwrap_or_default()
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
