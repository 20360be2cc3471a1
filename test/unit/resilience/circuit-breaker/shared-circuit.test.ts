import { BoundedStore } from '../../../../lib/resilience/circuit-breaker/bounded-store.ts';
import { type Circuit, type CircuitControl, NEW_CIRCUIT } from '../../../../lib/resilience/circuit-breaker/circuit.ts';
import type { CircuitReport } from '../../../../lib/resilience/circuit-breaker/circuit-store.ts';
import { SharedCircuit } from '../../../../lib/resilience/circuit-breaker/shared-circuit.ts';
import type { CircuitEvent } from '../../../../lib/resilience/circuit-breaker/transition.ts';
import { TUNING } from '../../../../lib/resilience/circuit-breaker/tuning.ts';
import type { ResilienceEvent } from '../../../../lib/resilience/telemetry.ts';
import { CountingStore, KEY } from '../../../helpers/breaker-fleet.ts';
import { circuitWith, OPTIONS } from '../../../helpers/circuits.ts';
import { VirtualTime } from '../../../helpers/virtual-time.ts';

const REPORT: CircuitReport = {
  ...{ epoch: 1, atMs: 1_000_000, ok: 0, failed: 1, slow: 0, startsRun: false, keepBucketsFrom: 0 },
  seen: NEW_CIRCUIT,
};
const ISOLATE: CircuitEvent = {
  ...{ type: 'override', state: 'isolated', untilMs: 2_000_000 },
  ...{ by: 'role:ops', reason: 'drill' },
};

function setUp() {
  const time = new VirtualTime();
  const store = new CountingStore();
  const events: ResilienceEvent[] = [];
  const failures: ResilienceEvent[] = [];
  const shared = new SharedCircuit({
    key: KEY,
    options: OPTIONS,
    tuning: TUNING,
    store: new BoundedStore(store, time, TUNING, (event) => void failures.push(event)),
    now: time.now,
    telemetry: (event) => void events.push(event),
  });
  /** From now on every look shows this. */
  const show = (circuit: Circuit | undefined) => {
    store.read = async () => circuit;
  };
  const look = (control: Partial<CircuitControl>) => {
    show(circuitWith(control));
    return time.during(shared.look());
  };
  return { time, store, events, failures, shared, show, look };
}

describe('a look', () => {
  it('takes a circuit that nobody has written for a new one', async () => {
    const { time, shared } = setUp();
    expect(shared.known).toBeUndefined();
    expect(await time.during(shared.look())).toBe(NEW_CIRCUIT);
    expect(shared.known).toBe(NEW_CIRCUIT);
  });

  it('is shared by those who look at the same time, and only by them', async () => {
    const { time, store, shared } = setUp();
    await time.during(Promise.all([shared.look(), shared.look()]));
    expect(store.reads).toBe(1);
    await time.during(shared.look());
    expect(store.reads).toBe(2);
  });

  it('reads what may be a little old, of its own key', async () => {
    const { time, store, shared } = setUp();
    const asked: unknown[] = [];
    store.read = async (key, { consistent }) => {
      asked.push([key, consistent]);
      return undefined;
    };
    await time.during(shared.look());
    expect(asked).toEqual([[KEY, false]]);
  });

  it('never goes back', async () => {
    const { shared, look } = setUp();
    await look({ revision: 5, epoch: 3 });
    expect(await look({ revision: 4, epoch: 2 })).toMatchObject({ control: { revision: 5, epoch: 3 } });
    expect(shared.known?.control.epoch).toBe(3);
    await look({ revision: 5, epoch: 4 });
    expect(shared.known?.control.epoch).toBe(4);
  });

  it('without an answer leaves what is known', async () => {
    const { time, store, shared, look } = setUp();
    await look({ revision: 5 });
    store.read = async () => Promise.reject(new Error('down'));
    await time.advance(6_000);
    expect(await time.during(shared.look())).toBeUndefined();
    expect([shared.known?.control.revision, shared.isFresh]).toEqual([5, false]);
  });

  it('beside something else ends with that', async () => {
    const { time, store, shared } = setUp();
    store.mode = 'hangs';
    const look = shared.startLook(1_000);
    await time.advance(900);
    look.abort();
    expect([await look.result, time.pending]).toEqual([undefined, 0]);
  });
});

