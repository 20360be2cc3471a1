import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRIC, METRICS_NAMESPACE, NO_SERVER } from '../contract/metrics.ts';
import type { ErrorCode } from '../mcp/errors.ts';
import type { CallRecord } from './call-record.ts';

/** One document of CloudWatch's embedded metric format: log fields beside it do no harm. */
type Emf = ReturnType<Metrics['serializeMetrics']>;

/** What one call counts for; undefined: nothing. */
export function callMetrics(record: CallRecord, durationMs: number, code: ErrorCode | undefined): Emf | undefined {
  const server = record.server ?? NO_SERVER;
  const documents = [
    ...(record.operation === 'call_tool' ? [toolCall(server, record, durationMs)] : []),
    ...(code === undefined ? [] : [failure({ server }), failure({ server, code })]),
  ];
  const [first] = documents;
  if (first === undefined) return undefined;
  const { _aws: aws } = first;
  const directives = documents.flatMap(({ _aws: { CloudWatchMetrics } }) => CloudWatchMetrics);
  return { ...Object.assign({}, ...documents), _aws: { ...aws, CloudWatchMetrics: directives } };
}

/** Calls that never reached the server have no latency: a flood of refusals would make every server look quick. */
function toolCall(server: string, { attempts }: CallRecord, durationMs: number): Emf {
  const metrics = emptyMetrics({ server });
  metrics.addMetric(METRIC.calls.name, MetricUnit.Count, 1);
  if (attempts !== undefined && attempts > 0) {
    metrics.addMetric(METRIC.attempts.name, MetricUnit.Count, attempts);
    metrics.addMetric(METRIC.retries.name, MetricUnit.Count, attempts - 1);
    metrics.addMetric(METRIC.latency.name, MetricUnit.Milliseconds, durationMs);
  }
  return metrics.serializeMetrics();
}

/** A document of its own: nothing but errors is counted by code. */
function failure(dimensions: Readonly<Record<string, string>>): Emf {
  const metrics = emptyMetrics(dimensions);
  metrics.addMetric(METRIC.errors.name, MetricUnit.Count, 1);
  return metrics.serializeMetrics();
}

function emptyMetrics(dimensions: Readonly<Record<string, string>>): Metrics {
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE });
  // Powertools' own, `service`, would double every metric.
  metrics.clearDefaultDimensions();
  return metrics.addDimensions(dimensions);
}
