//! What a file declares, compared with what is stored. In: planets and sources as a file has them. Out: the steps from here to
//! there, taken in one transaction. Must not know: files.

mod carry;
mod owner;
mod plan;
mod snapshot;

use entity::{Millis, RuleAction, RuleField};
use serde_json::json;

use super::audit::Note;
use super::write::{NewChange, Work, transaction};
use super::{NewLink, NewRule, RuleScope, Store, StoreError};

pub use plan::{Change, Plan, Thing};
use snapshot::Snapshot;

/// All that a file declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// In the file's order: in an empty database the first is the default.
    pub planets: Vec<DeclaredPlanet>,
    /// In the file's order.
    pub sources: Vec<DeclaredSource>,
}

/// A planet as a file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredPlanet {
    /// Short name in URLs.
    pub slug: String,
    /// Plain text.
    pub title: String,
    /// Plain text.
    pub description: Option<String>,
    /// Its home page.
    pub link: Option<String>,
    /// Who runs it.
    pub owner_name: Option<String>,
    /// Links beside it, in order.
    pub links: Vec<NewLink>,
    /// Its rules, in order.
    pub rules: Vec<NewRule>,
}

/// A source as a file has it. What is none is not the file's matter, or has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredSource {
    /// Where it is polled.
    pub feed_url: String,
    /// The editor's title.
    pub title: Option<String>,
    /// The editor's link to the site.
    pub site_url: Option<String>,
    /// The editor's tags.
    pub tags: Vec<String>,
    /// Slugs of the planets that it is in.
    pub planets: Vec<String>,
    /// Never poll more often than this.
    pub min_interval_seconds: Option<i64>,
    /// Never poll more rarely than this.
    pub max_interval_seconds: Option<i64>,
    /// On the first poll, leave out entries older than this.
    pub max_age_days: Option<i64>,
    /// Regular expressions of which one must match title or tags.
    pub keep: Vec<String>,
    /// Regular expressions of which none may match title or tags.
    pub drop: Vec<String>,
    /// Its rules, in order.
    pub rules: Vec<NewRule>,
    /// Whether it is paused; none leaves that to editors.
    pub paused: Option<bool>,
}

/// What applying a file did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The steps that were taken.
    pub plan: Plan,
    /// Whose rules changed: what is stored has to be looked through.
    pub ruled: Vec<RuleScope>,
}

impl Store {
    /// What it would take to make what is stored what a file declares. Nothing is changed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn plan_declared(&self, declared: &Declared) -> Result<Plan, StoreError> {
        let snapshot = Snapshot::read(self.reader()).await;
        let snapshot = super::error::Reading::reading(snapshot, "what is stored")?;
        Ok(plan::plan(&snapshot, declared))
    }

    /// Makes what is stored what a file declares, in one transaction: all of it or nothing. A plan with problems is not
    /// carried out.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn apply_declared(
        &self,
        declared: &Declared,
        at: Millis,
    ) -> Result<Applied, StoreError> {
        let committed = transaction!(self, "applying a file", |tx| async {
            let snapshot = Snapshot::read(&tx.db).await?;
            let plan = plan::plan(&snapshot, declared);
            if !plan.problems.is_empty() || plan.changes.is_empty() {
                return Ok(Work::quiet(Applied {
                    plan,
                    ruled: Vec::new(),
                }));
            }
            let (ruled, mut changes) = carry::out(tx, &plan, at).await?;
            changes.push(NewChange::other(at));
            let fact = json!({"changes": plan.changes.len()});
            let note = Note::new(String::new(), None, Some(fact));
            Ok(Work::told(Applied { plan, ruled }, changes).noting(note))
        })?;
        Ok(committed.value)
    }

    /// Everything that is stored, as a file would have it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn declared(&self) -> Result<Declared, StoreError> {
        let snapshot = Snapshot::read(self.reader()).await;
        let snapshot = super::error::Reading::reading(snapshot, "what is stored")?;
        Ok(snapshot.declared())
    }
}

/// The words of a rule in a file.
#[must_use]
pub const fn rule_words(action: RuleAction, field: RuleField) -> (&'static str, &'static str) {
    let action = match action {
        RuleAction::Keep => "keep",
        RuleAction::Drop => "drop",
    };
    let field = match field {
        RuleField::Title => "title",
        RuleField::Tag => "tag",
        RuleField::Author => "author",
        RuleField::Text => "text",
        RuleField::Language => "language",
    };
    (action, field)
}
