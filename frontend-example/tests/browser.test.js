// The page in a real browser, against the real server's demo.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  eventually,
  launchBrowser,
  query,
  serveElsewhere,
  servePage,
  servePublisher,
  startDemo,
  whyNot,
} from "./support.js";

const reason = whyNot();
if (reason && process.env.FEEDGRAPH_TEST_REQUIRE_BROWSER === "1") throw new Error(reason);
if (reason) console.log(`skipped: ${reason}`);

const TIME_ZONE = "Europe/Berlin";
const FRONT = `query ($after: String) {
  planet {
    title
    links { title }
    sources(first: 100) { nodes { title } }
    days(first: 5, after: $after, timeZone: "${TIME_ZONE}") {
      nodes { date runs { source { title } entries { title } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

describe("the page", { skip: reason, timeout: 300_000 }, () => {
  let demo, site, browser;

  before(async () => {
    demo = await startDemo();
    site = await servePage(demo.url);
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
    await demo?.stop();
  });

  /** Opens a page, hands it on, and afterwards asserts that nothing went wrong in its console. */
  async function inPage(path, run, { expected = /^$/, ...options } = {}) {
    const context = await browser.newContext({ locale: "en-GB", timezoneId: TIME_ZONE, ...options });
    const page = await context.newPage();
    const errors = [];
    const elsewhere = [];
    page.on("pageerror", (error) => errors.push(error.stack));
    page.on("console", (message) => {
      if (message.type() === "error" && !expected.test(message.text())) errors.push(message.text());
    });
    await context.route(
      (url) => url.hostname !== "127.0.0.1",
      (route) => {
        elsewhere.push(route.request().url());
        return route.fulfill({
          contentType: "image/svg+xml",
          body: '<svg xmlns="http://www.w3.org/2000/svg"/>',
        });
      },
    );
    try {
      await page.goto(new URL(path, site.url).href);
      await run(page, elsewhere);
      assert.deepEqual(errors, []);
    } finally {
      await context.close();
    }
  }

  const apiDays = async (after) => (await query(demo.url, FRONT, { after })).planet.days;
  const inOutline = (days) =>
    days.map((d) => [
      d.date,
      d.runs.map((r) => [r.source.title, r.entries.map((e) => e.title || "Untitled")]),
    ]);
  const shownDays = (page) =>
    page
      .locator(".day")
      .evaluateAll((days) =>
        days.map((day) => [
          day.querySelector("h2 time").dateTime,
          [...day.querySelectorAll(".run")].map((run) => [
            run.querySelector("h3 > :last-child, h3").lastChild.textContent,
            [...run.querySelectorAll("h4")].map((title) => title.textContent),
          ]),
        ]),
      );
  const firstEntry = (page) => page.locator(".entry h4").first().waitFor();
  const arrival = (page) => page.locator(".entry[data-new]").first().waitFor();
  const overflows = (page) => page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);

  test("shows the days and runs that the API gives, in its order", () =>
    inPage("/", async (page) => {
      await firstEntry(page);
      await eventually("page and API agree", async () => {
        const api = inOutline((await apiDays()).nodes);
        assert.deepEqual(await shownDays(page), api);
        return true;
      });
      const { planet } = await query(demo.url, FRONT);
      assert.equal(await page.title(), planet.title);
      assert.ok(await page.locator(".entry .content").first().isVisible());
      assert.match(await page.locator(".masthead").textContent(), /Last update: \d+ \w+ \d{4}/);
      const beside = await page.locator(".sidebar li > a:not(.feed)").allTextContents();
      for (const link of planet.links) assert.ok(beside.includes(link.title), link.title);
      const listed = page.locator(".subscriptions li");
      await eventually(
        "all subscriptions",
        async () => (await listed.count()) >= planet.sources.nodes.length,
      );
      assert.equal(await listed.first().locator(".feed").count(), 1);
    }));

  test("shows titles only", () =>
    inPage("/", async (page) => {
      await firstEntry(page);
      await page.getByRole("switch", { name: "Titles only" }).click();
      await eventually("no content", async () => (await page.locator(".content").count()) === 0);
      await firstEntry(page);
    }));

  test("goes back to older days by cursor", () =>
    inPage("/", async (page) => {
      await firstEntry(page);
      const first = await apiDays();
      assert.ok(first.pageInfo.hasNextPage, "the demo has more days than one page");
      const second = await apiDays(first.pageInfo.endCursor);
      await page.getByRole("button", { name: "Older entries" }).click();
      const expected = [...first.nodes, ...second.nodes].map((day) => day.date);
      await eventually("both pages", async () => {
        const dates = (await shownDays(page)).map(([date]) => date);
        assert.deepEqual(dates.slice(-expected.length), expected);
        return true;
      });
    }));

  test("shows an entry on a page of its own, and comes back to where it was", () =>
    inPage("/", async (page) => {
      const link = page.locator(".day").last().locator("h4 a").last();
      await firstEntry(page);
      const title = await link.textContent();
      await link.click();
      await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();
      assert.ok(await page.locator("article .content").isVisible());
      assert.ok((await page.title()).startsWith(title));
      const address = page.url();
      await page.goBack();
      await firstEntry(page);
      assert.ok(await page.evaluate(() => window.scrollY > 0));
      await page.goto(address);
      await page.reload();
      await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();
    }));

  test("shows a new entry with no reload", () =>
    inPage("/", async (page) => {
      await firstEntry(page);
      await page.evaluate(() => (window.sameDocument = true));
      await arrival(page);
      assert.ok(await page.evaluate(() => window.sameDocument));
    }));

  test("goes on from the last entry's cursor after its connection broke", () =>
    inPage("about:blank", async (page) => {
      const sockets = [];
      await page.routeWebSocket(/\/graphql\/ws$/, (socket) => {
        const seen = { asked: [], got: [], close: () => socket.close() };
        sockets.push(seen);
        const server = socket.connectToServer();
        const after = (message) => JSON.parse(message).payload?.variables?.after;
        const cursor = (message) => JSON.parse(message).payload?.data?.entryAdded?.cursor;
        socket.onMessage((message) => {
          if (after(message)) seen.asked.push(after(message));
          server.send(message);
        });
        server.onMessage((message) => {
          if (cursor(message)) seen.got.push(cursor(message));
          socket.send(message);
        });
      });
      await page.goto(site.url);
      await arrival(page);
      const last = sockets[0].got.at(-1);
      sockets[0].close();
      const again = await eventually("it connects again", () => sockets[1]?.asked[0]);
      assert.ok(
        sockets[0].got.indexOf(again) >= sockets[0].got.indexOf(last),
        "resumed from the last cursor",
      );
      await eventually("an entry after that", () => sockets[1].got[0]);
      await eventually("each entry once, as the API has them", async () => {
        assert.deepEqual(await shownDays(page), inOutline((await apiDays()).nodes));
        return true;
      });
    }));

  test("lets an editor sign in, add, pause, resume and remove a source", () =>
    inPage(
      "/#/sources",
      async (page) => {
        const publisher = await servePublisher("Fresh from the test", ["Its only entry"]);
        try {
          await signIn(page, "not the password");
          await page.locator(".refusal").waitFor();
          await signIn(page, password());

          await page.getByLabel("Address of a feed").fill("http://127.0.0.1:1/nothing.xml");
          await page.getByRole("button", { name: "Add" }).click();
          await page.locator(".field .refusal, .panel > div .refusal").first().waitFor();
          await page.getByLabel("Address of a feed").fill(publisher.url);
          await page.getByRole("button", { name: "Add" }).click();
          await page.getByText("Now following Fresh from the test.").waitFor();

          const row = page.locator(".sources li", { hasText: "Fresh from the test" });
          await row.getByRole("button", { name: "Pause" }).click();
          await row.getByText("paused").waitFor();
          await spoilToken(page, { expiresAt: "2020-01-01T00:00:00Z" });
          await row.getByRole("button", { name: "Resume" }).click();
          await row.getByText("active").waitFor();

          await page.getByRole("link", { name: "All entries" }).click();
          await page.getByRole("link", { name: "Its only entry" }).waitFor();
          await page.goBack();
          await spoilToken(page, {});
          page.once("dialog", (dialog) => dialog.accept());
          await row.getByRole("button", { name: "Remove" }).click();
          await row.waitFor({ state: "detached" });
          await page.getByRole("link", { name: "All entries" }).click();
          await page.getByRole("link", { name: "Its only entry" }).waitFor({ state: "detached" });
        } finally {
          publisher.stop();
        }
      },
      { expected: /status of 401/ },
    )); // the browser's own note on the token that was spoilt

  test("fits a phone, in the dark as in the light", async () => {
    const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const colours = [];
    for (const colorScheme of ["light", "dark"]) {
      const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, colorScheme };
      await inPage(
        "/",
        async (page) => {
          await firstEntry(page);
          assert.equal(await overflows(page), false);
          colours.push(await background(page));
          await page.locator(".entry h4 a").first().click();
          await page.locator("article .content").waitFor();
          assert.equal(await overflows(page), false);
        },
        phone,
      );
    }
    assert.deepEqual(colours, ["rgb(250, 248, 244)", "rgb(22, 23, 26)"]);
  });

  test("works from a folder of another host", async () => {
    const host = await serveElsewhere(demo.url);
    try {
      await inPage(host.url, arrival);
    } finally {
      host.stop();
    }
  });

  test("GraphiQL comes from the server alone and runs a query", () =>
    inPage(`${demo.url}/graphiql`, async (page, elsewhere) => {
      await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
      await page.locator(".graphiql-doc-explorer").getByText("Query", { exact: true }).waitFor();
      await page.getByRole("button", { name: "Execute query" }).click();
      await page.getByRole("menuitem", { name: "FrontPage" }).click();
      const { planet } = await query(demo.url, "{ planet { title } }");
      await page.locator(".result-window").getByText(planet.title).first().waitFor();
      assert.deepEqual(elsewhere, []);
    }));

  async function signIn(page, secret) {
    await page.getByLabel("Name").fill("admin");
    await page.getByLabel("Password").fill(secret);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  /** The password that the demo printed. */
  const password = () => demo.lines.map((line) => /user admin, password (\S+)/.exec(line)?.[1]).find(Boolean);

  /** Makes the access token useless, with the page knowing (by its time) or not; it has to get another. */
  async function spoilToken(page, change) {
    await page.evaluate((change) => {
      const session = JSON.parse(sessionStorage.getItem("feedgraph-session"));
      const spoilt = { ...session, accessToken: "spoilt", ...change };
      sessionStorage.setItem("feedgraph-session", JSON.stringify(spoilt));
    }, change);
    await page.reload();
  }
});
