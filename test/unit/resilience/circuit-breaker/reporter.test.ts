import { BoundedStore } from '../../../../lib/resilience/circuit-breaker/bounded-store.ts';
import {
  type Circuit,
  type CircuitControl,
  type CircuitOptions,
  NEW_CIRCUIT,
} from '../../../../lib/resilience/circuit-breaker/circuit.ts';
import type { CircuitReport } from '../../../../lib/resilience/circuit-breaker/circuit-store.ts';
import { Reporter } from '../../../../lib/resilience/circuit-breaker/reporter.ts';
import { SharedCircuit } from '../../../../lib/resilience/circuit-breaker/shared-circuit.ts';
import { TUNING, type Tuning } from '../../../../lib/resilience/circuit-breaker/tuning.ts';
import type { Outcome } from '../../../../lib/resilience/outcome.ts';
import { CountingStore, KEY } from '../../../helpers/breaker-fleet.ts';
import { circuitWith, OPTIONS } from '../../../helpers/circuits.ts';
import { VirtualTime } from '../../../helpers/virtual-time.ts';

const SUCCESS: Outcome = { kind: 'success' };
const FAILURE: Outcome = { kind: 'failure' };
/** Not what is in effect, but easy to reckon with. */
const EASY: Tuning = { ...TUNING, reportsPerSecond: 50, eagerFailures: 3, eagerIntervalMs: 100 };

/** One environment's reporter, and a store that shows what it is told to, and keeps the reports. */
function setUp(changes: { options?: Partial<CircuitOptions>; tuning?: Partial<Tuning>; circuit?: Circuit } = {}) {
  const time = new VirtualTime();
  const options = { ...OPTIONS, ...changes.options };
  const tuning = { ...EASY, ...changes.tuning };
  const store = new CountingStore();
  const state = { circuit: changes.circuit ?? NEW_CIRCUIT };
  const reports: CircuitReport[] = [];
  const writes: CircuitControl[] = [];
  const draws: number[] = [];
  store.read = async () => {
    store.reads++;
    return state.circuit;
  };
  store.report = async (_, report) => {
    reports.push(report);
    return state.circuit;
  };
  store.update = async (_, next) => {
    writes.push(next);
    return { written: true, circuit: { ...state.circuit, control: next } };
  };
  const bounded = new BoundedStore(store, time, tuning, undefined);
  const { now, timer } = time;
  const shared = new SharedCircuit({ key: KEY, options, tuning, store: bounded, now, telemetry: undefined });
  const reporter = new Reporter({ shared, options, tuning, now, timer, random: () => draws.shift() ?? 0.5 });
  /** A call that took no time. */
  const learn = (outcome: Outcome, epoch = 1) => time.during(reporter.learn(outcome, epoch, time.nowMs));
  const fail = (epoch = 1) => learn(FAILURE, epoch);
  /** Which of these pauses, milliseconds, were long enough for the failure after them to be reported. */
  const reportedAfter = async (pausesMs: readonly number[]) => {
    const reported: boolean[] = [];
    for (const pauseMs of pausesMs) {
      await time.advance(pauseMs);
      const before = reports.length;
      await fail();
      reported.push(reports.length > before);
    }
    return reported;
  };
  return { time, store, state, shared, reporter, reports, writes, draws, learn, fail, reportedAfter };
}

/** As many reports in the bucket before the present one, which counts five seconds: a rate, for the next five seconds. */
const atRate = (perSecond: number, control: Partial<CircuitControl> = {}) =>
  circuitWith(control, { buckets: [{ epoch: 1, id: 199, ok: 0, failed: 0, reports: 5 * perSecond }] });

