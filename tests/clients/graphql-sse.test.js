// The graphql-sse client in distinct connections mode over /graphql/stream.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createClient } from "graphql-sse";
import { first, startDemo } from "./support.js";

let server;
before(async () => (server = await startDemo()));
after(() => server?.stop());

const client = (options = {}) => createClient({ url: server.sse, retryAttempts: 0, ...options });

test("a query is one result", async () => {
  const stream = client();
  const results = [];
  for await (const result of stream.iterate({ query: "{ planet { slug title } }" })) results.push(result);
  assert.equal(results.length, 1);
  assert.ok(results[0].data.planet.title);
  stream.dispose();
});

test("new entries arrive, two operations side by side", async () => {
  const stream = client();
  const query = "subscription { entryAdded { cursor entry { title source { title } } } }";
  const both = await Promise.all([1, 2].map(() => first(2, (sink) => stream.subscribe({ query }, sink))));
  for (const results of both) {
    for (const { data } of results) assert.ok(data.entryAdded.entry.source.title);
  }
  stream.dispose();
});

test("what is wrong is told", async () => {
  const stream = client();
  const refused = await first(1, (sink) => stream.subscribe({ query: "subscription { nope }" }, sink)).then(
    ([result]) => JSON.stringify(result),
    (error) => `${error.message} ${error.response?.status ?? ""}`,
  );
  assert.match(refused, /400|GRAPHQL_VALIDATION_FAILED/);
  stream.dispose();
});
