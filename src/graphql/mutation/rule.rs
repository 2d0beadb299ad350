//! Setting rules, trying them, and showing again what was taken out. In: inputs. Out: payloads. Must not know: SQL, how
//! entries are judged.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{EntryId, PlanetId, Role, RuleAction, RuleField, SourceId, UserErrorCode, rule};

use super::user_error::{UserError, Wrong, no_such};
use super::{asker, owned};
use crate::follow::Refusal;
use crate::follow::check::{self, RULE_COUNT};
use crate::graphql::entry::Entry;
use crate::graphql::error::Result;
use crate::graphql::job::Job;
use crate::graphql::needs::Needs;
use crate::graphql::rule::{Rule, reason};
use crate::graphql::scalar::int;
use crate::graphql::{Services, id, services, word};
use crate::jobs;
use crate::normalize::rules::{Hidden, Judge};
use crate::store::{NewRule, Preview, PreviewedEntry, Restore, RuleScope};

/// Most entries that a preview lists of each kind.
const LISTED: usize = 100;

/// A rule.
#[derive(InputObject)]
pub struct RuleInput {
    /// What it does with the entries that it matches.
    action: word::RuleAction,
    /// What of an entry it looks at.
    field: word::RuleField,
    /// A regular expression of the syntax of the regex crate, at most 500 characters; `(?i)` at its start makes it
    /// blind to case.
    pattern: String,
    /// Why it is there, for other editors; at most 200 characters.
    note: Option<String>,
}

/// The rules of a planet or of a source.
#[derive(InputObject)]
pub struct RulesInput {
    /// The planet that they hold in: they hide entries there only. Give this or `sourceId`.
    planet_id: Option<ID>,
    /// The source that they hold for: they hide entries everywhere.
    source_id: Option<ID>,
    /// All of them; at most 50.
    rules: Vec<RuleInput>,
}

/// Rules that were set.
#[derive(SimpleObject)]
pub struct SetRulesPayload {
    /// As they are now; null when something was wrong.
    rules: Option<Vec<Rule>>,
    /// Looks through what is stored; null when something was wrong, or nothing changed.
    job: Option<Job>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// What rules would do.
#[derive(SimpleObject)]
pub struct PreviewRulesPayload {
    /// What they would do; null when something was wrong.
    preview: Option<RulesPreview>,
    /// What was wrong.
    user_errors: Vec<UserError>,
}

/// What rules would do to the newest 2,000 stored entries, if they replaced those that hold now.
#[derive(SimpleObject)]
pub struct RulesPreview {
    /// Entries that were looked at.
    checked_count: i32,
    /// Whether these were all that are stored.
    is_complete: bool,
    /// How many are shown and would be hidden.
    would_hide_count: i32,
    /// How many are hidden and would be shown.
    would_show_count: i32,
    /// What is shown and would be hidden: the newest 100.
    would_hide: Vec<RulesPreviewEntry>,
    /// What is hidden and would be shown: the newest 100.
    would_show: Vec<RulesPreviewEntry>,
}

/// An entry that rules would hide or show.
#[derive(SimpleObject)]
pub struct RulesPreviewEntry {
    /// The entry.
    entry_id: ID,
    /// Plain text.
    title: String,
    /// The rule that would hide it, by its position in the input, from 0; null where none would.
    rule_index: Option<i32>,
    /// Why, in words; null where it would be shown.
    reason: Option<String>,
}

/// An entry that is shown again.
#[derive(SimpleObject)]
pub struct RestoreEntryPayload {
    /// The entry, under the id that it had; null when something was wrong.
    entry: Option<Entry>,
    /// What was wrong; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// Mutations about rules.
#[derive(Default)]
pub struct RuleMutation;

#[Object]
impl RuleMutation {
    /// Replaces the rules of a planet or of a source. New entries are judged at once, stored ones by a job in the
    /// background. Entries that an editor removed stay removed. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn set_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose rules, and which.")] input: RulesInput,
    ) -> Result<SetRulesPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let found = checked(services, &input, &mut wrong).await?;
        match found.as_ref().map(|(scope, _)| *scope) {
            Some(RuleScope::Planet(key)) => {
                owned::refuse_planets(services, &["input", "planetId"], &[key], &mut wrong).await?;
            }
            Some(RuleScope::Source(key)) => {
                owned::refuse_sources(services, &["input", "sourceId"], &[key], &mut wrong).await?;
            }
            None => {}
        }
        let Some((scope, rules)) = found.filter(|_| wrong.is_empty()) else {
            return Ok(SetRulesPayload {
                rules: None,
                job: None,
                user_errors: wrong.into(),
            });
        };
        let now = services.clock.now();
        let job = if services.store.set_rules(scope, &rules, now).await? {
            let job = jobs::create_rules_job(&services.store, scope, asker(ctx), now).await?;
            services.bell.ring_job(job.id);
            Some(job)
        } else {
            None
        };
        let rules = services.store.rules_of(scope).await?;
        Ok(SetRulesPayload {
            rules: Some(rules.into_iter().map(Rule).collect()),
            job: job.map(Into::into),
            user_errors: Vec::new(),
        })
    }

