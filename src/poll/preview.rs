//! Looks at an address before it is followed: the feed there, or the feeds that the page there offers. In: a
//! URL. Out: candidates, best first. Stores nothing. Must not know: SQL, GraphQL.

use entity::{Millis, PollErrorKind, SourceId, SourceStatus};
use futures::StreamExt;
use url::Url;

use super::Poller;
use super::conclude::{Moment, conclude};
use super::reading::{Seen, What, failure, keep, read_feed};
use super::schedule::CHANCE_RANGE;
use super::settings::PollSettings;
use crate::fetch::{Answer, Failure, Outcome, Validators, host_key};
use crate::normalize::{FeedDraft, Rhythm};
use crate::parse;
use crate::store::{Claim, PackedBody, Reading, VisitRecord};

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

/// What was found at one address.
enum Found {
    Feed(Box<Candidate>),
    Page { links: Vec<Url>, url: Url },
}

impl Poller {
    /// The feeds at an address: the one that it is, or those that the page there offers, or that lie where
    /// feeds usually lie on its site.
    ///
    /// # Errors
    /// When nothing can be had there, or no feed is found.
    pub async fn preview(&self, url: &Url) -> Result<Vec<Candidate>, Failure> {
        let (links, page) = match self.look(url).await? {
            Found::Feed(candidate) => return Ok(vec![*candidate]),
            Found::Page { links, url } => (links, url),
        };
        let mut candidates = self.feeds_at(links).await;
        if candidates.is_empty() {
            // The first that answers is enough: the rest tends to be the same feed.
            for guess in parse::well_known_paths(&page).into_iter().take(MOST) {
                candidates = self.feeds_at(vec![guess]).await;
                if !candidates.is_empty() {
                    break;
                }
            }
        }
        if candidates.is_empty() {
            return Err(Failure {
                kind: PollErrorKind::NotAFeed,
                message: "there is a page and no feed, and the page offers none".to_owned(),
            });
        }
        Ok(candidates)
    }

    /// The record of a candidate's reading, to be stored together with the new source, so that following
    /// and reading are one step.
    #[must_use]
    pub fn first_visit(&self, candidate: &Candidate, wanted: &Wanted) -> VisitRecord {
        let at = self.clock().now();
        let claim = new_claim(candidate, wanted);
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
        let seen = Seen {
            answer: Some(answer),
            bytes: candidate.bytes,
            what: What::Changed(Box::new(reading)),
        };
        let moment = Moment {
            at,
            duration_ms: 0,
            chance: rand::random_range(0..=CHANCE_RANGE),
            outage: false,
            settings: self.settings(),
        };
        conclude(&claim, seen, &moment)
    }

    async fn feeds_at(&self, urls: Vec<Url>) -> Vec<Candidate> {
        let looks = futures::stream::iter(urls.into_iter().take(MOST))
            .map(|url| async move { self.look(&url).await })
            .buffered(AT_ONCE);
        let mut looks = std::pin::pin!(looks);
        let mut candidates: Vec<Candidate> = Vec::new();
        while let Some(found) = looks.next().await {
            if let Ok(Found::Feed(candidate)) = found {
                let is_known = |other: &Candidate| other.feed_url == candidate.feed_url;
                if !candidates.iter().any(is_known) {
                    candidates.push(*candidate);
                }
            }
        }
        candidates
    }

    async fn look(&self, url: &Url) -> Result<Found, Failure> {
        let pass = self.hosts().enter(&host_key(url.as_str())).await;
        let outcome = self.fetcher().fetch(url, &Validators::default()).await;
        drop(pass);
        let (answer, bytes, content_type) = match outcome {
            Outcome::Body {
                answer,
                bytes,
                content_type,
            } => (answer, bytes, content_type),
            Outcome::Failed { failure, .. } => return Err(failure),
            Outcome::Gone(_) | Outcome::Unchanged(_) => {
                return Err(Failure {
                    kind: PollErrorKind::HttpStatus,
                    message: "the server answered 410 Gone".to_owned(),
                });
            }
        };
        let (settings, url) = (self.settings().clone(), url.clone());
        let reading = move || read_found(answer, &bytes, content_type.as_deref(), &settings, url);
        self.reader().apart(reading).await?
    }
}

fn read_found(
    answer: Answer,
    bytes: &[u8],
    content_type: Option<&str>,
    settings: &PollSettings,
    asked: Url,
) -> Result<Found, Failure> {
    match read_feed(bytes, content_type, &settings.limits, &answer.final_url) {
        Ok(draft) => Ok(Found::Feed(Box::new(Candidate {
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
            answer,
        }))),
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
