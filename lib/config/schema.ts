/**
 * The configuration file's schema: the single source of its types, of its validation and of `fusebox.schema.json`.
 *
 * A file says only what differs from the defaults; {@link FuseboxConfig} is what comes out of `resolveConfig`, with every
 * value present.
 */
import * as z from 'zod/mini';
import { BULKHEAD_RANGES, CIRCUIT_RANGES, RETRY_RANGES } from '../resilience/options.ts';
import { type AuthConfig, authSchema, headerName } from './auth-schema.ts';
import { type DeployConfig, deploySchema } from './deploy-schema.ts';
import {
  flag,
  isHttpUrl,
  kinds,
  listOf,
  mapOf,
  numberIn,
  oneOf,
  optional,
  orNull,
  partly,
  strict,
  text,
  textLike,
  textThat,
  whole,
} from './forms.ts';

const headerValue = textLike(/^[\t\x20-\x7e\x80-\xff]*$/, 'a header value: text of one line');

const poolSchema = strict({
  min: whole(0, 100, 'Sessions kept open even when idle.'),
  max: whole(1, 100, 'Sessions open at once, in one process.'),
  acquireTimeoutMs: whole(1, 60_000, 'How long a call waits for a free session, milliseconds.'),
  idleMs: whole(0, 3_600_000, 'A session idle for longer is closed, milliseconds.'),
});

const fallbackSchema = z.union(
  [strict({ server: text(), tool: text() }), strict({ result: z.record(z.string(), z.unknown()) }), z.null()],
  {
    error: 'null, { "server", "tool" } or { "result" }',
  },
);

const toolOverrideSchema = strict({
  idempotent: optional(flag('May a call be repeated without doing a thing twice? Beats the hints of the server.')),
  timeoutMs: optional(numberIn(CIRCUIT_RANGES.timeoutMs)),
  fallback: optional(fallbackSchema),
});

const toolPattern = textLike(/./, 'a tool name; * stands for any text');

const toolsSchema = strict({
  allow: listOf(toolPattern, 'a list of tool names', 'Tools that may be called; * stands for any text.'),
  deny: listOf(toolPattern, 'a list of tool names', 'Tools that may not, whatever `allow` says.'),
  overrides: mapOf(toolOverrideSchema, 'an object', 'By tool name.'),
});

const retrySchema = strict({
  maxRetries: numberIn(RETRY_RANGES.maxRetries),
  baseDelayMs: numberIn(RETRY_RANGES.baseDelayMs),
  multiplier: numberIn(RETRY_RANGES.multiplier),
  jitter: oneOf(RETRY_RANGES.jitter.oneOf, RETRY_RANGES.jitter.about),
  maxDelayMs: numberIn(RETRY_RANGES.maxDelayMs),
  budgetRatio: numberIn(RETRY_RANGES.budgetRatio),
});

const circuitBreakerSchema = strict({
  scope: oneOf(['server', 'tool'], 'One circuit for the server, or one for each tool.'),
  failureRatio: numberIn(CIRCUIT_RANGES.failureRatio),
  minimumThroughput: numberIn(CIRCUIT_RANGES.minimumThroughput),
  samplingDurationMs: numberIn(CIRCUIT_RANGES.samplingDurationMs),
  consecutiveFailures: numberIn(CIRCUIT_RANGES.consecutiveFailures),
  slowAfterMs: orNull(numberIn(CIRCUIT_RANGES.slowAfterMs)),
  openDurationMs: numberIn(CIRCUIT_RANGES.openDurationMs),
  maxOpenDurationMs: numberIn(CIRCUIT_RANGES.maxOpenDurationMs),
  halfOpenPermits: numberIn(CIRCUIT_RANGES.halfOpenPermits),
  successesToClose: numberIn(CIRCUIT_RANGES.successesToClose),
  rampDurationMs: numberIn(CIRCUIT_RANGES.rampDurationMs),
});

const cacheSchema = strict({
  ttlMs: whole(0, 2_592_000_000, 'How long an answer is fresh, milliseconds. 0: no cache.'),
  staleIfErrorMs: whole(
    0,
    2_592_000_000,
    'How long after that it may still stand in for a failing server, milliseconds.',
  ),
  scope: oneOf(['private', 'shared'], 'private: an answer is kept for its caller alone.'),
});

