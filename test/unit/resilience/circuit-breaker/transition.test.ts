import type { Circuit, CircuitControl, HistoryEntry } from '../../../../lib/resilience/circuit-breaker/circuit.ts';
import { type CircuitEvent, transition } from '../../../../lib/resilience/circuit-breaker/transition.ts';
import { circuitWith, OPTIONS } from '../../../helpers/circuits.ts';

const NOW_MS = 1_000_000;

/** Twenty failures, and twenty slow calls, of epoch 1. */
const COUNTS = {
  buckets: [{ epoch: 1, id: 200, ok: 0, failed: 20, reports: 20 }],
  slowBuckets: [{ epoch: 1, id: 1_000, slow: 20 }],
};
const closed = (control: Partial<CircuitControl> = {}) => circuitWith({ revision: 7, ...control }, COUNTS);
const open = (control: Partial<CircuitControl> = {}) =>
  closed({ state: 'open', epoch: 2, openings: 1, openUntilMs: NOW_MS, ...control });
const lease = (owner: string, untilMs = NOW_MS + 1) => ({ owner, untilMs });
const halfOpen = (control: Partial<CircuitControl> = {}) =>
  open({ state: 'half-open', leases: [lease('one')], ...control });

const FAILURES: CircuitEvent = { type: 'failures-reported', epoch: 1, draw: 0.5 };
const SLOWNESS: CircuitEvent = { type: 'slowness-reported', epoch: 1 };
const ANSWER: CircuitEvent = { type: 'answered', epoch: 1 };
const WANTED: CircuitEvent = { type: 'probe-wanted', owner: 'two', leaseMs: 11_000 };
const ended = (outcome: 'success' | 'failure' | 'ignored' | 'throttled', change = {}): CircuitEvent => ({
  ...{ type: 'probe-ended', owner: 'one', epoch: 2, outcome, draw: 0.5 },
  ...change,
});
const isolated = { state: 'isolated', untilMs: NOW_MS + 60_000, by: 'role:ops', reason: 'drill' } as const;

const after = (circuit: Circuit, event: CircuitEvent, options = {}) =>
  transition(circuit, event, NOW_MS, { ...OPTIONS, ...options });

function expectUnchanged(circuit: Circuit, event: CircuitEvent): void {
  const { circuit: next, effects } = after(circuit, event);
  expect(next).toBe(circuit);
  expect(effects).toEqual([]);
}

describe('closed', () => {
  it('opens when failures are reported that trip it, and forgets what belongs to the time before', () => {
    const before = closed({ rampFromMs: 1, throttledAtMs: NOW_MS - 1, successes: 3, leases: [lease('old')] });
    expect(after(before, FAILURES)).toEqual({
      circuit: {
        ...before,
        control: {
          ...before.control,
          revision: 8,
          state: 'open',
          epoch: 2,
          openUntilMs: NOW_MS + 2_000,
          openings: 1,
          // It is still at the server's door.
          leases: [lease('old')],
          successes: 0,
          rampFromMs: null,
          throttledAtMs: null,
          history: [{ atMs: NOW_MS, change: 'opened' }],
        },
      },
      effects: ['opened'],
    });
  });

  it('is held back where calls wait for too long', () => {
    const { circuit, effects } = after(closed(), SLOWNESS);
    expect(circuit.control).toEqual({
      ...closed().control,
      revision: 8,
      throttledAtMs: NOW_MS,
      history: [{ atMs: NOW_MS, change: 'throttled' }],
    });
    expect(effects).toEqual(['throttled']);
  });

  it('is so again where nothing confirmed or refuted it for two timeouts', () => {
    expect(after(closed({ throttledAtMs: NOW_MS - 10_000 }), SLOWNESS).effects).toEqual(['throttled']);
  });

  it('is let go by an answer, after which slowness is not believed for a minute', () => {
    const { circuit, effects } = after(closed({ throttledAtMs: NOW_MS - 500 }), ANSWER);
    expect(circuit.control).toEqual({
      ...closed().control,
      revision: 8,
      trustedUntilMs: NOW_MS + 60_000,
      history: [{ atMs: NOW_MS, change: 'unthrottled' }],
    });
    expect(effects).toEqual(['unthrottled']);
  });

  it('believes slowness from the moment on at which trust ends', () => {
    expect(after(closed({ trustedUntilMs: NOW_MS }), SLOWNESS).effects).toEqual(['throttled']);
  });

  it.each<[string, Circuit, CircuitEvent]>([
    ['failures of another epoch', closed({ epoch: 2 }), FAILURES],
    ['failures that are not enough', circuitWith({}), FAILURES],
    ['slowness of another epoch', closed(), { ...SLOWNESS, epoch: 2 }],
    ['slowness that is not enough', circuitWith({}, { slowBuckets: [{ epoch: 1, id: 1_000, slow: 19 }] }), SLOWNESS],
    ['slowness that was refuted', closed({ trustedUntilMs: NOW_MS + 1 }), SLOWNESS],
    ['slowness that is known', closed({ throttledAtMs: NOW_MS - 9_999 }), SLOWNESS],
    ['an answer that refutes nothing', closed(), ANSWER],
    ['an answer of another epoch', closed({ throttledAtMs: NOW_MS }), { ...ANSWER, epoch: 2 }],
    ['a probe that is not needed', closed(), WANTED],
    ['a probe that has no lease', closed({ leases: [lease('two')] }), ended('failure', { epoch: 1 })],
  ])('is unmoved by %s', (_, circuit, event) => {
    expectUnchanged(circuit, event);
  });
});

