// urql: queries, its cache, and subscriptions over WebSocket and over fetch.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { first, startDemo } from "./support.js";

let server;
before(async () => (server = await startDemo()));
after(() => server?.stop());

const client = (options) => new Client({ url: server.url, preferGetMethod: false, ...options });
const PAGE = "query Page($first: Int!) { entries(first: $first) { nodes { id title tags authors { id name } } } }";
const NEW = "subscription New { entryAdded { cursor entry { id title } } }";

test("a query is answered over POST and GET", async () => {
  for (const preferGetMethod of [false, "force"]) {
    const urql = client({ exchanges: [cacheExchange, fetchExchange], preferGetMethod });
    const { data, error } = await urql.query(PAGE, { first: 4 }).toPromise();
    assert.equal(error, undefined);
    assert.equal(data.entries.nodes.length, 4);
  }
});

test("an error is told with its code", async () => {
  const urql = client({ exchanges: [fetchExchange] });
  const { error } = await urql.query("{ entries(first: 1000) { totalCount } }", {}).toPromise();
  assert.equal(error.graphQLErrors[0].extensions.code, "INVALID_PAGE");
});

const listen = (urql) =>
  first(2, (sink) => {
    const subscription = urql.subscription(NEW, {}).subscribe(({ data, error }) => {
      if (error) sink.error(error);
      else sink.next(data.entryAdded.entry.id);
    });
    return () => subscription.unsubscribe();
  });

test("new entries arrive over WebSocket", async () => {
  const socket = createClient({ url: server.ws, webSocketImpl: WebSocket });
  const forward = subscriptionExchange({
    forwardSubscription: (request) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query ?? "" }, sink) }),
    }),
  });
  const ids = await listen(client({ exchanges: [forward] }));
  assert.equal(new Set(ids).size, 2);
  await socket.dispose();
});

test("new entries arrive over fetch", async () => {
  const ids = await listen(client({ exchanges: [fetchExchange], fetchSubscriptions: true }));
  assert.equal(new Set(ids).size, 2);
});
