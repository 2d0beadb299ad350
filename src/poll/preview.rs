//! Looks at an address before it is followed: the feed there, or the feeds that the page there offers. In: a
//! URL. Out: candidates, best first. Stores nothing. Must not know: SQL, GraphQL.

use std::time::Duration;

use entity::{Millis, PollErrorKind, SourceId, SourceStatus, source};
use futures::StreamExt;
use url::Url;

use super::Poller;
use super::conclude::{Moment, conclude};
use super::reading::{Seen, What, cut_short, failure, keep, read_feed};
use super::schedule::CHANCE_RANGE;
use super::settings::PollSettings;
use super::visit::{self, Visited};
use crate::fetch::{Answer, Failure, Outcome, Validators, host_key};
use crate::normalize::{FeedDraft, Rhythm};
use crate::parse;
use crate::store::{Claim, PackedBody, Reading, StoreError, VisitRecord};

/// Most feeds of one page that are looked at.
const MOST: usize = 10;
/// So many at a time.
const AT_ONCE: usize = 2;

/// A feed that could be followed.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Where to poll it: the address that was asked for, or where permanent redirects from there lead.
    pub feed_url: Url,
    /// What it says.
    pub draft: FeedDraft,
    /// What its server said besides.
    pub answer: Answer,
    /// Hash of its bytes.
    pub body_hash: Vec<u8>,
    /// Bytes of its body.
    pub bytes: i64,
    /// The body, to be read again.
    pub body: Option<PackedBody>,
    /// Whether its document has its end.
    pub is_whole: bool,
}

/// What an editor wants of a source that is about to be followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The editor's floor for the interval.
    pub min_interval_seconds: Option<i64>,
    /// The editor's ceiling for the interval.
    pub max_interval_seconds: Option<i64>,
    /// As in [`Claim`].
    pub keep_rules: Vec<String>,
    /// As in [`Claim`].
    pub drop_rules: Vec<String>,
}

/// A feed that was found.
#[derive(Clone, Debug)]
pub enum Discovered {
    /// It is followed, so that what is stored of it is as good as asking its publisher again.
    Followed(Box<source::Model>),
    /// It is new.
    New(Box<Candidate>),
}

impl Discovered {
    fn feed_url(&self) -> &str {
        match self {
            Self::Followed(source) => &source.feed_url,
            Self::New(candidate) => candidate.feed_url.as_str(),
        }
    }
}

/// What was found at one address.
enum Found {
    Feed(Discovered),
    Page { links: Vec<Url>, url: Url },
}

type Looked<T> = Result<Result<T, Failure>, StoreError>;

impl Poller {
    /// The feeds at an address: the one that it is, or those that the page there offers, or that lie where
    /// feeds usually lie on its site. Feeds that are followed are not fetched, except for that of `moving`.
    ///
    /// # Errors
    /// When the store fails. That nothing can be had there, or no feed is found, is the inner error.
    pub async fn preview(&self, url: &Url, moving: Option<SourceId>) -> Looked<Vec<Discovered>> {
        let (links, page) = match self.look(url, moving).await? {
            Ok(Found::Feed(found)) => return Ok(Ok(vec![found])),
            Ok(Found::Page { links, url }) => (links, url),
            Err(failure) => return Ok(Err(failure)),
        };
        let mut found = self.feeds_at(links, moving).await?;
        if found.is_empty() {
            // The first that answers is enough: the rest tends to be the same feed.
            for guess in parse::well_known_paths(&page).into_iter().take(MOST) {
                found = self.feeds_at(vec![guess], moving).await?;
                if !found.is_empty() {
                    break;
                }
            }
        }
        if found.is_empty() {
            return Ok(Err(Failure {
                kind: PollErrorKind::NotAFeed,
                message: "there is a page and no feed, and the page offers none".to_owned(),
            }));
        }
        Ok(Ok(found))
    }

