//! Rules and what is stored already. In: a source, a place to go on from. Out: one batch of its entries hidden or shown, in
//! one transaction; or, without writing, what rules would do. Must not know: jobs.

use entity::{
    AuthorId, ChangeKind, EntryId, Millis, PlanetId, SourceId, author, entry, planet_entry,
    planet_hidden, withheld_entry,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::planet::{Session, carry_out};
use super::withhold::{Content, reinstate, withhold};
use super::{Court, RuleScope, judged};
use crate::normalize::rules::{Hidden, Judge, Subject};
use crate::store::drop::latest;
use crate::store::error::Reading;
use crate::store::ingest::{lock, save};
use crate::store::write::{NewChange, Tx, Work, transaction};
use crate::store::{Store, StoreError};

/// Entries of one transaction, so that none holds the database for long.
const BATCH: u64 = 200;
/// Entries that a preview looks at: the newest.
const PREVIEWED: u64 = 2_000;

/// How far looking through a source has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The last entry that was looked at; none when all were.
    pub next: Option<EntryId>,
    /// Entries that were hidden or shown again.
    pub moved: usize,
}

/// What rules would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Entries looked at.
    pub checked: usize,
    /// Whether these were all.
    pub is_complete: bool,
    /// What is shown and would be hidden, newest first.
    pub would_hide: Vec<PreviewedEntry>,
    /// What is hidden and would be shown, newest first.
    pub would_show: Vec<PreviewedEntry>,
}

/// An entry as a preview tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewedEntry {
    /// Its key.
    pub id: EntryId,
    /// Its title.
    pub title: String,
    /// Why it would be hidden, by the place of a rule in the list that was tried.
    pub hidden: Option<Hidden>,
}

impl Store {
    /// Looks through the next entries of a source by the rules that hold now.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn recheck(
        &self,
        source: SourceId,
        after: EntryId,
        at: Millis,
    ) -> Result<Progress, StoreError> {
        let committed = transaction!(self, "looking through entries by rules", |tx| recheck(
            tx, source, after, at
        ))?;
        Ok(committed.value)
    }

    /// What rules would do to the newest stored entries, if they replaced those of their scope.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn preview_rules(
        &self,
        scope: RuleScope,
        judge: &Judge,
    ) -> Result<Preview, StoreError> {
        preview(self.reader(), scope, judge)
            .await
            .reading("what rules would do")
    }
}

/// One batch: both the entries that are shown and those that rules hide stand in one order, that of their keys.
struct Batch {
    shown: Vec<EntryId>,
    withheld: Vec<withheld_entry::Model>,
    /// Where it ends; none at the end of all.
    end: Option<EntryId>,
}

async fn batch(tx: &Tx, source: SourceId, after: EntryId) -> Result<Batch, DbErr> {
    let mut shown: Vec<EntryId> = entry::Entity::find()
        .select_only()
        .column(entry::Column::Id)
        .filter(entry::Column::SourceId.eq(source))
        .filter(entry::Column::Id.gt(after))
        .order_by_asc(entry::Column::Id)
        .limit(BATCH)
        .into_tuple()
        .all(&tx.db)
        .await?;
    let mut withheld = withheld_entry::Entity::find()
        .filter(withheld_entry::Column::SourceId.eq(source))
        .filter(withheld_entry::Column::Removed.eq(false))
        .filter(withheld_entry::Column::EntryId.gt(after))
        .order_by_asc(withheld_entry::Column::EntryId)
        .limit(BATCH)
        .all(&tx.db)
        .await?;
    // Where one of the two was cut off, the other may have more before that.
    let full = usize::try_from(BATCH).unwrap_or(usize::MAX);
    let of_shown = shown.last().copied().filter(|_| shown.len() >= full);
    let of_withheld = withheld.last().map(|row| row.entry_id);
    let of_withheld = of_withheld.filter(|_| withheld.len() >= full);
    let end = of_shown.into_iter().chain(of_withheld).min();
    if let Some(end) = end {
        shown.retain(|key| *key <= end);
        withheld.retain(|row| row.entry_id <= end);
    }
    Ok(Batch {
        shown,
        withheld,
        end,
    })
}

