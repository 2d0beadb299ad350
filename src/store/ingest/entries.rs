//! Storing the entries of a reading. In: drafts and a plan. Out: rows, counters and change rows. Must not know:
//! the source's own facts, polling.

use entity::{
    ChangeKind, EntryId, Millis, PlanetId, enclosure, entry, entry_author, entry_body, entry_tag,
    planet_entry, planet_source,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr,
    EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, QueryTrait,
};

use super::decide::{Horizon, Plan, decide};
use super::names::Names;
use super::rewrite::Writing;
use super::row::{self, Rows, Sighting, Why};
use super::{known, prints, retract};
use crate::normalize::{EntryDraft, FeedDraft};
use crate::store::CHUNK;
use crate::store::count::Counts;
use crate::store::search::{Indexed, index};
use crate::store::write::{NewChange, Tx};

/// What storing entries did.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) added: i32,
    pub(super) updated: i32,
    /// Taken back by the publisher.
    pub(super) removed: i32,
    pub(super) ids_changed: i32,
    /// Entries of which an older version was read, and left alone.
    pub(super) stale: i32,
    /// Whether any row was written.
    pub(super) wrote: bool,
    /// `published_at` of the newest new entry.
    pub(super) newest: Option<Millis>,
    /// `published_at` of the new entries, as far as it tells the feed's rhythm.
    pub(super) times: Vec<Millis>,
    pub(super) changes: Vec<NewChange>,
}

impl Stored {
    /// Counts again what clients are told, after rules have hidden some of it.
    pub(super) fn recount(&mut self) {
        let count = |kind| {
            let told = self.changes.iter().filter(|change| change.kind == kind);
            i32::try_from(told.count()).unwrap_or(i32::MAX)
        };
        self.added = count(ChangeKind::EntryAdded);
        self.updated = count(ChangeKind::EntryUpdated);
    }
}

/// Stores what a reading brings that is not stored yet, and takes out what it takes back.
pub(super) async fn store(
    tx: &Tx,
    sighting: Sighting,
    reading: &FeedDraft,
    oldest: Option<Millis>,
) -> Result<Stored, DbErr> {
    let mut stored = store_drafts(tx, sighting, reading, oldest).await?;
    retract::take_back(tx, sighting, reading, &mut stored).await?;
    Ok(stored)
}

async fn store_drafts(
    tx: &Tx,
    sighting: Sighting,
    reading: &FeedDraft,
    oldest: Option<Millis>,
) -> Result<Stored, DbErr> {
    let drafts = reading.entries.as_slice();
    let related = known::find(&tx.db, sighting, drafts).await?;
    let mut removed = known::removed(&tx.db, sighting.source).await?;
    let strange = known::strangers(drafts, &related);
    removed.extend(retract::held(tx, sighting, &strange, &reading.tombstones).await?);
    let horizon = Horizon {
        seen: sighting.at,
        oldest,
        rereads: sighting.why == Why::Reread,
    };
    let plan = decide(drafts, &related, &removed, horizon);
    if plan.is_empty() {
        return Ok(Stored::default());
    }
    let writing = Writing::prepare(tx, sighting, drafts, &related, &plan).await?;
    let mut counts = Counts::default();
    let mut stored = Stored {
        ids_changed: plan.ids_changed,
        ..Stored::default()
    };
    let writer = Writer {
        tx,
        sighting,
        names: Names::resolve(
            tx,
            sighting.source,
            &writing.touched(drafts, &plan),
            drafts,
            &mut counts,
        )
        .await?,
    };
    writer.add(drafts, &plan, &mut counts, &mut stored).await?;
    writer
        .change(drafts, &writing, &mut counts, &mut stored)
        .await?;
    if writer.names.changed() {
        stored.changes.push(NewChange::other(sighting.at));
    }
    counts.write(tx).await?;
    Ok(stored)
}

/// Writes the entries of one reading.
pub(super) struct Writer<'a> {
    pub(super) tx: &'a Tx,
    pub(super) sighting: Sighting,
    pub(super) names: Names,
}

