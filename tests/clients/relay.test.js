// Relay: its compiler takes the schema, and its runtime pages through a connection and refetches a node.
import assert from "node:assert/strict";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import relay from "relay-runtime";
import { here, root, run, startDemo } from "./support.js";

const folder = `${here}generated/relay`;
const SOURCE = `const { graphql } = require("relay-runtime");
graphql\`
  query appPageQuery($first: Int!, $after: String) {
    entries(first: $first, after: $after) @connection(key: "app_entries") {
      edges { cursor node { __typename id title source { id title } } }
      pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
    }
  }
\`;
graphql\`
  query appNodeQuery($id: ID!) { node(id: $id) { __typename id ... on Entry { title } } }
\`;
graphql\`
  fragment app_source on Source
  @refetchable(queryName: "appSourcePaginationQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 2 }, after: { type: "String" }) {
    entries(first: $first, after: $after) @connection(key: "app_source_entries") {
      edges { node { id title } }
    }
  }
\`;
graphql\`
  subscription appNewSubscription { entryAdded { cursor entry { id title } } }
\`;
`;

let server;
before(async () => {
  server = await startDemo();
  await rm(folder, { recursive: true, force: true });
  await mkdir(`${folder}/artifacts`, { recursive: true });
  await writeFile(`${folder}/app.js`, SOURCE);
  const config = {
    src: ".",
    schema: "./schema.graphql",
    language: "javascript",
    artifactDirectory: "./artifacts",
    eagerEsModules: false,
    customScalarTypes: { DateTime: "string", Date: "string", URL: "string", HTML: "string" },
  };
  await copyFile(`${root}schema.graphql`, `${folder}/schema.graphql`);
  await writeFile(`${folder}/package.json`, '{"type":"commonjs"}');
  await writeFile(`${folder}/relay.config.json`, JSON.stringify(config));
  await run(process.execPath, [`${here}node_modules/relay-compiler/cli.js`, "relay.config.json"], { cwd: folder });
});
after(() => server?.stop());

const artifact = (name) => createRequire(`${folder}/app.js`)(`./artifacts/${name}.graphql.js`);

function environment() {
  const send = async (request, variables) => {
    const response = await fetch(server.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
      body: JSON.stringify({ query: request.text, variables }),
    });
    return response.json();
  };
  return new relay.Environment({
    network: relay.Network.create(send),
    store: new relay.Store(new relay.RecordSource()),
  });
}

test("a connection is paged through", async () => {
  const query = artifact("appPageQuery");
  const env = environment();
  const fetchPage = (variables) => relay.fetchQuery(env, query, variables).toPromise();
  const held = env.retain(relay.createOperationDescriptor(query, { first: 3 }));
  const page = await fetchPage({ first: 3 });
  assert.equal(page.entries.edges.length, 3);
  const more = await fetchPage({ first: 3, after: page.entries.pageInfo.endCursor });
  const connection = relay.ConnectionHandler.getConnectionID("client:root", "app_entries");
  const edges = env.getStore().getSource().get(connection).edges.__refs;
  assert.equal(edges.length, 6);
  assert.equal(more.entries.edges.at(-1).node.__typename, "Entry");
  held.dispose();
});

test("a node is fetched again by its id", async () => {
  const { entries } = await server.ask("{ entries(first: 1) { nodes { id title } } }");
  const query = artifact("appNodeQuery");
  const { node } = await relay.fetchQuery(environment(), query, { id: entries.nodes[0].id }).toPromise();
  assert.deepEqual({ ...node }, { __typename: "Entry", ...entries.nodes[0] });
});

test("a page of a page is made refetchable, and subscriptions compile", async () => {
  const refetch = artifact("appSourcePaginationQuery");
  assert.equal(refetch.params.operationKind, "query");
  assert.equal(artifact("appNewSubscription").params.operationKind, "subscription");
});
