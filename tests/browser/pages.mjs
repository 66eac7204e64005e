// What a reader of the pages does and sees, in headless Chromium. Called by pages_test.py with the
// name of a scene and the world's addresses; ends with 1 at the first thing that is not so.
import assert from "node:assert/strict";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

const [scene, described] = process.argv.slice(2);
const world = JSON.parse(described);
const pictures = process.env.AKA_SCREENSHOTS;
const patience = 15000;
const hostile = `<script>window.owned = 1</script><b id="owned" onclick="x">"'&`;

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

// A page that must stay quiet: whatever it complains of, and each request that leaves the origin,
// is collected.
async function open(path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(world.page + "/") && !url.startsWith("data:")) complaints.push(`a request to ${url}`);
  });
  page.complaints = complaints;
  await page.goto(world.page + path);
  return page;
}

async function close(page) {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

// The page forbids evaluation, so that the driver's own waiting cannot be used.
async function until(condition, what) {
  for (const end = Date.now() + patience; !await condition();) {
    assert.ok(Date.now() < end, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function change(key, patch) {
  const answer = await fetch(`${world.simulator}/sim/keys/${world.org}/${key}`,
                             { method: "POST", body: JSON.stringify(patch) });
  assert.ok(answer.ok, await answer.text());
}

async function check_access(page, what) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes[0].html}`), [], what);
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(beyond <= 0, `${what} is ${beyond} pixels too wide`);
}

async function picture(page, name, fullPage = false) {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage });
}

async function looks() {
  const key = `/keys/${world.org}/${world.reports}`;
  for (const [name, path, options] of [
    ["status-light", "/", { colorScheme: "light" }],
    ["status-dark", "/", { colorScheme: "dark" }],
    ["status-phone", "/", { colorScheme: "light", viewport: { width: 390, height: 844 } }],
    ["key-light", key, { colorScheme: "light" }],
    ["key-phone-dark", key, { colorScheme: "dark", viewport: { width: 390, height: 844 } }],
  ]) {
    const page = await open(path, options);
    await check_access(page, name);
    await picture(page, name);
    await close(page);
  }
}

async function drift_appears_without_a_reload() {
  const page = await open("/");
  await page.evaluate(() => { window.same = true; });
  const card = page.locator(`article[id="k-${world.org}-${world.ci}"]`);
  assert.equal(await card.count(), 0);
  await page.focus("#filter input[name=q]");
  await change(world.ci, { desc: hostile, roles: ["ORG_MEMBER", "ORG_OWNER"] });
  await card.waitFor({ timeout: patience });
  assert.ok(await page.evaluate(() => window.same), "the page was reloaded");
  assert.equal(await page.evaluate(() => document.activeElement.name), "q", "the focus was lost");
  // Markup from outside is text.
  assert.ok((await card.innerText()).includes(hostile));
  assert.equal(await page.locator("#owned").count(), 0);
  assert.equal(await page.evaluate(() => window.owned), undefined);
  assert.ok((await card.innerText()).includes("atlas organizations apiKeys assign"));
  await close(page);
}

async function filter_survives_a_reload() {
  const page = await open("/");
  const box = page.locator("#filter input[name=q]");
  await box.fill("rEPort");
  await until(async () => await page.locator("article").count() === 1, "the filter to act");
  assert.equal(new URL(page.url()).search, "?q=rEPort");
  assert.equal(await page.evaluate(() => document.activeElement.name), "q");
  await page.reload();
  assert.equal(await box.inputValue(), "rEPort");
  assert.equal(await page.locator("article").count(), 1);
  await page.waitForResponse((response) => response.url().endsWith("?q=rEPort"), { timeout: patience });
  assert.equal(await page.locator("article").count(), 1);
  await close(page);
}

async function keyboard() {
  const page = await open("/");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  // A focused link stays focused while its card is brought up to date.
  const link = page.locator(`article[id="k-${world.org}-${world.reports}"] h3 a`);
  await link.focus();
  await page.waitForResponse((response) => response.url() === world.page + "/", { timeout: patience });
  await page.waitForTimeout(200);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")),
               `/keys/${world.org}/${world.reports}`);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/keys/**");
  await close(page);
}

async function key_with_history() {
  const page = await open(`/keys/${world.org}/${world.ci}`);
  await page.locator("#history svg[role=img]").waitFor();
  assert.match(await page.locator(".records .hash").first().innerText(), /^[0-9a-f]{64}$/);
  assert.ok((await page.locator(".records").innerText()).includes("finding_opened"));
  assert.ok((await page.locator("#policy").innerText()).includes("exactly"));
  assert.equal(await page.locator("#owned").count(), 0);
  await check_access(page, "a key with a history");
  await close(page);
}

async function a_dead_daemon_does_not_look_well() {
  const page = await open("/");
  await page.route("**/*", (route) => route.abort());
  await page.locator("#lost").waitFor({ state: "visible", timeout: patience });
  assert.match(await page.locator("#lost").innerText(), /does not answer/);
  page.complaints.length = 0;  // the failed fetch is one, and meant
  await page.unroute("**/*");
  await page.locator("#lost").waitFor({ state: "hidden", timeout: patience });
  await close(page);
}

async function without_a_script() {
  const page = await open("/", { javaScriptEnabled: false });
  assert.ok((await page.locator("article").count()) >= 2);
  await page.locator("#filter input[name=q]").fill("terraform");
  await page.locator("#filter button").click();
  assert.equal(new URL(page.url()).searchParams.get("q"), "terraform");
  assert.equal(await page.locator("article").count(), 1);
  await close(page);
}

async function many_keys() {
  const page = await open("/");
  const view = await page.evaluate(() => {
    const [load] = performance.getEntriesByType("navigation");
    return { ready: Math.round(load.domContentLoadedEventEnd), first: Math.round(load.responseStart),
             bytes: load.decodedBodySize, wire: load.encodedBodySize };
  });
  console.log(`10,000 keys: first byte after ${view.first} ms, page ready after ${view.ready} ms, ` +
              `${view.bytes} bytes, ${view.wire} of them on the wire`);
  assert.ok(view.ready < 3000 && view.bytes < 500000, JSON.stringify(view));
  const keys = page.locator("article, .keys tbody tr");
  assert.equal(await keys.count(), 100);
  await page.locator("a[rel=next]").click();
  await page.waitForURL("**/?page=2");
  assert.equal(await keys.count(), 100);
  await page.goto(`${world.page}/?page=100`);
  assert.equal(await keys.count(), 100);
  assert.equal(await page.locator("a[rel=next]").count(), 0);
  await check_access(page, "the last page of many");
  await close(page);
}

const scenes = {
  incident: [looks, drift_appears_without_a_reload, filter_survives_a_reload, keyboard,
             key_with_history, a_dead_daemon_does_not_look_well, without_a_script],
  many: [many_keys],
};
try {
  for (const act of scenes[scene]) {
    const began = Date.now();
    await act();
    console.log(`${act.name}: ${Date.now() - began} ms`);
  }
} finally {
  await browser.close();
}
