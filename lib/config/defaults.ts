/** What holds where a configuration file says nothing. */
import type { AuditConfig, DeployConfig, LimitsConfig, RemoteServerConfig, ServerPolicy } from './schema.ts';

export const DEFAULT_POLICY: ServerPolicy = {
  protocol: 'auto',
  timeoutMs: 10_000,
  maxConcurrency: 10,
  isolated: false,
  toolPinning: 'off',
  pool: { min: 0, max: 10, acquireTimeoutMs: 2_000, idleMs: 60_000 },
  tools: { allow: ['*'], deny: [], overrides: {} },
  retry: { maxRetries: 2, baseDelayMs: 100, multiplier: 2, jitter: 'full', maxDelayMs: 5_000, budgetRatio: 0.1 },
  circuitBreaker: {
    scope: 'server',
    failureRatio: 0.5,
    minimumThroughput: 20,
    samplingDurationMs: 10_000,
    consecutiveFailures: 5,
    slowAfterMs: null,
    openDurationMs: 2_000,
    maxOpenDurationMs: 2_000,
    halfOpenPermits: 1,
    successesToClose: 1,
    rampDurationMs: 3_000,
  },
  cache: { ttlMs: 0, staleIfErrorMs: 0, scope: 'private' },
  healthCheck: { enabled: true, intervalSeconds: 60, probe: 'protocol' },
};

/** A remote server's own settings, beside policy. */
export const DEFAULT_REMOTE: Pick<RemoteServerConfig, 'headers' | 'auth' | 'trusted' | 'allowPrivateNetwork'> = {
  headers: {},
  auth: { type: 'none' },
  trusted: false,
  allowPrivateNetwork: false,
};

export const DEFAULT_LIMITS: LimitsConfig = { maxRequestBytes: 262_144, maxResultBytes: 4_194_304, deadlineMs: 28_000 };

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
  removal: 'retain',
  tags: {},
};