async fn recheck(
    tx: &Tx,
    id: SourceId,
    after: EntryId,
    at: Millis,
) -> Result<Work<Progress>, DbErr> {
    let Some((_, mut source)) = lock(tx, id).await? else {
        return Ok(Work::quiet(Progress {
            next: None,
            moved: 0,
        }));
    };
    let batch = batch(tx, id, after).await?;
    let court = Court::of(tx, id).await?.unwrap_or_default();
    let session = Session { source: id, at };
    let judged = judged::judge(&tx.db, &court, &batch.shown).await?;
    let (out, stay) = judged::part(judged);
    let mut moved = settle_planets(tx, &court, session, &stay).await?;
    let mut changes = Vec::new();
    if moved > 0 {
        changes.push(NewChange::other(at));
    }
    withhold(tx, id, &out, at).await?;
    let back = come_back(tx, &court, session, batch.withheld).await?;
    for (key, _) in &out {
        changes.push(NewChange::entry(ChangeKind::EntryRemoved, *key, id, at));
    }
    for key in &back {
        changes.push(NewChange::entry(ChangeKind::EntryAdded, *key, id, at));
    }
    moved += out.len() + back.len();
    if !(out.is_empty() && back.is_empty()) {
        let signed = |list: usize| i64::try_from(list).unwrap_or(i64::MAX);
        source.entry_count += signed(back.len()) - signed(out.len());
        source.latest_entry_at = latest(tx, id).await?;
        source.entries_changed_at = Some(at);
        save(tx, &source).await?;
    }
    let progress = Progress {
        next: batch.end,
        moved,
    };
    Ok(Work::told(progress, changes))
}

/// Planets that had rules and have none any more show what was hidden there.
async fn settle_planets(
    tx: &Tx,
    court: &Court,
    session: Session,
    stay: &[(EntryId, judged::Verdict)],
) -> Result<usize, DbErr> {
    let mut stay = stay.to_vec();
    let hidden: Vec<(EntryId, PlanetId)> = planet_hidden::Entity::find()
        .select_only()
        .columns([
            planet_hidden::Column::EntryId,
            planet_hidden::Column::PlanetId,
        ])
        .filter(planet_hidden::Column::EntryId.is_in(stay.iter().map(|(id, _)| *id)))
        .into_tuple()
        .all(&tx.db)
        .await?;
    for (id, planet) in hidden {
        let has_rules = court.planets.iter().any(|(known, _)| *known == planet);
        if let Some((_, verdict)) = stay.iter_mut().find(|(own, _)| *own == id && !has_rules) {
            verdict.planets.push((planet, None));
        }
    }
    carry_out(tx, session, &stay).await
}

/// Shows the withheld entries again that no rule hides any more; those that another rule hides say so.
async fn come_back(
    tx: &Tx,
    court: &Court,
    session: Session,
    withheld: Vec<withheld_entry::Model>,
) -> Result<Vec<EntryId>, DbErr> {
    let mut back = Vec::new();
    for (row, subject) in with_subjects(&tx.db, withheld).await? {
        match judged::verdict(court, &subject).everywhere {
            None => back.push(row),
            Some(rule) if Some(rule) != row.rule_id => {
                withheld_entry::Entity::update_many()
                    .col_expr(
                        withheld_entry::Column::RuleId,
                        sea_orm::sea_query::Expr::value(rule),
                    )
                    .filter(withheld_entry::Column::EntryId.eq(row.entry_id))
                    .exec(&tx.db)
                    .await?;
            }
            Some(_) => {}
        }
    }
    reinstate(tx, session.source, back, session.at).await
}

