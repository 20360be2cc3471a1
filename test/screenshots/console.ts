/**
 * Takes the pictures of the console for the documentation: `npm run screenshots [SECONDS]`, SECONDS being how long there is traffic before.
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { startBrowser } from '../helpers/browser.ts';
import { startConsoleRun } from '../helpers/console-run.ts';

const FOLDER = join(import.meta.dirname, '../../docs/images');
const SECONDS = Number(process.argv[2] ?? 100);
const MAX_BYTES = 250_000;
const HEIGHTS = [
  [1280, 1040],
  [400, 1500],
] as const;

const EVERYTHING = ['tools/call', 'tools/list', 'initialize', 'ping', 'server/discover'];

type Call = (server: string, tool: string, args?: object) => Promise<unknown>;

const run = await startConsoleRun(console.log);
const browser = await startBrowser();
try {
  mkdirSync(FOLDER, { recursive: true });
  const page = await browser.newPage();
  // From the start, as somebody who watches: series and history are the same with and without a page, the circuits are not looked at.
  await page.goto(`${run.local.url}/`);
  const call: Call = (server, tool, args = {}) => post(`/v1/servers/${server}/tools/${tool}`, { arguments: args });
  await traffic(call, page);
  await breakFlaky(call, page);
  await showTool(page);
  for (const scheme of ['light', 'dark'] as const) {
    for (const [width, height] of HEIGHTS) await take(page, scheme, width, height);
  }
} finally {
  await browser.close();
  await run.close();
}

async function post(path: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(run.local.url + path, { method: 'POST', headers, body: JSON.stringify(body) })).json();
}

/** Comes and goes, and a few of flaky's calls fail on the way. */
async function traffic(call: Call, page: Page): Promise<void> {
  await setFault(page, { mode: '503', share: 0.12 });
  for (let second = 0; second < SECONDS; second += 1) {
    const wave = 2 + Math.round(2 * Math.sin(second / 6));
    const calls = Array.from({ length: wave }, (_, n) => [
      call('everything', n % 2 === 0 ? 'get-sum' : 'echo', n % 2 === 0 ? { a: second, b: n } : { message: 'hello' }),
      ...(n < 2 ? [call('flaky', n === 0 ? 'append' : 'echo', n === 0 ? { item: second } : { text: 'hello' })] : []),
    ]);
    const files = second % 3 === 0 ? [call('filesystem', 'list_allowed_directories')] : [];
    const mistake = second % 17 === 16 ? [call('everything', 'get-sum', { a: 'two' })] : [];
    await Promise.all([...calls.flat(), ...files, ...mistake, sleep(1_000)]);
  }
}

/** Opens its circuit, mends it, and opens it again: there is a history then. */
async function breakFlaky(call: Call, page: Page): Promise<void> {
  await page.locator('[data-server=flaky]').click();
  await page.locator('[data-tool=append]').waitFor();
  await callUntil(call, page, 'open', { mode: '503', methods: EVERYTHING });
  await callUntil(call, page, 'closed', { mode: 'ok' });
  await callUntil(call, page, 'open', { mode: '503', methods: EVERYTHING });
}

async function callUntil(call: Call, page: Page, state: string, control: object): Promise<void> {
  await setFault(page, control);
  const badge = page.locator('[data-server=flaky] .badge', { hasText: new RegExp(`^${state}$`) });
  for (let item = 0; !(await badge.isVisible()); item += 1) {
    await call('flaky', 'append', { item });
    await sleep(150);
  }
}

async function showTool(page: Page): Promise<void> {
  await page.locator('[data-tool=append]').click();
  await page.getByLabel(/^item/).fill('{ "colour": "green" }');
  await page.getByRole('button', { name: 'Run' }).click();
  await page.locator('.result').waitFor();
}

/** Through the page: flaky's own address is known to the run alone. */
function setFault(page: Page, control: object): Promise<unknown> {
  return page.evaluate(async (body) => {
    const headers = { 'content-type': 'application/json' };
    return (await fetch('/console/flaky', { method: 'POST', headers, body })).json();
  }, JSON.stringify(control));
}

async function take(page: Page, scheme: 'light' | 'dark', width: number, height: number): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  await page.setViewportSize({ width, height });
  await page.evaluate('window.scrollTo(0, 0)');
  const path = join(FOLDER, `console-${scheme}-${width}.png`);
  await page.screenshot({ path });
  const { size } = statSync(path);
  console.log(`${path}: ${size} bytes`);
  if (size > MAX_BYTES) throw new Error(`${path} is larger than ${MAX_BYTES} bytes`);
}
