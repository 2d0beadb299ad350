//! Answers that many get. In: a question, the version of all public data, and a way to find the answer. Out: the
//! answer, found once for all who wait for it and kept, in bounded memory, as long as the version stands. A new
//! version is a new key, so nothing stale is ever found. Must not know: how answers are found, what they say.
//!
//! Nothing of one person reaches another: what is found without a token is kept for those without a token, and what
//! is found with one is kept only when nothing in it wanted to know who asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use entity::Revision;
use moka::future::Cache;
use moka::policy::EvictionPolicy;

use super::answer::Answer;
use super::refusal::Refusal;
use super::result::{Executed, For};

/// What is kept beside an answer: its key, its place in the cache, and compressed copies about as long as a third.
const OVERHEAD: usize = 400;
/// Questions that are known to have answers of one's own.
const PERSONAL_QUESTIONS: u64 = 10_000;
/// An answer that nobody asked for in so long is of an old version, or wanted by few.
const IDLE: Duration = Duration::from_mins(10);

/// A document, the operation of it, and its variables, as a hash.
pub type Question = [u8; 32];

/// Who asks, as far as it matters for sharing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Everyone without a token.
    Anyone,
    /// Everyone with one.
    SignedIn,
}

/// What is not kept.
enum Unkept {
    /// It has errors: whoever waited for the same gets the same.
    Broken(Arc<Executed>),
    /// Likewise.
    Refused(StatusCode, String),
    /// Likewise.
    Failed(Refusal),
    /// It is about who asked, or passes at once, so nobody else gets it.
    Personal(Arc<Executed>),
}

/// The answers that are kept.
pub struct Kept {
    answers: Cache<(Question, Audience, Revision), Arc<Executed>>,
    personal: moka::sync::Cache<(Question, Audience), ()>,
}

impl Kept {
    /// Keeps so many bytes of answers.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let weight = |result: &Arc<Executed>| {
            let length = result.len().saturating_add(result.len() / 3);
            u32::try_from(length.saturating_add(OVERHEAD)).unwrap_or(u32::MAX)
        };
        Self {
            answers: Cache::builder()
                .max_capacity(bytes)
                // What is asked for now counts, not what was asked for often: that is of an old version.
                .eviction_policy(EvictionPolicy::lru())
                .time_to_idle(IDLE)
                .weigher(move |_, result| weight(result))
                .build(),
            personal: moka::sync::Cache::new(PERSONAL_QUESTIONS),
        }
    }

    /// The answer to a question if it is known.
    pub async fn find(
        &self,
        question: Question,
        audience: Audience,
        version: Revision,
    ) -> Option<Arc<Executed>> {
        self.answers.get(&(question, audience, version)).await
    }

    /// The answer to a question, known or found with `execute`, of which nothing is done when another is at it.
    ///
    /// # Errors
    /// Those of `execute`.
    pub async fn answer<F: Future<Output = Result<Answer, Refusal>>>(
        &self,
        question: Question,
        audience: Audience,
        version: Revision,
        execute: impl Fn() -> F,
    ) -> Result<Answer, Refusal> {
        if self.personal.contains_key(&(question, audience)) {
            return execute().await;
        }
        let led = AtomicBool::new(false);
        let finding = async {
            led.store(true, Ordering::Relaxed);
            keepable(execute().await, audience)
        };
        let key = (question, audience, version);
        match self.answers.try_get_with(key, finding).await {
            Ok(result) => Ok(Answer::Shared(result)),
            Err(unkept) => match unkept.as_ref() {
                Unkept::Broken(result) => Ok(Answer::Shared(Arc::clone(result))),
                Unkept::Refused(status, errors) => Ok(Answer::Refused {
                    status: *status,
                    errors: errors.clone(),
                }),
                Unkept::Failed(refusal) => Err(refusal.clone()),
                Unkept::Personal(own) => {
                    self.personal.insert((question, audience), ());
                    if led.into_inner() {
                        Ok(Answer::Shared(Arc::clone(own)))
                    } else {
                        execute().await
                    }
                }
            },
        }
    }
}