async fn with_subjects<C: ConnectionTrait>(
    db: &C,
    rows: Vec<withheld_entry::Model>,
) -> Result<Vec<(withheld_entry::Model, Subject)>, DbErr> {
    let read = rows.into_iter().filter_map(|row| {
        let content: Content = serde_json::from_str(&row.content).ok()?;
        Some((row, content))
    });
    let read: Vec<_> = read.collect();
    let authors = read
        .iter()
        .flat_map(|(_, content)| content.authors.iter().copied());
    let names: Vec<(AuthorId, String)> = author::Entity::find()
        .select_only()
        .columns([author::Column::Id, author::Column::Name])
        .filter(author::Column::Id.is_in(authors))
        .into_tuple()
        .all(db)
        .await?;
    let names: std::collections::HashMap<AuthorId, String> = names.into_iter().collect();
    let subjects = read.into_iter().map(|(row, content)| {
        let authors = content
            .authors
            .iter()
            .filter_map(|id| names.get(id).cloned());
        let subject = Subject {
            title: content.entry.title,
            tags: content.tags.into_iter().map(|(_, name)| name).collect(),
            authors: authors.collect(),
            text: content
                .body
                .and_then(|body| body.content_text)
                .unwrap_or_default(),
            language: content.entry.language,
        };
        (row, subject)
    });
    Ok(subjects.collect())
}

async fn preview<C: ConnectionTrait>(
    db: &C,
    scope: RuleScope,
    judge: &Judge,
) -> Result<Preview, DbErr> {
    let (shown, hidden) = match scope {
        RuleScope::Planet(planet) => of_planet(db, planet).await?,
        RuleScope::Source(source) => (of_source(db, source).await?, Vec::new()),
    };
    let most = usize::try_from(PREVIEWED).unwrap_or(usize::MAX);
    let mut preview = Preview {
        is_complete: shown.len() < most && hidden.len() < most,
        ..Preview::default()
    };
    let mut note = |id: EntryId, subject: Subject, is_shown: bool| {
        let hidden = judge.judge(&subject);
        let told = PreviewedEntry {
            id,
            title: subject.title,
            hidden,
        };
        match (is_shown, hidden) {
            (true, Some(_)) => preview.would_hide.push(told),
            (false, None) => preview.would_show.push(told),
            _ => {}
        }
        preview.checked += 1;
    };
    for (ids, is_shown) in [(shown, true), (hidden, false)] {
        for chunk in ids.chunks(crate::store::CHUNK) {
            for (id, subject) in judged::subjects(db, chunk, judge.reads_text()).await? {
                note(id, subject, is_shown);
            }
        }
    }
    if let RuleScope::Source(source) = scope {
        let rows = withheld_entry::Entity::find()
            .filter(withheld_entry::Column::SourceId.eq(source))
            .filter(withheld_entry::Column::Removed.eq(false))
            .order_by_desc(withheld_entry::Column::EntryId)
            .limit(PREVIEWED)
            .all(db)
            .await?;
        for (row, subject) in with_subjects(db, rows).await? {
            note(row.entry_id, subject, false);
        }
    }
    preview
        .would_hide
        .sort_unstable_by_key(|entry| std::cmp::Reverse(entry.id));
    preview
        .would_show
        .sort_unstable_by_key(|entry| std::cmp::Reverse(entry.id));
    Ok(preview)
}

async fn of_planet<C: ConnectionTrait>(
    db: &C,
    planet: PlanetId,
) -> Result<(Vec<EntryId>, Vec<EntryId>), DbErr> {
    let shown = planet_entry::Entity::find()
        .select_only()
        .column(planet_entry::Column::EntryId)
        .filter(planet_entry::Column::PlanetId.eq(planet))
        .order_by_desc(planet_entry::Column::EntryId)
        .limit(PREVIEWED)
        .into_tuple()
        .all(db)
        .await?;
    let hidden = planet_hidden::Entity::find()
        .select_only()
        .column(planet_hidden::Column::EntryId)
        .filter(planet_hidden::Column::PlanetId.eq(planet))
        .order_by_desc(planet_hidden::Column::EntryId)
        .limit(PREVIEWED)
        .into_tuple()
        .all(db)
        .await?;
    Ok((shown, hidden))
}

async fn of_source<C: ConnectionTrait>(db: &C, source: SourceId) -> Result<Vec<EntryId>, DbErr> {
    entry::Entity::find()
        .select_only()
        .column(entry::Column::Id)
        .filter(entry::Column::SourceId.eq(source))
        .order_by_desc(entry::Column::Id)
        .limit(PREVIEWED)
        .into_tuple()
        .all(db)
        .await
}
