//! Keeping the index. In: entries that were stored, in the transaction that stored them. Out: their terms. Entries that
//! go take their terms with them, by a trigger or a foreign key. Must not know: queries.

use std::collections::HashMap;

use entity::{EntryId, SourceId, author, entry, entry_author, entry_body, entry_tag};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::document::{Document, Texts};
use crate::store::batch::grouped;
use crate::store::write::Tx;
use crate::store::{Backend, CHUNK};

/// An entry with what is indexed of it.
#[derive(Clone, Debug)]
pub(in crate::store) struct Indexed<'a> {
    pub(in crate::store) entry: EntryId,
    pub(in crate::store) source: SourceId,
    pub(in crate::store) title: &'a str,
    pub(in crate::store) authors: Vec<&'a str>,
    pub(in crate::store) tags: Vec<&'a str>,
    /// The body's text, else the summary.
    pub(in crate::store) body: &'a str,
}

/// Indexes entries, known to the index or not.
pub(in crate::store) async fn index(tx: &Tx, entries: &[Indexed<'_>]) -> Result<(), DbErr> {
    for chunk in entries.chunks(CHUNK) {
        if tx.backend == Backend::Sqlite {
            // FTS5 has no "on conflict"; a key that it does not know costs one look.
            let old = Query::delete()
                .from_table("entry_search")
                .and_where(Expr::col("rowid").is_in(chunk.iter().map(|one| one.entry.0)))
                .to_owned();
            tx.db.execute(&old).await?;
        }
        insert(tx, chunk).await?;
    }
    Ok(())
}

async fn insert(tx: &Tx, entries: &[Indexed<'_>]) -> Result<(), DbErr> {
    let key = match tx.backend {
        Backend::Sqlite => "rowid",
        Backend::Postgres => "entry_id",
    };
    let mut insert = Query::insert()
        .into_table("entry_search")
        .columns([key, "terms"])
        .to_owned();
    for one in entries {
        let document = Document::of(&Texts {
            source: one.source.0,
            title: one.title,
            authors: one.authors.clone(),
            tags: one.tags.clone(),
            body: one.body,
        });
        let terms = match tx.backend {
            Backend::Sqlite => Expr::value(document.to_fts5()),
            Backend::Postgres => Expr::value(document.to_tsvector()).cast_as("tsvector"),
        };
        insert.values_panic([Expr::value(one.entry.0), terms]);
    }
    if tx.backend == Backend::Postgres {
        insert.on_conflict(
            OnConflict::column("entry_id")
                .update_column("terms")
                .to_owned(),
        );
    }
    tx.db.execute(&insert).await?;
    Ok(())
}

/// Indexes stored entries anew: for whoever changes names that are indexed with them.
pub(in crate::store) async fn reindex(tx: &Tx, ids: &[EntryId]) -> Result<(), DbErr> {
    for chunk in ids.chunks(CHUNK) {
        let entries = entry::Entity::find()
            .filter(entry::Column::Id.is_in(chunk.iter().copied()))
            .all(&tx.db)
            .await?;
        let bodies = bodies(tx, chunk).await?;
        let authors = authors(tx, chunk).await?;
        let tags = tags(tx, chunk).await?;
        let texts =
            |map: &'_ HashMap<EntryId, Vec<String>>, id| map.get(&id).cloned().unwrap_or_default();
        let named: Vec<(Vec<String>, Vec<String>)> = entries
            .iter()
            .map(|row| (texts(&authors, row.id), texts(&tags, row.id)))
            .collect();
        let indexed: Vec<Indexed<'_>> = entries
            .iter()
            .zip(&named)
            .map(|(row, (authors, tags))| Indexed {
                entry: row.id,
                source: row.source_id,
                title: &row.title,
                authors: authors.iter().map(String::as_str).collect(),
                tags: tags.iter().map(String::as_str).collect(),
                body: bodies.get(&row.id).unwrap_or(&row.summary),
            })
            .collect();
        index(tx, &indexed).await?;
    }
    Ok(())
}

async fn bodies(tx: &Tx, ids: &[EntryId]) -> Result<HashMap<EntryId, String>, DbErr> {
    let rows: Vec<(EntryId, Option<String>)> = entry_body::Entity::find()
        .select_only()
        .columns([entry_body::Column::EntryId, entry_body::Column::ContentText])
        .filter(entry_body::Column::EntryId.is_in(ids.iter().copied()))
        .into_tuple()
        .all(&tx.db)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, text)| Some((id, text?)))
        .collect())
}

async fn authors(tx: &Tx, ids: &[EntryId]) -> Result<HashMap<EntryId, Vec<String>>, DbErr> {
    let rows: Vec<(EntryId, String)> = entry_author::Entity::find()
        .select_only()
        .column(entry_author::Column::EntryId)
        .column(author::Column::Name)
        .inner_join(author::Entity)
        .filter(entry_author::Column::EntryId.is_in(ids.iter().copied()))
        .order_by_asc(entry_author::Column::Position)
        .into_tuple()
        .all(&tx.db)
        .await?;
    Ok(grouped(rows))
}

async fn tags(tx: &Tx, ids: &[EntryId]) -> Result<HashMap<EntryId, Vec<String>>, DbErr> {
    let rows: Vec<(EntryId, String)> = entry_tag::Entity::find()
        .select_only()
        .columns([entry_tag::Column::EntryId, entry_tag::Column::Name])
        .filter(entry_tag::Column::EntryId.is_in(ids.iter().copied()))
        .order_by_asc(entry_tag::Column::Position)
        .into_tuple()
        .all(&tx.db)
        .await?;
    Ok(grouped(rows))
}
