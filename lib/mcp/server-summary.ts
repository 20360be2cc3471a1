/** Pure: which metrics the summary of a server is made of, and how. DESIGN §2.5. */
import type { MetricKey } from '../contract/metrics.ts';
import { ERROR_CODES, type ErrorCode } from './errors.ts';
import type { HealthRecord, MetricQuery } from './ports.ts';

export interface ServerSummary {
  readonly connections: {
    readonly attempts: number;
    readonly successful: number;
    readonly failed: number;
    /** Calls under way, on average over the window (Little's law: arrivals times the time that each stays). */
    readonly active: number;
    readonly successRate: number | null;
  };
  /** Calls of tools. @property rejected those of the failed ones that one of our limits kept from the server */
  readonly operations: {
    readonly total: number;
    readonly successful: number;
    readonly failed: number;
    readonly successRate: number | null;
    readonly retries: number;
    readonly rejected: number;
  };
  /** Milliseconds, of calls that reached the server; `null`: there were none. */
  readonly performance: {
    readonly average: number | null;
    readonly p50: number | null;
    readonly p90: number | null;
    readonly p99: number | null;
    readonly count: number;
  };
  readonly cache: { readonly hits: number; readonly misses: number; readonly stale: number };
  /** @property lastCheck RFC 3339; absent: none was made. @property failures failed checks within the window */
  readonly health: { readonly lastCheck?: string; readonly ok?: boolean; readonly failures: number };
  /** Most frequent first, five at most. */
  readonly topErrors: readonly { readonly code: ErrorCode; readonly count: number }[];
  /** What the latest failed health checks met, newest first. */
  readonly lastErrors: readonly { readonly at: string; readonly code: string; readonly detail: string }[];
}

const SUMS = [
  'calls',
  'errors',
  'retries',
  'rejected',
  'connections',
  'connectionFailures',
  'cacheHits',
  'cacheMisses',
  'cacheStale',
  'healthCheckFailures',
  'latency',
] as const satisfies readonly MetricKey[];

const PERCENTILES = ['p50', 'p90', 'p99'] as const;
const TOP_ERRORS = 5;

/** Answers to {@link queriesOf}, in their order. */
export type Values = readonly (number | undefined)[];

export function queriesOf(server: string): MetricQuery[] {
  return [
    ...SUMS.map((metric): MetricQuery => ({ metric, dimensions: { server }, statistic: 'Sum' })),
    { metric: 'latency', dimensions: { server }, statistic: 'SampleCount' },
    ...PERCENTILES.map((statistic): MetricQuery => ({ metric: 'latency', dimensions: { server }, statistic })),
    ...ERROR_CODES.map((code): MetricQuery => ({ metric: 'errors', dimensions: { server, code }, statistic: 'Sum' })),
  ];
}

/** @param windowMs length of the time that the values are of */
export function toSummary(values: Values, health: HealthRecord | undefined, windowMs: number): ServerSummary {
  const sum = (metric: (typeof SUMS)[number]): number => values[SUMS.indexOf(metric)] ?? 0;
  const [count = 0, p50, p90, p99, ...byCode] = values.slice(SUMS.length);
  const failedConnections = sum('connectionFailures');
  const successfulConnections = sum('connections') - failedConnections;
  const succeeded = sum('calls') - sum('errors');
  return {
    connections: {
      attempts: sum('connections'),
      successful: successfulConnections,
      failed: failedConnections,
      active: rounded(sum('latency') / windowMs),
      successRate: ratio(successfulConnections, sum('connections')),
    },
    operations: {
      total: sum('calls'),
      successful: succeeded,
      failed: sum('errors'),
      successRate: ratio(succeeded, sum('calls')),
      retries: sum('retries'),
      rejected: sum('rejected'),
    },
    performance: {
      average: count > 0 ? rounded(sum('latency') / count) : null,
      p50: p50 ?? null,
      p90: p90 ?? null,
      p99: p99 ?? null,
      count,
    },
    cache: { hits: sum('cacheHits'), misses: sum('cacheMisses'), stale: sum('cacheStale') },
    health: {
      ...(health && { lastCheck: iso(health.checkedAtMs), ok: health.ok }),
      failures: sum('healthCheckFailures'),
    },
    topErrors: topErrors(byCode),
    lastErrors: (health?.lastErrors ?? []).map(({ atMs, code, detail }) => ({ at: iso(atMs), code, detail })),
  };
}

function topErrors(counts: Values): ServerSummary['topErrors'] {
  return ERROR_CODES.map((code, index) => ({ code, count: counts[index] ?? 0 }))
    .filter(({ count }) => count > 0)
    .toSorted((one, other) => other.count - one.count)
    .slice(0, TOP_ERRORS);
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
const ratio = (part: number, whole: number): number | null => (whole > 0 ? rounded(part / whole) : null);
const iso = (epochMs: number): string => new Date(epochMs).toISOString();