describe('open', () => {
  it('gives a lease once its time is over', () => {
    const before = open({ successes: 3, leases: [lease('old', NOW_MS)] });
    const { circuit, effects } = after(before, WANTED);
    expect(circuit.control).toEqual({
      ...before.control,
      revision: 8,
      state: 'half-open',
      leases: [lease('two', NOW_MS + 11_000)],
      successes: 0,
    });
    expect(effects).toEqual(['half-opened', 'probe-granted']);
  });

  it.each<[string, Circuit, CircuitEvent]>([
    ['a probe that comes too early', open({ openUntilMs: NOW_MS + 1 }), WANTED],
    ['failures', open(), { ...FAILURES, epoch: 2 }],
    ['a probe while others of an older epoch are under way', open({ leases: [lease('one')] }), WANTED],
    ['a probe that has no lease', open({ leases: [lease('two')] }), ended('success')],
  ])('is unmoved by %s', (_, circuit, event) => {
    expectUnchanged(circuit, event);
  });
});

describe('half-open', () => {
  it('gives leases up to the permits, and drops those that have ended', () => {
    const held = [lease('one'), lease('dead', NOW_MS)];
    const { circuit, effects } = after(halfOpen({ leases: held }), WANTED, { halfOpenPermits: 2 });
    expect(circuit.control).toEqual({
      ...halfOpen().control,
      revision: 8,
      leases: [lease('one'), lease('two', NOW_MS + 11_000)],
    });
    expect(effects).toEqual(['probe-granted']);
  });

  it('has granted a lease that is there already: the answer was lost', () => {
    const before = halfOpen({ leases: [lease('one'), lease('two')] });
    const { circuit, effects } = after(before, WANTED);
    expect(circuit).toBe(before);
    expect(effects).toEqual(['probe-granted']);
  });

  it('closes by a success; traffic begins to return', () => {
    const before = halfOpen({ openings: 4, leases: [lease('one'), lease('other')] });
    const { circuit, effects } = after(before, ended('success'));
    expect(circuit.control).toEqual({
      ...before.control,
      revision: 8,
      state: 'closed',
      epoch: 3,
      openings: 0,
      leases: [lease('other')],
      rampFromMs: NOW_MS,
      history: [{ atMs: NOW_MS, change: 'closed' }],
    });
    expect(effects).toEqual(['closed']);
  });

  it('takes as many successes as it is told', () => {
    const first = after(halfOpen({ leases: [lease('one'), lease('two')] }), ended('success'), { successesToClose: 2 });
    expect(first.circuit.control).toEqual({
      ...halfOpen().control,
      revision: 8,
      leases: [lease('two')],
      successes: 1,
    });
    expect(first.effects).toEqual([]);
    const second = after(first.circuit, ended('success', { owner: 'two' }), { successesToClose: 2 });
    expect(second.circuit.control).toMatchObject({ state: 'closed', successes: 0 });
  });

  it('opens again by a failure', () => {
    const { circuit, effects } = after(halfOpen(), ended('failure'));
    expect(circuit.control).toMatchObject({ state: 'open', epoch: 3, openings: 2, openUntilMs: NOW_MS + 2_000 });
    expect([circuit.control.history, effects]).toEqual([[{ atMs: NOW_MS, change: 'reopened' }], ['reopened']]);
  });

  it('opens again, and keeps the places of probes that are under way', () => {
    const { circuit } = after(halfOpen({ leases: [lease('one'), lease('other')] }), ended('failure'));
    expect(circuit.control.leases).toEqual([lease('other')]);
  });

  it('counts the wait for a ping as a part of the open time', () => {
    const { circuit } = after(halfOpen(), ended('failure', { silentSinceMs: NOW_MS - 1_250 }));
    expect(circuit.control.openUntilMs).toBe(NOW_MS + 750);
  });

  it.each(['ignored', 'throttled'] as const)(
    'leaves the place of a probe to the next where it ended as %s',
    (outcome) => {
      const before = halfOpen({ successes: 1, leases: [lease('one'), lease('two')] });
      const { circuit, effects } = after(before, ended(outcome));
      expect(circuit.control).toEqual({ ...before.control, revision: 8, leases: [lease('two')] });
      expect(effects).toEqual([]);
    },
  );

  it.each<[string, Circuit, CircuitEvent]>([
    ['a probe for which there is no permit', halfOpen(), WANTED],
    ['a probe whose lease is another’s now', halfOpen({ leases: [lease('two')] }), ended('success')],
    ['failures', halfOpen(), { ...FAILURES, epoch: 2 }],
  ])('is unmoved by %s', (_, circuit, event) => {
    expectUnchanged(circuit, event);
  });
});

