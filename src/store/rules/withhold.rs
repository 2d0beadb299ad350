//! Entries that leave every list whole, and come back with the key that they had. In: keys. Out: rows moved between `entry`
//! with all that belongs to it and `withheld_entry`, counters right. Must not know: which rule, or whose wish.

use std::collections::HashSet;

use entity::{
    AuthorId, ChangeKind, EntryId, Millis, PlanetId, Revision, RuleId, SourceId, TagId, author,
    enclosure, entry, entry_author, entry_body, entry_tag, planet_source, tag, tombstone,
    withheld_entry,
};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect,
};
use serde::{Deserialize, Serialize};

use super::planet::{Session, carry_out, put_in};
use super::{Court, judged};
use crate::store::count::Counts;
use crate::store::drop::{latest, take_out};
use crate::store::ingest::{lock, old, save};
use crate::store::write::{NewChange, Tx, Work, transaction};
use crate::store::{CHUNK, Store, StoreError};

/// Why an entry is shown nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Why {
    /// An editor took it out.
    Removed,
    /// A rule of its source hides it.
    Rule(RuleId),
}

/// What became of a wish to show an entry again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restore {
    /// It is shown again.
    Restored(Revision),
    /// It is not among the entries that were taken out.
    NotFound,
    /// Its publisher has published it anew under another key.
    AlreadyThere(EntryId),
}

/// All rows of an entry, as a column keeps them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) entry: entry::Model,
    pub(super) body: Option<entry_body::Model>,
    enclosures: Vec<enclosure::Model>,
    pub(super) authors: Vec<AuthorId>,
    pub(super) tags: Vec<(TagId, String)>,
}

impl Store {
    /// Shows an entry again that an editor took out.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn restore_entry(&self, id: EntryId, at: Millis) -> Result<Restore, StoreError> {
        let committed = transaction!(self, "restoring an entry", |tx| restore(tx, id, at))?;
        Ok(match (committed.value, committed.revision) {
            (Restore::Restored(_), Some(revision)) => Restore::Restored(revision),
            (other, _) => other,
        })
    }
}

async fn restore(tx: &Tx, id: EntryId, at: Millis) -> Result<Work<Restore>, DbErr> {
    let find =
        || withheld_entry::Entity::find_by_id(id).filter(withheld_entry::Column::Removed.eq(true));
    let Some(seen) = find().one(&tx.db).await? else {
        return Ok(Work::quiet(Restore::NotFound));
    };
    let Some((_, mut source)) = lock(tx, seen.source_id).await? else {
        return Ok(Work::quiet(Restore::NotFound));
    };
    // Looked for again under the lock.
    let Some(row) = find().one(&tx.db).await? else {
        return Ok(Work::quiet(Restore::NotFound));
    };
    let twin: Option<EntryId> = entry::Entity::find()
        .select_only()
        .column(entry::Column::Id)
        .filter(entry::Column::SourceId.eq(row.source_id))
        .filter(entry::Column::Identity.eq(row.identity.clone()))
        .into_tuple()
        .one(&tx.db)
        .await?;
    if let Some(twin) = twin {
        return Ok(Work::quiet(Restore::AlreadyThere(twin)));
    }
    let source_id = row.source_id;
    let back = reinstate(tx, source_id, vec![row], at).await?;
    if back.is_empty() {
        return Ok(Work::quiet(Restore::NotFound));
    }
    source.entry_count += 1;
    source.latest_entry_at = latest(tx, source_id).await?;
    source.entries_changed_at = Some(at);
    save(tx, &source).await?;
    let change = NewChange::entry(ChangeKind::EntryAdded, id, source_id, at);
    Ok(Work::told(Restore::Restored(Revision(0)), vec![change]))
}