describe('a report of failures', () => {
  it('has what was seen since the last, for the buckets of now', async () => {
    const { time, state, reports, learn, fail } = setUp();
    for (let times = 0; times < 2; times++) {
      await learn(SUCCESS);
      await time.advance(1);
    }
    await fail();
    const counts = { epoch: 1, ok: 2, failed: 1, slow: 0 };
    expect(reports).toEqual([
      { ...counts, atMs: 1_000_002, startsRun: true, keepBucketsFrom: 197, seen: state.circuit },
    ]);
    await time.advance(1_000);
    await fail();
    expect(reports[1]).toMatchObject({ ok: 0, failed: 1, atMs: 1_001_002, startsRun: false });
  });

  it('is of failures alone', async () => {
    const { reports, store, learn } = setUp();
    for (const outcome of [SUCCESS, { kind: 'ignored' }, { kind: 'throttled' }] as const) await learn(outcome);
    expect([reports, store.reads]).toEqual([[], 0]);
  });

  it('comes once a second, and with the third failure in a row a tenth of a second after the last', async () => {
    const { reportedAfter, reports } = setUp();
    expect(await reportedAfter([0, 98, 1, 1, 99, 1])).toEqual([true, false, false, true, false, true]);
    expect(reports.map(({ failed }) => failed)).toEqual([1, 3, 2]);
  });

  it('comes once a second where failures are not in a row', async () => {
    const { time, learn, fail, reports } = setUp();
    await fail();
    for (let times = 0; times < 4; times++) {
      await time.advance(200);
      await learn(SUCCESS);
      await fail();
    }
    expect(reports).toHaveLength(1);
    await time.advance(199);
    await fail();
    expect(reports).toHaveLength(1);
    await time.advance(1);
    await fail();
    expect(reports).toHaveLength(2);
  });

  it.each<[string, Partial<CircuitControl>]>([
    ['knows already', { state: 'open' }],
    ['is finding out', { state: 'half-open' }],
    ['has begun anew', { epoch: 2 }],
  ])('is not needed where the fleet %s, and what was seen is forgotten', async (_, control) => {
    const { state, reports, fail } = setUp({ circuit: circuitWith(control) });
    await fail();
    expect(reports).toEqual([]);
    state.circuit = circuitWith({ revision: 1 });
    await fail();
    expect(reports).toMatchObject([{ failed: 1 }]);
  });

  it('waits for a store that gives no answer', async () => {
    const { store, reports, fail } = setUp();
    const { read } = store;
    store.read = async () => Promise.reject(new Error('down'));
    await fail();
    store.read = read;
    await fail();
    expect(reports).toMatchObject([{ failed: 2 }]);
  });

  it('asks the store first, but for an ablation, which takes what is known', async () => {
    const { time, shared, store, reports, fail } = setUp({ tuning: { readsBeforeReporting: false } });
    await fail();
    expect([store.reads, reports]).toEqual([0, []]);
    await time.during(shared.look());
    await fail();
    expect([store.reads, reports]).toMatchObject([1, [{ failed: 2 }]]);
  });

  it('has no success from before the window', async () => {
    const { time, reports, learn, fail } = setUp();
    await learn(SUCCESS);
    await time.advance(1);
    await learn(SUCCESS);
    await time.advance(9_999);
    await fail();
    expect(reports).toMatchObject([{ ok: 1, failed: 1 }]);
  });

  it('has no success from before the fleet was held back', async () => {
    const { time, reports, learn, fail } = setUp({ circuit: circuitWith({ throttledAtMs: 1_000_000 }) });
    await learn(SUCCESS);
    await time.advance(1);
    await learn(SUCCESS);
    await time.advance(1);
    await fail();
    expect(reports).toMatchObject([{ ok: 1, failed: 1 }]);
  });

  it.each([
    [60_000, false],
    [60_001, true],
  ])('begins a new run %i ms after the last failure: %p', async (pauseMs, startsRun) => {
    const { state, time, reports, fail } = setUp();
    state.circuit = circuitWith({}, { run: { failures: 3, sinceMs: 0, lastMs: time.nowMs } });
    await time.advance(pauseMs);
    await fail();
    expect(reports).toMatchObject([{ startsRun }]);
  });

  it('opens the circuit where that makes it trip, for as long as is drawn', async () => {
    const circuit = circuitWith({}, { buckets: [{ epoch: 1, id: 200, ok: 0, failed: 20, reports: 20 }] });
    const { writes, draws, fail } = setUp({ circuit });
    draws.push(0);
    await fail();
    expect(writes).toMatchObject([{ state: 'open', openUntilMs: 1_001_800 }]);
  });

  it('changes nothing where the store did not take it', async () => {
    const circuit = circuitWith({}, { buckets: [{ epoch: 1, id: 200, ok: 0, failed: 20, reports: 20 }] });
    const { store, writes, reports, time, fail } = setUp({ circuit });
    const { report } = store;
    store.report = async () => Promise.reject(new Error('down'));
    await fail();
    expect(writes).toEqual([]);
    store.report = report;
    await time.advance(1_000);
    await fail();
    expect([writes.length, reports]).toMatchObject([1, [{ failed: 1 }]]);
  });
});

