//! The last body of a source, kept to be read again. In: a reading, what storing it did. Out: one row. Must not know:
//! what the bytes say.

use entity::{Millis, SourceId, source_body};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};

use super::entries::Stored;
use crate::store::Reading;
use crate::store::write::Tx;

/// Keeps the body where what it says is stored now: not that of an older copy, and not again while nothing but noise
/// changed. One that is too long leaves none behind, since the one before says something else.
pub(super) async fn keep(
    tx: &Tx,
    source: SourceId,
    reading: &Reading,
    at: Millis,
    stored: &Stored,
) -> Result<(), DbErr> {
    if stored.stale > 0 || (!stored.wrote && is_kept(tx, source).await?) {
        return Ok(());
    }
    let Some(body) = &reading.body else {
        source_body::Entity::delete_many()
            .filter(source_body::Column::SourceId.eq(source))
            .exec(&tx.db)
            .await?;
        return Ok(());
    };
    let row = source_body::Model {
        source_id: source,
        bytes: body.packed.clone(),
        content_type: body.content_type.clone(),
        url: body.url.clone(),
        body_hash: reading.body_hash.clone(),
        read_at: at,
    };
    source_body::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(
            OnConflict::column(source_body::Column::SourceId)
                .update_columns([
                    source_body::Column::Bytes,
                    source_body::Column::ContentType,
                    source_body::Column::Url,
                    source_body::Column::BodyHash,
                    source_body::Column::ReadAt,
                ])
                .to_owned(),
        )
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

async fn is_kept(tx: &Tx, source: SourceId) -> Result<bool, DbErr> {
    let found: Option<SourceId> = source_body::Entity::find_by_id(source)
        .select_only()
        .column(source_body::Column::SourceId)
        .into_tuple()
        .one(&tx.db)
        .await?;
    Ok(found.is_some())
}
