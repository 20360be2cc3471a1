/** What holds where a configuration file says nothing. */
import { METRICS_NAMESPACE } from '../contract/metrics.ts';
import { DEFAULT_CIRCUIT_OPTIONS } from '../resilience/circuit-breaker/circuit.ts';
import { DEFAULT_BULKHEAD_OPTIONS, DEFAULT_RETRY_OPTIONS } from '../resilience/options.ts';
import type { DeployConfig } from './deploy-schema.ts';
import type { AuditConfig, LimitsConfig, RemoteServerConfig, ServerPolicy } from './schema.ts';

const { timeoutMs, ...circuit } = DEFAULT_CIRCUIT_OPTIONS;

export const DEFAULT_POLICY: ServerPolicy = {
  protocol: 'auto',
  timeoutMs,
  maxConcurrency: DEFAULT_BULKHEAD_OPTIONS.maxConcurrency,
  isolated: false,
  toolPinning: 'off',
  pool: { min: 0, max: 10, acquireTimeoutMs: 2_000, idleMs: 60_000 },
  tools: { allow: ['*'], deny: [], overrides: {} },
  retry: DEFAULT_RETRY_OPTIONS,
  circuitBreaker: { scope: 'server', ...circuit },
  cache: { ttlMs: 0, staleIfErrorMs: 0, scope: 'private' },
  healthCheck: { enabled: true, intervalSeconds: 60, probe: 'protocol' },
};

/** A remote server's own settings, beside policy. */
export const DEFAULT_REMOTE: Pick<
  RemoteServerConfig,
  'headers' | 'auth' | 'trusted' | 'approvedTools' | 'allowPrivateNetwork' | 'allowInsecureHttp' | 'tls'
> = {
  headers: {},
  auth: { type: 'none' },
  trusted: false,
  approvedTools: {},
  allowPrivateNetwork: false,
  allowInsecureHttp: false,
  tls: {},
};

export const DEFAULT_LIMITS: LimitsConfig = {
  maxRequestBytes: 262_144,
  maxResultBytes: 4_194_304,
  deadlineMs: 28_000,
  maxArgumentsDepth: 64,
  controlCharacters: 'keep',
};

export const DEFAULT_AUDIT: AuditConfig = { arguments: 'hash' };

export const DEFAULT_DEPLOY: DeployConfig = {
  stage: 'dev',
  region: null,
  memoryMb: 512,
  logLevel: 'INFO',
  retentionDays: 365,
  alarmEmail: null,
  auth: 'iam',
  jwt: null,
  vpc: null,
  observability: true,
  runbookUrl: null,
  monthlyBudgetUsd: null,
  metricsNamespace: METRICS_NAMESPACE,
  tracing: false,
  auditExport: null,
  removal: 'retain',
  tags: {},
};
