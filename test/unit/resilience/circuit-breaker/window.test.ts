import type { Bucket, Run } from '../../../../lib/resilience/circuit-breaker/circuit.ts';
import { TUNING } from '../../../../lib/resilience/circuit-breaker/tuning.ts';
import {
  firstBucketId,
  isTripped,
  reportsPerSecond,
  slowCount,
  windowCounts,
} from '../../../../lib/resilience/circuit-breaker/window.ts';
import { circuitWith, OPTIONS } from '../../../helpers/circuits.ts';

/** The first millisecond of bucket 200, and of second 1000. */
const NOW_MS = 1_000_000;

const bucket = (id: number, counts: Partial<Bucket>): Bucket => ({
  epoch: 1,
  id,
  ok: 0,
  failed: 0,
  reports: 0,
  ...counts,
});
const circuit = (ok: number, failed: number, run: Run | null = null) =>
  circuitWith({}, { buckets: [bucket(200, { ok, failed })], run });

describe('the window', () => {
  it.each([
    [NOW_MS - 1, 197],
    [NOW_MS, 198],
    [NOW_MS + 4_999, 198],
    [NOW_MS + 5_000, 199],
  ])('at %i begins with bucket %i', (nowMs, id) => {
    expect(firstBucketId(nowMs, OPTIONS)).toBe(id);
  });

  it('has the counts of its buckets, of the present epoch', () => {
    const buckets = [
      bucket(197, { ok: 1, failed: 2 }),
      bucket(198, { ok: 10, failed: 20 }),
      bucket(200, { ok: 100, failed: 200 }),
      bucket(200, { ok: 1_000, failed: 2_000, epoch: 2 }),
    ];
    expect(windowCounts(circuitWith({}, { buckets }), NOW_MS, OPTIONS)).toEqual({ ok: 110, failed: 220 });
  });
});

describe('it is time to open', () => {
  const trips = (ok: number, failed: number, options = {}, tuning = {}) =>
    isTripped(circuit(ok, failed), NOW_MS, { ...OPTIONS, ...options }, { ...TUNING, ...tuning });

  it.each([
    [0, 19, false],
    [0, 20, true],
    [20, 39, false],
    [20, 40, true],
    [1_000, 1_019, false],
    [1_000, 1_020, true],
    [20, 0, false],
  ])('with %i successes and %i failures: %p', (ok, failed, expected) => {
    expect(trips(ok, failed)).toBe(expected);
  });

  it.each([
    [0, 20, true],
    [20, 24, false],
    [20, 25, true],
    [180, 64, false],
    [180, 65, true],
  ])('at a fifth, with %i successes and %i failures: %p', (ok, failed, expected) => {
    expect(trips(ok, failed, { failureRatio: 0.2 })).toBe(expected);
  });

  it('by the drift, but for an ablation', () => {
    expect(TUNING).toMatchObject({ trip: 'drift' });
  });

  it.each([
    [0, 19, false],
    [10, 10, true],
    [11, 10, false],
    [100, 100, true],
  ])('by the plain ratio, with %i successes and %i failures: %p', (ok, failed, expected) => {
    expect(trips(ok, failed, {}, { trip: 'ratio' })).toBe(expected);
  });

  const run = (failures: number, sinceMs: number): Run => ({ failures, sinceMs, lastMs: NOW_MS });
  it.each<[string, number, Run | null, boolean]>([
    ['five in a row within a second', 5, run(5, NOW_MS - 1_000), true],
    ['five in a row in less than a second', 5, run(5, NOW_MS - 999), false],
    ['four in a row', 4, run(4, NOW_MS - 9_000), false],
    ['none in a row', 19, null, false],
  ])('with few calls and %s: %p', (_, failed, inARow, expected) => {
    expect(isTripped(circuit(0, failed, inARow), NOW_MS, OPTIONS, TUNING)).toBe(expected);
  });

  it('however many failed in a row, not where there are enough calls, and most of them worked', () => {
    expect(isTripped(circuit(15, 5, run(5, NOW_MS - 5_000)), NOW_MS, OPTIONS, TUNING)).toBe(false);
    expect(isTripped(circuit(14, 5, run(5, NOW_MS - 5_000)), NOW_MS, OPTIONS, TUNING)).toBe(true);
  });
});

describe('slow calls', () => {
  it('are those of this second, and of the present epoch', () => {
    const slowBuckets = [
      { epoch: 1, id: 999, slow: 1 },
      { epoch: 2, id: 1_000, slow: 2 },
      { epoch: 1, id: 1_000, slow: 4 },
    ];
    expect(slowCount(circuitWith({}, { slowBuckets }), NOW_MS)).toBe(4);
    expect(slowCount(circuitWith({}, { slowBuckets }), NOW_MS - 1)).toBe(1);
    expect(slowCount(circuitWith({}, { slowBuckets }), NOW_MS + 1_000)).toBe(0);
  });
});

describe('reports a second', () => {
  const buckets = [
    bucket(199, { reports: 50 }),
    bucket(200, { reports: 999, epoch: 2 }),
    bucket(200, { reports: 18 }),
    bucket(201, { reports: 999 }),
  ];

  it.each([
    ['the first second counts whole', NOW_MS, 18],
    ['then the time that has passed', NOW_MS + 1_500, 12],
    ['the bucket before, where that had more', NOW_MS + 4_000, 10],
  ])('%s', (_, nowMs, expected) => {
    expect(reportsPerSecond(circuitWith({}, { buckets }), nowMs)).toBe(expected);
  });

  it('are none where nothing was reported', () => {
    expect(reportsPerSecond(circuitWith({}), NOW_MS)).toBe(0);
  });
});