const probeSchema = z.union(
  [z.literal('protocol'), strict({ tool: textLike(/./, 'a tool'), arguments: z.record(z.string(), z.unknown()) })],
  {
    error:
      '"protocol", which is a sign of life of the protocol, or { "tool", "arguments" } of a call that changes nothing',
  },
);

const healthCheckSchema = strict({
  enabled: flag(),
  intervalSeconds: whole(10, 3_600, 'Seconds between two checks.'),
  probe: probeSchema,
});

/** What `defaults` may hold: policy, which is the same for many servers. Trust, addresses and credentials are each server's own. */
const policyShape = {
  protocol: optional(oneOf(['auto', 'modern', 'legacy'], 'Era of the MCP protocol; auto finds out.')),
  timeoutMs: optional(numberIn(CIRCUIT_RANGES.timeoutMs)),
  maxConcurrency: optional(numberIn(BULKHEAD_RANGES.maxConcurrency)),
  isolated: optional(flag('A Lambda function of its own.')),
  toolPinning: optional(
    oneOf(['off', 'warn', 'block'], 'What to do when a tool definition is not the one that was approved.'),
  ),
  pool: partly(poolSchema),
  tools: partly(toolsSchema),
  retry: partly(retrySchema),
  circuitBreaker: partly(circuitBreakerSchema),
  cache: partly(cacheSchema),
  healthCheck: partly(healthCheckSchema),
};

const everyServerShape = {
  ...policyShape,
  disabled: optional(flag('Kept in the file, not served.')),
  trusted: optional(flag('May its tool annotations be believed?')),
  approvedTools: optional(
    mapOf(
      textLike(/^sha256-[A-Za-z0-9_-]{43}$/, 'a digest that `fusebox approve` prints'),
      'an object of tool names and digests',
      'Definitions that somebody has looked at; `toolPinning` compares with them.',
    ),
  ),
};

const tlsSchema = strict({
  ca: textLike(
    /./,
    'certificates in PEM, or the path of a file with them',
    'Whom to trust beside the public authorities.',
  ),
});

const remoteShape = {
  ...everyServerShape,
  url: textThat(isHttpUrl, 'a URL that begins with https:// (or http:// on one machine)'),
  headers: optional(z.record(headerName, headerValue, { error: 'an object of header names and values' })),
  auth: optional(authSchema),
  allowPrivateNetwork: optional(flag('May its address be a private one?')),
  allowInsecureHttp: optional(flag('May it be called without TLS?')),
  tls: optional(tlsSchema),
};

const stdioShape = {
  ...everyServerShape,
  command: textLike(/./, 'a command'),
  args: optional(listOf(text(), 'a list of text')),
  env: optional(mapOf(text(), 'an object of names and text')),
  cwd: optional(text('a folder')),
};

const serverSchema = z.discriminatedUnion(
  'type',
  [
    strict({ type: z.literal('http'), ...remoteShape }),
    strict({ type: z.literal('sse'), ...remoteShape }),
    strict({ type: z.literal('stdio'), ...stdioShape }),
  ],
  kinds('http', 'sse', 'stdio'),
);

/** Every key that a server of ours may have. */
export const SERVER_KEYS: readonly string[] = ['type', ...Object.keys({ ...remoteShape, ...stdioShape })];

/** A server's name: it is part of paths, metrics and secret names. */
export const SERVER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const serverName = textLike(
  SERVER_NAME,
  'a name of 1 to 64 letters, digits, . _ - that begins with a letter or a digit',
);

const principalForm = '"role:NAME", "user:NAME", "claim:NAME=VALUE" or "*"; * stands for any text';
const principal = textLike(/^(role:.+|user:.+|claim:[^=]+=.+|\*)$/, principalForm);
const allowed = textLike(/^[^:]+:.+$/, '"server:tool"; * stands for any text');

const accessRuleSchema = strict({ principal, allow: listOf(allowed, 'a list of "server:tool"') });

