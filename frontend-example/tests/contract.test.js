// The server's schema must go on offering all that clients were promised.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { buildSchema, findBreakingChanges } from "graphql";

const schemaIn = (path) => buildSchema(readFileSync(new URL(path, import.meta.url), "utf8"));

test("schema.graphql breaks nothing of the contract", () => {
  const promised = schemaIn("../../tests/fixtures/contract.graphql");
  const offered = schemaIn("../../schema.graphql");
  assert.deepEqual(findBreakingChanges(promised, offered), []);
});
