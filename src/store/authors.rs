//! What editors say of authors: other names, and which several are one. In: keys and changes. Out: the row, and a change of
//! every entry that shows it. Must not know: what publishers say, who may do it.
//!
//! An author's identity stays what publishers say, so polls find the row whatever editors call it; the identities of merged
//! authors lead to the one that they were merged into.

use entity::{
    AuthorId, ChangeKind, EntryId, Millis, SourceId, author, author_alias, entry_author, source,
    source_author,
};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;

use super::audit::{Note, target};
use super::error::Reading;
use super::marks::hold_sources;
use super::write::{NewChange, Tx, Work, transaction};
use super::{CHUNK, Store, StoreError, Written, portrait, search};
use crate::normalize::fold;

/// What is to change of an author. An outer none leaves it, an inner one takes it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorChanges {
    /// Plain text.
    pub name: Option<String>,
    /// Home page.
    pub url: Option<Option<String>>,
    /// Picture.
    pub avatar_url: Option<Option<String>>,
}

/// How merging went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeAuthors {
    /// They are one.
    Merged(Written<author::Model>),
    /// These do not exist; nothing was changed.
    Missing(Vec<AuthorId>),
}

impl Store {
    /// Changes an author. None: there is none.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn update_author(
        &self,
        id: AuthorId,
        changes: &AuthorChanges,
        at: Millis,
    ) -> Result<Option<Written<author::Model>>, StoreError> {
        let committed = transaction!(self, "changing an author", |tx| update(tx, id, changes, at))?;
        Ok(Written::maybe(committed))
    }

    /// Makes several authors one. Those that were merged into it before are passed over.
    ///
    /// # Errors
    /// When the transaction fails; nothing is changed then.
    pub async fn merge_authors(
        &self,
        into: AuthorId,
        from: &[AuthorId],
        at: Millis,
    ) -> Result<MergeAuthors, StoreError> {
        let committed = transaction!(self, "merging authors", |tx| merge(tx, into, from, at))?;
        Ok(match committed.value {
            Ok(row) => MergeAuthors::Merged(Written::of(row, committed.revision)),
            Err(missing) => MergeAuthors::Missing(missing),
        })
    }

    /// The author that one was merged into.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_merged_author(
        &self,
        former: AuthorId,
    ) -> Result<Option<author::Model>, StoreError> {
        let now = Query::select()
            .column(author_alias::Column::AuthorId)
            .from(author_alias::Entity)
            .and_where(author_alias::Column::FormerId.eq(former))
            .to_owned();
        author::Entity::find()
            .filter(author::Column::Id.in_subquery(now))
            .one(self.reader())
            .await
            .reading("a merged author")
    }
}

async fn update(
    tx: &Tx,
    id: AuthorId,
    changes: &AuthorChanges,
    at: Millis,
) -> Result<Work<Option<author::Model>>, DbErr> {
    let found = author::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&tx.db)
        .await?;
    let Some(old) = found else {
        return Ok(Work::quiet(None));
    };
    let mut new = old.clone();
    if let Some(name) = &changes.name {
        new.name.clone_from(name);
        new.name_key = fold(name);
    }
    if let Some(url) = &changes.url {
        new.url.clone_from(url);
    }
    if let Some(url) = &changes.avatar_url {
        new.avatar_url.clone_from(url);
    }
    let note = Note::changed(
        target::author(id),
        portrait::author(&old),
        portrait::author(&new),
    );
    if new == old {
        return Ok(Work::quiet(Some(old)).noting(note));
    }
    new.is_edited = true;
    let row = new.into_active_model().reset_all().update(&tx.db).await?;
    let shown_by = shown_by(tx, &[id]).await?;
    search::reindex(tx, &keys(&shown_by)).await?;
    Ok(Work::told(Some(row), told(&shown_by, at)).noting(note))
}

