//! Rules and what they hide, for editors. In: stored rows. Out: `Rule`, `HiddenEntry`. Must not know: SQL, expressions.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::{EntryId, RuleId, rule};

use super::error::Result;
use super::loader::{self, SourceOf};
use super::page::{self, Connection, Window};
use super::scalar::{DateTime, Url};
use super::source::Source;
use super::{id, store, viewer, word};
use crate::store::{HiddenRow, HiddenWhere, RuleScope};

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule(pub rule::Model);

/// What is to be kept or dropped, of one planet or of one source.
#[Object]
impl Rule {
    /// Opaque and lasting.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// What it does with the entries that it matches.
    fn action(&self) -> word::RuleAction {
        self.0.action.into()
    }

    /// What of an entry it looks at.
    fn field(&self) -> word::RuleField {
        self.0.field.into()
    }

    /// A regular expression.
    fn pattern(&self) -> &str {
        &self.0.pattern
    }

    /// Why it is there, for other editors.
    fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// When it was made.
    fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// An entry that is stored but not shown.
#[derive(Clone, Debug)]
pub struct HiddenEntry {
    row: HiddenRow,
    rule: Option<Rule>,
    place: HiddenWhere,
}

/// An entry that is kept but not shown, in a planet or anywhere.
#[Object]
impl HiddenEntry {
    /// The id that the entry has when it is shown.
    async fn entry_id(&self) -> ID {
        id::encode(self.row.id)
    }

    /// Plain text; empty when the publisher gave none.
    fn title(&self) -> &str {
        &self.row.title
    }

    /// Its page.
    fn url(&self) -> Option<Url> {
        self.row.url.clone().map(Url)
    }

    /// Its place in time.
    fn published_at(&self) -> DateTime {
        DateTime(self.row.published_at)
    }

    /// Since when it is hidden.
    fn hidden_at(&self) -> DateTime {
        DateTime(self.row.hidden_at)
    }

    /// The feed that it comes from; null when that was removed.
    async fn source(&self, ctx: &Context<'_>) -> Option<Result<Source>> {
        let found = loader::find(ctx, SourceOf(self.row.source_id)).await;
        found.map(|found| found.map(Source)).transpose()
    }

    /// The rule that hides it: the first that drops it, or where none keeps it the first that should. Null when an
    /// editor took it out, or the rule is gone and entries are still being looked through.
    fn rule(&self) -> Option<&Rule> {
        self.rule.as_ref()
    }

    /// Why it is hidden, in words.
    fn reason(&self) -> String {
        match (&self.rule, self.place) {
            (Some(rule), _) => reason(&rule.0),
            (None, HiddenWhere::Removed(_)) => "An editor took it out.".to_owned(),
            (None, _) => {
                "A rule hid it that has changed since; entries are being looked through.".to_owned()
            }
        }
    }
}

/// Why a rule hides an entry.
#[must_use]
pub fn reason(rule: &rule::Model) -> String {
    let field = match rule.field {
        entity::RuleField::Title => "title",
        entity::RuleField::Tag => "tag",
        entity::RuleField::Author => "author",
        entity::RuleField::Text => "text",
        entity::RuleField::Language => "language",
    };
    match rule.action {
        entity::RuleAction::Drop => {
            format!("Its {field} matches {:?}, which is dropped.", rule.pattern)
        }
        entity::RuleAction::Keep => format!(
            "It matches none of the rules that keep entries; the first keeps a {field} that matches {:?}.",
            rule.pattern
        ),
    }
}

/// The rules of a planet or a source; none for those who may not see them.
pub async fn of(ctx: &Context<'_>, scope: RuleScope) -> Option<Result<Vec<Rule>>> {
    if !viewer::may(ctx, entity::Role::Editor) {
        return None;
    }
    let read = async {
        let rows = store(ctx)?.rules_of(scope).await?;
        Ok(rows.into_iter().map(Rule).collect())
    };
    Some(read.await)
}

/// A page of hidden entries.
///
/// # Errors
/// `INVALID_PAGE`, `INVALID_CURSOR`, or `INTERNAL` when the store fails.
pub async fn list_hidden(
    ctx: &Context<'_>,
    place: HiddenWhere,
    window: &Window,
) -> Result<Connection<HiddenEntry>> {
    let list = match place {
        HiddenWhere::Planet(_) => "hidden.planet",
        HiddenWhere::ByRules(_) => "hidden.rules",
        HiddenWhere::Removed(_) => "hidden.removed",
    };
    let slice = window.slice::<EntryId>(list)?;
    let store = store(ctx)?;
    let page = store.list_hidden(place, &slice).await?;
    let total = if page::wants_total(&ctx.look_ahead()) {
        Some(store.count_hidden(place).await?)
    } else {
        None
    };
    let mut ids: Vec<RuleId> = page.rows.iter().filter_map(|row| row.rule_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let rules: Arc<HashMap<RuleId, rule::Model>> = Arc::new(store.rules_by_ids(&ids).await?);
    let page = page::map(page, |row| HiddenEntry {
        rule: row.rule_id.and_then(|id| rules.get(&id).cloned()).map(Rule),
        row,
        place,
    });
    Ok(Connection::new(list, page, |entry| entry.row.id, total))
}
