import { Metrics } from '@aws-lambda-powertools/metrics';
import { METRIC, METRICS_NAMESPACE, type MetricKey, NO_SERVER } from '../contract/metrics.ts';
import type { ErrorCode } from '../mcp/errors.ts';
import type { Counts, Taken } from '../mcp/journal.ts';
import type { CallRecord } from './call-record.ts';

/** One document of CloudWatch's embedded metric format: log fields beside it do no harm. */
export type Emf = ReturnType<Metrics['serializeMetrics']>;

export interface EndedCall {
  readonly record: CallRecord;
  readonly durationMs: number;
  readonly status: number;
  /** Of the error, where there is no result. */
  readonly code: ErrorCode | undefined;
}

/** What one invocation counts for: of the server that it was about, for its log line; and of others, each a line of its own. */
export interface CallMetrics {
  readonly own: Emf | undefined;
  readonly others: readonly Emf[];
}

export function callMetrics(call: EndedCall, { counts, waitedMs }: Omit<Taken, 'notes'>): CallMetrics {
  const { record, code } = call;
  const server = record.server ?? NO_SERVER;
  const isCall = record.operation === 'call_tool';
  const own = emf({ server }, { ...(isCall && ofCall(call, waitedMs)), ...counts.get(server) });
  const byCode = isCall && code !== undefined ? emf({ server, code }, { errors: 1 }) : undefined;
  const others = [...counts].flatMap(([name, its]) => (name === server ? [] : (emf({ server: name }, its) ?? [])));
  return { own: merged(own, byCode), others };
}

/** Calls that never reached the server have no latency: a flood of refusals would make every server look quick. */
function ofCall({ record, durationMs, status, code }: EndedCall, waitedMs: number): Counts {
  const { attempts = 0 } = record;
  return {
    calls: 1,
    ...(attempts > 0 && { attempts, latency: durationMs, ownTime: Math.max(0, durationMs - waitedMs) }),
    ...(attempts > 1 && { retries: attempts - 1 }),
    ...(code !== undefined && { errors: 1 }),
    ...(status >= 500 && { faults: 1 }),
    ...(isRejection(code, attempts) && { rejected: 1 }),
  };
}

/** Was it one of our limits that said no? A server's own 429 was asked first. */
export const isRejection = (code: ErrorCode | undefined, attempts: number): boolean =>
  attempts === 0 && (code === 'circuit_open' || code === 'bulkhead_full' || code === 'rate_limited');

/** @returns undefined where there is nothing to say */
export function emf(dimensions: Readonly<Record<string, string>>, counts: Counts): Emf | undefined {
  const entries = Object.entries(counts) as [MetricKey, number][];
  if (entries.length === 0) return undefined;
  const metrics = new Metrics({ namespace: process.env['POWERTOOLS_METRICS_NAMESPACE'] || METRICS_NAMESPACE });
  // Powertools' own, `service`, would double every metric.
  metrics.clearDefaultDimensions();
  metrics.addDimensions(dimensions);
  for (const [key, value] of entries) metrics.addMetric(METRIC[key].name, METRIC[key].unit, value);
  return metrics.serializeMetrics();
}

/** Two documents in one: what they say of their dimensions must not contradict. */
function merged(one: Emf | undefined, other: Emf | undefined): Emf | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const { _aws: about } = one;
  const CloudWatchMetrics = [one, other].flatMap(({ _aws: { CloudWatchMetrics: directives } }) => directives);
  return { ...one, ...other, _aws: { ...about, CloudWatchMetrics } };
}
