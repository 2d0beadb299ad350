//! Editors' rules: keeping them, and what they do to entries as these are stored. In: rules, stored entries. Out: entries
//! hidden or shown again, each with the rule that hides it. Must not know: who may do it.
//!
//! A rule of a source hides an entry everywhere: it leaves table `entry` whole (`withhold.rs`). A rule of a planet hides it
//! there only: its row leaves `planet_entry`, and `planet_hidden` says why. Either way no list has anything to pass over.

mod judged;
mod list;
mod planet;
mod recheck;
mod visit;
mod withhold;

use std::collections::HashMap;

use entity::{Millis, PlanetId, RuleAction, RuleField, RuleId, SourceId, planet_source, rule};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
};
use serde_json::{Value, json};

use super::audit::{Note, target};
use super::error::Reading;
use super::write::{NewChange, Tx, Work, transaction};
use super::{Store, StoreError};
use crate::normalize::rules::{Hidden, Judge};

pub use list::{HiddenRow, HiddenWhere};
pub use recheck::{Preview, PreviewedEntry, Progress};
pub use withhold::Restore;

pub(super) use planet::{forget, join};
pub(super) use visit::{after, revive};
pub(super) use withhold::{Why, withhold};

/// Whose rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleScope {
    /// A planet's: they hide entries there.
    Planet(PlanetId),
    /// A source's: they hide entries everywhere.
    Source(SourceId),
}

/// A rule to be made. Its expression is checked already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    /// Keep or drop.
    pub action: RuleAction,
    /// What it looks at.
    pub field: RuleField,
    /// A regular expression.
    pub pattern: String,
    /// Why, for other editors.
    pub note: Option<String>,
}

/// Rules as the audit log shows them.
fn portrait(rules: &[NewRule]) -> Value {
    let shown = |rule: &NewRule| json!({"action": rule.action, "field": rule.field, "pattern": rule.pattern, "note": rule.note});
    json!({"rules": rules.iter().map(shown).collect::<Vec<_>>()})
}

impl RuleScope {
    fn target(self) -> String {
        match self {
            Self::Planet(planet) => target::planet(planet),
            Self::Source(source) => target::source(source),
        }
    }

    fn condition(self) -> Expr {
        match self {
            Self::Planet(planet) => rule::Column::PlanetId.eq(planet),
            Self::Source(source) => rule::Column::SourceId.eq(source),
        }
    }
}

impl Store {
    /// The rules of a planet or a source, in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn rules_of(&self, scope: RuleScope) -> Result<Vec<rule::Model>, StoreError> {
        read(self.reader(), scope).await.reading("rules")
    }

    /// The rules of these keys.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn rules_by_ids(
        &self,
        ids: &[RuleId],
    ) -> Result<HashMap<RuleId, rule::Model>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = rule::Entity::find()
            .filter(rule::Column::Id.is_in(ids.iter().copied()))
            .all(self.reader())
            .await
            .reading("rules by their keys")?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }

    /// Replaces the rules of a planet or a source. One that says the same as before stays the same rule. Says whether
    /// anything changed; what is stored has to be looked through then.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn set_rules(
        &self,
        scope: RuleScope,
        rules: &[NewRule],
        at: Millis,
    ) -> Result<bool, StoreError> {
        let committed = transaction!(self, "setting rules", |tx| async {
            let is_new = set(tx, scope, rules, at).await?;
            if !is_new {
                return Ok(Work::quiet(false));
            }
            let note = Note::new(scope.target(), None, Some(portrait(rules)));
            Ok(Work::told(true, vec![NewChange::other(at)]).noting(note))
        })?;
        Ok(committed.value)
    }
}

pub(super) async fn read<C: ConnectionTrait>(
    db: &C,
    scope: RuleScope,
) -> Result<Vec<rule::Model>, DbErr> {
    rule::Entity::find()
        .filter(scope.condition())
        .order_by_asc(rule::Column::Id)
        .all(db)
        .await
}

