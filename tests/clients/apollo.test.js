// Apollo Client: queries and its cache, pages, persisted queries, and subscriptions over each transport.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, Observable, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { print } from "graphql";
import { createClient as createSse } from "graphql-sse";
import { createClient as createWs } from "graphql-ws";
import WebSocket from "ws";
import { first, startDemo } from "./support.js";

let server;
before(async () => (server = await startDemo()));
after(() => server?.stop());

const apollo = (link) =>
  new ApolloClient({
    link,
    cache: new InMemoryCache({ typePolicies: { Query: { fields: { entries: relayStylePagination() } } } }),
  });
const PAGE = gql`
  query Page($first: Int, $after: String) {
    entries(first: $first, after: $after) {
      edges { cursor node { id title source { id title } } }
      pageInfo { hasNextPage endCursor startCursor hasPreviousPage }
    }
  }
`;
const NEW = gql`
  subscription New { entryAdded { cursor entry { id title source { id title } } } }
`;

test("a query is answered, and a second time from the cache", async () => {
  let requests = 0;
  const counting = new ApolloLink((operation, forward) => {
    requests += 1;
    return forward(operation);
  });
  const client = apollo(ApolloLink.from([counting, new HttpLink({ uri: server.url })]));
  const one = await client.query({ query: PAGE, variables: { first: 5 } });
  const two = await client.query({ query: PAGE, variables: { first: 5 } });
  assert.equal(one.data.entries.edges.length, 5);
  assert.deepEqual(two.data, one.data);
  assert.equal(requests, 1);
});

test("pages are put together", async () => {
  const client = apollo(new HttpLink({ uri: server.url }));
  const query = client.watchQuery({ query: PAGE, variables: { first: 3 } });
  const page = await query.refetch();
  await query.fetchMore({ variables: { after: page.data.entries.pageInfo.endCursor } });
  const ids = query.getCurrentResult().data.entries.edges.map((edge) => edge.node.id);
  assert.equal(new Set(ids).size, 6);
});

test("an error is told with its code", async () => {
  const client = apollo(new HttpLink({ uri: server.url }));
  const failing = client.query({ query: gql`{ viewer { user { id } } users { totalCount } }` });
  await assert.rejects(failing, (error) => error.errors?.[0]?.extensions?.code === "UNAUTHENTICATED");
});

test("persisted queries are registered once and then sent by their hash, over GET", async () => {
  const sent = [];
  const uri = server.url;
  const http = new HttpLink({
    uri,
    fetch: (url, options) => {
      sent.push(options.method === "GET" ? url : options.body);
      return fetch(url, options);
    },
  });
  const sha256 = (text) => createHash("sha256").update(text).digest("hex");
  const link = () => ApolloLink.from([new PersistedQueryLink({ sha256, useGETForHashedQueries: true }), http]);
  for (let turn = 0; turn < 2; turn += 1) {
    const { data } = await apollo(link()).query({ query: PAGE, variables: { first: 2 } });
    assert.equal(data.entries.edges.length, 2);
  }
  assert.equal(sent.length, 3);
  assert.ok(!decodeURIComponent(sent[0]).includes("pageInfo") && sent[1].includes("pageInfo"));
  assert.ok(!decodeURIComponent(sent[2]).includes("pageInfo"));
});

function sseLink() {
  const sse = createSse({ url: server.sse, retryAttempts: 0 });
  return new ApolloLink(
    (operation) =>
      new Observable((sink) =>
        sse.subscribe({ query: print(operation.query), variables: operation.variables }, sink),
      ),
  );
}

const transports = {
  WebSocket: () => new GraphQLWsLink(createWs({ url: server.ws, webSocketImpl: WebSocket })),
  "server-sent events": sseLink,
  "multipart responses": () => new HttpLink({ uri: server.url }),
};
for (const [name, link] of Object.entries(transports)) {
  test(`new entries arrive over ${name}`, async () => {
    const client = apollo(link());
    const results = await first(2, (sink) => {
      const subscription = client.subscribe({ query: NEW }).subscribe({
        ...sink,
        next: (result) => (result.error ? sink.error(result.error) : sink.next(result.data)),
      });
      return () => subscription.unsubscribe();
    });
    const ids = results.map((data) => data.entryAdded.entry.id);
    assert.equal(new Set(ids).size, 2);
    assert.ok(results[0].entryAdded.entry.source.title);
    client.stop();
  });
}
