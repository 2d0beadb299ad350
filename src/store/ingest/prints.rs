//! What tells versions of entries apart: their prints, earlier versions, other identities. In: keys and rows. Out: the
//! same, stored or read. Must not know: what is an edit.

use std::collections::{HashMap, HashSet};

use entity::{EntryId, Millis, SourceId, entry_alias, entry_print, entry_revision};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::judge::Print;
use super::row::Rows;
use crate::normalize::{EntryDraft, claimed, meaning, text_key};
use crate::store::CHUNK;

/// What is known of some entries' versions.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) prints: HashMap<EntryId, Print>,
    pub(super) earlier: HashMap<EntryId, Earlier>,
}

/// The earlier versions of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Earlier {
    /// Keys of the rows, oldest first.
    pub(super) ids: Vec<i64>,
    pub(super) versions: HashSet<Vec<u8>>,
    /// When the newest of them was replaced.
    pub(super) replaced_at: Option<Millis>,
}

/// Reads what is known of the versions of some entries; `links` are the keys of their links.
pub(super) async fn load<C: ConnectionTrait>(
    db: &C,
    ids: &[EntryId],
    links: &HashMap<EntryId, Option<Vec<u8>>>,
) -> Result<Known, DbErr> {
    let mut known = Known::default();
    for chunk in ids.chunks(CHUNK) {
        let prints = entry_print::Entity::find()
            .filter(entry_print::Column::EntryId.is_in(chunk.iter().copied()))
            .all(db)
            .await?;
        known.prints.extend(prints.into_iter().map(|row| {
            let print = Print {
                meaning: row.meaning,
                text_key: row.text_key,
                claimed_at: row.claimed_at,
                url_key: links.get(&row.entry_id).cloned().flatten(),
            };
            (row.entry_id, print)
        }));
        let earlier: Vec<(EntryId, i64, Vec<u8>, Millis)> = entry_revision::Entity::find()
            .select_only()
            .columns([
                entry_revision::Column::EntryId,
                entry_revision::Column::Id,
                entry_revision::Column::Version,
                entry_revision::Column::ReplacedAt,
            ])
            .filter(entry_revision::Column::EntryId.is_in(chunk.iter().copied()))
            .order_by_asc(entry_revision::Column::EntryId)
            .order_by_asc(entry_revision::Column::Id)
            .into_tuple()
            .all(db)
            .await?;
        for (entry, id, version, replaced_at) in earlier {
            let earlier = known.earlier.entry(entry).or_default();
            earlier.ids.push(id);
            earlier.versions.insert(version);
            earlier.replaced_at = Some(replaced_at);
        }
    }
    Ok(known)
}

/// Stores the prints of new entries.
pub(super) async fn insert<C: ConnectionTrait>(
    db: &C,
    fresh: &[(Rows, &EntryDraft)],
    seen: Millis,
) -> Result<(), DbErr> {
    let rows = fresh.iter().map(|(rows, draft)| {
        let print = entry_print::Model {
            entry_id: rows.entry.id,
            meaning: meaning(draft).to_vec(),
            text_key: text_key(draft).map(|key| key.to_vec()),
            claimed_at: claimed(draft, seen),
        };
        print.into_active_model().reset_all()
    });
    entry_print::Entity::insert_many(rows)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Stores the print of a version over that of the one before.
pub(super) async fn replace<C: ConnectionTrait>(
    db: &C,
    print: entry_print::Model,
) -> Result<(), DbErr> {
    entry_print::Entity::insert(print.into_active_model().reset_all())
        .on_conflict(
            OnConflict::column(entry_print::Column::EntryId)
                .update_columns([
                    entry_print::Column::Meaning,
                    entry_print::Column::TextKey,
                    entry_print::Column::ClaimedAt,
                ])
                .to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Keeps a version that was replaced, and of the earlier ones the newest, `most` in all.
pub(super) async fn keep<C: ConnectionTrait>(
    db: &C,
    revision: entry_revision::ActiveModel,
    earlier: &Earlier,
    most: usize,
) -> Result<(), DbErr> {
    entry_revision::Entity::insert(revision)
        .exec_without_returning(db)
        .await?;
    let too_many = (earlier.ids.len() + 1).saturating_sub(most.max(1));
    let oldest: Vec<i64> = earlier.ids.iter().copied().take(too_many).collect();
    if !oldest.is_empty() {
        entry_revision::Entity::delete_many()
            .filter(entry_revision::Column::Id.is_in(oldest))
            .exec(db)
            .await?;
    }
    Ok(())
}

/// Writes down that entries go by other identities, too.
pub(super) async fn add_aliases<C: ConnectionTrait>(
    db: &C,
    source: SourceId,
    aliases: &[(EntryId, [u8; 16])],
) -> Result<(), DbErr> {
    for chunk in aliases.chunks(CHUNK) {
        let rows = chunk
            .iter()
            .map(|(entry, identity)| entry_alias::ActiveModel {
                source_id: Set(source),
                identity: Set(identity.to_vec()),
                entry_id: Set(*entry),
            });
        entry_alias::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([entry_alias::Column::SourceId, entry_alias::Column::Identity])
                    .update_column(entry_alias::Column::EntryId)
                    .to_owned(),
            )
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}
