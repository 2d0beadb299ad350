//! Many rows by their keys, in one statement each. In: keys, which may repeat or name nothing. Out: rows by key.
//! Must not know: who collects the keys.

use std::collections::HashMap;

use entity::{
    AuthorId, EntryId, PlanetId, SourceId, author, enclosure, entry, entry_author, entry_body,
    entry_tag, planet, poll_state, source,
};
use sea_orm::sea_query::{Expr, Query, UnionType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QueryResult, QuerySelect, QueryTrait, RelationTrait,
};

use super::error::Reading;
use super::{Store, StoreError};

macro_rules! by_ids {
    ($($(#[$doc:meta])* $name:ident: $table:ident, $key:ident;)*) => {
        impl Store {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// When the database cannot be read.
                pub async fn $name(
                    &self,
                    ids: &[$key],
                ) -> Result<HashMap<$key, $table::Model>, StoreError> {
                    if ids.is_empty() {
                        return Ok(HashMap::new());
                    }
                    let rows = $table::Entity::find()
                        .filter($table::Column::Id.is_in(ids.iter().copied()))
                        .all(self.reader())
                        .await
                        .reading(stringify!($name))?;
                    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
                }
            )*
        }
    };
}

by_ids! {
    /// Entries.
    entries_by_ids: entry, EntryId;
    /// Authors.
    authors_by_ids: author, AuthorId;
    /// Planets.
    planets_by_ids: planet, PlanetId;
}

/// Who wrote entries, and their tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// In the publisher's order.
    pub authors: HashMap<EntryId, Vec<author::Model>>,
    /// In the publisher's order and spelling.
    pub tags: HashMap<EntryId, Vec<String>>,
}

impl Names {
    /// Reads the rows of [`Store::names_of`], which come in no order.
    fn of(rows: &[QueryResult]) -> Result<Self, DbErr> {
        let (mut authors, mut tags) = (Vec::new(), Vec::new());
        for row in rows {
            let place: (EntryId, i16) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let id: AuthorId = row.try_get_by_index(2)?;
            let name: String = row.try_get_by_index(4)?;
            if id.0 < 0 {
                tags.push((place, name));
                continue;
            }
            let author = author::Model {
                id,
                identity: row.try_get_by_index(3)?,
                name,
                name_key: row.try_get_by_index(5)?,
                url: row.try_get_by_index(6)?,
                avatar_url: row.try_get_by_index(7)?,
                entry_count: row.try_get_by_index(8)?,
                is_edited: row.try_get_by_index(9)?,
            };
            authors.push((place, author));
        }
        authors.sort_unstable_by_key(|(place, _)| *place);
        tags.sort_unstable_by_key(|(place, _)| *place);
        Ok(Self {
            authors: grouped(authors.into_iter().map(|((id, _), author)| (id, author))),
            tags: grouped(tags.into_iter().map(|((id, _), tag)| (id, tag))),
        })
    }
}

/// Puts rows under their parents, in the order in which they come.
pub(super) fn grouped<K: Eq + std::hash::Hash, R>(
    rows: impl IntoIterator<Item = (K, R)>,
) -> HashMap<K, Vec<R>> {
    let mut groups: HashMap<K, Vec<R>> = HashMap::new();
    for (parent, row) in rows {
        groups.entry(parent).or_default().push(row);
    }
    groups
}

