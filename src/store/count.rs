//! The counters kept beside authors and tags. In: how many entries came and went. Out: updated rows. Must not
//! know: why.

use std::collections::BTreeMap;

use entity::{AuthorId, SourceId, TagId, author, source_author, tag};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value,
};

use super::write::Tx;
use super::{Backend, CHUNK};

/// Differences to be written together, late in a transaction, since the rows of well-used tags are locked
/// from then on. Sorted, so that two transactions take the rows in one order.
#[derive(Debug, Default)]
pub(super) struct Counts {
    authors: BTreeMap<AuthorId, i64>,
    source_authors: BTreeMap<(SourceId, AuthorId), i64>,
    tags: BTreeMap<TagId, i64>,
}

impl Counts {
    /// An entry of `source` names an author (1) or does so no more (-1).
    pub(super) fn author(&mut self, source: SourceId, author: AuthorId, by: i64) {
        *self.authors.entry(author).or_default() += by;
        *self.source_authors.entry((source, author)).or_default() += by;
    }

    /// An entry carries a tag (1) or does so no more (-1).
    pub(super) fn tag(&mut self, tag: TagId, by: i64) {
        *self.tags.entry(tag).or_default() += by;
    }

    /// Writes all differences.
    pub(super) async fn write(mut self, tx: &Tx) -> Result<(), DbErr> {
        self.authors.retain(|_, by| *by != 0);
        self.source_authors.retain(|_, by| *by != 0);
        self.tags.retain(|_, by| *by != 0);
        let authors: Vec<_> = self.authors.into_iter().collect();
        for chunk in authors.chunks(CHUNK) {
            add_to_authors(tx, chunk).await?;
        }
        let tags: Vec<_> = self.tags.into_iter().collect();
        for chunk in tags.chunks(CHUNK) {
            add_to_tags(tx, chunk).await?;
        }
        let pairs: Vec<_> = self.source_authors.into_iter().collect();
        add_to_source_authors(tx, &pairs).await
    }
}

async fn add_to_authors(tx: &Tx, counts: &[(AuthorId, i64)]) -> Result<(), DbErr> {
    let ids = || counts.iter().map(|(id, _)| *id);
    if tx.backend == Backend::Postgres {
        // An UPDATE locks rows as it meets them; this locks them in order.
        author::Entity::find()
            .select_only()
            .column(author::Column::Id)
            .filter(author::Column::Id.is_in(ids()))
            .order_by_asc(author::Column::Id)
            // Other visits hold the same authors fast against being merged away, which this must not wait for.
            .lock(LockType::NoKeyUpdate)
            .into_tuple::<AuthorId>()
            .all(&tx.db)
            .await?;
    }
    let by = by_key(author::Column::Id, counts);
    author::Entity::update_many()
        .col_expr(
            author::Column::EntryCount,
            Expr::col(author::Column::EntryCount).add(by),
        )
        .filter(author::Column::Id.is_in(ids()))
        .exec(&tx.db)
        .await?;
    Ok(())
}

async fn add_to_tags(tx: &Tx, counts: &[(TagId, i64)]) -> Result<(), DbErr> {
    let ids = || counts.iter().map(|(id, _)| *id);
    if tx.backend == Backend::Postgres {
        tag::Entity::find()
            .select_only()
            .column(tag::Column::Id)
            .filter(tag::Column::Id.is_in(ids()))
            .order_by_asc(tag::Column::Id)
            .lock_exclusive()
            .into_tuple::<TagId>()
            .all(&tx.db)
            .await?;
    }
    let by = by_key(tag::Column::Id, counts);
    tag::Entity::update_many()
        .col_expr(
            tag::Column::EntryCount,
            Expr::col(tag::Column::EntryCount).add(by),
        )
        .filter(tag::Column::Id.is_in(ids()))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// The difference for the row at hand, as one CASE over all keys.
fn by_key<C: ColumnTrait, K: Into<Value> + Copy>(column: C, counts: &[(K, i64)]) -> Expr {
    let mut case = sea_orm::sea_query::CaseStatement::new();
    for (key, by) in counts {
        case = case.case(column.eq(*key), *by);
    }
    case.finally(0_i64).into()
}

async fn add_to_source_authors(
    tx: &Tx,
    counts: &[((SourceId, AuthorId), i64)],
) -> Result<(), DbErr> {
    for chunk in counts.chunks(CHUNK) {
        let rows = chunk
            .iter()
            .map(|((source, author), by)| source_author::ActiveModel {
                source_id: Set(*source),
                author_id: Set(*author),
                entry_count: Set(*by),
            });
        let sum = Expr::col((source_author::Entity, source_author::Column::EntryCount))
            .add(Expr::col(("excluded", source_author::Column::EntryCount)));
        source_author::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([
                    source_author::Column::SourceId,
                    source_author::Column::AuthorId,
                ])
                .value(source_author::Column::EntryCount, sum)
                .to_owned(),
            )
            .exec_without_returning(&tx.db)
            .await?;
    }
    let emptied = counts.iter().filter(|(_, by)| *by < 0);
    for ((source, author), _) in emptied {
        source_author::Entity::delete_many()
            .filter(source_author::Column::SourceId.eq(*source))
            .filter(source_author::Column::AuthorId.eq(*author))
            .filter(source_author::Column::EntryCount.lte(0))
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}
