/** The console in a real browser, beside the whole product: what its page shows, and what it does. */
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../helpers/browser.ts';
import { type ConsoleRun, startConsoleRun } from '../helpers/console-run.ts';

/** A page without an answer shows in the test's own limit; here it is told what was missing. */
const STEP_MS = 10_000;
/** An opened circuit has to be seen within so much. */
const SEEN_MS = 2_000;

let run: ConsoleRun;
let browser: Browser;
let page: Page;
const complaints: string[] = [];
const elsewhere: string[] = [];

beforeAll(async () => {
  [run, browser] = await Promise.all([startConsoleRun(), startBrowser()]);
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(STEP_MS);
  page.on('console', (message) => {
    // What the product refuses, the browser notes down as a failed load: that is no fault of the page.
    const isRefusal = /status of (4|5)\d\d/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !isRefusal) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${run.local.url}/`) && !request.url().startsWith('data:')) {
      elsewhere.push(request.url());
    }
  });
  await page.goto(`${run.local.url}/`);
  await card('flaky').waitFor();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await run?.close();
});

const card = (server: string) => page.locator(`[data-server="${server}"]`);
const stateOf = (server: string, state: string) =>
  card(server).locator('.badge', { hasText: new RegExp(`^${state}$`) });

async function open(server: string): Promise<void> {
  if ((await card(server).getAttribute('aria-expanded')) !== 'true') await card(server).click();
  await page.locator('.tool-list button').first().waitFor();
}

async function openTool(server: string, tool: string): Promise<void> {
  await open(server);
  await page.locator(`[data-tool="${tool}"]`).click();
}

const field = (pointer: string) => page.locator(`[data-pointer="${pointer}"]`).locator('input, textarea, select');

const runTool = () => page.getByRole('button', { name: 'Run', exact: true }).click();

const call = async (server: string, tool: string, args: object) =>
  (
    await fetch(`${run.local.url}/v1/servers/${server}/tools/${tool}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ arguments: args }),
    })
  ).json() as Promise<{ code?: string; result?: object }>;

/** Many more than a circuit needs to open, or to be probed; a test that waits for ever says nothing. */
const MAX_CALLS = 3_000;

/** Calls until the API itself says that it is so far; only from then on has the page something to see. */
async function callUntil(done: (answer: { code?: string; result?: object }) => boolean): Promise<void> {
  let answer = {};
  for (let count = 0; count < MAX_CALLS; count += 1) {
    answer = await call('flaky', 'append', { item: 1 });
    if (done(answer)) return;
  }
  throw new Error(`not after ${MAX_CALLS} calls; the last answer is ${JSON.stringify(answer)}`);
}

it('shows every server with its state, and no call of its own', async () => {
  await expect(page.locator('.card-name').allTextContents()).resolves.toEqual(['everything', 'filesystem', 'flaky']);
  await stateOf('everything', 'closed').waitFor();
  expect(await page.locator('#calls tr.call').count()).toBe(0);
  expect(await page.locator('#connection-words').textContent()).toBe('live');
});

it('calls a tool from its form, and shows the result and the call', async () => {
  await openTool('everything', 'get-sum');
  await field('/a').fill('2');
  await field('/b').fill('40');
  await runTool();

  await page.locator('.result pre', { hasText: 'The sum of 2 and 40 is 42.' }).waitFor();
  const row = page.locator('#calls tr.call', { hasText: 'get-sum' }).first();
  await row.waitFor();
  expect(await row.locator('.status').textContent()).toBe('200');
  await row.getByRole('button').click();
  await page.locator('.call-detail:not([hidden])', { hasText: 'local:local' }).waitFor();
});

it('shows what is wrong with an argument at its field', async () => {
  await field('/a').fill('two');
  await field('/b').fill('');
  await runTool();

  await page.locator('[data-pointer="/a"] .fault-text', { hasText: 'must be number' }).waitFor();
  await page.locator('[data-pointer="/b"] .fault-text', { hasText: 'is required' }).waitFor();
  await page.locator('.result code', { hasText: 'invalid_arguments' }).waitFor();
  expect(await field('/a').getAttribute('aria-invalid')).toBe('true');
});

it('shows images, and takes a server’s words for text', async () => {
  await openTool('everything', 'get-tiny-image');
  await runTool();
  await page.locator('.result img').waitFor();
  const width = await page.evaluate(
    'document.querySelector(".result img").decode().then(() => document.querySelector(".result img").naturalWidth)',
  );
  expect(width).toBeGreaterThan(0);

  await openTool('everything', 'echo');
  await field('/message').fill('<img src=x onerror=document.title="gone"><b>bold</b>');
  await runTool();
  await page.locator('.result pre', { hasText: '<b>bold</b>' }).waitFor();
  expect(await page.locator('.result b').count()).toBe(0);
  expect(await page.title()).toBe('mcp-fusebox console');
});

