import type { CodegenConfig } from "@graphql-codegen/cli";

// From the server's schema and the queries in src, one typed document per query, in src/gql.
const config: CodegenConfig = {
  schema: "../schema.graphql",
  documents: "src/**/*.graphql",
  ignoreNoDocuments: true,
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        scalars: { DateTime: "string", Date: "string", URL: "string", HTML: "string" },
      },
    },
  },
};

export default config;