describe('the rate of the whole fleet', () => {
  it('doubles the pause between reports, at most, where it is too high', async () => {
    const { reportedAfter } = setUp({ circuit: atRate(100) });
    expect(await reportedAfter([0, 1_999, 1])).toEqual([true, false, true]);
  });

  it('stretches it by as much as it is too high', async () => {
    const { reportedAfter } = setUp({ circuit: atRate(75) });
    expect(await reportedAfter([0, 1_499, 1])).toEqual([true, false, true]);
  });

  it('keeps it where it is right, and never makes it shorter than a second', async () => {
    const right = setUp({ circuit: atRate(50), tuning: { eagerFailures: 99 } });
    expect(await right.reportedAfter([0, 999, 1])).toEqual([true, false, true]);
    const low = setUp({ circuit: atRate(1), tuning: { eagerFailures: 99 } });
    expect(await low.reportedAfter([0, 999, 1])).toEqual([true, false, true]);
  });

  it('stretches it to ten seconds at most, and halves it at most', async () => {
    const { state, time, reportedAfter } = setUp({ circuit: atRate(100) });
    const stay = () => {
      state.circuit = {
        ...state.circuit,
        buckets: state.circuit.buckets.map((each) => ({ ...each, id: Math.floor(time.nowMs / 5_000) - 1 })),
      };
    };
    for (const pauseMs of [0, 2_000, 4_000, 8_000]) {
      await time.advance(pauseMs);
      stay();
      expect(await reportedAfter([0])).toEqual([true]);
    }
    await time.advance(9_999);
    expect(await reportedAfter([0])).toEqual([false]);
    state.circuit = circuitWith({ revision: 1 });
    expect(await reportedAfter([1, 4_999, 1])).toEqual([true, false, true]);
  });

  it('takes more failures in a row to report at once, the longer the pause is', async () => {
    const { reportedAfter } = setUp({ circuit: atRate(100) });
    expect(await reportedAfter([0, 100, 100, 100, 100, 0])).toEqual([true, false, false, false, false, true]);
  });

  it('lets chance decide in a crowd that is more than twice as large', async () => {
    const reportsAt = async (perSecond: number, draw: number) => {
      const { draws, reports, fail } = setUp({ circuit: atRate(perSecond) });
      draws.push(draw);
      await fail();
      return reports.length;
    };
    expect(await reportsAt(100, 0.99)).toBe(1);
    expect(await reportsAt(200, 0.249)).toBe(1);
    expect(await reportsAt(200, 0.25)).toBe(0);
  });

  it('what chance left out is told with the next report, after the pause', async () => {
    const { state, draws, reports, reportedAfter } = setUp({ circuit: atRate(200) });
    draws.push(0.9);
    expect(await reportedAfter([0])).toEqual([false]);
    state.circuit = circuitWith({ revision: 1 });
    expect(await reportedAfter([1_999, 1])).toEqual([false, true]);
    expect(reports).toMatchObject([{ failed: 3 }]);
  });
});

