// Puts entries that arrived live where the server would have put them. Pure: no time, no network.
import type { DaysQuery, EntryOfDayFragment } from "../gql/graphql";
import { grouped } from "../parts/grouped";

export type Entry = EntryOfDayFragment;
export type Day = NonNullable<DaysQuery["planet"]>["days"]["nodes"][number];

/**
 * The days with the arrivals among them, each day newest first, neighbours of one source in one run.
 * While older pages are not loaded (`complete` is false), entries from before the last day wait for
 * theirs.
 */
export function withArrivals(
  days: readonly Day[],
  arrivals: readonly Entry[],
  complete: boolean,
  dayOf: (instant: string) => string,
): Day[] {
  const shown = new Set(days.flatMap(entriesOf).map((entry) => entry.id));
  const oldest = complete ? "" : (days.at(-1)?.date ?? "");
  const fresh = grouped(
    arrivals.filter((entry) => !shown.has(entry.id) && dayOf(entry.publishedAt) >= oldest),
    (entry) => dayOf(entry.publishedAt),
  );

  const changed = days.map((day) => withEntries(day, fresh.get(day.date) ?? []));
  const known = new Set(days.map((day) => day.date));
  const begun = [...fresh]
    .filter(([date]) => !known.has(date))
    .map(([date, entries]) => withEntries({ date, entryCount: 0, runs: [] }, entries));
  return [...begun, ...changed].sort((a, b) => b.date.localeCompare(a.date));
}

function withEntries(day: Day, more: readonly Entry[]): Day {
  if (more.length === 0) return day;
  const entries = [...more, ...entriesOf(day)].sort(
    (a, b) => Date.parse(b.publishedAt) - Date.parse(a.publishedAt),
  );
  return { ...day, entryCount: day.entryCount + more.length, runs: inRuns(entries) };
}

function inRuns(entries: readonly Entry[]): Day["runs"] {
  const runs: Day["runs"] = [];
  for (const entry of entries) {
    const last = runs.at(-1);
    if (last?.source.id === entry.source.id) last.entries.push(entry);
    else runs.push({ source: entry.source, entries: [entry] });
  }
  return runs;
}

const entriesOf = (day: Day) => day.runs.flatMap((run) => run.entries);
