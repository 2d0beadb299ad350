//! A feed that moved for good. In: a source and its new URL. Out: the source at its new URL, the old one as an
//! alias. Must not know: how redirects are believed.

use entity::{source, source_alias};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
};

use crate::store::text::feed_key;

/// What became of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum Move {
    /// There was none.
    None,
    /// The source is polled at its new URL.
    Done,
    /// Another source is there: nothing is merged.
    Taken {
        /// Where it wanted to go.
        url: String,
    },
}

/// Moves `row` to `url` unless another source is there.
pub(in crate::store) async fn apply<C: ConnectionTrait>(
    db: &C,
    row: &mut source::Model,
    url: Option<&str>,
) -> Result<Move, DbErr> {
    let Some(url) = url.filter(|url| *url != row.feed_url) else {
        return Ok(Move::None);
    };
    let key = feed_key(url);
    if holder(db, &key).await?.is_some_and(|id| id != row.id) {
        return Ok(Move::Taken {
            url: url.to_owned(),
        });
    }
    let old_key = row.feed_url_key.replace(key.clone());
    url.clone_into(&mut row.feed_url);
    if let Some(old_key) = old_key.filter(|old| *old != key) {
        add_alias(db, row.id, &old_key).await?;
        source_alias::Entity::delete_by_id(key).exec(db).await?;
    }
    Ok(Move::Done)
}

/// The source that is polled at a URL, by the URL's compared form.
async fn holder<C: ConnectionTrait>(db: &C, key: &str) -> Result<Option<entity::SourceId>, DbErr> {
    source::Entity::find()
        .select_only()
        .column(source::Column::Id)
        .filter(source::Column::FeedUrlKey.eq(key))
        .into_tuple()
        .one(db)
        .await
}

/// Makes a URL lead to a source, also when it led to another before.
pub(in crate::store) async fn add_alias<C: ConnectionTrait>(
    db: &C,
    source: entity::SourceId,
    key: &str,
) -> Result<(), DbErr> {
    let alias = source_alias::ActiveModel {
        url_key: Set(key.to_owned()),
        source_id: Set(source),
    };
    source_alias::Entity::insert(alias)
        .on_conflict(
            OnConflict::column(source_alias::Column::UrlKey)
                .update_column(source_alias::Column::SourceId)
                .to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    Ok(())
}
