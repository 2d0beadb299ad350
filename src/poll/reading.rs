//! What an outcome means for a source. In: an outcome of fetching and the claim. Out: what was seen. Parsing is
//! done off the async threads, and few at a time. Must not know: SQL, schedules.

use std::sync::Arc;

use entity::{FindingCode, PollErrorKind};
use regex::{Regex, RegexBuilder};
use tokio::sync::Semaphore;
use url::Url;

use crate::fetch::{Answer, Failure, Outcome};
use crate::normalize::{self, FeedDraft, Finding};
use crate::parse::{self, Limits, NotAFeed};
use crate::store::{Claim, PackedBody, Reading};

/// Compiled size of one rule, in bytes; one that needs more is left out.
const RULE_BYTES: usize = 1024 * 1024;

/// What was seen at a source.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What the server said besides the body, where one answered.
    pub answer: Option<Answer>,
    /// Bytes of the body after decompression.
    pub bytes: i64,
    /// Whether a hub brought it.
    pub is_push: bool,
    /// Whether the document has its end. Where it has not, what it lacks is worth asking for again.
    pub is_whole: bool,
    /// What that means.
    pub what: What,
}

/// What an outcome means.
#[derive(Clone, Debug)]
pub enum What {
    /// A new document.
    Changed(Box<Reading>),
    /// The server says that nothing changed.
    NotModified,
    /// The bytes are those of last time.
    Same,
    /// 410.
    Gone,
    /// Nothing usable.
    Failed(Failure),
}

/// Parses documents, few at a time.
#[derive(Clone, Debug)]
pub struct Reader {
    places: Arc<Semaphore>,
    limits: Limits,
    kept_body_bytes: usize,
}

impl Reader {
    /// A reader for at most `at_once` documents at a time.
    #[must_use]
    pub fn new(at_once: usize, limits: Limits, kept_body_bytes: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(at_once.max(1))),
            limits,
            kept_body_bytes,
        }
    }

    /// Says what an outcome means.
    pub async fn read(&self, claim: &Claim, outcome: Outcome) -> Seen {
        let (answer, bytes, content_type) = match outcome {
            Outcome::Unchanged(answer) => return without_body(Some(answer), What::NotModified),
            Outcome::Gone(answer) => return without_body(Some(answer), What::Gone),
            Outcome::Failed { answer, failure } => {
                return without_body(answer, What::Failed(failure));
            }
            Outcome::Body {
                answer,
                bytes,
                content_type,
            } => (answer, bytes, content_type),
        };
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let (limits, url, mine) = (self.limits, answer.final_url.clone(), claim.clone());
        let most = self.kept_body_bytes;
        let is_framed = answer.is_framed;
        let reading = move || {
            let is_whole = !parse::breaks_off(&bytes);
            let body_hash = parse::body_hash(&bytes);
            if mine.body_hash.as_ref() == Some(&body_hash) {
                return (What::Same, is_whole);
            }
            let what = match read_feed(&bytes, content_type.as_deref(), &limits, &url) {
                Ok(_) if !is_whole && !is_framed => What::Failed(cut_short()),
                Ok(mut draft) => {
                    if !is_whole {
                        tell_truncated(&mut draft);
                    }
                    What::Changed(Box::new(Reading {
                        draft: keep(draft, &mine.keep_rules, &mine.drop_rules),
                        body_hash,
                        body: PackedBody::pack(&bytes, content_type.as_deref(), url.as_str(), most),
                    }))
                }
                Err(error) => What::Failed(failure(error)),
            };
            (what, is_whole)
        };
        let read = self.apart(reading).await;
        let (what, is_whole) = read.unwrap_or_else(|failure| (What::Failed(failure), true));
        Seen {
            answer: Some(answer),
            bytes: size,
            is_push: false,
            is_whole,
            what,
        }
    }

    /// Runs something that parses on a thread of its own.
    ///
    /// # Errors
    /// When it panics: then the document is to blame.
    pub async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        // Nobody closes the semaphore; if somebody did, parsing would go on unbounded, not stop.
        let place = self.places.acquire().await.ok();
        let done = tokio::task::spawn_blocking(work).await;
        drop(place);
        done.map_err(|_| Failure {
            kind: PollErrorKind::Malformed,
            message: "the document is broken in a way that stopped the reader".to_owned(),
        })
    }
}

/// From bytes to a draft.
///
/// # Errors
/// When there is no feed in them.
pub fn read_feed(
    bytes: &[u8],
    content_type: Option<&str>,
    limits: &Limits,
    url: &Url,
) -> Result<FeedDraft, NotAFeed> {
    let document = parse::read(bytes, content_type, limits)?;
    Ok(normalize::feed(document, url))
}

/// The publisher's document is not whole, whoever cut it.
fn tell_truncated(draft: &mut FeedDraft) {
    let is_told = |finding: &Finding| finding.code == FindingCode::Truncated;
    if !draft.findings.iter().any(is_told) {
        draft.findings.push(Finding {
            code: FindingCode::Truncated,
            message: "the document ends before its end".to_owned(),
            count: 1,
        });
    }
}

/// Where the server did not say how long the body is, a document that breaks off means that the connection did, and
/// the rest is worth asking for again; where it did, the publisher has no more of it.
#[must_use]
pub fn cut_short() -> Failure {
    Failure {
        kind: PollErrorKind::Connect,
        message: "the body is cut short: the document breaks off, and the server did not say how \
            long it is"
            .to_owned(),
    }
}

/// The same in the words of a visit.
#[must_use]
pub fn failure(error: NotAFeed) -> Failure {
    Failure {
        kind: error.kind,
        message: error.message,
    }
}

const fn without_body(answer: Option<Answer>, what: What) -> Seen {
    Seen {
        answer,
        bytes: 0,
        is_push: false,
        is_whole: true,
        what,
    }
}

/// Leaves out what the editor does not want.
#[must_use]
pub fn keep(mut draft: FeedDraft, keep: &[String], drop: &[String]) -> FeedDraft {
    let (keep, drop) = (rules(keep), rules(drop));
    if !keep.is_empty() || !drop.is_empty() {
        draft
            .entries
            .retain(|entry| normalize::rules::passes(entry, &keep, &drop));
    }
    draft
}

/// Rules were checked when they were set; one that does not compile now is left out.
fn rules(texts: &[String]) -> Vec<Regex> {
    let compile = |text: &String| RegexBuilder::new(text).size_limit(RULE_BYTES).build().ok();
    texts.iter().filter_map(compile).collect()
}
