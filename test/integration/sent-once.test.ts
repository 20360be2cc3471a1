/** A tool that nobody calls idempotent is never sent twice once it may have run: the server's own ledger is the witness. */

import { seededRandom } from '../../lib/local/servers/flaky/faults.ts';
import type { FuseboxError } from '../../lib/mcp/errors.ts';
import { compose, type Product } from '../helpers/composed.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';

const CALLS = process.env['FUSEBOX_LONG'] === undefined ? 2_000 : 50_000;
const AT_ONCE = 20;
const SEED = Number(process.env['FUSEBOX_SEED'] ?? 1);

/** A server that is in trouble for long would only be left alone. */
const NEVER_OPEN = { minimumThroughput: 100_000, consecutiveFailures: 1_000, slowAfterMs: 900_000 };

let flaky: Flaky;
beforeAll(async () => {
  flaky = await startFlaky({ port: 0 });
});
afterAll(() => flaky.close());

const MODES = ['reset', 'cut', 'hang', 'lose-sessions', '503', '429', 'empty-sse', 'bad-json', 'html'] as const;

it(`${CALLS} calls through random faults, before the tool runs and after: none runs twice (seed ${SEED})`, async () => {
  const random = seededRandom(SEED);
  const more = { trusted: false, timeoutMs: 500, maxConcurrency: AT_ONCE, pool: { max: AT_ONCE } };
  const server = { ...more, circuitBreaker: NEVER_OPEN, retry: { maxRetries: 3, budgetRatio: 1 } };
  const create = (): Product =>
    compose({ modern: { url: flaky.modernUrl, ...server }, legacy: { url: flaky.legacyUrl, ...server } });
  let product = create();
  const ends = new Map<string, number>();
  const answered: string[] = [];
  for (let sent = 0; sent < CALLS; sent += AT_ONCE) {
    const mode = MODES[Math.floor(random() * MODES.length)] ?? 'reset';
    // A server that says "later" has not run anything.
    flaky.control({ mode, share: random() * 0.5, runsFirst: mode !== '429' && random() < 0.5, retryAfterSeconds: 0 });
    // Another environment, now and then: of its own sessions, and without a pause.
    if (sent % 200 === 0) product = create();
    const calls = Array.from({ length: AT_ONCE }, async (_, index) => {
      const item = `${sent + index}`;
      const name = random() < 0.5 ? 'modern' : 'legacy';
      const end = await product.call(name, 'append', { item }, 5_000).then(
        () => 'ok',
        (error: FuseboxError) => `${error.code} ${error.details.outcome ?? ''}`,
      );
      ends.set(end, (ends.get(end) ?? 0) + 1);
      if (end === 'ok') answered.push(item);
    });
    await Promise.all(calls);
  }
  const { count = 0, arguments: kept = [] } = flaky.ledger().executions['append'] ?? {};
  const items = kept.map((args) => (args as { item: string }).item);
  expect(items.filter((item, index) => items.indexOf(item) !== index)).toEqual([]);
  // The test has teeth only where both happened, and nothing unforeseen did.
  expect(count).toBeGreaterThan(CALLS / 4);
  expect(ends.get('ok') ?? 0).toBeGreaterThan(CALLS / 4);
  expect(ends.get('upstream_protocol_error unknown') ?? 0).toBeGreaterThan(CALLS / 100);
  expect(ends.get('internal_error ') ?? 0).toBe(0);
  if (kept.length === count) expect(answered.filter((item) => !items.includes(item))).toEqual([]);
}, 600_000);
