//! What rules say of stored entries. In: keys. Out: for each the rule that hides it, and where. Must not know: what is done
//! about it.

use std::collections::HashMap;

use entity::{EntryId, PlanetId, RuleId, author, entry, entry_author, entry_body, entry_tag};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::Court;
use super::withhold::Why;
use crate::normalize::rules::Subject;

/// What a source's rules and each of its planets' rules say of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Hidden everywhere.
    pub(super) everywhere: Option<RuleId>,
    /// Hidden in a planet or shown there, for each planet that has rules.
    pub(super) planets: Vec<(PlanetId, Option<RuleId>)>,
}

/// Judges entries that are in `entry`; one statement for each table that rules look at.
pub(super) async fn judge<C: ConnectionTrait>(
    db: &C,
    court: &Court,
    ids: &[EntryId],
) -> Result<Vec<(EntryId, Verdict)>, DbErr> {
    let mut judged = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(crate::store::CHUNK) {
        for (id, subject) in subjects(db, chunk, court.reads_text()).await? {
            judged.push((id, verdict(court, &subject)));
        }
    }
    Ok(judged)
}

/// What a court says of one entry.
pub(super) fn verdict(court: &Court, subject: &Subject) -> Verdict {
    let by = |bench: &super::Bench| {
        let hidden = bench.judge.judge(subject)?;
        bench.rule(hidden)
    };
    Verdict {
        everywhere: by(&court.source),
        planets: court
            .planets
            .iter()
            .map(|(planet, bench)| (*planet, by(bench)))
            .collect(),
    }
}

/// Entries with what is said of them.
pub(super) type Judged = Vec<(EntryId, Verdict)>;
/// Entries that are to leave every list.
pub(super) type Out = Vec<(EntryId, Why)>;

/// Those that are to leave every list, with the rule, and those that stay somewhere.
pub(super) fn part(judged: Judged) -> (Out, Judged) {
    let (mut out, mut stay) = (Vec::new(), Vec::new());
    for (id, verdict) in judged {
        match verdict.everywhere {
            Some(rule) => out.push((id, Why::Rule(rule))),
            None => stay.push((id, verdict)),
        }
    }
    (out, stay)
}

/// What rules look at, of entries in rising order of their keys.
pub(super) async fn subjects<C: ConnectionTrait>(
    db: &C,
    ids: &[EntryId],
    with_text: bool,
) -> Result<Vec<(EntryId, Subject)>, DbErr> {
    let ids = ids.to_vec();
    let rows: Vec<(EntryId, String, Option<String>)> = entry::Entity::find()
        .select_only()
        .columns([
            entry::Column::Id,
            entry::Column::Title,
            entry::Column::Language,
        ])
        .filter(entry::Column::Id.is_in(ids.clone()))
        .into_tuple()
        .all(db)
        .await?;
    let tags: Vec<(EntryId, String)> = entry_tag::Entity::find()
        .select_only()
        .columns([entry_tag::Column::EntryId, entry_tag::Column::Name])
        .filter(entry_tag::Column::EntryId.is_in(ids.clone()))
        .into_tuple()
        .all(db)
        .await?;
    let authors: Vec<(EntryId, String)> = entry_author::Entity::find()
        .select_only()
        .column(entry_author::Column::EntryId)
        .column(author::Column::Name)
        .inner_join(author::Entity)
        .filter(entry_author::Column::EntryId.is_in(ids.clone()))
        .into_tuple()
        .all(db)
        .await?;
    let texts: Vec<(EntryId, Option<String>)> = if with_text {
        entry_body::Entity::find()
            .select_only()
            .columns([entry_body::Column::EntryId, entry_body::Column::ContentText])
            .filter(entry_body::Column::EntryId.is_in(ids.clone()))
            .into_tuple()
            .all(db)
            .await?
    } else {
        Vec::new()
    };
    let mut tags = crate::store::batch::grouped(tags);
    let mut authors = crate::store::batch::grouped(authors);
    let mut texts: HashMap<EntryId, Option<String>> = texts.into_iter().collect();
    let mut all: Vec<_> = rows
        .into_iter()
        .map(|(id, title, language)| {
            let subject = Subject {
                title,
                tags: tags.remove(&id).unwrap_or_default(),
                authors: authors.remove(&id).unwrap_or_default(),
                text: texts.remove(&id).flatten().unwrap_or_default(),
                language,
            };
            (id, subject)
        })
        .collect();
    all.sort_unstable_by_key(|(id, _)| *id);
    Ok(all)
}
