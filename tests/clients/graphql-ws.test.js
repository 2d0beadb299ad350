// The graphql-ws client over /graphql/ws.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { first, startDemo } from "./support.js";

let server;
before(async () => (server = await startDemo()));
after(() => server?.stop());

function client(options = {}) {
  return createClient({ url: server.ws, webSocketImpl: WebSocket, retryAttempts: 0, ...options });
}

test("a query is answered and completes", async () => {
  const socket = client();
  const results = [];
  for await (const result of socket.iterate({ query: "{ entries(first: 2) { nodes { id title } } }" })) {
    results.push(result);
  }
  assert.equal(results.length, 1);
  assert.equal(results[0].data.entries.nodes.length, 2);
  await socket.dispose();
});

test("new entries arrive, and go on after a cursor without gap or repeat", async () => {
  const query = "subscription ($after: String) { entryAdded(after: $after) { cursor entry { id title } } }";
  const socket = client();
  const { changeCursor } = await server.ask("{ changeCursor }");
  const listen = (after, count) =>
    first(count, (sink) => socket.subscribe({ query, variables: { after } }, sink));
  const some = await listen(changeCursor, 3);
  const rest = await listen(some[0].data.entryAdded.cursor, 2);
  const ids = (results) => results.map((result) => result.data.entryAdded.entry.id);
  assert.deepEqual(ids(rest), ids(some).slice(1));
  await socket.dispose();
});

test("what is wrong is told by an error message, and the connection goes on", async () => {
  const socket = client({ lazy: false });
  await assert.rejects(
    first(1, (sink) => socket.subscribe({ query: "subscription { nope }" }, sink)),
    ([error]) => error.extensions.code === "GRAPHQL_VALIDATION_FAILED",
  );
  const [answer] = await first(1, (sink) => socket.subscribe({ query: "{ server { version } }" }, sink));
  assert.match(answer.data.server.version, /^\d+\.\d+\.\d+/);
  await socket.dispose();
});

test("a token that is not good closes the connection with its code", async () => {
  const socket = client({ connectionParams: { authorization: "Bearer nonsense" } });
  const asked = first(1, (sink) => socket.subscribe({ query: "{ server { name } }" }, sink));
  await assert.rejects(asked, (closed) => closed.code === 4403);
  await socket.dispose();
});

test("pings are answered", async () => {
  let ponged;
  const pong = new Promise((resolve) => (ponged = resolve));
  const socket = client({ lazy: false, keepAlive: 50, on: { pong: (received) => received && ponged() } });
  await pong;
  await socket.dispose();
});
