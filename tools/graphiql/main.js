// The page at /graphiql. The server's endpoints lie beside it, so every address is relative to the
// page's own: it works behind a proxy that serves Feedgraph under a path.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import "graphiql/style.css";
import "./page.css";

const FIRST_QUERY = `# Ctrl-Enter (Mac: Cmd-Enter) runs what is
# under the caret. The book at the left opens
# the documentation. To write, sign in with
# signIn and put this in Headers, below:
#   { "Authorization": "Bearer <token>" }

query FrontPage {
  planet {
    title
    updatedAt
    days(first: 3) {
      nodes {
        date
        runs {
          source { title siteUrl }
          entries {
            id
            title
            publishedAt
            authors { name }
          }
        }
      }
    }
  }
}

subscription NewEntries {
  entryAdded {
    cursor
    entry {
      title
      source { title }
    }
  }
}
`;

const endpoint = new URL("graphql", window.location.href);
const socket = new URL("graphql/ws", window.location.href);
socket.protocol = socket.protocol.replace("http", "ws");

const fetcher = createGraphiQLFetcher({
  url: endpoint.href,
  subscriptionUrl: socket.href,
  enableIncrementalDelivery: false,
  // GraphiQL prints any JSON answer; asking for the specification's own type keeps its status codes.
  headers: { accept: "application/graphql-response+json, application/json;q=0.9" },
});

createRoot(document.getElementById("graphiql")).render(
  createElement(GraphiQL, {
    fetcher,
    defaultQuery: FIRST_QUERY,
    inputValueDeprecation: true,
    schemaDescription: true,
  }),
);
