//! Icons of sources. In: pictures. Out: rows; for which sources to look. Must not know: where icons are found.

use entity::{ChangeKind, Millis, SourceId, SourceStatus, icon, poll_state, source};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, JoinType,
    QueryFilter, QueryOrder, QuerySelect, RelationTrait,
};
use sha2::{Digest as _, Sha256};

use super::error::Reading;
use super::ingest::hub::hex;
use super::ingest::{lock, save};
use super::write::{NewChange, Tx, Work, transaction};
use super::{Store, StoreError};

/// Letters of a hash that tell one version of an icon from another.
const KEY_LENGTH: usize = 16;

/// A picture that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What its bytes are.
    pub mime_type: &'static str,
    /// It.
    pub bytes: Vec<u8>,
    /// Where it was found.
    pub url: String,
}

/// An icon as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredIcon {
    /// Tells this version from others.
    pub key: String,
    /// Its media type.
    pub mime_type: String,
    /// It.
    pub bytes: Vec<u8>,
}

/// A source for which to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IconWanted {
    /// The source.
    pub source: source::Model,
    /// Looks in a row that found nothing.
    pub tries: i32,
}

impl Store {
    /// Sources of which an icon is to be looked for now, at most `most`; none of them is named again before
    /// `again_at`.
    ///
    /// # Errors
    /// When the transaction fails; nobody is to look then.
    pub async fn icons_to_look_for(
        &self,
        now: Millis,
        again_at: Millis,
        most: u64,
    ) -> Result<Vec<IconWanted>, StoreError> {
        let wanted = self.icons_wanted(now, most).await;
        let wanted = wanted.reading("which icons are wanted")?;
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        transaction!(self, "taking icons to look for", |tx| async {
            for one in &wanted {
                postpone(tx, one, again_at).await?;
            }
            Ok(Work::quiet(()))
        })?;
        Ok(wanted)
    }

    async fn icons_wanted(&self, now: Millis, most: u64) -> Result<Vec<IconWanted>, DbErr> {
        let is_time = Condition::any()
            .add(icon::Column::SourceId.is_null())
            .add(icon::Column::NextTryAt.lte(now));
        let rows = source::Entity::find()
            .join_rev(JoinType::InnerJoin, poll_state::Relation::Source.def())
            .join_rev(JoinType::LeftJoin, icon::Relation::Source.def())
            .select_also(icon::Entity)
            .filter(is_time)
            .filter(poll_state::Column::LastChangedAt.is_not_null())
            .filter(source::Column::RemovedAt.is_null())
            .filter(source::Column::Status.is_in([SourceStatus::Active, SourceStatus::Failing]))
            .order_by_asc(source::Column::Id)
            .limit(most)
            .all(self.reader())
            .await?;
        let wanted = rows.into_iter().map(|(source, icon)| IconWanted {
            source,
            tries: icon.map_or(0, |icon| icon.tries),
        });
        Ok(wanted.collect())
    }

    /// Keeps an icon, and tells of it where it is another than before.
    ///
    /// # Errors
    /// When the transaction fails; nothing is kept then.
    pub async fn keep_icon(
        &self,
        source: SourceId,
        picture: &Picture,
        again_at: Millis,
        at: Millis,
    ) -> Result<(), StoreError> {
        let row = icon::Model {
            source_id: source,
            mime_type: Some(picture.mime_type.to_owned()),
            bytes: Some(picture.bytes.clone()),
            found_at_url: Some(picture.url.clone()),
            tries: 0,
            next_try_at: again_at,
        };
        let mut key = hex(&Sha256::digest(&picture.bytes));
        key.truncate(KEY_LENGTH);
        transaction!(self, "keeping an icon", |tx| async {
            write(tx, &row, &key, at).await
        })?;
        Ok(())
    }

    /// No icon was found; one that was found before stays.
    ///
    /// # Errors
    /// When the transaction fails; it is looked for again soon then.
    pub async fn note_no_icon(
        &self,
        wanted: &IconWanted,
        again_at: Millis,
    ) -> Result<(), StoreError> {
        let tried = IconWanted {
            tries: wanted.tries.saturating_add(1),
            ..wanted.clone()
        };
        transaction!(self, "noting that there is no icon", |tx| async {
            postpone(tx, &tried, again_at).await?;
            Ok(Work::quiet(()))
        })?;
        Ok(())
    }

    /// The icon of a source.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_icon(&self, source: SourceId) -> Result<Option<StoredIcon>, StoreError> {
        let found = icon::Entity::find_by_id(source)
            .find_also_related(source::Entity)
            .filter(source::Column::RemovedAt.is_null())
            .one(self.reader())
            .await
            .reading("an icon")?;
        Ok(found.and_then(|(icon, source)| {
            Some(StoredIcon {
                key: source?.icon_key?,
                mime_type: icon.mime_type?,
                bytes: icon.bytes?,
            })
        }))
    }
}

async fn postpone(tx: &Tx, wanted: &IconWanted, again_at: Millis) -> Result<(), DbErr> {
    let row = icon::Model {
        source_id: wanted.source.id,
        mime_type: None,
        bytes: None,
        found_at_url: None,
        tries: wanted.tries,
        next_try_at: again_at,
    };
    let conflict = OnConflict::column(icon::Column::SourceId)
        .update_columns([icon::Column::Tries, icon::Column::NextTryAt])
        .to_owned();
    icon::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(conflict)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

async fn write(tx: &Tx, row: &icon::Model, key: &str, at: Millis) -> Result<Work<()>, DbErr> {
    let Some((_, mut source)) = lock(tx, row.source_id).await? else {
        return Ok(Work::quiet(()));
    };
    let conflict = OnConflict::column(icon::Column::SourceId)
        .update_columns([
            icon::Column::MimeType,
            icon::Column::Bytes,
            icon::Column::FoundAtUrl,
            icon::Column::Tries,
            icon::Column::NextTryAt,
        ])
        .to_owned();
    icon::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(conflict)
        .exec_without_returning(&tx.db)
        .await?;
    if source.icon_key.as_deref() == Some(key) {
        return Ok(Work::quiet(()));
    }
    source.icon_key = Some(key.to_owned());
    save(tx, &source).await?;
    let change = NewChange::source(ChangeKind::SourceUpdated, row.source_id, at);
    Ok(Work::told((), vec![change]))
}