/// Takes entries of a locked source out of every list. The caller counts them off the source.
pub(in crate::store) async fn withhold(
    tx: &Tx,
    source: SourceId,
    which: &[(EntryId, Why)],
    at: Millis,
) -> Result<(), DbErr> {
    for chunk in which.chunks(CHUNK) {
        let ids: Vec<EntryId> = chunk.iter().map(|(id, _)| *id).collect();
        let mut olds = old::load(&tx.db, &ids).await?;
        let (mut rows, mut stones) = (Vec::new(), Vec::new());
        for (id, why) in chunk {
            let Some(old) = olds.remove(id) else { continue };
            stones.push(stone(&old.entry, at));
            rows.push(row(old, *why, at)?);
        }
        if rows.is_empty() {
            continue;
        }
        withheld_entry::Entity::insert_many(rows)
            .exec_without_returning(&tx.db)
            .await?;
        // While a stone stands, polling takes the entry for known and does not store it again.
        tombstone::Entity::insert_many(stones)
            .on_conflict(
                OnConflict::columns([tombstone::Column::SourceId, tombstone::Column::Identity])
                    .update_columns([tombstone::Column::EntryId, tombstone::Column::RemovedAt])
                    .to_owned(),
            )
            .exec_without_returning(&tx.db)
            .await?;
        take_out(tx, source, &ids).await?;
    }
    Ok(())
}

/// Puts withheld entries of a locked source back into every list that has them, as its planets' rules say; gives their
/// keys. The caller counts them to the source.
pub(super) async fn reinstate(
    tx: &Tx,
    source: SourceId,
    rows: Vec<withheld_entry::Model>,
    at: Millis,
) -> Result<Vec<EntryId>, DbErr> {
    let ids: Vec<EntryId> = rows.iter().map(|row| row.entry_id).collect();
    for chunk in ids.chunks(CHUNK) {
        let these = chunk.to_vec();
        withheld_entry::Entity::delete_many()
            .filter(withheld_entry::Column::EntryId.is_in(these.clone()))
            .exec(&tx.db)
            .await?;
        tombstone::Entity::delete_many()
            .filter(tombstone::Column::SourceId.eq(source))
            .filter(tombstone::Column::EntryId.is_in(these.clone()))
            .exec(&tx.db)
            .await?;
    }
    let read = rows.iter().filter_map(|row| {
        let mut content: Content = serde_json::from_str(&row.content).ok()?;
        // The columns are what was looked at; the text only carries the rest.
        content.entry.id = row.entry_id;
        content.entry.source_id = source;
        Some(content)
    });
    let contents: Vec<Content> = read.collect();
    for chunk in contents.chunks(CHUNK) {
        insert(tx, source, chunk).await?;
    }
    let back: Vec<EntryId> = contents.iter().map(|content| content.entry.id).collect();
    crate::store::search::reindex(tx, &back).await?;
    crate::store::marks::recall_entries(tx, source, &back).await?;
    for planet in planets_of(tx, source).await? {
        for chunk in back.chunks(CHUNK) {
            put_in(tx, planet, chunk).await?;
        }
    }
    if let Some(court) = Court::of(tx, source).await? {
        let judged = judged::judge(&tx.db, &court, &back).await?;
        carry_out(tx, Session { source, at }, &judged).await?;
    }
    Ok(back)
}

async fn insert(tx: &Tx, source: SourceId, contents: &[Content]) -> Result<(), DbErr> {
    let entries = contents
        .iter()
        .map(|one| one.entry.clone().into_active_model().reset_all());
    entry::Entity::insert_many(entries)
        .exec_without_returning(&tx.db)
        .await?;
    let bodies: Vec<_> = contents.iter().filter_map(|one| one.body.clone()).collect();
    if !bodies.is_empty() {
        let bodies = bodies
            .into_iter()
            .map(|row| row.into_active_model().reset_all());
        entry_body::Entity::insert_many(bodies)
            .exec_without_returning(&tx.db)
            .await?;
    }
    let files: Vec<_> = contents
        .iter()
        .flat_map(|one| one.enclosures.clone())
        .collect();
    for chunk in files.chunks(CHUNK) {
        let rows = chunk
            .iter()
            .map(|row| row.clone().into_active_model().reset_all());
        enclosure::Entity::insert_many(rows)
            .exec_without_returning(&tx.db)
            .await?;
    }
    insert_names(tx, source, contents).await
}

