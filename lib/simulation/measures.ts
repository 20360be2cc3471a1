import { BIN_MS, type Observer, type Timeline } from './observer.ts';
import type { Scenario } from './scenario.ts';
import type { StoreMeter } from './virtual-item.ts';

/** What one run of one rule came to. `null`: it never happened. Of several seeds, each is the median. */
export interface Measures {
  /** From the first fault to the first opening. */
  readonly detectSeconds: number | null;
  /** From the first fault to the first time that nearly all calls were held back. */
  readonly throttledSeconds: number | null;
  /** Sent while the server was at fault, pings included, and failed or hung. */
  readonly leakedCalls: number;
  /** Not sent, though the server was well or would have answered. */
  readonly goodRejected: number;
  /** No environment was free, and no more allowed. */
  readonly refusedByCap: number;
  /** From the end of the last fault until 95 % of a second's arrivals are sent. */
  readonly recoverSeconds: number | null;
  readonly successes: number;
  /** While the server was well, or failed less than the circuit's ratio. */
  readonly falseOpenings: number;
  readonly maxProbesAtOnce: number;
  readonly storeReads: number;
  readonly storeWrites: number;
  /** In the worst second. */
  readonly peakWritesPerSecond: number;
  readonly calls: number;
  /** Between the first fault and the first opening. */
  readonly sentBeforeOpening: number | null;
  readonly failedBeforeOpening: number | null;
}

export function measuresOf(observer: Observer, meter: StoreMeter, scenario: Scenario): Measures {
  const { succeeded, failed, rejected, refused } = observer.counts;
  return {
    detectSeconds: observer.detectSeconds,
    throttledSeconds: observer.throttledSeconds,
    leakedCalls: observer.leakedCalls,
    goodRejected: observer.goodRejected,
    refusedByCap: refused,
    recoverSeconds: recoverSeconds(observer.timeline, scenario),
    successes: succeeded,
    falseOpenings: observer.falseOpenings,
    maxProbesAtOnce: observer.maxProbesAtOnce,
    storeReads: meter.reads,
    storeWrites: meter.writes,
    peakWritesPerSecond: meter.peakWritesPerSecond,
    calls: succeeded + failed + rejected + refused,
    sentBeforeOpening: observer.sentBeforeOpening,
    failedBeforeOpening: observer.failedBeforeOpening,
  };
}

const RECOVERED_SHARE = 0.95;
const BINS_PER_SECOND = 1_000 / BIN_MS;

/** Ends of sliding seconds are looked at from the end of the last fault on. */
function recoverSeconds(timeline: Timeline, { faults }: Scenario): number | null {
  const faultEndBin = Math.max(0, ...faults.map(({ toSeconds }) => toSeconds * BINS_PER_SECOND));
  for (let end = faultEndBin; end <= timeline.succeeded.length; end++) {
    const inSecond = (bins: Uint32Array) =>
      bins.subarray(Math.max(0, end - BINS_PER_SECOND), end).reduce((a, b) => a + b, 0);
    const sent = inSecond(timeline.succeeded) + inSecond(timeline.failed);
    const all = sent + inSecond(timeline.rejected) + inSecond(timeline.refused);
    if (all > 0 && sent >= RECOVERED_SHARE * all) return (end - faultEndBin) / BINS_PER_SECOND;
  }
  return null;
}

/** Each measure's median over the seeds; `null`, where it is rather never than ever. */
export function medianMeasures(runs: readonly Measures[]): Measures {
  const names = Object.keys(runs[0] ?? {}) as (keyof Measures)[];
  const medians = names.map((name) => [name, median(runs.map((run) => run[name]))] as const);
  return Object.fromEntries(medians) as { [Name in keyof Measures]: Measures[Name] & (number | null) };
}

/** Of an even number, the smaller of the two in the middle. */
function median(values: readonly (number | null)[]): number | null {
  const sorted = values.map((value) => value ?? Number.POSITIVE_INFINITY).toSorted((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.POSITIVE_INFINITY;
  return middle === Number.POSITIVE_INFINITY ? null : middle;
}
