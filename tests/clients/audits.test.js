// GraphQL over HTTP as its published audits have it: all that is required and all that is advised.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { serverAudits } from "graphql-http";
import { startDemo } from "./support.js";

let server;
before(async () => (server = await startDemo()));
after(() => server?.stop());

for (const audit of serverAudits({ url: () => server.url })) {
  test(audit.name, async (context) => {
    const result = await audit.fn();
    if (result.status === "notice") return context.diagnostic(`optional, and not so here: ${result.reason}`);
    assert.equal(result.status, "ok", result.reason);
  });
}
