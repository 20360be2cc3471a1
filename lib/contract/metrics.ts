/** CloudWatch namespace of every metric, unless `deploy.metricsNamespace` says otherwise (Powertools: `POWERTOOLS_METRICS_NAMESPACE`). */
export const METRICS_NAMESPACE = 'McpFusebox';

/** The value of the dimension `server` where no configured server is concerned; no server can be called so. */
export const NO_SERVER = '-';

type Unit = 'Count' | 'Milliseconds';
type Dimension = 'server' | 'code';

export interface MetricShape {
  readonly name: string;
  readonly unit: Unit;
  /** Every set of dimensions that it is emitted with. */
  readonly dimensions: readonly (readonly Dimension[])[];
}

const PER_SERVER = [['server']] as const;

const count = (name: string, dimensions: MetricShape['dimensions'] = PER_SERVER): MetricShape => ({
  name,
  unit: 'Count',
  dimensions,
});
const duration = (name: string): MetricShape => ({ name, unit: 'Milliseconds', dimensions: PER_SERVER });

/**
 * Every metric. The tool is no dimension but a field beside it: cardinality is money ($0.30 a metric and month). What is zero is not
 * emitted, but for those that say so.
 */
export const METRIC = {
  /** Calls of tools, whatever became of them. */
  calls: count('Calls'),
  /** Calls of tools without a result, by code too. */
  errors: count('Errors', [['server'], ['server', 'code']]),
  /** Of these the ones that are not the caller's doing: answered with 5xx, rejections among them. */
  faults: count('Faults'),
  /** Requests that were sent to the server for calls of tools. */
  attempts: count('Attempts'),
  retries: count('Retries'),
  /** Retries that the budget did not allow. */
  retryBudgetExhausted: count('RetryBudgetExhausted'),
  /** Calls that the circuit, the bulkhead, or a pause that the server asked for kept from the server. */
  rejected: count('Rejected'),
  /** Of calls that reached the server, from the request's arrival to its answer. */
  latency: duration('Latency'),
  /** Of that, the part that was not spent waiting for the server or between retries. */
  ownTime: duration('OwnTime'),
  /** Connections that were opened, or tried: a handshake, or the first request to a server of the modern era. */
  connections: count('Connections'),
  connectionFailures: count('ConnectionFailures'),
  /** Calls for which a connection was there already. */
  sessionsReused: count('SessionsReused'),
  cacheHits: count('CacheHits'),
  cacheMisses: count('CacheMisses'),
  /** Answers that stood in for a failing server. */
  cacheStale: count('CacheStale'),
  /** The circuit was opened, or opened again. */
  circuitOpened: count('CircuitOpened'),
  circuitClosed: count('CircuitClosed'),
  /** Operations on DynamoDB that failed or took too long; always with {@link NO_SERVER}. */
  storeErrors: count('StoreErrors'),
  /** Credentials that were fetched anew because the server refused the one before, or it ran out. */
  secretRefreshes: count('SecretRefreshes'),
  /** Credentials that could not be had. */
  secretFailures: count('SecretFailures'),
  healthChecks: count('HealthChecks'),
  /** One per check: 0 where the server answered. */
  healthCheckFailures: count('HealthCheckFailures'),
  healthLatency: duration('HealthLatency'),
  /** One per check: certificates and tokens that end soon, tools that changed. */
  healthWarnings: count('HealthWarnings'),
  /** Runs of the health check itself; always with {@link NO_SERVER}. */
  healthRuns: count('HealthRuns'),
  /** Requests that API Gateway answered 429 itself: counted in its access log, by CloudWatch. */
  gatewayThrottled: count('GatewayThrottled', [[]]),
} as const satisfies Record<string, MetricShape>;

export type MetricKey = keyof typeof METRIC;
