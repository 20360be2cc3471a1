/**
 * The configuration file's schema: the single source of its types, of its validation and of `fusebox.schema.json`.
 *
 * A file says only what differs from the defaults; {@link FuseboxConfig} is what comes out of `resolveConfig`, with every
 * value present.
 */
import * as z from 'zod/mini';
import { BULKHEAD_RANGES, CIRCUIT_RANGES, RETRY_RANGES } from '../resilience/options.ts';
import {
  flag,
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

const headerName = textLike(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'the name of an HTTP header');
const headerValue = textLike(/^[\t\x20-\x7e\x80-\xff]*$/, 'a header value: text of one line');

/** A name in Secrets Manager. Never the secret itself. */
const secretName = textLike(
  /^[A-Za-z0-9/_+=.@-]{1,512}$/,
  'the name of a secret in Secrets Manager: 1 to 512 of A-Z a-z 0-9 / _ + = . @ -',
);

/** Kinds of DESIGN §2.1 that a later version brings. */
export const LATER_AUTH_TYPES: readonly string[] = ['oauth-client-credentials', 'aws-sigv4', 'mtls'];

const authSchema = z.discriminatedUnion(
  'type',
  [
    strict({ type: z.literal('none') }),
    strict({ type: z.literal('bearer'), secret: secretName }),
    strict({ type: z.literal('header'), name: headerName, secret: secretName }),
  ],
  kinds('none', 'bearer', 'header'),
);

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

const healthCheckSchema = strict({
  enabled: flag(),
  intervalSeconds: whole(60, 3_600, 'Seconds between two checks.'),
  probe: oneOf(['protocol'], 'protocol: a ping of the protocol.'),
});

/** What `defaults` may hold: policy, which is the same for many servers. Trust, addresses and credentials are each server's own. */
const policyShape = {
  protocol: optional(oneOf(['auto', 'modern', 'legacy'], 'Era of the MCP protocol; auto finds out.')),
  timeoutMs: optional(numberIn(CIRCUIT_RANGES.timeoutMs)),
  maxConcurrency: optional(numberIn(BULKHEAD_RANGES.maxConcurrency)),
  isolated: optional(flag('A Lambda function of its own.')),
  toolPinning: optional(oneOf(['off', 'warn', 'enforce'], 'What to do when a tool definition has changed.')),
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
};

/** An unresolved `${env:NAME}` is left to the substitution, which reports it where it matters. */
const isHttpUrl = (value: string): boolean =>
  value.includes('${') || (URL.canParse(value) && /^https?:\/\//i.test(value));

const remoteShape = {
  ...everyServerShape,
  url: textThat(isHttpUrl, 'a URL that begins with https:// (or http:// on one machine)'),
  headers: optional(z.record(headerName, headerValue, { error: 'an object of header names and values' })),
  auth: optional(authSchema),
  allowPrivateNetwork: optional(flag('May its address be a private one?')),
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
});

const auditSchema = strict({
  arguments: oneOf(['hash', 'none', 'full'], 'What an audit record says of the arguments.'),
});

const audiences = 'a list of one or more texts';
const jwtSchema = strict({
  issuer: textThat((value) => URL.canParse(value) && value.startsWith('https://'), 'a URL that begins with https://'),
  audience: listOf(text(), audiences).check(z.minLength(1, { error: audiences })),
});

/** The periods that CloudWatch Logs knows. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const deploySchema = strict({
  stage: textLike(
    /^[A-Za-z][A-Za-z0-9-]{0,31}$/,
    '1 to 32 letters, digits and -, beginning with a letter',
    'Part of the stack name.',
  ),
  region: orNull(
    textLike(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region such as "eu-west-1", or null', 'null: the region of the CLI.'),
  ),
  memoryMb: whole(128, 10_240, 'Memory of a function, MB.'),
  logLevel: oneOf(['DEBUG', 'INFO', 'WARN', 'ERROR']),
  retentionDays: z.literal(RETENTION_DAYS, { error: `one of ${RETENTION_DAYS.join(', ')}` }),
  alarmEmail: orNull(textLike(/^[^@\s]+@[^@\s]+$/, 'an e-mail address, or null', 'Where alarms go.')),
  auth: oneOf(['iam', 'jwt'], 'Who may call /v1.'),
  jwt: orNull(jwtSchema),
  vpc: z.null({ error: 'null: this version deploys no VPC' }),
  removal: oneOf(['retain', 'destroy'], 'What becomes of the tables when the stack is deleted.'),
  tags: mapOf(text(), 'an object of names and text'),
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

type AuthConfig = z.infer<typeof authSchema>;
export type PoolConfig = z.infer<typeof poolSchema>;
export type ToolsConfig = z.infer<typeof toolsSchema>;
type RetryConfig = z.infer<typeof retrySchema>;
type CircuitBreakerConfig = z.infer<typeof circuitBreakerSchema>;
type CacheConfig = z.infer<typeof cacheSchema>;
type HealthCheckConfig = z.infer<typeof healthCheckSchema>;
type AccessRule = z.infer<typeof accessRuleSchema>;
export type LimitsConfig = z.infer<typeof limitsSchema>;
export type AuditConfig = z.infer<typeof auditSchema>;
export type JwtConfig = z.infer<typeof jwtSchema>;
export type DeployConfig = z.infer<typeof deploySchema>;

/** Policy of one server: its own value, else that of `defaults`, else the built-in one. */
export interface ServerPolicy {
  readonly protocol: 'auto' | 'modern' | 'legacy';
  /** One attempt, milliseconds. */
  readonly timeoutMs: number;
  readonly maxConcurrency: number;
  readonly isolated: boolean;
  readonly toolPinning: 'off' | 'warn' | 'enforce';
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
  readonly allowPrivateNetwork: boolean;
}

/** A server that is a child process. Only the local run can serve it, behind an HTTP bridge. */
interface StdioServerConfig extends ServerPolicy {
  readonly type: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  readonly trusted: boolean;
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