it('breaks flaky by its switch and shows the circuit open, mends it and shows it closed', async () => {
  await open('flaky');
  await page.getByLabel('not only calls of tools').check();
  await page.locator('[data-mode="503"]').click();
  await page.locator('[data-mode="503"][aria-pressed=true]').waitFor();
  await card('flaky').locator('.fault', { hasText: 'fault: 503' }).waitFor();
  await callUntil(({ code }) => code === 'circuit_open');
  await stateOf('flaky', 'open').waitFor({ timeout: SEEN_MS });
  await page.locator('.history .change', { hasText: 'opened' }).first().waitFor();
  await card('flaky').locator('.outlook', { hasText: 'open, next call probes' }).waitFor();

  await page.locator('[data-mode="ok"]').click();
  await page.locator('[data-mode="ok"][aria-pressed=true]').waitFor();
  await callUntil(({ result }) => result !== undefined);
  await card('flaky')
    .locator('.badge', { hasText: /^(closed|recovering)$/ })
    .waitFor({ timeout: SEEN_MS });
  await stateOf('flaky', 'closed').waitFor();
});

it('gives an order with its reason, and takes it back', async () => {
  await open('filesystem');
  await page.getByRole('button', { name: 'Open…' }).click();
  await page.getByLabel('Reason').fill('the disk is full');
  await page.getByRole('button', { name: 'Open it' }).click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  await stateOf('filesystem', 'isolated').waitFor();
  await page.locator('.override', { hasText: 'By local:local' }).waitFor();
  expect(await page.locator('.override').textContent()).toContain('the disk is full');

  await page.getByRole('button', { name: 'Auto…' }).click();
  await page.getByLabel('Reason').fill('cleaned up');
  await page.getByRole('button', { name: 'Set to auto' }).click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  await stateOf('filesystem', 'closed').waitFor();
});

it('can be used by keyboard alone', async () => {
  await page.keyboard.press('Escape');
  await page.keyboard.press('/');
  await page.keyboard.type('get-su');
  // Who tabs before the server has named its tools passes by a list that is empty yet.
  await page.locator('[data-tool="get-sum"]').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.type('20');
  await page.keyboard.press('Tab');
  await page.keyboard.type('3');
  await page.keyboard.press('Enter');
  await page.locator('.result pre', { hasText: 'The sum of 20 and 3 is 23.' }).waitFor();

  await page.keyboard.press('Escape');
  expect(await page.evaluate('document.activeElement.dataset.tool')).toBe('get-sum');
  await page.keyboard.press('Escape');
  expect(await page.evaluate('document.activeElement.dataset.server')).toBe('everything');
});

/** Rules of WCAG 2 A and AA; what is serious keeps somebody out. */
const FINDINGS = `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa'] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target).join(', ')))`;

it('keeps nobody out, in light and dark, wide and narrow', async () => {
  await openTool('flaky', 'set_value');
  await runTool();
  await page.locator('.result.problem').waitFor();
  await page.evaluate(axe.source);
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 400]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      expect([colorScheme, width, await page.evaluate(FINDINGS)]).toEqual([colorScheme, width, []]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
  }
});

it('switches nothing for another site', async () => {
  const send = async (headers: Record<string, string>, body = '{"mode":"ok"}') =>
    (await fetch(`${run.local.url}/console/flaky`, { method: 'POST', headers, body })).status;
  const type = { 'content-type': 'application/json' };
  const origin = run.local.url;
  await expect(send({ ...type, origin })).resolves.toBe(200);
  await expect(send({ ...type, origin: 'http://evil.example.com' })).resolves.toBe(403);
  await expect(send(type)).resolves.toBe(403);
  await expect(send({ 'content-type': 'text/plain', origin })).resolves.toBe(415);
  await expect(send({ ...type, origin }, '{"mode":"x"}')).resolves.toBe(400);
  await expect(send({ ...type, origin }, '{')).resolves.toBe(400);
  await expect(send({ ...type, origin }, ' '.repeat(5_000))).resolves.toBe(413);
});

it('serves its own files alone, and leaves the rest to the product', async () => {
  const get = (path: string, headers: Record<string, string> = {}) => fetch(run.local.url + path, { headers });
  const main = await get('/', { accept: 'text/html' });
  expect(main.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
  expect(main.headers.get('x-content-type-options')).toBe('nosniff');
  await expect(get('/console/tsconfig.json').then(({ status }) => status)).resolves.toBe(404);
  await expect(get('/console/..%2fconsole.ts').then(({ status }) => status)).resolves.toBe(404);
  const root = await get('/', { accept: 'application/json' });
  expect([root.status, root.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
});

it('has complained of nothing, and asked nobody else', () => {
  expect(complaints).toEqual([]);
  expect(elsewhere).toEqual([]);
});

it('says that the connection is lost', async () => {
  expect(await page.locator('#lost').isHidden()).toBe(true);
  await run.local.close();
  await page.locator('#lost', { hasText: 'Connection lost, retrying' }).waitFor();
  expect(await page.locator('#connection-words').textContent()).toBe('connecting');
});