    /// Takes what was read at a source's new address for its visit there. None when it is being visited already.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn adopt(
        &self,
        source: SourceId,
        candidate: &Candidate,
    ) -> Result<Option<Visited>, StoreError> {
        let Some(claim) = self.store().claim_source(source, &self.lease()).await? else {
            return Ok(None);
        };
        let seen = seen(candidate, &claim);
        visit::settle(self, &claim, seen, Duration::ZERO).await
    }

    /// The record of a candidate's reading, to be stored together with the new source, so that following
    /// and reading are one step.
    #[must_use]
    pub fn first_visit(&self, candidate: &Candidate, wanted: &Wanted) -> VisitRecord {
        let at = self.clock().now();
        let claim = new_claim(candidate, wanted);
        let seen = seen(candidate, &claim);
        let moment = Moment {
            at,
            duration_ms: 0,
            chance: rand::random_range(0..=CHANCE_RANGE),
            outage: false,
            settings: self.settings(),
        };
        conclude(&claim, seen, &moment)
    }

    async fn feeds_at(
        &self,
        urls: Vec<Url>,
        moving: Option<SourceId>,
    ) -> Result<Vec<Discovered>, StoreError> {
        let looks = futures::stream::iter(urls.into_iter().take(MOST))
            .map(|url| async move { self.look(&url, moving).await })
            .buffered(AT_ONCE);
        let mut looks = std::pin::pin!(looks);
        let mut all: Vec<Discovered> = Vec::new();
        while let Some(looked) = looks.next().await {
            if let Ok(Found::Feed(found)) = looked?
                && !all.iter().any(|one| one.feed_url() == found.feed_url())
            {
                all.push(found);
            }
        }
        Ok(all)
    }

    async fn look(&self, url: &Url, moving: Option<SourceId>) -> Looked<Found> {
        let known = self.store().find_source_by_url(url.as_str()).await?;
        if let Some(known) = known.filter(|known| Some(known.id) != moving) {
            return Ok(Ok(Found::Feed(Discovered::Followed(Box::new(known)))));
        }
        let Some(outcome) = self.fetch_aside(self.fetcher(), url).await? else {
            return Ok(Err(Failure {
                kind: PollErrorKind::HttpStatus,
                message: "the server asked to be left alone for a while".to_owned(),
            }));
        };
        let (answer, bytes, content_type) = match outcome {
            Outcome::Body {
                answer,
                bytes,
                content_type,
            } => (answer, bytes, content_type),
            Outcome::Failed { failure, .. } => return Ok(Err(failure)),
            Outcome::Gone(_) | Outcome::Unchanged(_) => {
                return Ok(Err(Failure {
                    kind: PollErrorKind::HttpStatus,
                    message: "the server answered 410 Gone".to_owned(),
                }));
            }
        };
        let (settings, url) = (self.settings().clone(), url.clone());
        let reading = move || read_found(answer, &bytes, content_type.as_deref(), &settings, url);
        let candidate = match self.reader().apart(reading).await {
            Ok(Ok(Found::Feed(Discovered::New(candidate)))) => candidate,
            Ok(looked) => return Ok(looked),
            Err(failure) => return Ok(Err(failure)),
        };
        // Redirects may lead to a feed that is followed.
        let at = candidate.feed_url.as_str();
        let known = self.store().find_source_by_url(at).await?;
        let known = known.filter(|known| Some(known.id) != moving);
        Ok(Ok(Found::Feed(
            known.map_or(Discovered::New(candidate), |known| {
                Discovered::Followed(Box::new(known))
            }),
        )))
    }
}

/// A candidate as a visit sees it.
fn seen(candidate: &Candidate, claim: &Claim) -> Seen {
    let reading = Reading {
        draft: keep(
            candidate.draft.clone(),
            &claim.keep_rules,
            &claim.drop_rules,
        ),
        body_hash: candidate.body_hash.clone(),
        body: candidate.body.clone(),
    };
    let mut answer = candidate.answer.clone();
    // Where it leads for good is taken into `feed_url` already.
    answer.permanent_url = None;
    Seen {
        answer: Some(answer),
        bytes: candidate.bytes,
        is_push: false,
        is_whole: candidate.is_whole,
        what: What::Changed(Box::new(reading)),
    }
}

fn read_found(
    answer: Answer,
    bytes: &[u8],
    content_type: Option<&str>,
    settings: &PollSettings,
    asked: Url,
) -> Result<Found, Failure> {
    let is_whole = !parse::breaks_off(bytes);
    match read_feed(bytes, content_type, &settings.limits, &answer.final_url) {
        Ok(_) if !is_whole && !answer.is_framed => Err(cut_short()),
        Ok(draft) => Ok(Found::Feed(Discovered::New(Box::new(Candidate {
            feed_url: answer.permanent_url.clone().unwrap_or(asked),
            draft,
            body_hash: parse::body_hash(bytes),
            bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            body: PackedBody::pack(
                bytes,
                content_type,
                answer.final_url.as_str(),
                settings.kept_body_bytes,
            ),
            is_whole,
            answer,
        })))),
        Err(not_a_feed) if not_a_feed.looks_like_html => Ok(Found::Page {
            links: parse::discover(bytes, content_type, &answer.final_url)
                .into_iter()
                .map(|link| link.url)
                .collect(),
            url: answer.final_url,
        }),
        Err(not_a_feed) => Err(failure(not_a_feed)),
    }
}

fn new_claim(candidate: &Candidate, wanted: &Wanted) -> Claim {
    Claim {
        source_id: SourceId(0),
        feed_url: candidate.feed_url.to_string(),
        host: host_key(candidate.feed_url.as_str()),
        status: SourceStatus::Active,
        fence: 0,
        pushed_until: None,
        due_at: None,
        body_bytes: 0,
        host_rested: false,
        validators: Validators::default(),
        body_hash: None,
        first_visit: true,
        due_now: false,
        min_interval_seconds: wanted.min_interval_seconds,
        max_interval_seconds: wanted.max_interval_seconds,
        max_age_days: None,
        keep_rules: wanted.keep_rules.clone(),
        drop_rules: wanted.drop_rules.clone(),
        interval_seconds: 0,
        last_polled_at: None,
        last_changed_at: None,
        consecutive_failures: 0,
        first_failed_at: None,
        rhythm: Rhythm::default(),
        redirect_url: None,
        redirect_since: None::<Millis>,
        recent_published: Vec::new(),
    }
}
