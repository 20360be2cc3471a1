/** A server that hangs: what 500 calls of it leave behind, and when their callers know. */
import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { compose } from '../helpers/composed.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';
import { until } from '../helpers/until.ts';
import { VirtualTime } from '../helpers/virtual-time.ts';

const AT_ONCE = 50;
const ROUNDS = 10;
const TIMEOUT_MS = 2_000;
/** What the heap may grow by in 450 calls: a kilobyte each would be ten times that of one that leaks its signal alone. */
const GROWTH_BYTES = 1_500_000;

let flaky: Flaky;
beforeAll(async () => {
  flaky = await startFlaky({ port: 0 });
});
afterAll(() => flaky.close());
beforeEach(() => flaky.resetControl());

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

const handles = (kind: string) => process.getActiveResourcesInfo().filter((name) => name === kind).length;

it.each(['modernUrl', 'legacyUrl'] as const)(
  '500 hanging calls leave nothing (%s)',
  async (url) => {
    const time = new VirtualTime();
    time.nowMs = Date.now();
    const server = {
      url: flaky[url],
      timeoutMs: TIMEOUT_MS,
      maxConcurrency: AT_ONCE,
      pool: { max: AT_ONCE },
      retry: { maxRetries: 0 },
      // Else it would be left alone after twenty.
      circuitBreaker: { minimumThroughput: 100_000, consecutiveFailures: 1_000, slowAfterMs: 900_000 },
    };
    const product = compose({ s: server }, { world: { now: time.now, timer: time.timer } });
    await Promise.all(Array.from({ length: AT_ONCE }, () => product.call('s', 'slow', { ms: 1 })));
    // No round begins on a socket that has been idle for long, by a clock that is not the product's.
    flaky.dropConnections();
    await until(() => flaky.ledger().connections.open === 0);
    flaky.control({ mode: 'hang' });
    flaky.resetLedger();
    const signals: AbortSignal[] = [];
    const original = Object.getOwnPropertyDescriptor(EventTarget.prototype, 'addEventListener')
      ?.value as EventTarget['addEventListener'];
    EventTarget.prototype.addEventListener = function (this: EventTarget, ...args) {
      if (this instanceof AbortSignal) signals.push(this);
      return original.apply(this, args);
    };
    const before = { timers: time.pending, timeouts: 0, heap: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const deadlineAtMs = time.nowMs + 10_000;
      const ends = Array.from({ length: AT_ONCE }, async (_, item) => {
        const error = await product.no('s', 'append', { item }, 10_000);
        return [error.code, error.details.attempts, time.nowMs <= deadlineAtMs, time.nowMs % 1];
      });
      await until(() => flaky.ledger().inFlight === AT_ONCE);
      await time.advance(TIMEOUT_MS - 1);
      expect(flaky.ledger().inFlight).toBe(AT_ONCE);
      await time.advance(1);
      for (const end of await Promise.all(ends)) expect(end).toEqual(['deadline_exceeded', 1, true, 0]);
      await until(() => flaky.ledger().inFlight === 0);
      if (round === 0) Object.assign(before, { heap: heapAfterCollection(), timeouts: handles('Timeout') });
    }
    EventTarget.prototype.addEventListener = original;
    expect(flaky.ledger().requests.total).toBeGreaterThanOrEqual(AT_ONCE * ROUNDS);
    expect(time.pending).toBe(before.timers);
    await until(() => flaky.ledger().connections.open === 0);
    // Those of the test runner come and go.
    expect(handles('Timeout')).toBeLessThan(before.timeouts + AT_ONCE);
    expect(signals.length).toBeGreaterThan(AT_ONCE * ROUNDS);
    const listened = signals.flatMap((signal) => getEventListeners(signal, 'abort')).map(String);
    expect(new Set(listened)).toEqual(new Set());
    signals.length = 0;
    expect(heapAfterCollection() - before.heap).toBeLessThan(GROWTH_BYTES);
  },
  120_000,
);
