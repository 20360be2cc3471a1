/** CloudWatch namespace of every metric (Powertools: `POWERTOOLS_METRICS_NAMESPACE`). */
export const METRICS_NAMESPACE = 'McpFusebox';

/** Metric names. Dimension: `server`; `errors` also `[server, code]`. The tool is a property, not a dimension: cardinality is money. */
export const METRIC = {
  calls: 'Calls',
  errors: 'Errors',
  attempts: 'Attempts',
  retries: 'Retries',
  latency: 'Latency',
} as const;
