//! Storing the entries of a reading. In: drafts and a plan. Out: rows, counters and change rows. Must not know:
//! the source's own facts, polling.

use entity::{
    ChangeKind, EntryId, Millis, PlanetId, enclosure, entry, entry_author, entry_body, entry_tag,
    planet_entry, planet_source,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect, QueryTrait,
};
use sea_orm::{ConnectionTrait, sea_query::Expr};

use super::decide::{Horizon, Plan, decide};
use super::names::Names;
use super::old::{self, Old};
use super::row::{self, Rows, Sighting};
use crate::normalize::EntryDraft;
use crate::store::CHUNK;
use crate::store::count::Counts;
use crate::store::write::{NewChange, Tx};

/// What storing entries did.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) added: i32,
    pub(super) updated: i32,
    pub(super) ids_changed: i32,
    /// `published_at` of the newest new entry.
    pub(super) newest: Option<Millis>,
    pub(super) changes: Vec<NewChange>,
}

/// Stores what `drafts` bring that is not stored yet.
pub(super) async fn store(
    tx: &Tx,
    sighting: Sighting,
    drafts: &[EntryDraft],
    oldest: Option<Millis>,
) -> Result<Stored, DbErr> {
    let known = old::known(&tx.db, sighting.source, drafts).await?;
    let removed = old::removed(&tx.db, sighting.source).await?;
    let horizon = Horizon {
        seen: sighting.at,
        oldest,
    };
    let plan = decide(drafts, &known, &removed, horizon);
    if plan.new.is_empty() && plan.changed.is_empty() {
        return Ok(Stored::default());
    }
    let touched = touched(drafts, &plan);
    let writer = Writer {
        tx,
        sighting,
        names: Names::resolve(&tx.db, sighting.source, &touched).await?,
    };
    let mut counts = Counts::default();
    let mut stored = writer.add(drafts, &plan, &mut counts).await?;
    writer
        .change(drafts, &plan, &mut counts, &mut stored)
        .await?;
    counts.write(tx).await?;
    stored.ids_changed = plan.ids_changed;
    Ok(stored)
}

fn touched<'a>(drafts: &'a [EntryDraft], plan: &Plan) -> Vec<&'a EntryDraft> {
    let changed = plan.changed.iter().map(|(_, position)| position);
    plan.new
        .iter()
        .chain(changed)
        .filter_map(|position| drafts.get(*position))
        .collect()
}

struct Writer<'a> {
    tx: &'a Tx,
    sighting: Sighting,
    names: Names,
}

impl Writer<'_> {
    /// Inserts the new entries, the document's last first: of several entries with one place in time the
    /// publisher's first then has the highest key, and comes first on a page.
    async fn add(
        &self,
        drafts: &[EntryDraft],
        plan: &Plan,
        counts: &mut Counts,
    ) -> Result<Stored, DbErr> {
        let mut stored = Stored::default();
        let new: Vec<&EntryDraft> = plan
            .new
            .iter()
            .rev()
            .filter_map(|position| drafts.get(*position))
            .collect();
        let planets = self.planets().await?;
        for chunk in new.chunks(CHUNK) {
            let mut fresh: Vec<(Rows, &EntryDraft)> = chunk
                .iter()
                .map(|draft| (row::new_rows(draft, self.sighting), *draft))
                .collect();
            self.insert_entries(&mut fresh).await?;
            self.insert_bodies(&fresh).await?;
            self.insert_enclosures(&fresh).await?;
            self.link_names(&fresh, counts).await?;
            self.join_planets(&fresh, &planets).await?;
            for (rows, _) in &fresh {
                stored.added += 1;
                stored.newest = stored.newest.max(Some(rows.entry.published_at));
                stored.changes.push(NewChange {
                    backlog: self.sighting.backlog,
                    ..self.told(ChangeKind::EntryAdded, rows.entry.id)
                });
            }
        }
        Ok(stored)
    }

    const fn told(&self, kind: ChangeKind, id: EntryId) -> NewChange {
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

    async fn insert_enclosures(&self, fresh: &[(Rows, &EntryDraft)]) -> Result<(), DbErr> {
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

    async fn link_names(
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

    /// Writes over the entries that the publisher changed; tells those in which a reader can see it.
    async fn change(
        &self,
        drafts: &[EntryDraft],
        plan: &Plan,
        counts: &mut Counts,
        stored: &mut Stored,
    ) -> Result<(), DbErr> {
        let ids: Vec<EntryId> = plan.changed.iter().map(|(id, _)| *id).collect();
        let mut olds = old::load(&self.tx.db, &ids).await?;
        for (id, position) in &plan.changed {
            let (Some(old), Some(draft)) = (olds.remove(id), drafts.get(*position)) else {
                continue;
            };
            if self.rewrite(&old, draft, counts).await? {
                stored.updated += 1;
                stored
                    .changes
                    .push(self.told(ChangeKind::EntryUpdated, *id));
            }
        }
        Ok(())
    }

    async fn rewrite(
        &self,
        old: &Old,
        draft: &EntryDraft,
        counts: &mut Counts,
    ) -> Result<bool, DbErr> {
        let mut rows = row::changed_rows(draft, &old.entry, self.sighting.at);
        let body = row::body(old.entry.id, &rows);
        let files = row::enclosures(old.entry.id, draft);
        let body_differs = old.body.as_ref() != Some(&body);
        let files_differ = old.enclosures != files;
        let names_differ =
            old.authors != self.names.authors_of(draft) || old.tags != self.names.tags_of(draft);
        let visible = row::looks_different(&old.entry, &rows.entry)
            || body_differs
            || files_differ
            || names_differ;
        if visible && rows.entry.updated_at == old.entry.updated_at {
            rows.entry.updated_at = Some(self.sighting.at);
        }
        let mut row = rows.entry.clone().into_active_model().reset_all();
        row.id = NotSet;
        entry::Entity::update_many()
            .set(row)
            .filter(entry::Column::Id.eq(old.entry.id))
            .exec(&self.tx.db)
            .await?;
        if body_differs {
            self.replace_body(body).await?;
        }
        if files_differ {
            enclosure::Entity::delete_many()
                .filter(enclosure::Column::EntryId.eq(old.entry.id))
                .exec(&self.tx.db)
                .await?;
            self.insert_enclosures(&[(rows.clone(), draft)]).await?;
        }
        if names_differ {
            self.unlink_names(old, counts).await?;
            self.link_names(&[(rows, draft)], counts).await?;
        }
        Ok(visible)
    }

    async fn replace_body(&self, body: entry_body::Model) -> Result<(), DbErr> {
        entry_body::Entity::update_many()
            .col_expr(
                entry_body::Column::ContentHtml,
                Expr::value(body.content_html),
            )
            .col_expr(
                entry_body::Column::ContentText,
                Expr::value(body.content_text),
            )
            .filter(entry_body::Column::EntryId.eq(body.entry_id))
            .exec(&self.tx.db)
            .await?;
        Ok(())
    }

    async fn unlink_names(&self, old: &Old, counts: &mut Counts) -> Result<(), DbErr> {
        for author in &old.authors {
            counts.author(self.sighting.source, *author, -1);
        }
        for (tag, _) in &old.tags {
            counts.tag(*tag, -1);
        }
        entry_author::Entity::delete_many()
            .filter(entry_author::Column::EntryId.eq(old.entry.id))
            .exec(&self.tx.db)
            .await?;
        entry_tag::Entity::delete_many()
            .filter(entry_tag::Column::EntryId.eq(old.entry.id))
            .exec(&self.tx.db)
            .await?;
        Ok(())
    }
}
