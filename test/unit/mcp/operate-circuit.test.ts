import { MemoryCircuitStore } from '../../../lib/adapters/memory/circuit-store.ts';
import { type CircuitOrder, operateCircuit } from '../../../lib/mcp/operate-circuit.ts';
import { showCircuit } from '../../../lib/mcp/show-circuit.ts';
import { DEFAULT_CIRCUIT_OPTIONS, NEW_CONTROL } from '../../../lib/resilience/circuit-breaker/circuit.ts';
import type { CircuitStore } from '../../../lib/resilience/circuit-breaker/circuit-store.ts';
import type { Timer } from '../../../lib/resilience/clock.ts';

const NOW = Date.UTC(2026, 9, 1, 12);
const CIRCUIT = { key: 'search', options: DEFAULT_CIRCUIT_OPTIONS };
const ISOLATE: CircuitOrder = { state: 'isolated', forSeconds: 600, by: 'user:ann', reason: 'maintenance' };

const never: Timer = () => () => undefined;
/** Time is up at once, for whatever waits. */
const atOnce: Timer = (_ms, action) => {
  queueMicrotask(action);
  return () => undefined;
};

function dependencies(store: CircuitStore, timer: Timer = never) {
  const errors: unknown[] = [];
  return { store, timer, now: () => NOW, errors, onStoreError: (_: string, error: unknown) => void errors.push(error) };
}

/** A store in which others win the next races. */
class ContestedStore extends MemoryCircuitStore {
  updates = 0;
  readonly #races: number;

  constructor(races: number) {
    super();
    this.#races = races;
  }

  override async update(...[key, next, options]: Parameters<CircuitStore['update']>) {
    this.updates += 1;
    if (this.updates <= this.#races) {
      await super.update(key, { ...NEW_CONTROL, revision: next.revision, epoch: next.revision + 1 }, options);
    }
    return super.update(key, next, options);
  }
}

const signalOnly = { signal: new AbortController().signal };

describe('an order', () => {
  it('holds at once, for its time, and says who and why', async () => {
    const deps = dependencies(new MemoryCircuitStore());
    const expected = {
      state: 'isolated',
      epoch: 1,
      since: '2026-10-01T12:00:00.000Z',
      override: { state: 'isolated', until: '2026-10-01T12:10:00.000Z', by: 'user:ann', reason: 'maintenance' },
      history: [
        {
          at: '2026-10-01T12:00:00.000Z',
          change: 'isolated',
          until: '2026-10-01T12:10:00.000Z',
          by: 'user:ann',
          reason: 'maintenance',
        },
      ],
    };
    expect(await operateCircuit(CIRCUIT, ISOLATE, deps)).toEqual(expected);
    expect(await showCircuit(CIRCUIT, deps)).toEqual(expected);
    expect(await showCircuit({ ...CIRCUIT, key: 'other' }, deps)).toEqual({ state: 'closed', epoch: 1, history: [] });
  });

  it('is taken back by "auto", which stays in the history', async () => {
    const deps = dependencies(new MemoryCircuitStore());
    await operateCircuit(CIRCUIT, ISOLATE, deps);
    const view = await operateCircuit(CIRCUIT, { ...ISOLATE, state: 'auto', reason: 'done' }, deps);
    expect(view).toMatchObject({
      state: 'closed',
      history: [{ change: 'automatic', by: 'user:ann', reason: 'done' }, { change: 'isolated' }],
    });
    expect(view).not.toHaveProperty('override');
    expect(view.history[0]).not.toHaveProperty('until');
  });

  it('is carried out on what the circuit has become, where others were quicker', async () => {
    const store = new ContestedStore(4);
    expect(await operateCircuit(CIRCUIT, ISOLATE, dependencies(store))).toMatchObject({ state: 'isolated', epoch: 5 });
    expect(store.updates).toBe(5);
  });

  it('is given up after five lost races', async () => {
    const store = new ContestedStore(5);
    await expect(operateCircuit(CIRCUIT, ISOLATE, dependencies(store))).rejects.toMatchObject({
      code: 'store_unavailable',
      details: { retryAfterMs: 1_000 },
    });
    expect(store.updates).toBe(5);
    expect((await store.read('search', signalOnly))?.control.override).toBeNull();
  });
});

/** @param fails what each operation does */
function brokenStore(fails: () => Promise<never>): CircuitStore {
  return { read: fails, report: fails, update: fails };
}

describe.each([
  ['fails', async () => Promise.reject(new Error('throttled')), never, 'throttled'],
  [
    'hangs, and does not obey its signal',
    () => new Promise<never>(() => undefined),
    atOnce,
    /^no answer within \d+ ms$/,
  ],
] as const)('a store that %s', (_name, fails, timer, message) => {
  it('is a clear no to an operator', async () => {
    await expect(operateCircuit(CIRCUIT, ISOLATE, dependencies(brokenStore(fails), timer))).rejects.toMatchObject({
      code: 'store_unavailable',
      cause: expect.objectContaining({ message: expect.stringMatching(message) }),
    });
  });

  it('shows an unknown circuit, and is reported', async () => {
    const deps = dependencies(brokenStore(fails), timer);
    expect(await showCircuit(CIRCUIT, deps)).toEqual({ state: 'unknown' });
    expect(deps.errors).toEqual([expect.objectContaining({ message: expect.stringMatching(message) })]);
  });
});

it('the store is told when nobody waits any longer, and no timer is left behind', async () => {
  const signals: AbortSignal[] = [];
  const read: CircuitStore['read'] = (_key, { signal }) => {
    signals.push(signal);
    return new Promise(() => undefined);
  };
  await showCircuit(CIRCUIT, dependencies({ ...brokenStore(() => new Promise(() => undefined)), read }, atOnce));
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);

  let running = 0;
  const counting: Timer = () => {
    running += 1;
    return () => {
      running -= 1;
    };
  };
  await operateCircuit(CIRCUIT, ISOLATE, dependencies(new MemoryCircuitStore(), counting));
  expect(running).toBe(0);
});
