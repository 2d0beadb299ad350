//! How a planet's page is laid out: a day's newest entries with neighbours of one source put together.
//! In: days that were counted. Out: their entries, fetched for all days at once, and the runs that they
//! form. Must not know: SQL, time zones.

use async_graphql::{Context, Lookahead, Object};
use entity::entry;

use super::day::{Day, entries_in};
use super::entry::Entry;
use super::error::{Fault, Result};
use super::gather::{self, Wanted};
use super::source::Source;
use crate::store::{Direction, EntryOrder, Slice, Store};

/// The most entries that a day shows.
const MOST: i64 = 100;

/// Neighbours of one source.
#[derive(Clone, Debug)]
pub struct SourceRun {
    entries: Vec<Entry>,
}

/// Entries of one source that stand next to each other on a day.
#[Object]
impl SourceRun {
    /// The source of all of them.
    async fn source(&self, ctx: &Context<'_>) -> Result<Source> {
        match self.entries.first() {
            Some(entry) => entry.fetch_source(ctx).await,
            None => Err(Fault::hidden()),
        }
    }

    /// The entries, newest first.
    fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// Puts neighbours of one source together.
#[must_use]
pub fn of(entries: &[Entry]) -> Vec<SourceRun> {
    entries
        .chunk_by(|one, other| one.row.source_id == other.row.source_id)
        .map(|run| SourceRun {
            entries: run.to_vec(),
        })
        .collect()
}

/// Fetches the newest entries of these days, when a selection on them wants runs.
///
/// # Errors
/// `INTERNAL` when the store fails.
pub async fn fill(store: &Store, days: &mut [Day], selections: &[Lookahead<'_>]) -> Result<()> {
    let runs: Vec<Lookahead<'_>> = selections.iter().map(|day| day.field("runs")).collect();
    if !runs.iter().any(Lookahead::exists) {
        return Ok(());
    }
    let mut rows = Vec::new();
    for stretch in stretches(days) {
        rows.extend(newest(store, stretch).await?);
    }
    // A run's source is its first entry's.
    let mut parts: Vec<Lookahead<'_>> = runs.iter().map(|run| run.field("entries")).collect();
    parts.extend(runs);
    let mut entries = gather::entries(store, None, rows, Wanted::of(&parts))
        .await?
        .into_iter()
        .peekable();
    for day in days {
        let mut newest = Vec::new();
        while let Some(entry) = entries.next_if(|entry| day.span.holds(entry.row.published_at)) {
            newest.push(entry);
        }
        day.newest = Some(newest);
    }
    Ok(())
}

/// Neighbouring days that can be read as one range, since each shows all that it has; a day with more
/// stands alone. Between the days of a page there are no entries, so a range brings nothing else.
fn stretches(days: &[Day]) -> impl Iterator<Item = &[Day]> {
    let all_shown = |day: &Day| day.count.is_some_and(|count| count <= MOST);
    days.chunk_by(move |one, other| all_shown(one) && all_shown(other))
}

async fn newest(store: &Store, stretch: &[Day]) -> Result<Vec<entry::Model>> {
    let (Some(newest), Some(oldest)) = (stretch.first(), stretch.last()) else {
        return Ok(Vec::new());
    };
    let shown: i64 = stretch
        .iter()
        .map(|day| day.count.unwrap_or(MOST).min(MOST))
        .sum();
    let slice = Slice {
        size: u32::try_from(shown).unwrap_or(u32::MAX),
        direction: Direction::Forward,
        after: None,
        before: None,
    };
    let filter = entries_in(newest.planet, oldest.span.from, newest.span.to);
    let page = store
        .list_entries(&filter, EntryOrder::PublishedDesc, &slice)
        .await?;
    Ok(page.rows)
}
