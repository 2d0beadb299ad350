//! Authors and tags: finding or making their rows. In: names as drafted. Out: keys. Must not know: which
//! entries are new.

use std::collections::{BTreeMap, HashMap};

use entity::{AuthorId, SourceId, TagId, author, tag};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
};

use crate::normalize::{AuthorDraft, EntryDraft, fold};
use crate::store::CHUNK;

/// The keys of all authors and tags that some drafts name.
#[derive(Debug)]
pub(super) struct Names {
    source: SourceId,
    authors: HashMap<String, AuthorId>,
    tags: HashMap<String, TagId>,
}

impl Names {
    /// Finds the rows, and makes those that are missing.
    pub(super) async fn resolve<C: ConnectionTrait>(
        db: &C,
        source: SourceId,
        drafts: &[&EntryDraft],
    ) -> Result<Self, DbErr> {
        Ok(Self {
            source,
            authors: authors(db, source, drafts).await?,
            tags: tags(db, drafts).await?,
        })
    }

    /// The authors of a draft, in its order, each once.
    pub(super) fn authors_of(&self, draft: &EntryDraft) -> Vec<AuthorId> {
        let mut found = Vec::new();
        for author in &draft.authors {
            if let Some(id) = self.authors.get(&author_identity(self.source, author))
                && !found.contains(id)
            {
                found.push(*id);
            }
        }
        found
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

/// A home page tells an author everywhere; a mere name only within its source.
fn author_identity(source: SourceId, author: &AuthorDraft) -> String {
    match &author.url {
        Some(url) => format!("uri:{url}"),
        None => format!("name:{}:{}", source.0, fold(&author.name)),
    }
}

async fn authors<C: ConnectionTrait>(
    db: &C,
    source: SourceId,
    drafts: &[&EntryDraft],
) -> Result<HashMap<String, AuthorId>, DbErr> {
    // Sorted, so that two transactions that make the same authors never wait for each other in a circle.
    let wanted: BTreeMap<String, &AuthorDraft> = drafts
        .iter()
        .flat_map(|draft| &draft.authors)
        .map(|author| (author_identity(source, author), author))
        .collect();
    let identities: Vec<&String> = wanted.keys().collect();
    let mut known = known_authors(db, &identities).await?;
    let missing: Vec<(&String, &&AuthorDraft)> = wanted
        .iter()
        .filter(|(identity, _)| !known.contains_key(*identity))
        .collect();
    for chunk in missing.chunks(CHUNK) {
        let rows = chunk.iter().map(|(identity, author)| author::ActiveModel {
            id: NotSet,
            identity: Set((*identity).clone()),
            name: Set(author.name.clone()),
            name_key: Set(fold(&author.name)),
            url: Set(author.url.clone()),
            avatar_url: Set(author.avatar_url.clone()),
            entry_count: Set(0),
        });
        author::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::column(author::Column::Identity)
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(db)
            .await?;
    }
    let made: Vec<&String> = missing.iter().map(|(identity, _)| *identity).collect();
    known.extend(known_authors(db, &made).await?);
    Ok(known)
}

async fn known_authors<C: ConnectionTrait>(
    db: &C,
    identities: &[&String],
) -> Result<HashMap<String, AuthorId>, DbErr> {
    let mut known = HashMap::new();
    for chunk in identities.chunks(CHUNK) {
        let rows: Vec<(String, AuthorId)> = author::Entity::find()
            .select_only()
            .columns([author::Column::Identity, author::Column::Id])
            .filter(author::Column::Identity.is_in(chunk.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        known.extend(rows);
    }
    Ok(known)
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
