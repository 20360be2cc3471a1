import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { Bulkhead } from '../../../lib/resilience/bulkhead.ts';
import { BulkheadFullError } from '../../../lib/resilience/errors.ts';
import type { BulkheadOptions } from '../../../lib/resilience/options.ts';
import type { ResilienceEvent } from '../../../lib/resilience/telemetry.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

function setUp(options: Partial<BulkheadOptions> = {}) {
  const time = new VirtualTime();
  const events: ResilienceEvent[] = [];
  const bulkhead = new Bulkhead(
    { maxConcurrency: 2, maxQueued: 2, queueTimeoutMs: 1_000, ...options },
    { now: time.now, timer: time.timer, telemetry: (event) => events.push(event) },
  );
  const begun: string[] = [];
  /** Begins a call that takes so long. */
  const call = (name: string, durationMs: number, queued: Parameters<Bulkhead['call']>[1] = {}) =>
    bulkhead.call(async () => {
      begun.push(name);
      await new Promise<void>((resolve) => void time.timer(durationMs, resolve));
      return name;
    }, queued);
  return { time, bulkhead, begun, call, events };
}

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

it('runs so many at once, and the others in the order in which they came', async () => {
  const { time, begun, call, bulkhead } = setUp();
  const calls = Promise.all(['a', 'b', 'c', 'd'].map((name) => call(name, 100)));
  await time.advance(0);
  expect(begun).toEqual(['a', 'b']);
  expect([bulkhead.running, bulkhead.queued]).toEqual([2, 2]);
  await expect(time.during(calls)).resolves.toEqual(['a', 'b', 'c', 'd']);
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  expect([bulkhead.running, bulkhead.queued, time.pending]).toEqual([0, 0, 0]);
});

it('refuses at once where the queue is full', async () => {
  const { time, call, begun, events } = setUp();
  const calls = Promise.all(['a', 'b', 'c', 'd'].map((name) => call(name, 100)));
  const error = await errorOf(call('e', 100));
  expect(error).toBeInstanceOf(BulkheadFullError);
  expect(error).toMatchObject({
    code: 'bulkhead_full',
    retryAfterMs: 1_000,
    message: '2 calls are running and 2 waiting',
  });
  expect(events).toEqual([{ type: 'rejected', by: 'bulkhead' }]);
  await time.during(calls);
  expect(begun).not.toContain('e');
});

it.each([
  ['its queue’s limit', {}, 1_000],
  ['the call’s deadline', { deadlineAtMs: 1_000_300 }, 300],
])('refuses after %s', async (_, queued, waitMs) => {
  const { time, call, begun, bulkhead } = setUp();
  const calls = Promise.all([call('a', 5_000), call('b', 5_000)]);
  let error: unknown;
  const waiting = errorOf(call('c', 1, queued)).then((found) => (error = found));
  await time.advance(waitMs - 1);
  expect(error).toBeUndefined();
  await time.advance(1);
  await waiting;
  expect(error).toBeInstanceOf(BulkheadFullError);
  expect(error).toMatchObject({ message: `2 calls were running for all of ${waitMs} ms` });
  expect(bulkhead.queued).toBe(0);
  await time.during(calls);
  expect(begun).toEqual(['a', 'b']);
  expect(bulkhead.running).toBe(0);
});

it('lets nobody wait whose deadline has passed', async () => {
  const { time, call } = setUp({ maxConcurrency: 1 });
  const first = call('a', 100);
  await expect(call('b', 1, { deadlineAtMs: time.nowMs })).rejects.toBeInstanceOf(BulkheadFullError);
  await time.during(first);
});

it('lets nobody wait where there is no queue', async () => {
  const { time, call } = setUp({ maxConcurrency: 1, maxQueued: 0 });
  const first = call('a', 100);
  await expect(call('b', 1)).rejects.toBeInstanceOf(BulkheadFullError);
  await time.during(first);
  await expect(time.during(call('c', 1))).resolves.toBe('c');
});

it('gives the place on where a call fails, also at once', async () => {
  const { bulkhead } = setUp({ maxConcurrency: 1 });
  const error = new Error('at once');
  const failing = bulkhead.call(() => {
    throw error;
  });
  await expect(failing).rejects.toBe(error);
  expect(bulkhead.running).toBe(0);
});

