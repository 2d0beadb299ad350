//! Lists of authors and tags. In: filters and slices. Out: pages and counts. Must not know: entries' rows.

use std::collections::HashMap;

use entity::{AuthorId, SourceId, TagId, author, entry, entry_tag, source, source_author, tag};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::{Deserialize, Serialize};

use super::batch::grouped;
use super::driver::conditions;
use super::entries::EntryFilter;
use super::error::Reading;
use super::page::{Keyset, Page, Slice};
use super::text::containing;
use super::total::number;
use super::{Store, StoreError};
use crate::normalize::fold;

/// Which authors, of those with entries. All that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorFilter {
    /// Who write in this source.
    pub source: Option<SourceId>,
    /// With this text in the name, in any case.
    pub name_contains: Option<String>,
}

/// Where an author stands in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorPosition {
    /// The folded name.
    pub name_key: String,
    /// The author.
    pub id: AuthorId,
}

impl AuthorPosition {
    /// Where `author` stands.
    #[must_use]
    pub fn of(author: &author::Model) -> Self {
        Self {
            name_key: author.name_key.clone(),
            id: author.id,
        }
    }
}

/// Where a tag stands in a list, most used first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagPosition {
    /// How often it is used.
    pub entry_count: i64,
    /// The tag.
    pub id: TagId,
}

impl TagPosition {
    /// Where `tag` stands.
    #[must_use]
    pub const fn of(tag: &tag::Model) -> Self {
        Self {
            entry_count: tag.entry_count,
            id: tag.id,
        }
    }
}

impl Store {
    /// A page of authors by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_authors(
        &self,
        filter: &AuthorFilter,
        slice: &Slice<AuthorPosition>,
    ) -> Result<Page<author::Model>, StoreError> {
        let keyset = Keyset {
            columns: vec![
                Expr::col((author::Entity, author::Column::NameKey)),
                Expr::col((author::Entity, author::Column::Id)),
            ],
            order: Order::Asc,
        };
        let mut select = author::Entity::find();
        let query = QuerySelect::query(&mut select);
        which_authors(query, filter);
        keyset.apply(query, slice, |position| {
            vec![
                Expr::value(position.name_key.clone()),
                Expr::value(position.id),
            ]
        });
        let rows = select
            .all(self.reader())
            .await
            .reading("a page of authors")?;
        Ok(slice.page(rows))
    }

    /// How many authors the filter lets through.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_authors(&self, filter: &AuthorFilter) -> Result<i64, StoreError> {
        let mut select = Query::select()
            .expr(Expr::col((author::Entity, author::Column::Id)).count())
            .from(author::Entity)
            .to_owned();
        which_authors(&mut select, filter);
        number(self.reader(), &select)
            .await
            .reading("how many authors match")
    }

    /// The sources that authors write in, by title.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn sources_of_authors(
        &self,
        authors: &[AuthorId],
    ) -> Result<HashMap<AuthorId, Vec<source::Model>>, StoreError> {
        if authors.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = source_author::Entity::find()
            .find_also_related(source::Entity)
            .filter(source_author::Column::AuthorId.is_in(authors.iter().copied()))
            .order_by_asc(source::Column::TitleKey)
            .order_by_asc(source::Column::Id)
            .all(self.reader())
            .await
            .reading("sources of authors")?;
        let rows = rows.into_iter();
        Ok(grouped(rows.filter_map(|(link, source)| {
            Some((link.author_id, source?))
        })))
    }

    /// A page of tags, most used first, with how many of the filter's entries carry each. Without a filter the
    /// kept counters answer; with one its entries are counted, which costs as much as it lets through.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_tags(
        &self,
        filter: &EntryFilter,
        slice: &Slice<TagPosition>,
    ) -> Result<Page<tag::Model>, StoreError> {
        let mut select = Query::select()
            .columns([
                tag::Column::Id,
                tag::Column::NameKey,
                tag::Column::Name,
                tag::Column::EntryCount,
            ])
            .to_owned();
        tags_used(&mut select, filter);
        let keyset = Keyset {
            columns: vec![
                Expr::col(tag::Column::EntryCount),
                Expr::col(tag::Column::Id),
            ],
            order: Order::Desc,
        };
        keyset.apply(&mut select, slice, |position| {
            vec![Expr::value(position.entry_count), Expr::value(position.id)]
        });
        let rows = self
            .reader()
            .query_all(&select)
            .await
            .and_then(|rows| {
                rows.iter()
                    .map(|row| tag::Model::from_query_result(row, ""))
                    .collect::<Result<Vec<_>, DbErr>>()
            })
            .reading("a page of tags")?;
        Ok(slice.page(rows))
    }

    /// How many tags the filter's entries carry.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_tags(&self, filter: &EntryFilter) -> Result<i64, StoreError> {
        let mut select = Query::select()
            .expr(Expr::col(tag::Column::Id).count())
            .to_owned();
        tags_used(&mut select, filter);
        number(self.reader(), &select)
            .await
            .reading("how many tags match")
    }
}

fn which_authors(select: &mut SelectStatement, filter: &AuthorFilter) {
    select.and_where(author::Column::EntryCount.gt(0));
    if let Some(source) = filter.source {
        let writers = Query::select()
            .column(source_author::Column::AuthorId)
            .from(source_author::Entity)
            .and_where(source_author::Column::SourceId.eq(source))
            .to_owned();
        select.and_where(author::Column::Id.in_subquery(writers));
    }
    if let Some(text) = &filter.name_contains {
        let name = Expr::col((author::Entity, author::Column::NameKey));
        select.and_where(name.like(containing(&fold(text))));
    }
}

/// Says where tags and their counts are taken from.
fn tags_used(select: &mut SelectStatement, filter: &EntryFilter) {
    if *filter == EntryFilter::default() {
        select
            .from(tag::Entity)
            .and_where(tag::Column::EntryCount.gt(0));
        return;
    }
    let mut counted = Query::select()
        .columns([
            (tag::Entity, tag::Column::Id),
            (tag::Entity, tag::Column::NameKey),
            (tag::Entity, tag::Column::Name),
        ])
        .expr_as(
            Expr::col((entry_tag::Entity, entry_tag::Column::EntryId)).count(),
            "entry_count",
        )
        .from(entry::Entity)
        .inner_join(
            entry_tag::Entity,
            Expr::col((entry_tag::Entity, entry_tag::Column::EntryId))
                .equals((entry::Entity, entry::Column::Id)),
        )
        .inner_join(
            tag::Entity,
            Expr::col((tag::Entity, tag::Column::Id))
                .equals((entry_tag::Entity, entry_tag::Column::TagId)),
        )
        .group_by_columns([
            (tag::Entity, tag::Column::Id),
            (tag::Entity, tag::Column::NameKey),
            (tag::Entity, tag::Column::Name),
        ])
        .to_owned();
    for condition in conditions(filter) {
        counted.and_where(condition);
    }
    select.from_subquery(counted, "counted");
}