/// Gives entries their authors and tags back, and counts them.
async fn insert_names(tx: &Tx, source: SourceId, contents: &[Content]) -> Result<(), DbErr> {
    let mut counts = Counts::default();
    let (known_authors, known_tags) = still_there(tx, contents).await?;
    let (mut authors, mut tags) = (Vec::new(), Vec::new());
    for content in contents {
        let kept = content
            .authors
            .iter()
            .filter(|id| known_authors.contains(id));
        for (position, id) in (0_i16..).zip(kept) {
            counts.author(source, *id, 1);
            authors.push(entry_author::ActiveModel {
                entry_id: Set(content.entry.id),
                position: Set(position),
                author_id: Set(*id),
                source_id: Set(source),
                published_at: Set(content.entry.published_at),
            });
        }
        let kept = content
            .tags
            .iter()
            .filter(|(id, _)| known_tags.contains(id));
        for (position, (id, name)) in (0_i16..).zip(kept) {
            counts.tag(*id, 1);
            tags.push(entry_tag::ActiveModel {
                entry_id: Set(content.entry.id),
                position: Set(position),
                tag_id: Set(*id),
                name: Set(name.clone()),
                published_at: Set(content.entry.published_at),
            });
        }
    }
    for chunk in authors.chunks(CHUNK) {
        entry_author::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(&tx.db)
            .await?;
    }
    for chunk in tags.chunks(CHUNK) {
        entry_tag::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(&tx.db)
            .await?;
    }
    counts.write(tx).await
}

/// Authors and tags may have been merged or gone while an entry was away.
async fn still_there(
    tx: &Tx,
    contents: &[Content],
) -> Result<(HashSet<AuthorId>, HashSet<TagId>), DbErr> {
    let mut authors: Vec<AuthorId> = Vec::new();
    let mut tags: Vec<TagId> = Vec::new();
    for content in contents {
        authors.extend(&content.authors);
        tags.extend(content.tags.iter().map(|(id, _)| *id));
    }
    let authors: Vec<AuthorId> = author::Entity::find()
        .select_only()
        .column(author::Column::Id)
        .filter(author::Column::Id.is_in(authors))
        .into_tuple()
        .all(&tx.db)
        .await?;
    let tags: Vec<TagId> = tag::Entity::find()
        .select_only()
        .column(tag::Column::Id)
        .filter(tag::Column::Id.is_in(tags))
        .into_tuple()
        .all(&tx.db)
        .await?;
    Ok((authors.into_iter().collect(), tags.into_iter().collect()))
}

async fn planets_of(tx: &Tx, source: SourceId) -> Result<Vec<PlanetId>, DbErr> {
    planet_source::Entity::find()
        .select_only()
        .column(planet_source::Column::PlanetId)
        .filter(planet_source::Column::SourceId.eq(source))
        .into_tuple()
        .all(&tx.db)
        .await
}

fn stone(entry: &entry::Model, at: Millis) -> tombstone::ActiveModel {
    tombstone::ActiveModel {
        source_id: Set(entry.source_id),
        identity: Set(entry.identity.clone()),
        url_key: Set(entry.url_key.clone()),
        entry_id: Set(entry.id),
        removed_at: Set(at),
    }
}

fn row(old: old::Old, why: Why, at: Millis) -> Result<withheld_entry::ActiveModel, DbErr> {
    let content = Content {
        entry: old.entry,
        body: old.body,
        enclosures: old.enclosures,
        authors: old.authors,
        tags: old.tags,
    };
    let text = serde_json::to_string(&content).map_err(|error| DbErr::Json(error.to_string()))?;
    let entry = content.entry;
    let rule = match why {
        Why::Removed => None,
        Why::Rule(rule) => Some(rule),
    };
    Ok(withheld_entry::ActiveModel {
        entry_id: Set(entry.id),
        source_id: Set(entry.source_id),
        identity: Set(entry.identity),
        content_hash: Set(entry.content_hash),
        removed: Set(why == Why::Removed),
        rule_id: Set(rule),
        title: Set(entry.title),
        url: Set(entry.url),
        published_at: Set(entry.published_at),
        withheld_at: Set(at),
        content: Set(text),
    })
}