describe('an abort', () => {
  it('ends the wait, and leaves no timer and no place in the queue', async () => {
    const { time, call, begun, bulkhead } = setUp({ maxConcurrency: 1 });
    const first = call('a', 100);
    const controller = new AbortController();
    const waiting = errorOf(call('b', 1, { signal: controller.signal }));
    await time.advance(1);
    const reason = new Error('gone');
    controller.abort(reason);
    await expect(waiting).resolves.toBe(reason);
    expect([bulkhead.queued, time.pending]).toEqual([0, 1]);
    await time.during(first);
    expect(begun).toEqual(['a']);
  });

  it('is listened to as long as the call waits', async () => {
    const { time, call } = setUp({ maxConcurrency: 1 });
    const { signal } = new AbortController();
    const listeners = () => getEventListeners(signal, 'abort').length;
    const calls = Promise.all([call('a', 100), call('b', 100, { signal })]);
    expect(listeners()).toBe(1);
    await time.advance(100);
    expect(listeners()).toBe(0);
    await time.during(calls);
  });

  it('in the moment of its turn passes the turn on', async () => {
    const { time, bulkhead, begun, call } = setUp({ maxConcurrency: 1 });
    const controller = new AbortController();
    const held = Promise.withResolvers<void>();
    const first = bulkhead.call(() => held.promise.finally(() => queueMicrotask(() => controller.abort('gone'))));
    const second = errorOf(call('b', 1, { signal: controller.signal }));
    const third = call('c', 1);
    held.resolve();
    await first;
    await expect(second).resolves.toBe('gone');
    await expect(time.during(third)).resolves.toBe('c');
    expect(begun).toEqual(['c']);
    expect(bulkhead.running).toBe(0);
  });

  it('that came before lets nothing begin', async () => {
    const { call, begun, bulkhead } = setUp();
    await expect(call('a', 1, { signal: AbortSignal.abort('gone') })).rejects.toBe('gone');
    expect([begun.length, bulkhead.running]).toEqual([0, 0]);
  });
});

it('never runs more than it may, keeps its order, and is empty in the end, whatever comes when', async () => {
  const arrival = fc.record({
    gapMs: fc.integer({ min: 0, max: 50 }),
    durationMs: fc.integer({ min: 0, max: 200 }),
    deadlineMs: fc.option(fc.integer({ min: 0, max: 200 })),
    abortAfterMs: fc.option(fc.integer({ min: 0, max: 200 })),
    fails: fc.boolean(),
  });
  const options = fc.record({
    maxConcurrency: fc.integer({ min: 1, max: 4 }),
    maxQueued: fc.integer({ min: 0, max: 6 }),
    queueTimeoutMs: fc.integer({ min: 0, max: 150 }),
  });
  const schedule = fc.array(arrival, { maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(options, schedule, async (limits, arrivals) => {
      const time = new VirtualTime();
      const bulkhead = new Bulkhead(limits, time);
      let running = 0;
      const begun: number[] = [];
      const calls: Promise<unknown>[] = [];
      for (const [index, { gapMs, durationMs, deadlineMs, abortAfterMs, fails }] of arrivals.entries()) {
        await time.advance(gapMs);
        const controller = new AbortController();
        if (abortAfterMs !== null) time.timer(abortAfterMs, () => controller.abort('gone'));
        const work = async () => {
          begun.push(index);
          running++;
          expect(running).toBeLessThanOrEqual(limits.maxConcurrency);
          await new Promise<void>((resolve) => void time.timer(durationMs, resolve));
          running--;
          if (fails) throw new Error('fails');
        };
        const deadline = deadlineMs === null ? {} : { deadlineAtMs: time.nowMs + deadlineMs };
        const error = errorOf(bulkhead.call(work, { ...deadline, signal: controller.signal }));
        calls.push(error);
        expect(bulkhead.queued).toBeLessThanOrEqual(limits.maxQueued);
      }
      await time.advance(60_000);
      const errors = await Promise.all(calls);
      expect(errors.every(isExpected)).toBe(true);
      expect(begun).toEqual(begun.toSorted((a, b) => a - b));
      expect([running, bulkhead.running, bulkhead.queued, time.pending]).toEqual([0, 0, 0, 0]);
    }),
    { numRuns: 60 },
  );
});

function isExpected(error: unknown): boolean {
  if (error === undefined || error === 'gone' || error instanceof BulkheadFullError) return true;
  return error instanceof Error && error.message === 'fails';
}
