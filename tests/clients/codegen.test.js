// graphql-codegen makes types of the schema and of documents, and TypeScript takes them.
import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { before, test } from "node:test";
import { generate } from "@graphql-codegen/cli";
import { here, root, run } from "./support.js";

const folder = `${here}generated/codegen`;
const USE = `import { graphql } from "./gql";
import type { PageQuery, SearchQuery } from "./gql/graphql";
import type { ResultOf } from "@graphql-typed-document-node/core";
export const Page = graphql(\`
  query Page($first: Int, $filter: EntryFilter) {
    entries(first: $first, filter: $filter) { nodes { id title publishedAt content authors { name } } totalCount }
  }
\`);
export const Search = graphql(\`
  query Search($query: String!) { search(query: $query) { edges { score snippet node { title } } } }
\`);
export const titles = (page: PageQuery): string[] => page.entries.nodes.map((node) => node.title);
export const scores = (found: SearchQuery): number[] => found.search.edges.map((edge) => edge.score);
export const same: (page: ResultOf<typeof Page>) => string[] = titles;
`;

before(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/use.ts`, USE);
});

test("types are made and fit", async () => {
  await generate(
    {
      schema: `${root}schema.graphql`,
      documents: [`${folder}/use.ts`],
      silent: true,
      generates: {
        [`${folder}/gql/`]: {
          preset: "client",
          presetConfig: { fragmentMasking: false },
          config: { scalars: { DateTime: "string", Date: "string", URL: "string", HTML: "string" }, strictScalars: true },
        },
      },
    },
    true,
  );
  const types = await readFile(`${folder}/gql/graphql.ts`, "utf8");
  assert.match(types, /export type SearchQuery =/);
  const tsc = `${here}node_modules/typescript/bin/tsc`;
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022"];
  await run(process.execPath, [tsc, ...options, `${folder}/use.ts`]);
});
