// gql, the Python client, in an environment of its own below target.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { here, root, run, startDemo } from "./support.js";

const venv = `${root}target/clients-venv`;
let server;
before(async () => {
  if (!existsSync(`${venv}/bin/pip`)) await run("python3", ["-m", "venv", venv]);
  await run(`${venv}/bin/pip`, ["install", "--quiet", "--disable-pip-version-check", "-r", `${here}requirements.txt`]);
  server = await startDemo();
});
after(() => server?.stop());

test("gql asks and subscribes", async () => {
  const output = await run(`${venv}/bin/python`, [`${here}gql_client.py`, server.url, server.ws]);
  assert.equal(output.trim(), "ok");
});