/// The entries that name authors, with their sources.
async fn shown_by(tx: &Tx, authors: &[AuthorId]) -> Result<Vec<(SourceId, EntryId)>, DbErr> {
    let mut entries: Vec<(SourceId, EntryId)> = entry_author::Entity::find()
        .select_only()
        .columns([
            entry_author::Column::SourceId,
            entry_author::Column::EntryId,
        ])
        .filter(entry_author::Column::AuthorId.is_in(authors.iter().copied()))
        .into_tuple()
        .all(&tx.db)
        .await?;
    entries.sort_unstable();
    entries.dedup();
    Ok(entries)
}

fn keys(shown_by: &[(SourceId, EntryId)]) -> Vec<EntryId> {
    shown_by.iter().map(|(_, entry)| *entry).collect()
}

/// A copy of everything is exact only when each entry that shows another name now is told of.
fn told(shown_by: &[(SourceId, EntryId)], at: Millis) -> Vec<NewChange> {
    let mut sources: Vec<SourceId> = shown_by.iter().map(|(source, _)| *source).collect();
    sources.dedup();
    let sources = sources
        .into_iter()
        .map(|source| NewChange::source(ChangeKind::SourceUpdated, source, at));
    let entries = shown_by
        .iter()
        .map(|(source, entry)| NewChange::entry(ChangeKind::EntryUpdated, *entry, *source, at));
    sources.chain(entries).collect()
}

type Merged = Result<author::Model, Vec<AuthorId>>;

async fn merge(
    tx: &Tx,
    into: AuthorId,
    from: &[AuthorId],
    at: Millis,
) -> Result<Work<Merged>, DbErr> {
    let mut all: Vec<AuthorId> = from.iter().copied().chain([into]).collect();
    all.sort_unstable();
    all.dedup();
    let writes_in = Query::select()
        .column(source_author::Column::SourceId)
        .from(source_author::Entity)
        .and_where(source_author::Column::AuthorId.is_in(all.iter().copied()))
        .to_owned();
    hold_sources(tx, Expr::col(source::Column::Id).in_subquery(writes_in)).await?;
    let rows = author::Entity::find()
        .filter(author::Column::Id.is_in(all.iter().copied()))
        .order_by_asc(author::Column::Id)
        .lock_exclusive()
        .all(&tx.db)
        .await?;
    let missing = missing(tx, into, &all, &rows).await?;
    let (others, kept): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.id != into);
    let Some(kept) = kept.into_iter().next().filter(|_| missing.is_empty()) else {
        return Ok(Work::quiet(Err(missing)));
    };
    let gone: Vec<AuthorId> = others.iter().map(|row| row.id).collect();
    if gone.is_empty() {
        return Ok(Work::quiet(Ok(kept)).noting(Note::of(target::author(into))));
    }
    let shown_by = shown_by(tx, &gone).await?;
    move_entries(tx, into, &gone).await?;
    lead_here(tx, into, &others).await?;
    let count = recount(tx, into, &gone).await?;
    let before: Vec<_> = others
        .iter()
        .map(|row| json!([row.id, portrait::author(row)]))
        .collect();
    author::Entity::delete_many()
        .filter(author::Column::Id.is_in(gone.iter().copied()))
        .exec(&tx.db)
        .await?;
    let mut kept = kept.into_active_model();
    kept.entry_count = Set(count);
    let kept = kept.update(&tx.db).await?;
    search::reindex(tx, &keys(&shown_by)).await?;
    let note = Note::new(
        target::author(into),
        Some(json!({"merged": before})),
        Some(portrait::author(&kept)),
    );
    Ok(Work::told(Ok(kept), told(&shown_by, at)).noting(note))
}

/// Those that are not there, and were not merged into `into` before.
async fn missing(
    tx: &Tx,
    into: AuthorId,
    all: &[AuthorId],
    rows: &[author::Model],
) -> Result<Vec<AuthorId>, DbErr> {
    let is_there = |id: &AuthorId| rows.iter().any(|row| row.id == *id);
    let mut missing: Vec<AuthorId> = all.iter().copied().filter(|id| !is_there(id)).collect();
    if missing.is_empty() {
        return Ok(missing);
    }
    let merged: Vec<AuthorId> = author_alias::Entity::find()
        .select_only()
        .column(author_alias::Column::FormerId)
        .filter(author_alias::Column::AuthorId.eq(into))
        .filter(author_alias::Column::FormerId.is_in(missing.iter().copied()))
        .into_tuple()
        .all(&tx.db)
        .await?;
    missing.retain(|id| !merged.contains(id));
    Ok(missing)
}