fn keepable(found: Result<Answer, Refusal>, audience: Audience) -> Result<Arc<Executed>, Unkept> {
    let result = match found.map(|answer| answer.shared(For::Asker)) {
        Ok(Answer::Shared(result)) => result,
        Ok(Answer::Refused { status, errors }) => return Err(Unkept::Refused(status, errors)),
        Ok(Answer::Executed(_)) => return Err(Unkept::Failed(Refusal::internal())),
        Err(refusal) => return Err(Unkept::Failed(refusal)),
    };
    if !result.is_whole() {
        return Err(Unkept::Broken(result));
    }
    match (result.audience(), audience) {
        (For::Everyone, _) | (For::Asker, Audience::Anyone) => Ok(result),
        (For::Asker, Audience::SignedIn) | (For::Once, _) => Err(Unkept::Personal(result)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;
    use crate::graphql::Code;

    const V1: Revision = Revision(1);
    const V2: Revision = Revision(2);

    fn result(text: String, is_whole: bool, audience: For) -> Answer {
        Answer::Shared(Arc::new(Executed::new(text, is_whole, audience)))
    }

    struct Source {
        calls: AtomicU32,
        is_whole: bool,
        audience: For,
    }

    impl Source {
        const fn new(is_whole: bool, audience: For) -> Self {
            Self {
                calls: AtomicU32::new(0),
                is_whole,
                audience,
            }
        }

        async fn find(&self) -> Result<Answer, Refusal> {
            tokio::task::yield_now().await;
            let call = self.calls.fetch_add(1, Ordering::SeqCst);
            Ok(result(call.to_string(), self.is_whole, self.audience))
        }

        fn calls(&self) -> u32 {
            self.calls.load(Ordering::SeqCst)
        }
    }

    async fn ask(kept: &Kept, audience: Audience, version: Revision, source: &Source) -> String {
        let answer = kept
            .answer([7; 32], audience, version, || source.find())
            .await;
        String::from_utf8(answer.unwrap().into_body().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_found_once_for_all_who_wait_and_anew_for_a_new_version() {
        let kept = Kept::new(1_000_000);
        let source = Source::new(true, For::Everyone);
        let waiting = (0..50).map(|_| ask(&kept, Audience::Anyone, V1, &source));
        let answers = futures::future::join_all(waiting).await;
        assert!(answers.iter().all(|answer| answer == "0"));
        assert_eq!(ask(&kept, Audience::Anyone, V2, &source).await, "1");
        assert_eq!(ask(&kept, Audience::Anyone, V2, &source).await, "1");
        assert_eq!(source.calls(), 2);
    }

    #[tokio::test]
    async fn what_is_ones_own_reaches_nobody_else() {
        let kept = Kept::new(1_000_000);
        let source = Source::new(true, For::Asker);
        let waiting = (0..20).map(|_| ask(&kept, Audience::SignedIn, V1, &source));
        let mut answers = futures::future::join_all(waiting).await;
        answers.sort();
        answers.dedup();
        assert_eq!(answers.len(), 20, "each has one of their own");
        assert_eq!(ask(&kept, Audience::SignedIn, V1, &source).await, "20");
        assert_eq!(ask(&kept, Audience::Anyone, V1, &source).await, "21");
        assert_eq!(ask(&kept, Audience::Anyone, V1, &source).await, "21");
    }

    #[tokio::test]
    async fn what_passes_at_once_is_kept_for_nobody() {
        let kept = Kept::new(1_000_000);
        let source = Source::new(true, For::Once);
        for expected in ["0", "1", "2"] {
            assert_eq!(ask(&kept, Audience::Anyone, V1, &source).await, expected);
        }
    }

    #[tokio::test]
    async fn errors_are_not_kept() {
        let kept = Kept::new(1_000_000);
        let source = Source::new(false, For::Everyone);
        for expected in ["0", "1"] {
            assert_eq!(ask(&kept, Audience::Anyone, V1, &source).await, expected);
        }
        let refuse = || async {
            Err(Refusal::of_request(
                StatusCode::SERVICE_UNAVAILABLE,
                Code::Timeout,
                "late",
            ))
        };
        let refused = kept.answer([8; 32], Audience::Anyone, V1, refuse).await;
        assert!(refused.is_err());
        let found = kept
            .answer([8; 32], Audience::Anyone, V1, || source.find())
            .await;
        assert!(found.is_ok());
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let kept = Kept::new(50_000);
        for number in 0_u8..200 {
            let long = || async { Ok(result("x".repeat(1_000), true, For::Everyone)) };
            kept.answer([number; 32], Audience::Anyone, V1, long)
                .await
                .unwrap();
        }
        kept.answers.run_pending_tasks().await;
        assert!(kept.answers.weighted_size() <= 50_000);
        let known = |number: u8| {
            kept.answers
                .contains_key(&([number; 32], Audience::Anyone, V1))
        };
        assert!(known(199) && !known(0));
    }
}