    /// Shows an entry again that `removeEntry` took out. Needs the role EDITOR.
    #[graphql(guard = "Needs(Role::Editor)")]
    async fn restore_entry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The entry's former id.")] id: ID,
    ) -> Result<RestoreEntryPayload> {
        let services = services(ctx)?;
        let mut wrong = Wrong::default();
        let mut entry = None;
        if let Some(key) = wrong.key::<EntryId>(&["id"], &id) {
            match services
                .store
                .restore_entry(key, services.clock.now())
                .await?
            {
                Restore::Restored(revision) => {
                    services.bell.ring(revision);
                    entry = services.store.entries_by_ids(&[key]).await?.remove(&key);
                }
                Restore::NotFound => wrong.add(&["id"], no_such(key)),
                Restore::AlreadyThere(twin) => {
                    let message = format!(
                        "Its publisher has published it anew: it is there as {}.",
                        id::encode(twin).as_str()
                    );
                    wrong.add(&["id"], Refusal::new(UserErrorCode::AlreadyExists, message));
                }
            }
        }
        Ok(RestoreEntryPayload {
            entry: entry.map(Into::into),
            user_errors: wrong.into(),
        })
    }
}

/// What rules would do, without setting them.
///
/// # Errors
/// `INTERNAL` when the store fails.
pub async fn preview(ctx: &Context<'_>, input: &RulesInput) -> Result<PreviewRulesPayload> {
    let services = services(ctx)?;
    let mut wrong = Wrong::default();
    let mut preview = None;
    if let Some((scope, rules)) = checked(services, input, &mut wrong).await? {
        let parts = rules
            .iter()
            .map(|new| (new.action, new.field, new.pattern.as_str()));
        match Judge::new(parts) {
            Ok(judge) => {
                let found = services.store.preview_rules(scope, &judge).await?;
                preview = Some(told(&found, &rules));
            }
            // Each was compiled when it was checked.
            Err((at, _)) => wrong.push(&["input", "rules"], Some(at), check::invalid("No rule.")),
        }
    }
    Ok(PreviewRulesPayload {
        preview,
        user_errors: wrong.into(),
    })
}

fn told(found: &Preview, rules: &[NewRule]) -> RulesPreview {
    let count = |list: &[PreviewedEntry]| int(i64::try_from(list.len()).unwrap_or(i64::MAX));
    let list = |list: &[PreviewedEntry]| {
        let listed = list.iter().take(LISTED);
        listed.map(|entry| told_entry(entry, rules)).collect()
    };
    RulesPreview {
        checked_count: int(i64::try_from(found.checked).unwrap_or(i64::MAX)),
        is_complete: found.is_complete,
        would_hide_count: count(&found.would_hide),
        would_show_count: count(&found.would_show),
        would_hide: list(&found.would_hide),
        would_show: list(&found.would_show),
    }
}

fn told_entry(entry: &PreviewedEntry, rules: &[NewRule]) -> RulesPreviewEntry {
    let at = entry.hidden.map(Hidden::rule);
    let rule = at.and_then(|at| rules.get(at)).map(|new| rule::Model {
        id: entity::RuleId(0),
        planet_id: None,
        source_id: None,
        action: new.action,
        field: new.field,
        pattern: new.pattern.clone(),
        note: None,
        created_at: entity::Millis(0),
    });
    RulesPreviewEntry {
        entry_id: id::encode(entry.id),
        title: entry.title.clone(),
        rule_index: at.and_then(|at| i32::try_from(at).ok()),
        reason: rule.as_ref().map(reason),
    }
}

async fn checked(
    services: &Services,
    input: &RulesInput,
    wrong: &mut Wrong,
) -> Result<Option<(RuleScope, Vec<NewRule>)>> {
    let scope = scope(services, input, wrong).await?;
    if input.rules.len() > RULE_COUNT {
        let refusal = check::too_many("rules", input.rules.len(), RULE_COUNT);
        wrong.add(&["input", "rules"], refusal);
        return Ok(None);
    }
    let mut rules = Vec::with_capacity(input.rules.len());
    for (at, given) in input.rules.iter().enumerate() {
        let at = at.to_string();
        wrong.check(
            &["input", "rules", &at, "pattern"],
            check::rule(&given.pattern),
        );
        let note = given
            .note
            .as_deref()
            .map(|note| check::line("The note", note, 200));
        let note = wrong.check_given(&["input", "rules", &at, "note"], note);
        rules.push(NewRule {
            action: RuleAction::from(given.action),
            field: RuleField::from(given.field),
            pattern: given.pattern.clone(),
            note: note.flatten(),
        });
    }
    Ok(scope
        .filter(|_| wrong.is_empty())
        .map(|scope| (scope, rules)))
}

async fn scope(
    services: &Services,
    input: &RulesInput,
    wrong: &mut Wrong,
) -> Result<Option<RuleScope>> {
    match (&input.planet_id, &input.source_id) {
        (Some(planet), None) => {
            let path = ["input", "planetId"];
            let Some(key) = wrong.key::<PlanetId>(&path, planet) else {
                return Ok(None);
            };
            if services.store.planets_by_ids(&[key]).await?.is_empty() {
                wrong.add(&path, no_such(key));
                return Ok(None);
            }
            Ok(Some(RuleScope::Planet(key)))
        }
        (None, Some(source)) => {
            let path = ["input", "sourceId"];
            let Some(key) = wrong.key::<SourceId>(&path, source) else {
                return Ok(None);
            };
            if services.store.sources_by_ids(&[key]).await?.is_empty() {
                wrong.add(&path, no_such(key));
                return Ok(None);
            }
            Ok(Some(RuleScope::Source(key)))
        }
        _ => {
            let message = "Say whose rules these are: give either planetId or sourceId.";
            wrong.add(&["input"], check::invalid(message));
            Ok(None)
        }
    }
}
