/** Where counts are read: part of {@link ./compose.ts}. */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchMetricSource } from './adapters/cloudwatch/metric-source.ts';
import { METRICS_NAMESPACE } from './contract/metrics.ts';
import type { MetricSource } from './mcp/ports.ts';

export const createMetricSource = (env: NodeJS.ProcessEnv): MetricSource =>
  new CloudWatchMetricSource(
    new CloudWatchClient({ maxAttempts: 2 }),
    env['POWERTOOLS_METRICS_NAMESPACE'] || METRICS_NAMESPACE,
  );
