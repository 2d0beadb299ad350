// What the client tests stand on: the real program with the demo's feeds. Nothing is skipped: what is missing is an error.
import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const here = fileURLToPath(new URL(".", import.meta.url));
const BINARIES = process.env.FEEDGRAPH_BIN
  ? [process.env.FEEDGRAPH_BIN]
  : ["release", "debug"].map((profile) => `${root}target/${profile}/feedgraph`);
const DEADLINE_MS = 30_000;

function binary() {
  const built = BINARIES.filter(existsSync);
  if (built.length === 0) throw new Error(`no server at ${BINARIES.join(" or ")}: cargo build makes it`);
  return built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}

/** Starts `feedgraph demo` on a port of its own; answers when it serves and has read every blog. */
export async function startDemo(...more) {
  const port = await freePort();
  const child = spawn(binary(), ["demo", "--every", "1", "--listen", `127.0.0.1:${port}`, ...more], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => lines.push(line));
  }
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const origin = `http://127.0.0.1:${port}`;
  await eventually("the demo serves", async () => {
    if (child.exitCode !== null) throw new Error(`it ended:\n${lines.join("\n")}`);
    const { sources } = await ask(origin, "{ sources { nodes { latestEntryAt } } }");
    return sources.nodes.length > 0 && sources.nodes.every((source) => source.latestEntryAt);
  });
  return {
    url: `${origin}/graphql`,
    ws: `${origin.replace("http", "ws")}/graphql/ws`,
    sse: `${origin}/graphql/stream`,
    origin,
    ask: (document, variables) => ask(origin, document, variables),
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function ask(origin, query, variables = {}) {
  const response = await fetch(`${origin}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
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

/** The first `count` things that a subscription gives; `subscribe` takes a sink and answers how to end it. */
export function first(count, subscribe) {
  return new Promise((resolve, reject) => {
    const found = [];
    const late = setTimeout(() => reject(new Error(`only ${found.length} of ${count}`)), DEADLINE_MS);
    const end = (finish) => {
      clearTimeout(late);
      finish();
      // The sink may be called before `subscribe` has answered.
      setImmediate(() => stop?.());
    };
    const stop = subscribe({
      next: (value) => {
        // Several may come at once, before the end takes hold.
        if (found.length === count) return;
        found.push(value);
        if (found.length === count) end(() => resolve(found));
      },
      error: (error) => end(() => reject(error)),
      complete: () => end(() => reject(new Error(`ended after ${found.length} of ${count}`))),
    });
  });
}

/** Runs a program; its output, or an error with it. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (output += bytes));
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${command} ${args.join(" ")} gave ${code}:\n${output}`)),
    );
  });
}

async function freePort() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}
