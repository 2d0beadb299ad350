//! Reads the last body of a source again, with today's reader. In: a source. Out: what that changed in what is stored.
//! Nothing is fetched. Must not know: SQL, who asked for it.

use entity::SourceId;
use url::Url;

use super::Poller;
use super::reading::{keep, read_feed};
use crate::store::{Attempted, KeptBody, Reread, StoreError};

/// How often it is begun anew when a visit keeps another body meanwhile.
const TRIES: usize = 5;

/// How reading a source again went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reparsed {
    /// It was read, and this changed.
    Read(Reread),
    /// No body is kept of it, or none that today's limits let in.
    NothingKept,
    /// Today's reader finds no feed in the body; nothing is changed.
    NoFeed(String),
    /// It was polled again and again meanwhile, or is gone.
    Overtaken,
}

impl Poller {
    /// Reads what is kept of a source again and brings what is stored to it.
    ///
    /// # Errors
    /// When the store fails; nothing is changed then.
    pub async fn reparse(
        &self,
        source: SourceId,
        attempted: Attempted,
    ) -> Result<Reparsed, StoreError> {
        let limits = self.settings().limits;
        for _ in 0..TRIES {
            let Some(body) = self.store().kept_body(source, limits.max_bytes).await? else {
                return Ok(Reparsed::NothingKept);
            };
            let Ok(url) = Url::parse(&body.url) else {
                return Ok(Reparsed::NothingKept);
            };
            let read = move || {
                let KeptBody {
                    bytes,
                    content_type,
                    ..
                } = &body;
                let draft = read_feed(bytes, content_type.as_deref(), &limits, &url)
                    .map(|draft| keep(draft, &body.keep_rules, &body.drop_rules));
                (body, draft)
            };
            let (body, draft) = match self.reader().apart(read).await {
                Ok((body, Ok(draft))) => (body, draft),
                Ok((_, Err(no_feed))) => return Ok(Reparsed::NoFeed(no_feed.message)),
                Err(failure) => return Ok(Reparsed::NoFeed(failure.message)),
            };
            let now = (self.clock().now(), attempted);
            if let Some(done) = self.store().reread(source, &body, &draft, now).await? {
                return Ok(Reparsed::Read(done));
            }
        }
        Ok(Reparsed::Overtaken)
    }
}
