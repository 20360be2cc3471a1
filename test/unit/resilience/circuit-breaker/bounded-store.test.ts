import { getEventListeners } from 'node:events';
import { BoundedStore } from '../../../../lib/resilience/circuit-breaker/bounded-store.ts';
import type { CircuitStoreOptions } from '../../../../lib/resilience/circuit-breaker/circuit-store.ts';
import { TUNING } from '../../../../lib/resilience/circuit-breaker/tuning.ts';
import type { ResilienceEvent } from '../../../../lib/resilience/telemetry.ts';
import { CountingStore } from '../../../helpers/breaker-fleet.ts';
import { VirtualTime } from '../../../helpers/virtual-time.ts';

function setUp() {
  const time = new VirtualTime();
  const events: ResilienceEvent[] = [];
  const inner = new CountingStore();
  const store = new BoundedStore(inner, time, TUNING, (event) => void events.push(event));
  const signals: AbortSignal[] = [];
  /** An operation that takes so long, and does not care for its signal. */
  const taking = (ms: number) => async (_: unknown, options: CircuitStoreOptions) => {
    signals.push(options.signal);
    await time.sleep(ms);
    return 'answer';
  };
  const failing = async () => Promise.reject(new Error('down'));
  const fail = () => time.during(store.run('read', failing));
  const succeed = () => time.during(store.run('read', taking(1)));
  return { time, events, inner, store, signals, taking, failing, fail, succeed };
}

it('is the answer, and leaves no timer', async () => {
  const { time, events, inner, store, signals, taking } = setUp();
  const seen: unknown[] = [];
  const answer = store.run('read', async (given, options) => {
    seen.push(given);
    return taking(49)(given, options);
  });
  expect(await time.during(answer)).toBe('answer');
  expect([seen, events, time.pending, signals[0]?.aborted]).toEqual([[inner], [], 0, false]);
});

it('gives up what takes longer than 50 ms, whatever the store does about it', async () => {
  const { time, events, store, signals, taking } = setUp();
  const startMs = time.nowMs;
  expect(await time.during(store.run('report', taking(5_000)))).toBeUndefined();
  expect(time.nowMs - startMs).toBe(50);
  expect(events).toEqual([{ type: 'store-error', operation: 'report', error: signals[0]?.reason }]);
  expect(signals[0]?.reason).toMatchObject({ name: 'StoreTimeoutError', message: 'no answer within 50 ms' });
});

it('waits for as long as it is told', async () => {
  const { time, store, taking } = setUp();
  expect(await time.during(store.start('read', taking(999), 1_000).result)).toBe('answer');
});

it('makes an error of the store one event, and leaves no timer', async () => {
  const { time, events, store, failing } = setUp();
  expect(await time.during(store.run('update', failing))).toBeUndefined();
  expect(events).toEqual([{ type: 'store-error', operation: 'update', error: new Error('down') }]);
  expect(time.pending).toBe(0);
});

it('is content without telemetry', async () => {
  const { time, failing } = setUp();
  const store = new BoundedStore(new CountingStore(), time, TUNING, undefined);
  expect(await time.during(store.run('read', failing))).toBeUndefined();
});

it('what is given up says nothing of the store, and ends at once', async () => {
  const { time, events, store, signals, taking } = setUp();
  for (let times = 0; times < 3; times++) {
    const pending = store.start('read', taking(40));
    await time.advance(1);
    pending.abort();
    expect(await pending.result).toBeUndefined();
  }
  expect(signals[0]?.reason).toMatchObject({ name: 'StoreTimeoutError', message: 'given up' });
  expect([events, store.isOut]).toEqual([[], false]);
  await time.advance(40);
  expect(time.pending).toBe(0);
});

it('listens to its own signal no longer than it takes', async () => {
  const { time, store, signals, taking } = setUp();
  const pending = store.start('read', taking(40));
  await time.advance(1);
  pending.abort();
  await pending.result;
  await time.during(store.run('read', taking(1)));
  expect(signals.map((signal) => getEventListeners(signal, 'abort'))).toEqual([[], []]);
});

describe('the store is out', () => {
  it('after two errors in a row', async () => {
    const { store, fail, succeed } = setUp();
    await fail();
    expect(store.isOut).toBe(false);
    await succeed();
    await fail();
    expect(store.isOut).toBe(false);
    await fail();
    expect(store.isOut).toBe(true);
    await succeed();
    expect(store.isOut).toBe(false);
  });

  it('and is tried again a second after the last one', async () => {
    const { time, store, fail } = setUp();
    expect(store.isWorthTrying).toBe(true);
    await fail();
    expect(store.isWorthTrying).toBe(true);
    await fail();
    expect(store.isWorthTrying).toBe(false);
    await time.advance(999);
    expect(store.isWorthTrying).toBe(false);
    await time.advance(1);
    expect(store.isWorthTrying).toBe(true);
  });
});

describe('a timeout that wakes up', () => {
  const wake = async (afterMs: number) => {
    const { time, events, store, signals, taking } = setUp();
    const answers: unknown[] = [];
    for (let times = 0; times < 2; times++) {
      const { result } = store.start('read', taking(100_000));
      await time.advance(0);
      time.freeze(afterMs);
      await time.advance(0);
      answers.push(await result);
    }
    return { answers, events, isOut: store.isOut, reason: signals[0]?.reason };
  };

  it('more than a second late slept through a freeze, and is no error', async () => {
    const { reason, ...woken } = await wake(1_051);
    expect(woken).toEqual({ answers: [undefined, undefined], events: [], isOut: false });
    expect(reason).toMatchObject({ name: 'FrozenError' });
  });

  it('a second late is one', async () => {
    const { events, isOut } = await wake(1_050);
    expect([events.length, isOut]).toEqual([2, true]);
  });
});