it.each([
  ['closed', closed({ leases: [lease('one'), lease('two')] }), {}],
  ['open', open({ leases: [lease('one'), lease('two')] }), {}],
  ['half-open', halfOpen({ leases: [lease('one'), lease('two')] }), { epoch: 1 }],
])('a probe of an older epoch does nothing but leave its place (%s)', (_, before, change) => {
  const { circuit, effects } = after(before, ended('success', change));
  expect([circuit.control, effects]).toEqual([{ ...before.control, revision: 8, leases: [lease('two')] }, []]);
});

it('beside a probe of an older epoch there are as many others as the permits leave', () => {
  const { circuit } = after(open({ leases: [lease('one')] }), WANTED, { halfOpenPermits: 2 });
  expect(circuit.control).toMatchObject({ state: 'half-open', leases: [lease('one'), lease('two', NOW_MS + 11_000)] });
});

describe('the open time', () => {
  const durationMs = (draw: number, openings: number, options = {}) =>
    after(closed({ openings }), { ...FAILURES, draw }, options).circuit.control.openUntilMs - NOW_MS;

  it.each([
    [0, 1_800],
    [0.25, 1_900],
    [1, 2_200],
  ])('varies: a draw of %f gives %i ms', (draw, expected) => {
    expect(durationMs(draw, 0)).toBeCloseTo(expected, 6);
  });

  it.each([
    [0, 2_000],
    [1, 4_000],
    [2, 8_000],
    [3, 10_000],
  ])('after %i openings in a row is %i ms, where it may grow to ten seconds', (openings, expected) => {
    expect(durationMs(0.5, openings, { maxOpenDurationMs: 10_000 })).toBe(expected);
  });

  it('is never shorter than asked for', () => {
    expect(durationMs(0.5, 0, { maxOpenDurationMs: 500 })).toBe(2_000);
  });
});

describe('an operator', () => {
  const entry = { atMs: NOW_MS, by: 'role:ops', reason: 'drill' };

  it.each([
    ['isolated', 'isolated'],
    ['closed', 'forced-closed'],
  ] as const)('makes it %s, whatever it is, and it stays that below', (state, change) => {
    for (const before of [closed(), open(), halfOpen()]) {
      const { circuit, effects } = after(before, { type: 'override', ...isolated, state });
      expect(circuit).toEqual({
        ...before,
        control: {
          ...before.control,
          revision: 8,
          override: { state, untilMs: NOW_MS + 60_000 },
          history: [{ ...entry, change, untilMs: NOW_MS + 60_000 }],
        },
      });
      expect(effects).toEqual(['overridden']);
    }
  });

  it('takes it back', () => {
    const before = open({ override: { state: 'isolated', untilMs: NOW_MS + 5 } });
    const { circuit, effects } = after(before, { type: 'override', ...isolated, state: 'auto' });
    expect(circuit.control).toEqual({
      ...before.control,
      revision: 8,
      override: null,
      history: [{ ...entry, change: 'automatic' }],
    });
    expect(effects).toEqual(['overridden']);
  });
});

describe('the history', () => {
  const openings = (count: number): HistoryEntry[] =>
    Array.from({ length: count }, (_, index) => ({ atMs: index, change: 'reopened' }));
  const orders = (count: number): HistoryEntry[] =>
    Array.from({ length: count }, (_, index) => ({ atMs: 100 + index, change: 'isolated', by: 'role:ops' }));

  it('keeps the ten latest changes of the circuit itself, and every order of an operator', () => {
    const [first, ...others] = openings(10);
    const kept = [...others.slice(0, 4), ...orders(10), ...others.slice(4)];
    const before = closed({ history: [...(first ? [first] : []), ...kept] });
    expect(after(before, FAILURES).circuit.control.history).toEqual([...kept, { atMs: NOW_MS, change: 'opened' }]);
  });

  it('keeps the ten latest orders, and every change of the circuit itself', () => {
    const before = closed({ history: [...openings(10), ...orders(10)] });
    const { history } = after(before, { type: 'override', ...isolated }).circuit.control;
    expect(history.slice(0, -1)).toEqual([...openings(10), ...orders(10).slice(1)]);
    expect(history.at(-1)).toMatchObject({ atMs: NOW_MS, change: 'isolated', by: 'role:ops', reason: 'drill' });
  });

  it('drops nothing before there are ten', () => {
    const before = closed({ history: openings(9) });
    expect(after(before, FAILURES).circuit.control.history).toHaveLength(10);
  });
});
