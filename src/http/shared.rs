//! What many get: kept answers, and live operations that follow the change log. In: what is asked. Out: what of it is
//! known already, and what it shares with others. Must not know: how things are executed.

use std::sync::Arc;

use apollo_compiler::executable::OperationType;
use apollo_compiler::response::JsonMap;
use entity::Revision;
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::door::Prepared;
use super::gate::After;
use super::hub::Hubs;
use super::intake::Said;
use super::kept::{Audience, Kept, Question};
use super::refusal::to_json;
use super::result::Executed;
pub use crate::graphql::Asked;
use crate::graphql::FOLLOWING;

/// The longest request whose meaning is remembered, in bytes.
const LONGEST_KNOWN: usize = 8 * 1024;
/// How many bytes of requests are remembered.
const KNOWN_BYTES: u64 = 4 * 1024 * 1024;

/// What many get.
pub struct Shared {
    /// Answers; none where none are kept.
    pub kept: Option<Kept>,
    /// Live operations.
    pub hubs: Hubs,
    /// What was asked, by what was said, and its price.
    known: Cache<Said, (Question, u64)>,
}

/// A subscription that follows the change log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Following {
    /// What is asked, wherever it begins.
    pub question: Question,
    /// Whether it begins at a cursor.
    pub has_after: bool,
}

impl Shared {
    /// Keeps so many bytes of answers.
    #[must_use]
    pub fn new(answers_bytes: u64) -> Self {
        Self {
            kept: (answers_bytes > 0).then(|| Kept::new(answers_bytes)),
            hubs: Hubs::default(),
            known: Cache::builder()
                .max_capacity(KNOWN_BYTES)
                .weigher(|said: &Said, _| u32::try_from(said.len() + 200).unwrap_or(u32::MAX))
                .build(),
        }
    }

    /// The answer to what somebody without a token said before, if it is kept, and its price.
    pub async fn recall(
        &self,
        said: &Said,
        version: Option<Revision>,
    ) -> Option<(Arc<Executed>, u64)> {
        let (question, price) = self.known.get(said)?;
        let kept = self.kept.as_ref()?;
        let result = kept.find(question, Audience::Anyone, version?).await?;
        Some((result, price))
    }

    /// Remembers what was asked by what somebody without a token said.
    pub fn remember(&self, said: Said, prepared: &Prepared) {
        if prepared.kind == OperationType::Query && said.len() <= LONGEST_KNOWN {
            let known = (prepared.question, prepared.cost.price);
            self.known.insert(said, known);
        }
    }
}

/// What is asked, as a hash.
#[must_use]
pub fn question(document: &[u8; 32], operation: Option<&str>, variables: &JsonMap) -> Question {
    let mut hash = Sha256::new();
    hash.update(document);
    hash.update(operation.unwrap_or_default());
    // No operation's name has a brace in it, and the variables begin with one.
    hash.update(to_json(variables));
    hash.finalize().into()
}

/// Whether it is a subscription that follows the change log, which many can share.
#[must_use]
pub fn following(prepared: &Prepared) -> Option<Following> {
    let name = prepared.operation_name.as_deref();
    let field = prepared.passed.root_field(name)?;
    if prepared.caller.token_refused || !FOLLOWING.contains(&field.name.as_str()) {
        return None;
    }
    let mut variables = prepared.coerced.clone();
    let has_after = match &field.after {
        After::Nowhere => false,
        After::Variable(variable) => variables
            .remove(variable.as_str())
            .is_some_and(|value| !value.is_null()),
        After::Document => true,
    };
    Some(Following {
        question: question(&prepared.passed.key, name, &variables),
        has_after,
    })
}
