import { Color, GraphWidget, type IMetric, type IWidget, Stats, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { MetricKey } from '../../contract/metrics.ts';
import type { ServerMetrics } from './server-metrics.ts';

/** Of the 24 columns of a dashboard. */
const THIRD = 8;
const HEIGHT = 5;

/** A server's section: a heading and three rows of graphs. */
export function serverWidgets(name: string, metrics: ServerMetrics): IWidget[][] {
  const counts = (...keys: readonly MetricKey[]): IMetric[] => keys.map((key) => metrics.of(key, { label: key }));
  const percentile = (p: number): IMetric => metrics.of('latency', { statistic: Stats.percentile(p), label: `p${p}` });
  const ownTime = metrics.of('ownTime', { statistic: Stats.percentile(99), label: 'our own part, p99' });
  return [
    [new TextWidget({ markdown: `## ${name}`, width: 24, height: 1 })],
    [
      graph('Traffic', counts('calls', 'rejected', 'retries', 'faults')),
      graph('Latency, ms', [percentile(50), percentile(90), percentile(99), ownTime]),
      graph('Errors by code', [metrics.errorsByCode()]),
    ],
    [
      graph('Attempts per call', [metrics.attemptsPerCall()], counts('retryBudgetExhausted')),
      graph('Circuit', [
        metrics.of('circuitOpened', { label: 'opened', color: Color.RED }),
        metrics.of('circuitClosed', { label: 'closed', color: Color.GREEN }),
      ]),
      graph('Health checks', counts('healthChecks', 'healthCheckFailures'), [
        metrics.of('healthLatency', { statistic: Stats.AVERAGE, label: 'latency, ms' }),
      ]),
    ],
    [
      graph('Cache', counts('cacheHits', 'cacheMisses', 'cacheStale')),
      graph('Sessions', counts('connections', 'connectionFailures', 'sessionsReused')),
      graph('Credentials and warnings', [
        ...counts('secretRefreshes', 'secretFailures'),
        metrics.of('healthWarnings', { statistic: Stats.MAXIMUM, label: 'healthWarnings' }),
      ]),
    ],
  ];
}

function graph(title: string, left: IMetric[], right: IMetric[] = []): GraphWidget {
  return new GraphWidget({ title, left, right, width: THIRD, height: HEIGHT, leftYAxis: { min: 0, showUnits: false } });
}
