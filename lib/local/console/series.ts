/** Pure: what became of a server's calls in the last five minutes, second by second. */
import { percentileOf } from '../metrics/statistic.ts';
import type { CallEntry } from './call-line.ts';

const SECONDS = 300;

/** A point of the sparkline stands for so many seconds. */
const SECONDS_A_POINT = 5;

/** The rate is that of the last few seconds, the rest that of the whole stretch. */
const RATE_SECONDS = 10;

/** Of one second so many latencies are kept: a percentile needs no more, and memory has an end. */
const MAX_LATENCIES = 200;

export interface SeriesPoint {
  readonly calls: number;
  readonly errors: number;
  /** The slowest that reached the server; 0: none did. */
  readonly slowestMs: number;
}

/** Sums of five minutes, where nothing else is said. */
export interface ServerSums {
  /** Of the last ten seconds. */
  readonly callsPerSecond: number;
  readonly calls: number;
  readonly errors: number;
  /** Of calls that reached the server; absent: there was none. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly cacheStale: number;
  readonly sessionsReused: number;
  readonly connections: number;
  /** Oldest first. */
  readonly points: readonly SeriesPoint[];
}

interface Second {
  readonly second: number;
  calls: number;
  errors: number;
  readonly latencies: number[];
  hits: number;
  misses: number;
  stale: number;
  sessionsReused: number;
  connections: number;
}

export class ServerSeries {
  /** Ascending; only seconds in which something happened. */
  #seconds: Second[] = [];

  /** @param nowMs when the line came: a function's clock may be another */
  add(entry: CallEntry, nowMs: number): void {
    const second = this.#at(Math.floor(nowMs / 1000));
    second.calls += 1;
    // The caller's own mistake says nothing of the server, but it is an answer without a result.
    if (entry.status >= 400) second.errors += 1;
    if ((entry.attempts ?? 0) > 0 && second.latencies.length < MAX_LATENCIES) second.latencies.push(entry.durationMs);
    if (entry.cache === 'hit') second.hits += 1;
    if (entry.cache === 'miss') second.misses += 1;
    if (entry.cache === 'stale') second.stale += 1;
    if (entry.sessionReused === true) second.sessionsReused += 1;
    second.connections += entry.connections ?? 0;
  }

  sums(nowMs: number): ServerSums {
    const now = Math.floor(nowMs / 1000);
    const seconds = this.#seconds.filter(({ second }) => second > now - SECONDS && second <= now);
    const latencies = seconds.flatMap((second) => second.latencies);
    const recent = seconds.filter(({ second }) => second > now - RATE_SECONDS);
    const total = (of: (second: Second) => number, among = seconds) => among.reduce((sum, each) => sum + of(each), 0);
    return {
      callsPerSecond: total(({ calls }) => calls, recent) / RATE_SECONDS,
      calls: total(({ calls }) => calls),
      errors: total(({ errors }) => errors),
      ...(latencies.length === 0
        ? {}
        : { p50Ms: percentileOf(50, latencies) ?? 0, p99Ms: percentileOf(99, latencies) ?? 0 }),
      cacheHits: total(({ hits }) => hits),
      cacheMisses: total(({ misses }) => misses),
      cacheStale: total(({ stale }) => stale),
      sessionsReused: total(({ sessionsReused }) => sessionsReused),
      connections: total(({ connections }) => connections),
      points: pointsOf(seconds, now),
    };
  }

  #at(second: number): Second {
    const last = this.#seconds.at(-1);
    // A clock that was set back must not disturb the order.
    if (last !== undefined && second <= last.second) return last;
    const fresh = emptySecond(second);
    this.#seconds = [...this.#seconds.filter((each) => each.second > second - SECONDS), fresh];
    return fresh;
  }
}

const emptySecond = (second: number): Second => ({
  second,
  calls: 0,
  errors: 0,
  latencies: [],
  hits: 0,
  misses: 0,
  stale: 0,
  sessionsReused: 0,
  connections: 0,
});

/** The grid stands still while time moves: a point is that of a fixed stretch, so the line does not flicker. */
function pointsOf(seconds: readonly Second[], now: number): SeriesPoint[] {
  const newest = Math.floor(now / SECONDS_A_POINT);
  const count = SECONDS / SECONDS_A_POINT;
  const points = Array.from({ length: count }, () => ({ calls: 0, errors: 0, slowestMs: 0 }));
  for (const { second, calls, errors, latencies } of seconds) {
    const point = points[count - 1 - (newest - Math.floor(second / SECONDS_A_POINT))];
    if (point === undefined) continue;
    point.calls += calls;
    point.errors += errors;
    point.slowestMs = Math.max(point.slowestMs, ...latencies);
  }
  return points;
}
