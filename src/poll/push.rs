//! What a hub pushes is a visit like any other: claimed, read, stored in one transaction. In: a source and a body. Out:
//! what became of it. Must not know: hubs, signatures.

use std::time::Duration;

use entity::SourceId;
use tokio::time::Instant;
use url::Url;

use super::Poller;
use super::reading::What;
use super::visit::{self, Visited};
use crate::fetch::{Answer, Outcome, Validators};
use crate::store::{Claim, StoreError};

/// How often to try to get a claim that a poll holds just now.
const TRIES: u32 = 50;
/// How long to wait in between.
const STEP: Duration = Duration::from_millis(100);

/// What became of something pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is stored.
    Stored(Box<Visited>),
    /// It is what is stored already.
    Known,
    /// It cannot be read, and tells only that something is new: the feed is polled at once.
    Unreadable,
    /// The source is being polled, and that takes long.
    Busy,
}

impl Poller {
    /// Reads and stores what a hub pushed.
    ///
    /// # Errors
    /// When the store fails; the hub will push it again.
    pub async fn take_push(
        &self,
        source: SourceId,
        body: bytes::Bytes,
        content_type: Option<String>,
    ) -> Result<Taken, StoreError> {
        let Some(claim) = self.patiently_claimed(source).await? else {
            return Ok(Taken::Busy);
        };
        let began = Instant::now();
        let Some(outcome) = pushed(&claim, body, content_type) else {
            return self.poll_instead(&claim).await;
        };
        let mut seen = self.reader().read(&claim, outcome).await;
        match &seen.what {
            What::Changed(_) => {}
            What::Same | What::NotModified => {
                self.store().release(&[&claim]).await?;
                return Ok(Taken::Known);
            }
            What::Failed(_) | What::Gone => return self.poll_instead(&claim).await,
        }
        // It is no answer: nothing that answers say, such as validators, came with it.
        (seen.answer, seen.is_push) = (None, true);
        let visited = visit::settle(self, &claim, seen, began.elapsed()).await?;
        Ok(visited.map_or(Taken::Busy, |visited| Taken::Stored(Box::new(visited))))
    }

    async fn poll_instead(&self, claim: &Claim) -> Result<Taken, StoreError> {
        self.store().release(&[claim]).await?;
        let now = self.clock().now();
        self.store().make_due(&[claim.source_id], now).await?;
        self.wake();
        Ok(Taken::Unreadable)
    }

    async fn patiently_claimed(&self, source: SourceId) -> Result<Option<Claim>, StoreError> {
        for _ in 0..TRIES {
            let claim = self.store().claim_source(source, &self.lease()).await?;
            if claim.is_some() {
                return Ok(claim);
            }
            tokio::time::sleep(STEP).await;
        }
        Ok(None)
    }
}

/// A push as if it had been fetched; none when the feed's address is no URL.
fn pushed(claim: &Claim, bytes: bytes::Bytes, content_type: Option<String>) -> Option<Outcome> {
    Some(Outcome::Body {
        answer: Answer {
            status: 200,
            final_url: Url::parse(&claim.feed_url).ok()?,
            permanent_url: None,
            validators: Validators::default(),
            fresh: None,
            retry_after: None,
            links: Vec::new(),
            wire_bytes: 0,
            is_framed: true,
        },
        bytes,
        content_type,
    })
}
