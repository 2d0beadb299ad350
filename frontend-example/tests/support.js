// What the browser tests stand on: the server's demo, the built page in front of it, and a browser.
import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { preview } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = fileURLToPath(new URL("../../target", import.meta.url));
const CHROMIUMS = process.env.CHROMIUM_BIN
  ? [process.env.CHROMIUM_BIN]
  : ["chromium", "chromium-browser", "google-chrome"].map((name) => `/usr/bin/${name}`);
const BINARIES = process.env.FEEDGRAPH_BIN
  ? [process.env.FEEDGRAPH_BIN]
  : ["release", "debug"].map((profile) => `${target}/${profile}/feedgraph`);
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"].concat(
  ["background-networking", "component-update", "sync"].map((what) => `--disable-${what}`),
);
const DEADLINE_MS = 30_000;

/** Why the browser tests cannot run here; undefined when they can. */
export function whyNot() {
  if (!CHROMIUMS.some(existsSync))
    return `no browser at ${CHROMIUMS.join(" or ")} (CHROMIUM_BIN names another)`;
  if (!BINARIES.some(existsSync)) return `no server at ${BINARIES.join(" or ")}: cargo build makes it`;
}

/** The server as it was built last: an older one may lie beside it. */
const newestBinary = () =>
  BINARIES.filter(existsSync).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];

export const launchBrowser = () =>
  chromium.launch({ executablePath: CHROMIUMS.find(existsSync), args: FLAGS });

/** Starts `feedgraph demo` on a port of its own; answers when it serves and has read every blog. */
export async function startDemo() {
  const port = await freePort();
  const binary = newestBinary();
  const child = spawn(
    binary,
    ["demo", "--every", "2", "--cors-origins", "*", "--listen", `127.0.0.1:${port}`],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => lines.push(line));
  }
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const url = `http://127.0.0.1:${port}`;
  await eventually(`${binary} demo serves`, async () => {
    if (child.exitCode !== null) throw new Error(`it ended:\n${lines.join("\n")}`);
    const { sources } = await query(url, "{ sources { nodes { latestEntryAt } } }");
    return sources.nodes.length > 0 && sources.nodes.every((source) => source.latestEntryAt);
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  return { url, lines, stop };
}

/** Serves the built page, with /graphql handed on to the server as in production. */
export async function servePage(serverUrl) {
  process.env.FEEDGRAPH_URL = serverUrl;
  const server = await preview({
    root,
    logLevel: "silent",
    preview: { host: "127.0.0.1", port: await freePort() },
  });
  return { url: server.resolvedUrls.local[0], stop: () => server.close() };
}

/** Serves the built files from a folder of a plain static host, with the endpoint set in index.html. */
export async function serveElsewhere(serverUrl) {
  const types = { html: "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
  const server = createServer(async (request, response) => {
    const file = request.url.replace("/some/folder/", "") || "index.html";
    const bytes = await readFile(`${root}dist/${file}`).catch(() => undefined);
    if (!bytes) return response.writeHead(404).end();
    const meta = 'name="feedgraph-endpoint" content="';
    const body =
      file === "index.html" ? `${bytes}`.replace(`${meta}/graphql`, `${meta}${serverUrl}/graphql`) : bytes;
    response.setHeader("content-type", types[file.split(".").at(-1)]).end(body);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${server.address().port}/some/folder/`, stop: () => server.close() };
}

/** A publisher with one feed of the given entries. */
export async function servePublisher(title, entries) {
  const items = entries.map(
    (e) => `<item><title>${e}</title><guid>${e}</guid><description>${e}</description></item>`,
  );
  const feed = `<rss version="2.0"><channel><title>${title}</title>${items.join("")}</channel></rss>`;
  const server = createServer((_, response) =>
    response.setHeader("content-type", "application/rss+xml").end(feed),
  );
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${server.address().port}/feed.xml`, stop: () => server.close() };
}

export async function query(serverUrl, document, variables = {}) {
  const response = await fetch(`${serverUrl}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: document, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** Tries until it answers something true; what it threw last is the failure's cause. */
export async function eventually(what, attempt) {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    let cause;
    try {
      const answer = await attempt();
      if (answer) return answer;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`not in ${DEADLINE_MS / 1000} s: ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}
