//! Authors and tags: finding or making their rows. In: names as drafted. Out: keys. Must not know: which
//! entries are new.

use std::collections::{BTreeMap, HashMap};

use entity::{AuthorId, SourceId, TagId, tag};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
};

use super::people::People;
use crate::normalize::{EntryDraft, fold};
use crate::store::CHUNK;
use crate::store::count::Counts;
use crate::store::write::Tx;

/// The keys of all authors and tags that some drafts name.
#[derive(Debug)]
pub(super) struct Names {
    people: People,
    tags: HashMap<String, TagId>,
}

impl Names {
    /// Finds the rows for `touched`, and makes those that are missing; `all` are the drafts of the document.
    pub(super) async fn resolve(
        tx: &Tx,
        source: SourceId,
        touched: &[&EntryDraft],
        all: &[EntryDraft],
        counts: &mut Counts,
    ) -> Result<Self, DbErr> {
        Ok(Self {
            people: People::resolve(tx, source, touched, all, counts).await?,
            tags: tags(&tx.db, touched).await?,
        })
    }

    /// Whether a row was changed that entries show which are not written now.
    pub(super) const fn changed(&self) -> bool {
        self.people.changed
    }

    /// The authors of a draft, in its order, each once.
    pub(super) fn authors_of(&self, draft: &EntryDraft) -> Vec<AuthorId> {
        self.people.of(draft)
    }

    /// The tags of a draft in its order and spelling, each once.
    pub(super) fn tags_of(&self, draft: &EntryDraft) -> Vec<(TagId, String)> {
        let mut found: Vec<(TagId, String)> = Vec::new();
        for name in &draft.tags {
            if let Some(id) = self.tags.get(&fold(name))
                && !found.iter().any(|(known, _)| known == id)
            {
                found.push((*id, name.clone()));
            }
        }
        found
    }
}

async fn tags<C: ConnectionTrait>(
    db: &C,
    drafts: &[&EntryDraft],
) -> Result<HashMap<String, TagId>, DbErr> {
    let wanted: BTreeMap<String, &String> = drafts
        .iter()
        .flat_map(|draft| &draft.tags)
        .map(|name| (fold(name), name))
        .filter(|(key, _)| !key.is_empty())
        .collect();
    let keys: Vec<&String> = wanted.keys().collect();
    let mut known = known_tags(db, &keys).await?;
    let missing: Vec<(&String, &&String)> = wanted
        .iter()
        .filter(|(key, _)| !known.contains_key(*key))
        .collect();
    for chunk in missing.chunks(CHUNK) {
        let rows = chunk.iter().map(|(key, name)| tag::ActiveModel {
            id: NotSet,
            name_key: Set((*key).clone()),
            name: Set((**name).clone()),
            entry_count: Set(0),
        });
        tag::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::column(tag::Column::NameKey)
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(db)
            .await?;
    }
    let made: Vec<&String> = missing.iter().map(|(key, _)| *key).collect();
    known.extend(known_tags(db, &made).await?);
    Ok(known)
}

async fn known_tags<C: ConnectionTrait>(
    db: &C,
    keys: &[&String],
) -> Result<HashMap<String, TagId>, DbErr> {
    let mut known = HashMap::new();
    for chunk in keys.chunks(CHUNK) {
        let rows: Vec<(String, TagId)> = tag::Entity::find()
            .select_only()
            .columns([tag::Column::NameKey, tag::Column::Id])
            .filter(tag::Column::NameKey.is_in(chunk.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        known.extend(rows);
    }
    Ok(known)
}