const limitsSchema = strict({
  maxRequestBytes: whole(1_024, 6_000_000, 'Largest request body, bytes.'),
  maxResultBytes: whole(1_024, 6_000_000, 'Largest result taken from a server, bytes.'),
  deadlineMs: whole(100, 29_000, 'A call is answered within this, milliseconds.'),
  maxArgumentsDepth: whole(1, 64, 'How deep arguments may nest.'),
  controlCharacters: oneOf(['keep', 'strip', 'refuse'], 'What becomes of control characters in arguments.'),
});

const auditSchema = strict({
  arguments: oneOf(['hash', 'none', 'full'], 'What an audit record says of the arguments.'),
});

export const configFileSchema = strict({
  $schema: optional(text()),
  mcpServers: z.record(serverName, serverSchema, { error: 'an object of servers' }),
  defaults: optional(strict(policyShape)),
  access: optional(
    listOf(
      accessRuleSchema,
      'a list of { "principal", "allow" }',
      'Who may call what. Absent: every caller, every tool.',
    ),
  ),
  operators: optional(listOf(principal, `a list of ${principalForm}`)),
  limits: partly(limitsSchema),
  metricsEnabled: optional(flag()),
  audit: partly(auditSchema),
  deploy: partly(deploySchema),
});

/** The file as validated: only what it says, server types spelled out. */
export type ConfigFile = z.infer<typeof configFileSchema>;
export type ConfigFileServer = z.infer<typeof serverSchema>;

export type PoolConfig = z.infer<typeof poolSchema>;
export type ToolsConfig = z.infer<typeof toolsSchema>;
type RetryConfig = z.infer<typeof retrySchema>;
type CircuitBreakerConfig = z.infer<typeof circuitBreakerSchema>;
export type CacheConfig = z.infer<typeof cacheSchema>;
type HealthCheckConfig = z.infer<typeof healthCheckSchema>;
type AccessRule = z.infer<typeof accessRuleSchema>;
export type LimitsConfig = z.infer<typeof limitsSchema>;
export type AuditConfig = z.infer<typeof auditSchema>;

/** Policy of one server: its own value, else that of `defaults`, else the built-in one. */
export interface ServerPolicy {
  readonly protocol: 'auto' | 'modern' | 'legacy';
  /** One attempt, milliseconds. */
  readonly timeoutMs: number;
  readonly maxConcurrency: number;
  readonly isolated: boolean;
  readonly toolPinning: 'off' | 'warn' | 'block';
  readonly pool: Readonly<PoolConfig>;
  readonly tools: Readonly<ToolsConfig>;
  readonly retry: Readonly<RetryConfig>;
  readonly circuitBreaker: Readonly<CircuitBreakerConfig>;
  readonly cache: Readonly<CacheConfig>;
  readonly healthCheck: Readonly<HealthCheckConfig>;
}

/** A server reached over HTTP. */
export interface RemoteServerConfig extends ServerPolicy {
  /** `http`: Streamable HTTP. `sse`: the transport of 2024-11-05. */
  readonly type: 'http' | 'sse';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: AuthConfig;
  readonly trusted: boolean;
  /** Digests of tool definitions that somebody has looked at, by tool. */
  readonly approvedTools: Readonly<Record<string, string>>;
  readonly allowPrivateNetwork: boolean;
  readonly allowInsecureHttp: boolean;
  /** `ca`: PEM, once loaded. */
  readonly tls: Readonly<{ ca?: string | undefined }>;
}

/** A server that is a child process. Only the local run can serve it, behind an HTTP bridge. */
interface StdioServerConfig extends ServerPolicy {
  readonly type: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  readonly trusted: boolean;
  /** Digests of tool definitions that somebody has looked at, by tool. */
  readonly approvedTools: Readonly<Record<string, string>>;
}

export type ServerConfig = RemoteServerConfig | StdioServerConfig;

/** A whole, valid configuration. */
export interface FuseboxConfig {
  /** The servers to serve (disabled ones are left out). Has no prototype: any name is safe to look up. */
  readonly mcpServers: Readonly<Record<string, ServerConfig>>;
  /** Absent: every caller may call every tool. */
  readonly access?: readonly AccessRule[];
  readonly operators: readonly string[];
  readonly limits: Readonly<LimitsConfig>;
  readonly metricsEnabled: boolean;
  readonly audit: Readonly<AuditConfig>;
  readonly deploy: Readonly<DeployConfig>;
}
