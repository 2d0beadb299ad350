// Where an entry that arrives live takes its place among the days.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const path = fileURLToPath(new URL("../src/front/withArrivals.ts", import.meta.url));
const { withArrivals } = (await runnerImport(path, { configFile: false })).module;

const entry = (id, source, publishedAt) => ({ id, source: { id: source, title: source }, publishedAt });
const day = (date, ...runs) => ({
  date,
  entryCount: runs.flat().length,
  runs: runs.map((entries) => ({ source: entries[0].source, entries })),
});
const dayOf = (instant) => instant.slice(0, 10);
const outline = (days) =>
  days.map((d) => [
    d.date,
    d.entryCount,
    ...d.runs.map((r) => `${r.source.id}: ${r.entries.map((e) => e.id)}`),
  ]);

const monday = day(
  "2024-03-25",
  [entry("3", "a", "2024-03-25T15:00:00Z"), entry("2", "a", "2024-03-25T12:00:00Z")],
  [entry("1", "b", "2024-03-25T09:00:00Z")],
);

test("a new day begins above the others", () => {
  const days = withArrivals([monday], [entry("4", "a", "2024-03-26T01:00:00Z")], false, dayOf);
  assert.deepEqual(outline(days), [
    ["2024-03-26", 1, "a: 4"],
    ["2024-03-25", 3, "a: 3,2", "b: 1"],
  ]);
});

test("an entry between two of one source parts their run", () => {
  const days = withArrivals([monday], [entry("4", "b", "2024-03-25T13:00:00Z")], false, dayOf);
  assert.deepEqual(outline(days), [["2024-03-25", 4, "a: 3", "b: 4", "a: 2", "b: 1"]]);
});

test("an entry next to its source's run joins it", () => {
  const days = withArrivals([monday], [entry("4", "b", "2024-03-25T10:00:00Z")], false, dayOf);
  assert.deepEqual(outline(days), [["2024-03-25", 4, "a: 3,2", "b: 4,1"]]);
});

test("an entry that the page already has is not shown twice", () => {
  const days = withArrivals([monday], [entry("3", "a", "2024-03-25T15:00:00Z")], false, dayOf);
  assert.deepEqual(days, [monday]);
});

test("an entry of a day not yet loaded waits for its page, unless there are no more pages", () => {
  const old = [entry("0", "b", "2020-01-01T00:00:00Z")];
  assert.deepEqual(outline(withArrivals([monday], old, false, dayOf)), outline([monday]));
  assert.deepEqual(outline(withArrivals([monday], old, true, dayOf)), [
    ["2024-03-25", 3, "a: 3,2", "b: 1"],
    ["2020-01-01", 1, "b: 0"],
  ]);
});