describe('a slow call', () => {
  const slowly = async (changes: Parameters<typeof setUp>[0], startedAgoMs = 0) => {
    const all = setUp(changes);
    await all.time.during(all.reporter.reportSlow(1, all.time.nowMs - startedAgoMs));
    return all;
  };

  it('is reported while it waits', async () => {
    const { reports, writes, state } = await slowly({});
    expect(reports).toEqual([
      {
        ...{ epoch: 1, atMs: 1_000_000, ok: 0, failed: 0, slow: 1, startsRun: false, keepBucketsFrom: 197 },
        seen: state.circuit,
      },
    ]);
    expect(writes).toEqual([]);
  });

  it('holds back all, where there are twenty', async () => {
    const circuit = circuitWith({}, { slowBuckets: [{ epoch: 1, id: 1_000, slow: 20 }] });
    const { writes } = await slowly({ circuit });
    expect(writes).toMatchObject([{ state: 'closed', throttledAtMs: 1_000_000 }]);
  });

  it.each<[string, Partial<CircuitControl>]>([
    ['has begun anew', { epoch: 2 }],
    ['has opened the circuit', { state: 'open' }],
    ['holds back calls already', { throttledAtMs: 1_000_000 }],
    ['does not believe slowness', { trustedUntilMs: 1_000_001 }],
  ])('is not told where the fleet %s', async (_, control) => {
    expect((await slowly({ circuit: circuitWith(control) })).reports).toEqual([]);
  });

  it('is told again as soon as slowness is believed', async () => {
    expect((await slowly({ circuit: circuitWith({ trustedUntilMs: 1_000_000 }) })).reports).toHaveLength(1);
  });

  it('changes nothing where the store gives no answer', async () => {
    const circuit = circuitWith({}, { slowBuckets: [{ epoch: 1, id: 1_000, slow: 20 }] });
    for (const broken of ['read', 'report'] as const) {
      const { store, reporter, time, reports, writes } = setUp({ circuit });
      store[broken] = async () => Promise.reject(new Error('down'));
      await time.during(reporter.reportSlow(1, time.nowMs));
      expect([reports, writes]).toEqual([[], []]);
    }
  });

  it.each([
    [1_000, 1],
    [999, 0],
  ])('that began %i ms after a success: %i reports', async (quietMs, expected) => {
    const { time, learn, reporter, reports } = setUp();
    await learn(SUCCESS);
    await time.during(reporter.reportSlow(1, time.nowMs + quietMs));
    expect(reports).toHaveLength(expected);
  });
});

describe('a success', () => {
  const THROTTLED = { throttledAtMs: 1_000_000 };
  const succeed = async (control: Partial<CircuitControl>, epoch = 1) => {
    const { time, shared, learn, writes } = setUp({ circuit: circuitWith(control) });
    await time.during(shared.look());
    await learn(SUCCESS, epoch);
    return writes;
  };

  it('refutes slowness', async () => {
    expect(await succeed(THROTTLED)).toMatchObject([{ throttledAtMs: null, trustedUntilMs: 1_060_000 }]);
  });

  it.each<[string, Partial<CircuitControl>, number]>([
    ['calls are not held back', {}, 1],
    ['it began in another epoch', THROTTLED, 2],
    ['nobody knows any more', { throttledAtMs: 990_000 }, 1],
  ])('changes nothing where %s', async (_, control, epoch) => {
    expect(await succeed(control, epoch)).toEqual([]);
  });

  it('changes nothing where nothing is known', async () => {
    const { learn, writes, store } = setUp({ circuit: circuitWith(THROTTLED) });
    await learn(SUCCESS);
    expect([writes, store.reads]).toEqual([[], 0]);
  });
});
