//! What stands beside an entry: its earlier versions, and the same in other sources. In: entries. Out: rows. Must not
//! know: how they were told apart.

use std::collections::{BTreeSet, HashMap};

use entity::{EntryId, Millis, SourceId, entry, entry_print, entry_revision};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use super::batch::grouped;
use super::error::Reading;
use super::newest::newest_of_each;
use super::packed::unpack;
use super::{Store, StoreError};

/// A version is not read when it is longer than this, in bytes.
const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// A version of an entry that a newer one replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Plain text.
    pub title: String,
    /// Its page.
    pub url: Option<String>,
    /// When the publisher had last changed it.
    pub updated_at: Option<Millis>,
    /// When it was first seen.
    pub seen_at: Millis,
    /// When the next one was seen.
    pub replaced_at: Millis,
    packed: Option<Vec<u8>>,
}

impl Revision {
    /// Sanitised HTML.
    #[must_use]
    pub fn content_html(&self) -> Option<String> {
        let bytes = unpack(self.packed.as_deref()?, LONGEST_BODY)?;
        String::from_utf8(bytes).ok()
    }
}

impl From<entry_revision::Model> for Revision {
    fn from(row: entry_revision::Model) -> Self {
        Self {
            title: row.title,
            url: row.url,
            updated_at: row.updated_at,
            seen_at: row.seen_at,
            replaced_at: row.replaced_at,
            packed: row.body,
        }
    }
}

impl Store {
    /// The newest `n` earlier versions of each entry, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn revisions_of(
        &self,
        entries: &[EntryId],
        n: u32,
    ) -> Result<HashMap<EntryId, Vec<Revision>>, StoreError> {
        let newest = |entry: EntryId| {
            entry_revision::Entity::find()
                .filter(entry_revision::Column::EntryId.eq(entry))
                .order_by_desc(entry_revision::Column::Id)
                .limit(u64::from(n))
                .into_query()
        };
        let mut rows: Vec<entry_revision::Model> = self
            .rows_of(newest_of_each(entries, newest))
            .await
            .reading("earlier versions of entries")?;
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
        let rows = rows.into_iter();
        Ok(grouped(rows.map(|row| (row.entry_id, row.into()))))
    }

    /// Entries of other sources with the same link or the same text, at most `n` of each for every entry, oldest
    /// first. One index range for each link and each text that the entries have.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn duplicates_of(
        &self,
        entries: &[EntryId],
        n: u32,
    ) -> Result<HashMap<EntryId, Vec<entry::Model>>, StoreError> {
        if entries.is_empty() {
            return Ok(HashMap::new());
        }
        let keys = self.keys_of(entries).await?;
        let by_link = same(&keys, n, |key| (key.link.clone(), key.source), same_link);
        let by_text = same(&keys, n, |key| (key.text.clone(), key.source), same_text);
        let mut pairs: BTreeSet<(EntryId, EntryId)> = BTreeSet::new();
        for (statement, is_link) in [(by_link, true), (by_text, false)] {
            for statement in statement {
                let rows = self.reader().query_all(&statement).await;
                for row in rows.reading("entries that are the same")? {
                    let read = || {
                        Ok((
                            row.try_get_by_index(0)?,
                            row.try_get_by_index(1)?,
                            row.try_get_by_index(2)?,
                        ))
                    };
                    let (key, not, twin): (Vec<u8>, SourceId, EntryId) =
                        read().reading("a twin")?;
                    let mine = keys.iter().filter(|mine| {
                        let own = if is_link { &mine.link } else { &mine.text };
                        own.as_ref() == Some(&key) && mine.source == not
                    });
                    pairs.extend(mine.map(|mine| (mine.entry, twin)));
                }
            }
        }
        self.twins(&pairs, n).await
    }

    async fn twins(
        &self,
        pairs: &BTreeSet<(EntryId, EntryId)>,
        n: u32,
    ) -> Result<HashMap<EntryId, Vec<entry::Model>>, StoreError> {
        let ids: BTreeSet<EntryId> = pairs.iter().map(|(_, twin)| *twin).collect();
        let ids: Vec<EntryId> = ids.into_iter().collect();
        let rows = self.entries_by_ids(&ids).await?;
        let found = pairs
            .iter()
            .filter_map(|(entry, twin)| Some((*entry, rows.get(twin)?.clone())));
        let mut groups = grouped(found);
        for rows in groups.values_mut() {
            rows.truncate(usize::try_from(n).unwrap_or(usize::MAX));
        }
        Ok(groups)
    }

    async fn keys_of(&self, entries: &[EntryId]) -> Result<Vec<Keys>, StoreError> {
        let rows: Vec<KeysRow> = entry::Entity::find()
            .select_only()
            .columns([
                entry::Column::Id,
                entry::Column::SourceId,
                entry::Column::UrlKey,
            ])
            .column(entry_print::Column::TextKey)
            .join(
                sea_orm::JoinType::LeftJoin,
                entry::Entity::belongs_to(entry_print::Entity)
                    .from(entry::Column::Id)
                    .to(entry_print::Column::EntryId)
                    .into(),
            )
            .filter(entry::Column::Id.is_in(entries.iter().copied()))
            .into_tuple()
            .all(self.reader())
            .await
            .reading("what entries are told by")?;
        Ok(rows
            .into_iter()
            .map(|(entry, source, link, text)| Keys {
                entry,
                source,
                link,
                text,
            })
            .collect())
    }
}

