import { NEW_CONTROL } from '../../../lib/resilience/circuit-breaker/circuit.ts';
import { PARAMETERS, type StoreParameters } from '../../../lib/simulation/parameters.ts';
import { VirtualCircuitStore } from '../../../lib/simulation/virtual-circuit-store.ts';
import { StoreMeter, VirtualItem, type VirtualStore } from '../../../lib/simulation/virtual-item.ts';
import { START_MS, VirtualTime } from '../../../lib/simulation/virtual-time.ts';

/** Every operation takes 10 ms, and happens after 5. */
function storeOf(parameters: Partial<StoreParameters> = {}, isOut = () => false): VirtualStore {
  const exact = { latency: { medianMs: 10, sigma: 0 }, maxLagMs: 0 };
  return {
    time: new VirtualTime(),
    random: () => 0.5,
    parameters: { ...PARAMETERS.store, ...exact, ...parameters },
    meter: new StoreMeter(),
    isOut,
  };
}

const increment = (value: number) => ({ value: value + 1, answer: value + 1 });
const FRESH = { consistent: false };

/** Runs actions at times, and says what came of each, and when. */
async function play(store: VirtualStore, actions: readonly (readonly [atMs: number, act: () => Promise<unknown>])[]) {
  const ended: string[] = [];
  const elapsed = () => store.time.nowMs - START_MS;
  for (const [atMs, act] of actions) {
    store.time.at(START_MS + atMs, () => {
      void act().then(
        (answer) => ended.push(`${elapsed()} ${JSON.stringify(answer)}`),
        (error: Error) => ended.push(`${elapsed()} ${error.message}`),
      );
    });
  }
  await store.time.run();
  return ended;
}

it('operations take their time, and happen half-way', async () => {
  const store = storeOf();
  const item = new VirtualItem(store, 0);
  const ended = await play(store, [
    [0, () => item.change(increment)],
    [0, () => item.read(FRESH)],
    [4, () => item.change(increment)],
  ]);
  expect(ended).toEqual(['10 1', '10 1', '14 2']);
  expect([item.value, store.meter.reads, store.meter.writes]).toEqual([2, 1, 2]);
});

it('an eventually consistent read may see what was, a consistent one what is', async () => {
  const store = storeOf({ maxLagMs: 100 });
  const item = new VirtualItem(store, 0);
  const ended = await play(store, [
    [0, () => item.change(increment)],
    // The draw of 0.5 makes it see what was 50 ms before it happens.
    [49, () => item.read(FRESH)],
    [49, () => item.read({ consistent: true })],
    [51, () => item.read(FRESH)],
  ]);
  expect(ended).toEqual(['10 1', '59 0', '59 1', '61 1']);
});

it('throttles more writes than it may take within a second', async () => {
  const store = storeOf({ maxWritesPerSecond: 2 });
  const item = new VirtualItem(store, 0);
  const write = () => item.change(increment);
  const ended = await play(store, [
    [0, write],
    [400, write],
    [900, write],
    [2_500, write],
  ]);
  expect(ended).toEqual(['10 1', '410 2', '910 throttled', '2510 3']);
  expect(store.meter.peakWritesPerSecond).toBe(3);
});

it('answers nothing while it is out: a signal ends that, or the client', async () => {
  let isOut = true;
  const store = storeOf({ clientTimeoutMs: 50 }, () => isOut);
  const item = new VirtualItem(store, 0);
  const controller = new AbortController();
  const ended = await play(store, [
    [0, () => item.read({ ...FRESH, signal: controller.signal })],
    [0, () => item.change(increment)],
    [30, async () => controller.abort(new Error('given up'))],
    [
      100,
      () => {
        isOut = false;
        return item.read(FRESH);
      },
    ],
  ]);
  expect(ended).toEqual(['30 given up', '30 undefined', '55 no answer', '110 0']);
  expect(store.meter.writes).toBe(0);
});

describe('the circuit store', () => {
  const { signal } = new AbortController();
  const REPORT = { epoch: 1, atMs: START_MS, ok: 1, failed: 2, slow: 1, startsRun: false, keepBucketsFrom: 0 };
  const report = { ...REPORT, seen: { buckets: [], slowBuckets: [] } };
  const next = { ...NEW_CONTROL, revision: 1, state: 'open' as const };

  it('is empty until it is written', async () => {
    const store = storeOf();
    const circuits = new VirtualCircuitStore(store);
    expect(await play(store, [[0, () => circuits.read('x', { signal, consistent: true })]])).toEqual(['10 undefined']);
  });

  it('adds reports that meet, and forgets old buckets', async () => {
    const store = storeOf();
    const circuits = new VirtualCircuitStore(store);
    const later = { ...report, atMs: START_MS + 5_000, keepBucketsFrom: START_MS / 5_000 + 1, slow: 0 };
    await play(store, [
      [0, () => circuits.report('x', report, { signal })],
      [0, () => circuits.report('x', report, { signal })],
    ]);
    expect(circuits.circuit).toMatchObject({
      buckets: [{ epoch: 1, id: START_MS / 5_000, ok: 2, failed: 4, reports: 2 }],
      slowBuckets: [{ epoch: 1, id: START_MS / 1_000, slow: 2 }],
      run: { failures: 4, sinceMs: START_MS },
    });
    await play(store, [[20, () => circuits.report('x', later, { signal })]]);
    expect(circuits.circuit.buckets).toEqual([{ epoch: 1, id: START_MS / 5_000 + 1, ok: 1, failed: 2, reports: 1 }]);
    expect(circuits.circuit.slowBuckets).toEqual([]);
  });

  it('a report of an old epoch leaves the run of the present one alone', async () => {
    const store = storeOf();
    const circuits = new VirtualCircuitStore(store);
    await play(store, [
      [0, () => circuits.update('x', { ...next, state: 'closed', epoch: 2 }, { signal })],
      [1, () => circuits.report('x', { ...report, epoch: 2 }, { signal })],
      [2, () => circuits.report('x', report, { signal })],
    ]);
    expect(circuits.circuit.run).toMatchObject({ failures: 2 });
  });

  it('of writes that meet, one wins, and the others see it', async () => {
    const store = storeOf();
    const circuits = new VirtualCircuitStore(store);
    const written: boolean[] = [];
    const update = async (epoch: number) => {
      const answer = await circuits.update('x', { ...next, epoch }, { signal });
      written.push(answer.written);
      return answer.circuit.control.epoch;
    };
    expect(
      await play(store, [
        [0, () => update(7)],
        [0, () => update(8)],
      ]),
    ).toEqual(['10 7', '10 7']);
    expect(written).toEqual([true, false]);
  });
});
