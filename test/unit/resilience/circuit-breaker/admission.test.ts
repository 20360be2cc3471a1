import { admission, isThrottled } from '../../../../lib/resilience/circuit-breaker/admission.ts';
import type { CircuitControl } from '../../../../lib/resilience/circuit-breaker/circuit.ts';
import { TUNING } from '../../../../lib/resilience/circuit-breaker/tuning.ts';
import { circuitWith, OPTIONS } from '../../../helpers/circuits.ts';

const NOW_MS = 1_000_000;
const PASS = { kind: 'pass', counted: true };
const PROBE = { kind: 'probe' };
const reject = (retryAfterMs: number) => ({ kind: 'reject', retryAfterMs });
const share = (part: number, retryAfterMs: number) => ({ kind: 'share', share: part, retryAfterMs });
const lease = (untilMs: number) => ({ owner: 'other', untilMs });

const says = (control: Partial<CircuitControl>, options = {}) =>
  admission(circuitWith(control), NOW_MS, { ...OPTIONS, ...options }, TUNING);

it.each<[string, Partial<CircuitControl>, object]>([
  ['closed', {}, PASS],
  ['open', { state: 'open', openUntilMs: NOW_MS + 1 }, reject(1)],
  ['open for long enough', { state: 'open', openUntilMs: NOW_MS }, PROBE],
  [
    'open for long enough, with a probe still under way',
    { state: 'open', openUntilMs: NOW_MS, leases: [lease(NOW_MS + 1)] },
    reject(1_000),
  ],
  ['half-open, with a permit left', { state: 'half-open' }, PROBE],
  ['half-open, with its permit given', { state: 'half-open', leases: [lease(NOW_MS + 1)] }, reject(1_000)],
  ['half-open, with a lease that has ended', { state: 'half-open', leases: [lease(NOW_MS)] }, PROBE],
  ['closed a moment ago', { rampFromMs: NOW_MS }, share(0, 3_000)],
  ['closed a second ago', { rampFromMs: NOW_MS - 750 }, share(0.25, 2_250)],
  ['closed long enough ago', { rampFromMs: NOW_MS - 3_000 }, PASS],
  ['closed by a clock that is ahead', { rampFromMs: NOW_MS + 500 }, share(0, 3_500)],
  ['throttled', { throttledAtMs: NOW_MS }, share(0.05, 1_000)],
  ['throttled on its way back', { throttledAtMs: NOW_MS - 1, rampFromMs: NOW_MS - 1_500 }, share(0.05, 1_000)],
  ['throttled two timeouts ago', { throttledAtMs: NOW_MS - 10_000 }, PASS],
])('%s', (_, control, expected) => {
  expect(says(control)).toEqual(expected);
});

it('gives as many permits as there are', () => {
  const leases = [lease(NOW_MS + 1), lease(NOW_MS - 1), lease(NOW_MS + 2)];
  expect(says({ state: 'half-open', leases }, { halfOpenPermits: 2 })).toEqual(reject(1_000));
  expect(says({ state: 'half-open', leases }, { halfOpenPermits: 3 })).toEqual(PROBE);
});

it('needs no ramp', () => {
  expect(says({ rampFromMs: NOW_MS }, { rampDurationMs: 0 })).toEqual(PASS);
});

describe('an operator’s word', () => {
  it.each<[string, Partial<CircuitControl>, object]>([
    ['closes what is open', { state: 'open', openUntilMs: NOW_MS + 9 }, { kind: 'pass', counted: false }],
    ['closes what is half-open', { state: 'half-open' }, { kind: 'pass', counted: false }],
  ])('%s', (_, control, expected) => {
    expect(says({ ...control, override: { state: 'closed', untilMs: NOW_MS + 1 } })).toEqual(expected);
  });

  it('isolates what is closed, until it ends', () => {
    expect(says({ override: { state: 'isolated', untilMs: NOW_MS + 1 } })).toEqual(reject(1));
    expect(says({ override: { state: 'isolated', untilMs: NOW_MS } })).toEqual(PASS);
  });
});

it('throttling ends two timeouts after it began', () => {
  const at = (throttledAtMs: number | null) =>
    isThrottled(circuitWith({ throttledAtMs }).control, NOW_MS, { ...OPTIONS, timeoutMs: 300 });
  expect([at(NOW_MS), at(NOW_MS - 599), at(NOW_MS - 600), at(null)]).toEqual([true, true, false, false]);
});

it('what never happened is long ago, whenever the clock began', () => {
  expect(admission(circuitWith({}), 0, OPTIONS, TUNING)).toEqual(PASS);
});
