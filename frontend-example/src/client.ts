// The GraphQL client: queries and mutations over HTTP, subscriptions over a WebSocket.
import { authExchange } from "@urql/exchange-auth";
import { createClient as createSocket } from "graphql-ws";
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "urql";
import { RefreshSessionDocument } from "./gql/graphql";
import { getSession, isStale, setSession } from "./session";

const configured = document.querySelector<HTMLMetaElement>('meta[name="feedgraph-endpoint"]')?.content;
const endpoint = new URL(configured || "/graphql", document.baseURI);
const socketEndpoint = endpoint.href.replace(/^http/, "ws") + "/ws";

export const socket = createSocket({
  url: socketEndpoint,
  retryAttempts: Infinity,
  shouldRetry: () => true,
  keepAlive: 15_000, // notices a connection that died without a word
});

/** Sends the access token along, and gets a new one when it has run out. */
const auth = authExchange(async (tools) => ({
  addAuthToOperation(operation) {
    const token = getSession()?.accessToken;
    return token ? tools.appendHeaders(operation, { Authorization: `Bearer ${token}` }) : operation;
  },
  willAuthError: () => isStale(getSession()),
  didAuthError: (error) => error.graphQLErrors.some((e) => e.extensions?.code === "UNAUTHENTICATED"),
  async refreshAuth() {
    const session = getSession();
    if (!session) return;
    setSession({ ...session, accessToken: "" }); // a spent token must not go with the request for another
    const { refreshToken } = session;
    const { data, error } = await tools.mutate(RefreshSessionDocument, { refreshToken });
    if (error?.networkError) return; // the server is away, which says nothing about the session
    setSession(data?.refreshSession.session ?? null);
  },
}));

export const client = new Client({
  url: endpoint.href,
  preferGetMethod: false,
  exchanges: [
    cacheExchange,
    auth,
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables, operationName }) => ({
        subscribe: (sink) => ({
          unsubscribe: socket.subscribe({ query: query ?? "", variables, operationName }, sink),
        }),
      }),
    }),
  ],
});
