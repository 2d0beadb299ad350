//! When a planet has entries, for cutting its page into days. In: a planet and instants. Out: instants and counts.
//! Must not know: time zones, days.

use entity::{Millis, PlanetId, planet_entry};
use sea_orm::sea_query::{Expr, ExprTrait, Query, UnionType};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::error::Reading;
use super::{Store, StoreError};

/// Milliseconds of a quarter of an hour, of which the offset of every time zone in use is a multiple.
const QUARTER: i64 = 900_000;

impl Store {
    /// `published_at` of a planet's newest entries strictly before `before`, newest first: one index range.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn planet_times(
        &self,
        planet: PlanetId,
        before: Option<Millis>,
        limit: u32,
    ) -> Result<Vec<Millis>, StoreError> {
        let mut select = planet_entry::Entity::find()
            .select_only()
            .column(planet_entry::Column::PublishedAt)
            .filter(planet_entry::Column::PlanetId.eq(planet))
            .order_by_desc(planet_entry::Column::PublishedAt)
            .order_by_desc(planet_entry::Column::EntryId)
            .limit(u64::from(limit));
        if let Some(before) = before {
            select = select.filter(planet_entry::Column::PublishedAt.lt(before));
        }
        select
            .into_tuple()
            .all(self.reader())
            .await
            .reading("when a planet has entries")
    }

    /// How many entries a planet has in each span, from the first instant up to, not including, the second.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_planet_entries(
        &self,
        planet: PlanetId,
        spans: &[(Millis, Millis)],
    ) -> Result<Vec<i64>, StoreError> {
        let mut counts = vec![0; spans.len()];
        let mut branches = (0_i32..).zip(spans).map(|(number, (from, to))| {
            Query::select()
                .expr(Expr::value(number))
                .expr(Expr::col(planet_entry::Column::EntryId).count())
                .from(planet_entry::Entity)
                .and_where(planet_entry::Column::PlanetId.eq(planet))
                .and_where(planet_entry::Column::PublishedAt.gte(*from))
                .and_where(planet_entry::Column::PublishedAt.lt(*to))
                .to_owned()
        });
        let Some(mut all) = branches.next() else {
            return Ok(counts);
        };
        for branch in branches {
            all.union(UnionType::All, branch);
        }
        let rows = self.reader().query_all(&all).await;
        for row in rows.reading("how many entries a planet has")? {
            let number: i32 = row.try_get_by_index(0).reading("a span")?;
            let slot = usize::try_from(number).ok();
            if let Some(count) = slot.and_then(|slot| counts.get_mut(slot)) {
                *count = row.try_get_by_index(1).reading("a count")?;
            }
        }
        Ok(counts)
    }

    /// The starts of the quarters of an hour (UTC) in which a planet has entries, newest first. Reads the whole
    /// range of the planet in the index, so ask only when days are to be counted.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn planet_quarter_hours(&self, planet: PlanetId) -> Result<Vec<Millis>, StoreError> {
        let at = || Expr::col(planet_entry::Column::PublishedAt);
        // Instants before 1970 are negative, and so is their remainder: both databases cut towards zero.
        let rest = || at().modulo(QUARTER).add(QUARTER).modulo(QUARTER);
        let select = Query::select()
            .distinct()
            .expr_as(at().sub(rest()), "quarter")
            .from(planet_entry::Entity)
            .and_where(planet_entry::Column::PlanetId.eq(planet))
            .to_owned();
        let rows = self
            .reader()
            .query_all(&select)
            .await
            .reading("when a planet has entries")?;
        let mut quarters = rows
            .iter()
            .map(|row| row.try_get_by_index(0))
            .collect::<Result<Vec<Millis>, _>>()
            .reading("a quarter of an hour")?;
        quarters.sort_unstable_by(|one, other| other.cmp(one));
        Ok(quarters)
    }
}