/// Within a transaction.
pub(super) async fn set(
    tx: &Tx,
    scope: RuleScope,
    rules: &[NewRule],
    at: Millis,
) -> Result<bool, DbErr> {
    let stored = read(&tx.db, scope).await?;
    let said = |row: &rule::Model| NewRule {
        action: row.action,
        field: row.field,
        pattern: row.pattern.clone(),
        note: row.note.clone(),
    };
    if stored.iter().map(said).eq(rules.iter().cloned()) {
        return Ok(false);
    }
    // Rules are in the order of their keys, so those from the first difference on are made anew.
    let same = stored
        .iter()
        .zip(rules)
        .take_while(|(row, new)| said(row) == **new)
        .count();
    let gone: Vec<RuleId> = stored.iter().skip(same).map(|row| row.id).collect();
    rule::Entity::delete_many()
        .filter(rule::Column::Id.is_in(gone))
        .exec(&tx.db)
        .await?;
    let (planet_id, source_id) = match scope {
        RuleScope::Planet(planet) => (Some(planet), None),
        RuleScope::Source(source) => (None, Some(source)),
    };
    let rows: Vec<_> = rules
        .iter()
        .skip(same)
        .map(|new| rule::ActiveModel {
            id: NotSet,
            planet_id: Set(planet_id),
            source_id: Set(source_id),
            action: Set(new.action),
            field: Set(new.field),
            pattern: Set(new.pattern.clone()),
            note: Set(new.note.clone()),
            created_at: Set(at),
        })
        .collect();
    if !rows.is_empty() {
        rule::Entity::insert_many(rows)
            .exec_without_returning(&tx.db)
            .await?;
    }
    Ok(true)
}

/// The rules that hold for a source: its own, and those of the planets that it is in.
#[derive(Debug, Default)]
pub(super) struct Court {
    source: Bench,
    planets: Vec<(PlanetId, Bench)>,
}

/// The rules of one scope, ready to judge.
#[derive(Debug, Default)]
struct Bench {
    judge: Judge,
    ids: Vec<RuleId>,
}

impl Bench {
    fn of(rules: &[rule::Model]) -> Self {
        let parts = |row: &rule::Model| (row.action, row.field, row.pattern.clone());
        let parts: Vec<_> = rules.iter().map(parts).collect();
        let borrowed = parts
            .iter()
            .map(|(action, field, pattern)| (*action, *field, pattern.as_str()));
        match Judge::new(borrowed) {
            Ok(judge) => Self {
                judge,
                ids: rules.iter().map(|row| row.id).collect(),
            },
            // They were checked before they were stored; a newer expression crate may refuse an old one.
            Err((at, _)) => {
                let rule = rules.get(at).map_or(0, |row| row.id.0);
                tracing::warn!(
                    rule.id = rule,
                    "rule cannot be read; those beside it are passed over too"
                );
                Self::default()
            }
        }
    }

    fn rule(&self, hidden: Hidden) -> Option<RuleId> {
        self.ids.get(hidden.rule()).copied()
    }
}

impl Court {
    /// One statement; nothing more is read where there are no rules.
    pub(super) async fn of(tx: &Tx, source: SourceId) -> Result<Option<Self>, DbErr> {
        let planets = Query::select()
            .column(planet_source::Column::PlanetId)
            .from(planet_source::Entity)
            .and_where(planet_source::Column::SourceId.eq(source))
            .to_owned();
        let rows = rule::Entity::find()
            .filter(
                rule::Column::SourceId
                    .eq(source)
                    .or(rule::Column::PlanetId.in_subquery(planets)),
            )
            .order_by_asc(rule::Column::Id)
            .all(&tx.db)
            .await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let mut of_planets: Vec<(PlanetId, Vec<rule::Model>)> = Vec::new();
        let mut own = Vec::new();
        for row in rows {
            match row.planet_id {
                None => own.push(row),
                Some(planet) => match of_planets.iter_mut().find(|(known, _)| *known == planet) {
                    Some((_, rules)) => rules.push(row),
                    None => of_planets.push((planet, vec![row])),
                },
            }
        }
        let planets = of_planets
            .iter()
            .map(|(planet, rules)| (*planet, Bench::of(rules)));
        Ok(Some(Self {
            source: Bench::of(&own),
            planets: planets.collect(),
        }))
    }

    fn reads_text(&self) -> bool {
        let mut planets = self.planets.iter();
        self.source.judge.reads_text() || planets.any(|(_, bench)| bench.judge.reads_text())
    }
}