impl Store {
    /// Sources that are not removed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn sources_by_ids(
        &self,
        ids: &[SourceId],
    ) -> Result<HashMap<SourceId, source::Model>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = source::Entity::find()
            .filter(source::Column::Id.is_in(ids.iter().copied()))
            .filter(source::Column::RemovedAt.is_null())
            .all(self.reader())
            .await
            .reading("sources_by_ids")?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }

    /// The bodies of entries.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn bodies_of(
        &self,
        entries: &[EntryId],
    ) -> Result<HashMap<EntryId, entry_body::Model>, StoreError> {
        if entries.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = entry_body::Entity::find()
            .filter(entry_body::Column::EntryId.is_in(entries.iter().copied()))
            .all(self.reader())
            .await
            .reading("bodies")?;
        Ok(rows.into_iter().map(|row| (row.entry_id, row)).collect())
    }

    /// Who wrote entries, in the publisher's order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn authors_of(
        &self,
        entries: &[EntryId],
    ) -> Result<HashMap<EntryId, Vec<author::Model>>, StoreError> {
        if entries.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = entry_author::Entity::find()
            .find_also_related(author::Entity)
            .filter(entry_author::Column::EntryId.is_in(entries.iter().copied()))
            .order_by_asc(entry_author::Column::EntryId)
            .order_by_asc(entry_author::Column::Position)
            .all(self.reader())
            .await
            .reading("authors of entries")?;
        let rows = rows.into_iter();
        Ok(grouped(rows.filter_map(|(link, author)| {
            Some((link.entry_id, author?))
        })))
    }

    /// Tags of entries, in the publisher's order and spelling.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tags_of(
        &self,
        entries: &[EntryId],
    ) -> Result<HashMap<EntryId, Vec<String>>, StoreError> {
        if entries.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<(EntryId, String)> = entry_tag::Entity::find()
            .select_only()
            .columns([entry_tag::Column::EntryId, entry_tag::Column::Name])
            .filter(entry_tag::Column::EntryId.is_in(entries.iter().copied()))
            .order_by_asc(entry_tag::Column::EntryId)
            .order_by_asc(entry_tag::Column::Position)
            .into_tuple()
            .all(self.reader())
            .await
            .reading("tags of entries")?;
        Ok(grouped(rows))
    }

    /// Who wrote entries and their tags, as [`Store::authors_of`] and [`Store::tags_of`] give them, in one statement:
    /// the two are small, and a statement costs about as much as twenty rows.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn names_of(&self, entries: &[EntryId]) -> Result<Names, StoreError> {
        if entries.is_empty() {
            return Ok(Names::default());
        }
        let mut authors = entry_author::Entity::find()
            .select_only()
            .column(entry_author::Column::EntryId)
            .column(entry_author::Column::Position)
            .columns([
                author::Column::Id,
                author::Column::Identity,
                author::Column::Name,
                author::Column::NameKey,
                author::Column::Url,
                author::Column::AvatarUrl,
                author::Column::EntryCount,
                author::Column::IsEdited,
            ])
            .join(JoinType::InnerJoin, entry_author::Relation::Author.def())
            .filter(entry_author::Column::EntryId.is_in(entries.iter().copied()))
            .into_query();
        let none = || Expr::value(Option::<String>::None);
        let tags = Query::select()
            .column(entry_tag::Column::EntryId)
            .column(entry_tag::Column::Position)
            .expr(Expr::value(-1_i64))
            .exprs([
                none(),
                Expr::col(entry_tag::Column::Name),
                none(),
                none(),
                none(),
            ])
            .expr(Expr::value(0_i64))
            .expr(Expr::value(false))
            .from(entry_tag::Entity)
            .and_where(entry_tag::Column::EntryId.is_in(entries.iter().copied()))
            .to_owned();
        authors.union(UnionType::All, tags);
        let rows = self.reader().query_all(&authors).await;
        rows.and_then(|rows| Names::of(&rows))
            .reading("names of entries")
    }

    /// Files that entries carry, in the publisher's order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn enclosures_of(
        &self,
        entries: &[EntryId],
    ) -> Result<HashMap<EntryId, Vec<enclosure::Model>>, StoreError> {
        if entries.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = enclosure::Entity::find()
            .filter(enclosure::Column::EntryId.is_in(entries.iter().copied()))
            .order_by_asc(enclosure::Column::EntryId)
            .order_by_asc(enclosure::Column::Position)
            .all(self.reader())
            .await
            .reading("files of entries")?;
        Ok(grouped(rows.into_iter().map(|row| (row.entry_id, row))))
    }

    /// How polling sources goes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn poll_states_of(
        &self,
        sources: &[SourceId],
    ) -> Result<HashMap<SourceId, poll_state::Model>, StoreError> {
        if sources.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = poll_state::Entity::find()
            .filter(poll_state::Column::SourceId.is_in(sources.iter().copied()))
            .all(self.reader())
            .await
            .reading("poll states")?;
        Ok(rows.into_iter().map(|row| (row.source_id, row)).collect())
    }
}