impl Writer<'_> {
    /// Inserts the new entries, the document's last first: of several entries with one place in time the
    /// publisher's first then has the highest key, and comes first on a page.
    async fn add(
        &self,
        drafts: &[EntryDraft],
        plan: &Plan,
        counts: &mut Counts,
        stored: &mut Stored,
    ) -> Result<(), DbErr> {
        if plan.new.is_empty() {
            return Ok(());
        }
        let new: Vec<(&EntryDraft, [u8; 16])> = plan
            .new
            .iter()
            .rev()
            .filter_map(|(position, identity)| Some((drafts.get(*position)?, *identity)))
            .collect();
        stored.wrote = true;
        let planets = self.planets().await?;
        for chunk in new.chunks(CHUNK) {
            let mut fresh: Vec<(Rows, &EntryDraft)> = chunk
                .iter()
                .map(|(draft, identity)| {
                    let mut rows = row::new_rows(draft, self.sighting);
                    rows.entry.identity = identity.to_vec();
                    rows.entry.backlog |= plan.backlog_until >= Some(rows.entry.published_at);
                    (rows, *draft)
                })
                .collect();
            self.insert_entries(&mut fresh).await?;
            self.insert_bodies(&fresh).await?;
            prints::insert(&self.tx.db, &fresh, self.sighting.at).await?;
            self.insert_enclosures(&fresh).await?;
            self.link_names(&fresh, counts).await?;
            self.join_planets(&fresh, &planets).await?;
            let found: Vec<Indexed<'_>> = fresh
                .iter()
                .map(|(rows, draft)| indexed(rows, draft))
                .collect();
            index(self.tx, &found).await?;
            for (rows, _) in &fresh {
                stored.added += 1;
                stored.newest = stored.newest.max(Some(rows.entry.published_at));
                stored.times.extend(row::rhythm_of(&rows.entry));
                stored.changes.push(NewChange {
                    backlog: rows.entry.backlog,
                    ..self.told(ChangeKind::EntryAdded, rows.entry.id)
                });
            }
        }
        Ok(())
    }

    pub(super) const fn told(&self, kind: ChangeKind, id: EntryId) -> NewChange {
        NewChange::entry(kind, id, self.sighting.source, self.sighting.at)
    }

    async fn planets(&self) -> Result<Vec<PlanetId>, DbErr> {
        planet_source::Entity::find()
            .select_only()
            .column(planet_source::Column::PlanetId)
            .filter(planet_source::Column::SourceId.eq(self.sighting.source))
            .into_tuple()
            .all(&self.tx.db)
            .await
    }

    /// Inserts the rows and puts the keys that the database gave into them.
    async fn insert_entries(&self, fresh: &mut [(Rows, &EntryDraft)]) -> Result<(), DbErr> {
        let rows = fresh.iter().map(|(rows, _)| {
            let mut row = rows.entry.clone().into_active_model().reset_all();
            row.id = NotSet;
            row
        });
        let insert = entry::Entity::insert_many(rows)
            .into_query()
            .returning(
                sea_orm::sea_query::Query::returning()
                    .columns([entry::Column::Id, entry::Column::Identity]),
            )
            .to_owned();
        // Told apart by identity: neither database promises to return rows in the order of insertion.
        let mut keys = std::collections::HashMap::new();
        for given in self.tx.db.query_all(&insert).await? {
            let id: EntryId = given.try_get_by_index(0)?;
            let identity: Vec<u8> = given.try_get_by_index(1)?;
            keys.insert(identity, id);
        }
        for (rows, _) in fresh {
            rows.entry.id = *keys.get(&rows.entry.identity).ok_or_else(|| {
                DbErr::RecordNotFound("an entry that was just inserted".to_owned())
            })?;
        }
        Ok(())
    }

    async fn insert_bodies(&self, fresh: &[(Rows, &EntryDraft)]) -> Result<(), DbErr> {
        let bodies = fresh.iter().map(|(rows, _)| {
            row::body(rows.entry.id, rows)
                .into_active_model()
                .reset_all()
        });
        entry_body::Entity::insert_many(bodies)
            .exec_without_returning(&self.tx.db)
            .await?;
        Ok(())
    }

    pub(super) async fn insert_enclosures(
        &self,
        fresh: &[(Rows, &EntryDraft)],
    ) -> Result<(), DbErr> {
        let files: Vec<_> = fresh
            .iter()
            .flat_map(|(rows, draft)| row::enclosures(rows.entry.id, draft))
            .map(|file| file.into_active_model().reset_all())
            .collect();
        for chunk in files.chunks(CHUNK) {
            enclosure::Entity::insert_many(chunk.to_vec())
                .exec_without_returning(&self.tx.db)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn link_names(
        &self,
        entries: &[(Rows, &EntryDraft)],
        counts: &mut Counts,
    ) -> Result<(), DbErr> {
        let mut authors = Vec::new();
        let mut tags = Vec::new();
        for (rows, draft) in entries {
            for (position, author_id) in (0_i16..).zip(self.names.authors_of(draft)) {
                counts.author(self.sighting.source, author_id, 1);
                authors.push(entry_author::ActiveModel {
                    entry_id: Set(rows.entry.id),
                    position: Set(position),
                    author_id: Set(author_id),
                    source_id: Set(self.sighting.source),
                    published_at: Set(rows.entry.published_at),
                });
            }
            for (position, (tag_id, name)) in (0_i16..).zip(self.names.tags_of(draft)) {
                counts.tag(tag_id, 1);
                tags.push(entry_tag::ActiveModel {
                    entry_id: Set(rows.entry.id),
                    position: Set(position),
                    tag_id: Set(tag_id),
                    name: Set(name),
                    published_at: Set(rows.entry.published_at),
                });
            }
        }
        for chunk in authors.chunks(CHUNK) {
            entry_author::Entity::insert_many(chunk.to_vec())
                .exec_without_returning(&self.tx.db)
                .await?;
        }
        for chunk in tags.chunks(CHUNK) {
            entry_tag::Entity::insert_many(chunk.to_vec())
                .exec_without_returning(&self.tx.db)
                .await?;
        }
        Ok(())
    }

    async fn join_planets(
        &self,
        fresh: &[(Rows, &EntryDraft)],
        planets: &[PlanetId],
    ) -> Result<(), DbErr> {
        for planet in planets {
            let rows = fresh.iter().map(|(rows, _)| planet_entry::ActiveModel {
                planet_id: Set(*planet),
                entry_id: Set(rows.entry.id),
                source_id: Set(self.sighting.source),
                published_at: Set(rows.entry.published_at),
                first_seen_at: Set(rows.entry.first_seen_at),
            });
            planet_entry::Entity::insert_many(rows)
                .exec_without_returning(&self.tx.db)
                .await?;
        }
        Ok(())
    }
}

/// What is found by searching.
pub(super) fn indexed<'a>(rows: &'a Rows, draft: &'a EntryDraft) -> Indexed<'a> {
    let authors = draft.authors.iter().map(|author| author.name.as_str());
    Indexed {
        entry: rows.entry.id,
        source: rows.entry.source_id,
        title: &rows.entry.title,
        authors: authors.collect(),
        tags: draft.tags.iter().map(String::as_str).collect(),
        body: rows.text.as_deref().unwrap_or(&rows.entry.summary),
    }
}
