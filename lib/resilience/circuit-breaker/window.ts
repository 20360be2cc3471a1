import { BUCKET_MS, type Circuit, type CircuitOptions, SLOW_BUCKET_MS } from './circuit.ts';
import type { Tuning } from './tuning.ts';

/** Reported calls. */
export interface Counts {
  readonly ok: number;
  readonly failed: number;
}

export const bucketId = (ms: number): number => Math.floor(ms / BUCKET_MS);
export const slowBucketId = (ms: number): number => Math.floor(ms / SLOW_BUCKET_MS);

/** The oldest bucket that reaches into the window: the window is as long as asked for, or up to one bucket longer. */
export function firstBucketId(nowMs: number, { samplingDurationMs }: CircuitOptions): number {
  return bucketId(nowMs - samplingDurationMs);
}

/** What was reported within the window, of the present epoch. */
export function windowCounts(circuit: Circuit, nowMs: number, options: CircuitOptions): Counts {
  const { control, buckets } = circuit;
  const first = firstBucketId(nowMs, options);
  let [ok, failed] = [0, 0];
  for (const bucket of buckets) {
    if (bucket.epoch !== control.epoch || bucket.id < first) continue;
    ok += bucket.ok;
    failed += bucket.failed;
  }
  return { ok, failed };
}

/**
 * Is it time to open? Either the window's failures exceed the ratio by what `minimumThroughput` failed calls alone would: a plain
 * ratio, looked at again and again, crosses any line by chance. Or there are few calls, and those failed one after another.
 */
export function isTripped(circuit: Circuit, nowMs: number, options: CircuitOptions, tuning: Tuning): boolean {
  const { ok, failed } = windowCounts(circuit, nowMs, options);
  const { failureRatio, minimumThroughput, consecutiveFailures } = options;
  const total = ok + failed;
  if (total < minimumThroughput) {
    const { run } = circuit;
    return run !== null && run.failures >= consecutiveFailures && nowMs - run.sinceMs >= tuning.runMs;
  }
  if (tuning.trip === 'ratio') return failed >= failureRatio * total;
  return failed - failureRatio * total >= (1 - failureRatio) * minimumThroughput;
}

/** Calls reported as slow within the present second. */
export function slowCount({ control, slowBuckets }: Circuit, nowMs: number): number {
  const id = slowBucketId(nowMs);
  return slowBuckets.find((bucket) => bucket.epoch === control.epoch && bucket.id === id)?.slow ?? 0;
}

/** Reports a second of the whole fleet, lately. */
export function reportsPerSecond({ control, buckets }: Circuit, nowMs: number): number {
  const id = bucketId(nowMs);
  const reportsOf = (wanted: number) =>
    buckets.find((bucket) => bucket.epoch === control.epoch && bucket.id === wanted)?.reports ?? 0;
  const elapsedSeconds = Math.max(1, (nowMs - id * BUCKET_MS) / 1000);
  return Math.max(reportsOf(id) / elapsedSeconds, reportsOf(id - 1) / (BUCKET_MS / 1000));
}
