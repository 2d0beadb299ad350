//! The days of a planet. In: a planet, a time zone and a window. Out: the contract's `Day` connection.
//! Its cost grows with the days shown, never with how deep they lie. Must not know: SQL.

use async_graphql::{Context, Lookahead, Object};
use chrono::NaiveDate;
use entity::{Millis, PlanetId};

use super::entry::Entry;
use super::error::{Fault, Result};
use super::filter::EntryOrder;
use super::page::{self, Connection, Window};
use super::run::{self, SourceRun};
use super::scalar::{Date, int};
use super::zone::{LocalDay, Zone};
use super::{list, store};
use crate::store::{EntryFilter, Page, Slice, Store};

/// A day of a planet.
#[derive(Debug)]
pub struct Day {
    pub(super) planet: PlanetId,
    pub(super) span: LocalDay,
    /// Its entries; none while nobody has counted them.
    pub(super) count: Option<i64>,
    /// Its newest entries, where runs are wanted.
    pub(super) newest: Option<Vec<Entry>>,
}

/// One day of a planet. `runs` is how a planet's page is laid out: the day's newest 100 entries, newest
/// first, with neighbours of one source put together.
#[Object]
impl Day {
    /// The day, in the time zone asked for.
    fn date(&self) -> Date {
        Date(self.span.date)
    }

    /// How many entries it has.
    fn entry_count(&self) -> Result<i32> {
        self.count.map(int).ok_or_else(Fault::hidden)
    }

    /// The day's newest 100 entries, newest first, with neighbours of one source put together.
    fn runs(&self) -> Result<Vec<SourceRun>> {
        let newest = self.newest.as_ref().ok_or_else(Fault::hidden)?;
        Ok(run::of(newest))
    }

    /// The day's entries, newest first.
    async fn entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many, 1 to 100; 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<Entry>> {
        let window = Window::forward(first, after);
        let filter = entries_in(self.planet, self.span.from, self.span.to);
        list::nested_entries(ctx, &filter, EntryOrder::PublishedDesc, &window, self.count).await
    }
}

/// A planet's entries from one instant to before another; the filter's own ends are exclusive.
#[must_use]
pub(super) fn entries_in(planet: PlanetId, from: Millis, to: Millis) -> EntryFilter {
    EntryFilter {
        planet: Some(planet),
        published_after: Some(from.plus_millis(-1)),
        published_before: Some(to),
        ..EntryFilter::default()
    }
}

/// A page of the days that have entries, newest first.
///
/// # Errors
/// `INVALID_TIME_ZONE`, `INVALID_PAGE`, `INVALID_CURSOR`, or `INTERNAL` when the store fails.
pub async fn list(
    ctx: &Context<'_>,
    planet: PlanetId,
    time_zone: &str,
    window: &Window,
) -> Result<Connection<Day>> {
    let zone = Zone::named(time_zone)?;
    let name = format!("days.{}", zone.name());
    let slice: Slice<NaiveDate> = window.slice(&name)?;
    let look = ctx.look_ahead();
    let store = store(ctx)?;

    let mut page = newest(store, planet, zone, &slice).await?;
    if page::items(&look).iter().any(wants_count) {
        count(store, &mut page.rows).await?;
    }
    run::fill(store, &mut page.rows, &page::items(&look)).await?;
    let total = if page::wants_total(&look) {
        Some(total(store, planet, zone).await?)
    } else {
        None
    };
    Ok(Connection::new(
        &name,
        page,
        |day: &Day| day.span.date,
        total,
    ))
}

fn wants_count(day: &Lookahead<'_>) -> bool {
    day.field("entryCount").exists()
        || day.field("runs").exists()
        || page::wants_total(&day.field("entries"))
}

/// The newest days before the cursor's. Reads only instants, in chunks of one index range each; every
/// chunk brings at least one more day, since the next begins before the day that the last one cut off.
async fn newest(
    store: &Store,
    planet: PlanetId,
    zone: Zone,
    slice: &Slice<NaiveDate>,
) -> Result<Page<Day>> {
    let size = usize::try_from(slice.size).unwrap_or(usize::MAX);
    let chunk = slice.size.saturating_mul(16).clamp(64, 1_024);
    let mut before = slice.after.map(|date| zone.day(date).from);
    let mut days: Vec<Day> = Vec::new();
    while days.len() <= size {
        let times = store.planet_times(planet, before, chunk).await?;
        let ended = times.len() < usize::try_from(chunk).unwrap_or(usize::MAX);
        cut(planet, zone, &times, &mut days);
        let Some(last) = days.last_mut() else { break };
        if ended {
            break;
        }
        last.count = None;
        before = Some(last.span.from);
    }
    let has_next = days.len() > size;
    days.truncate(size);
    Ok(Page {
        rows: days,
        has_next,
        has_previous: slice.after.is_some(),
    })
}

/// Adds the days of these instants, which are sorted, newest first.
fn cut(planet: PlanetId, zone: Zone, times: &[Millis], days: &mut Vec<Day>) {
    for at in times {
        match days.last_mut().filter(|day| day.span.holds(*at)) {
            Some(day) => day.count = day.count.map(|count| count + 1),
            None => days.push(Day {
                planet,
                span: zone.day_of(*at),
                count: Some(1),
                newest: None,
            }),
        }
    }
}

/// Counts the days that cutting could not: those at the end of a chunk.
async fn count(store: &Store, days: &mut [Day]) -> Result<()> {
    let open = |day: &&mut Day| day.count.is_none();
    let Some(planet) = days.first().map(|day| day.planet) else {
        return Ok(());
    };
    let ranges: Vec<(Millis, Millis)> = days
        .iter_mut()
        .filter(open)
        .map(|day| (day.span.from, day.span.to))
        .collect();
    if ranges.is_empty() {
        return Ok(());
    }
    let counts = store.count_planet_entries(planet, &ranges).await?;
    for (day, count) in days.iter_mut().filter(open).zip(counts) {
        day.count = Some(count);
    }
    Ok(())
}

/// All days that have entries: a zone's days begin at full quarters of an hour.
async fn total(store: &Store, planet: PlanetId, zone: Zone) -> Result<i64> {
    let mut dates: Vec<NaiveDate> = store
        .planet_quarter_hours(planet)
        .await?
        .into_iter()
        .map(|at| zone.day_of(at).date)
        .collect();
    dates.dedup();
    Ok(i64::try_from(dates.len()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_cut_into_days_and_counted() {
        let zone = Zone::named("UTC").unwrap();
        let hour = 3_600_000;
        let times: Vec<Millis> = [50, 49, 47, 30, 1]
            .into_iter()
            .map(|h| Millis(h * hour))
            .collect();
        let mut days = Vec::new();
        cut(PlanetId(1), zone, &times, &mut days);
        let seen: Vec<(String, Option<i64>)> = days
            .iter()
            .map(|day| (day.span.date.to_string(), day.count))
            .collect();
        assert_eq!(
            seen,
            [
                ("1970-01-03".to_owned(), Some(2)),
                ("1970-01-02".to_owned(), Some(2)),
                ("1970-01-01".to_owned(), Some(1)),
            ]
        );
    }
}
