//! Authors' identities: which row each leads to. In: identities. Out: rows, and those of authors that an editor merged away.
//! Must not know: how an identity is made.

use std::collections::HashSet;

use entity::{AuthorId, author, author_alias};
use sea_orm::sea_query::{LockType, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::store::write::Tx;
use crate::store::{Backend, CHUNK};

/// As much of a row as finding takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: AuthorId,
    pub(super) identity: String,
    pub(super) name: String,
    /// An editor has said what it is called, or that it is another one.
    pub(super) is_edited: bool,
}

/// The rows of identities.
pub(super) async fn rows<'a>(
    tx: &Tx,
    identities: impl Iterator<Item = &'a String>,
) -> Result<Vec<Row>, DbErr> {
    let identities: Vec<&String> = identities.collect();
    let mut found = Vec::new();
    for chunk in identities.chunks(CHUNK) {
        let mut find = author::Entity::find()
            .select_only()
            .columns([
                author::Column::Id,
                author::Column::Identity,
                author::Column::Name,
                author::Column::IsEdited,
            ])
            .filter(author::Column::Identity.is_in(chunk.iter().copied()));
        if tx.backend == Backend::Postgres {
            // Until the transaction ends, an editor who merges one of them away waits.
            find = find.lock(LockType::KeyShare);
        }
        let rows: Vec<(AuthorId, String, String, bool)> = find.into_tuple().all(&tx.db).await?;
        found.extend(rows.into_iter().map(|(id, identity, name, is_edited)| Row {
            id,
            identity,
            name,
            is_edited,
        }));
    }
    Ok(found)
}

/// Those of the identities without a row of their own that an editor merged into another author. Looked for after the
/// rows: whoever was merged away meanwhile is found here.
pub(super) async fn merged<'a>(
    tx: &Tx,
    identities: impl Iterator<Item = &'a String>,
    known: &[Row],
) -> Result<Vec<Row>, DbErr> {
    let known: HashSet<&String> = known.iter().map(|row| &row.identity).collect();
    let missing: Vec<&String> = identities.filter(|name| !known.contains(name)).collect();
    let mut found = Vec::new();
    for chunk in missing.chunks(CHUNK) {
        let rows: Vec<(String, AuthorId)> = author_alias::Entity::find()
            .select_only()
            .columns([
                author_alias::Column::Identity,
                author_alias::Column::AuthorId,
            ])
            .filter(author_alias::Column::Identity.is_in(chunk.iter().copied()))
            .into_tuple()
            .all(&tx.db)
            .await?;
        found.extend(rows.into_iter().map(|(identity, id)| Row {
            id,
            identity,
            name: String::new(),
            is_edited: true,
        }));
    }
    Ok(found)
}

/// Has another identity of an author that was merged away lead where its first one leads.
pub(super) async fn lead(tx: &Tx, identity: &str, to: AuthorId) -> Result<(), DbErr> {
    let alias = author_alias::ActiveModel {
        identity: Set(identity.to_owned()),
        author_id: Set(to),
        former_id: Set(to),
    };
    author_alias::Entity::insert_many([alias])
        .on_conflict(
            OnConflict::column(author_alias::Column::Identity)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}
