//! What is hidden, for editors. In: where, a slice. Out: pages. Must not know: who may see them.

use entity::{EntryId, Millis, PlanetId, RuleId, SourceId, entry, planet_hidden, withheld_entry};
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, Select};

use crate::store::error::Reading;
use crate::store::page::{Keyset, Page, Slice};
use crate::store::{Store, StoreError};

/// Where entries are hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenWhere {
    /// In this planet, by its rules.
    Planet(PlanetId),
    /// Everywhere, by rules of this source, or of any.
    ByRules(Option<SourceId>),
    /// Everywhere, since an editor took them out; of this source, or of any.
    Removed(Option<SourceId>),
}

/// An entry that is hidden somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HiddenRow {
    /// Its key.
    pub id: EntryId,
    /// Its source.
    pub source_id: SourceId,
    /// Its title.
    pub title: String,
    /// Its page.
    pub url: Option<String>,
    /// Its place in time.
    pub published_at: Millis,
    /// The rule that hides it, where one does and is still there.
    pub rule_id: Option<RuleId>,
    /// Since when.
    pub hidden_at: Millis,
}

impl Store {
    /// A page of hidden entries, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_hidden(
        &self,
        place: HiddenWhere,
        slice: &Slice<EntryId>,
    ) -> Result<Page<HiddenRow>, StoreError> {
        let rows = match place {
            HiddenWhere::Planet(planet) => self.hidden_in(planet, slice).await?,
            HiddenWhere::ByRules(_) | HiddenWhere::Removed(_) => {
                let mut select = withheld(place);
                newest((withheld_entry::Entity, withheld_entry::Column::EntryId).into()).apply(
                    QuerySelect::query(&mut select),
                    slice,
                    |id| vec![Expr::value(*id)],
                );
                let rows = select.all(self.reader()).await.reading("hidden entries")?;
                rows.into_iter().map(of_withheld).collect()
            }
        };
        Ok(slice.page(rows))
    }

    /// How many entries are hidden.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_hidden(&self, place: HiddenWhere) -> Result<i64, StoreError> {
        let count = match place {
            HiddenWhere::Planet(planet) => {
                planet_hidden::Entity::find()
                    .filter(planet_hidden::Column::PlanetId.eq(planet))
                    .count(self.reader())
                    .await
            }
            _ => withheld(place).count(self.reader()).await,
        };
        let count = count.reading("how many entries are hidden")?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    async fn hidden_in(
        &self,
        planet: PlanetId,
        slice: &Slice<EntryId>,
    ) -> Result<Vec<HiddenRow>, StoreError> {
        let mut select =
            planet_hidden::Entity::find().filter(planet_hidden::Column::PlanetId.eq(planet));
        newest((planet_hidden::Entity, planet_hidden::Column::EntryId).into()).apply(
            QuerySelect::query(&mut select),
            slice,
            |id| vec![Expr::value(*id)],
        );
        let rows = select
            .all(self.reader())
            .await
            .reading("entries hidden in a planet")?;
        let ids: Vec<EntryId> = rows.iter().map(|row| row.entry_id).collect();
        let mut entries = self.entries_by_ids(&ids).await?;
        let rows = rows.into_iter().filter_map(|row| {
            let entry: entry::Model = entries.remove(&row.entry_id)?;
            Some(HiddenRow {
                id: row.entry_id,
                source_id: row.source_id,
                title: entry.title,
                url: entry.url,
                published_at: entry.published_at,
                rule_id: row.rule_id,
                hidden_at: row.hidden_at,
            })
        });
        Ok(rows.collect())
    }
}

fn newest(column: sea_orm::sea_query::ColumnRef) -> Keyset {
    Keyset {
        columns: vec![Expr::Column(column)],
        order: Order::Desc,
    }
}

fn withheld(place: HiddenWhere) -> Select<withheld_entry::Entity> {
    let (removed, source) = match place {
        HiddenWhere::Removed(source) => (true, source),
        HiddenWhere::ByRules(source) => (false, source),
        HiddenWhere::Planet(_) => (false, None),
    };
    let mut select =
        withheld_entry::Entity::find().filter(withheld_entry::Column::Removed.eq(removed));
    if let Some(source) = source {
        select = select.filter(withheld_entry::Column::SourceId.eq(source));
    }
    select
}

fn of_withheld(row: withheld_entry::Model) -> HiddenRow {
    HiddenRow {
        id: row.entry_id,
        source_id: row.source_id,
        title: row.title,
        url: row.url,
        published_at: row.published_at,
        rule_id: row.rule_id,
        hidden_at: row.withheld_at,
    }
}