type KeysRow = (EntryId, SourceId, Option<Vec<u8>>, Option<Vec<u8>>);

/// What an entry is told by across sources.
struct Keys {
    entry: EntryId,
    source: SourceId,
    link: Option<Vec<u8>>,
    text: Option<Vec<u8>>,
}

/// One branch for each key and source.
fn same(
    keys: &[Keys],
    n: u32,
    key: impl Fn(&Keys) -> (Option<Vec<u8>>, SourceId),
    one: impl Fn(&[u8], SourceId) -> SelectStatement,
) -> Vec<SelectStatement> {
    let wanted: BTreeSet<(Vec<u8>, SourceId)> = keys
        .iter()
        .map(key)
        .filter_map(|(key, source)| Some((key?, source)))
        .collect();
    let wanted: Vec<(Vec<u8>, SourceId)> = wanted.into_iter().collect();
    let places: Vec<usize> = (0..wanted.len()).collect();
    newest_of_each(&places, |place| {
        let mut select = wanted
            .get(place)
            .map_or_else(Query::select, |(key, source)| one(key, *source));
        select
            .order_by((entry::Entity, entry::Column::Id), Order::Asc)
            .limit(u64::from(n))
            .to_owned()
    })
}

fn same_link(key: &[u8], source: SourceId) -> SelectStatement {
    Query::select()
        .expr_as(
            Expr::col((entry::Entity, entry::Column::UrlKey)),
            Alias::new("told_by"),
        )
        .expr_as(Expr::value(source), Alias::new("not_of"))
        .expr_as(
            Expr::col((entry::Entity, entry::Column::Id)),
            Alias::new("twin"),
        )
        .from(entry::Entity)
        .and_where(entry::Column::UrlKey.eq(key.to_vec()))
        .and_where(entry::Column::SourceId.ne(source))
        .to_owned()
}

fn same_text(key: &[u8], source: SourceId) -> SelectStatement {
    Query::select()
        .expr_as(
            Expr::col((entry_print::Entity, entry_print::Column::TextKey)),
            Alias::new("told_by"),
        )
        .expr_as(Expr::value(source), Alias::new("not_of"))
        .expr_as(
            Expr::col((entry::Entity, entry::Column::Id)),
            Alias::new("twin"),
        )
        .from(entry_print::Entity)
        .inner_join(
            entry::Entity,
            Expr::col((entry::Entity, entry::Column::Id))
                .equals((entry_print::Entity, entry_print::Column::EntryId)),
        )
        .and_where(entry_print::Column::TextKey.eq(key.to_vec()))
        .and_where(entry::Column::SourceId.ne(source))
        .to_owned()
}