/// Makes `into` the author of what the others wrote; an entry by several of them names it once, where the first stood.
async fn move_entries(tx: &Tx, into: AuthorId, gone: &[AuthorId]) -> Result<(), DbErr> {
    let all = || gone.iter().copied().chain([into]);
    let other = |column| Expr::col(("other", column));
    let earlier = Query::select()
        .expr(Expr::value(1))
        .from_as(entry_author::Entity, "other")
        .and_where(
            other(entry_author::Column::EntryId)
                .equals((entry_author::Entity, entry_author::Column::EntryId)),
        )
        .and_where(other(entry_author::Column::AuthorId).is_in(all()))
        .and_where(other(entry_author::Column::Position).lt(Expr::col((
            entry_author::Entity,
            entry_author::Column::Position,
        ))))
        .to_owned();
    entry_author::Entity::delete_many()
        .filter(entry_author::Column::AuthorId.is_in(all()))
        .filter(Expr::exists(earlier))
        .exec(&tx.db)
        .await?;
    entry_author::Entity::update_many()
        .col_expr(entry_author::Column::AuthorId, Expr::value(into))
        .filter(entry_author::Column::AuthorId.is_in(gone.iter().copied()))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// Has the others' identities, and those that led to them, lead to `into`.
async fn lead_here(tx: &Tx, into: AuthorId, others: &[author::Model]) -> Result<(), DbErr> {
    author_alias::Entity::update_many()
        .col_expr(author_alias::Column::AuthorId, Expr::value(into))
        .filter(author_alias::Column::AuthorId.is_in(others.iter().map(|row| row.id)))
        .exec(&tx.db)
        .await?;
    for chunk in others.chunks(CHUNK) {
        let rows = chunk.iter().map(|row| author_alias::ActiveModel {
            identity: Set(row.identity.clone()),
            author_id: Set(into),
            former_id: Set(row.id),
        });
        author_alias::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::column(author_alias::Column::Identity)
                    .update_columns([
                        author_alias::Column::AuthorId,
                        author_alias::Column::FormerId,
                    ])
                    .to_owned(),
            )
            .exec_without_returning(&tx.db)
            .await?;
    }
    Ok(())
}

/// Counts the entries of `into` anew, by source; gives how many there are.
async fn recount(tx: &Tx, into: AuthorId, gone: &[AuthorId]) -> Result<i64, DbErr> {
    source_author::Entity::delete_many()
        .filter(source_author::Column::AuthorId.is_in(gone.iter().copied().chain([into])))
        .exec(&tx.db)
        .await?;
    let counted = Query::select()
        .column(entry_author::Column::SourceId)
        .column(entry_author::Column::AuthorId)
        .expr(Expr::col(entry_author::Column::EntryId).count())
        .from(entry_author::Entity)
        .and_where(entry_author::Column::AuthorId.eq(into))
        .group_by_col(entry_author::Column::SourceId)
        .group_by_col(entry_author::Column::AuthorId)
        .to_owned();
    let mut insert = Query::insert()
        .into_table(source_author::Entity)
        .columns([
            source_author::Column::SourceId,
            source_author::Column::AuthorId,
            source_author::Column::EntryCount,
        ])
        .to_owned();
    insert
        .select_from(counted)
        .map_err(|error| DbErr::Custom(error.to_string()))?;
    tx.db.execute(&insert).await?;
    let counts: Vec<i64> = source_author::Entity::find()
        .select_only()
        .column(source_author::Column::EntryCount)
        .filter(source_author::Column::AuthorId.eq(into))
        .into_tuple()
        .all(&tx.db)
        .await?;
    Ok(counts.iter().sum())
}