describe('what is known', () => {
  it('is neither fresh nor good for a call before the first look', () => {
    const { shared } = setUp();
    expect([shared.isFresh, shared.isStale]).toEqual([false, true]);
  });

  const { nowMs } = new VirtualTime();
  it.each<[string, Partial<CircuitControl>, number, number]>([
    ['closed', {}, 5_000, 10_000],
    ['open', { state: 'open', openUntilMs: nowMs + 60_000 }, 500, 500],
    ['open for long enough', { state: 'open', openUntilMs: nowMs }, 250, 250],
    ['half-open', { state: 'half-open' }, 250, 250],
    [
      'half-open, with its permit given',
      { state: 'half-open', leases: [{ owner: 'o', untilMs: nowMs + 9_999 }] },
      250,
      250,
    ],
    ['throttled', { throttledAtMs: nowMs }, 500, 500],
    ['on its way back', { rampFromMs: nowMs }, 500, 500],
    ['isolated', { override: { state: 'isolated', untilMs: nowMs + 60_000 } }, 500, 500],
    ['kept closed', { state: 'open', override: { state: 'closed', untilMs: nowMs + 60_000 } }, 5_000, 10_000],
  ])('%s, is used as it is, and no longer for a call', async (_, control, freshMs, staleMs) => {
    const { time, shared, look } = setUp();
    await look(control);
    const lookedAtMs = time.nowMs;
    const ages = [freshMs - 1, freshMs, staleMs - 1, staleMs];
    const uses = ages.map((ageMs) => {
      time.nowMs = lookedAtMs + ageMs;
      return [shared.isFresh, shared.isStale];
    });
    expect(uses).toEqual([
      [true, false],
      [false, staleMs === freshMs],
      [staleMs === freshMs, false],
      [false, true],
    ]);
  });

  it('ages faster from the moment on at which it may be probed', async () => {
    const { time, shared, look } = setUp();
    await look({ state: 'open', openUntilMs: nowMs + 300 });
    await time.advance(299);
    expect(shared.isFresh).toBe(true);
    await time.advance(1);
    expect(shared.isFresh).toBe(false);
  });

  it('is old, too, where the clock was put back', async () => {
    const { time, shared, look } = setUp();
    await look({});
    time.nowMs -= 10_000;
    expect([shared.isFresh, shared.isStale]).toEqual([false, true]);
  });
});

describe('a report', () => {
  it('is the circuit with it', async () => {
    const { time, shared } = setUp();
    expect(await time.during(shared.report(REPORT))).toMatchObject({ buckets: [{ failed: 1 }] });
    expect(shared.known).toMatchObject({ buckets: [{ failed: 1 }] });
  });

  it('without an answer is nothing', async () => {
    const { time, store, shared } = setUp();
    store.mode = 'rejects';
    expect([await time.during(shared.report(REPORT)), shared.known]).toEqual([undefined, undefined]);
  });
});

describe('a change', () => {
  it('is written and told, and then known', async () => {
    const { time, events, shared } = setUp();
    expect(await time.during(shared.change(ISOLATE))).toEqual(['overridden']);
    expect(events).toEqual([{ type: 'circuit', change: 'overridden' }]);
    expect(shared.known?.control).toMatchObject({ revision: 1, override: { state: 'isolated' } });
  });

  it('that changes nothing asks nobody', async () => {
    const { time, store, events, shared } = setUp();
    expect(await time.during(shared.change({ type: 'answered', epoch: 1 }))).toEqual([]);
    expect([store.writes, events]).toEqual([0, []]);
  });

  it('does not tell of a lease, which is no change of the circuit', async () => {
    const { time, events, shared, look } = setUp();
    await look({ state: 'open' });
    const effects = await time.during(shared.change({ type: 'probe-wanted', owner: 'one', leaseMs: 11_000 }));
    expect(effects).toEqual(['half-opened', 'probe-granted']);
    expect(events).toEqual([{ type: 'circuit', change: 'half-opened' }]);
  });

  it('is applied anew to what another wrote in the meantime', async () => {
    const { time, store, events, shared, look } = setUp();
    await look({});
    await store.inner.update(KEY, circuitWith({ revision: 1, epoch: 9 }).control, {
      signal: new AbortController().signal,
    });
    expect(await time.during(shared.change(ISOLATE))).toEqual(['overridden']);
    expect(shared.known?.control).toMatchObject({ revision: 2, epoch: 9, override: { state: 'isolated' } });
    expect([store.writes, events.length]).toEqual([2, 1]);
  });

  it('is left to the others after six lost races', async () => {
    const { time, store, events, shared } = setUp();
    store.update = async (_, { revision }) => {
      store.writes++;
      return { written: false, circuit: circuitWith({ revision }) };
    };
    expect(await time.during(shared.change(ISOLATE))).toEqual([]);
    expect([store.writes, events]).toEqual([6, []]);
  });

  it('without an answer may have happened or not', async () => {
    const { time, store, events, shared } = setUp();
    store.mode = 'rejects';
    expect(await time.during(shared.change(ISOLATE))).toBeUndefined();
    expect([store.writes, events, shared.known]).toEqual([1, [], undefined]);
  });

  it('needs nobody to tell', async () => {
    const { time, store } = setUp();
    const bounded = new BoundedStore(store, time, TUNING, undefined);
    const options = { key: KEY, options: OPTIONS, tuning: TUNING, store: bounded, now: time.now, telemetry: undefined };
    expect(await time.during(new SharedCircuit(options).change(ISOLATE))).toEqual(['overridden']);
  });
});

it('says what it asked a store for that failed', async () => {
  const { time, store, failures, shared } = setUp();
  store.mode = 'rejects';
  for (const ask of [() => shared.look(), () => shared.report(REPORT), () => shared.change(ISOLATE)])
    await time.during<unknown>(ask());
  const error = new Error('the store is down');
  expect(failures).toEqual(
    ['read', 'report', 'update'].map((operation) => ({ type: 'store-error', operation, error })),
  );
});
