/**
 * The configuration file's schema: the single source of its types, of its validation and of `fusebox.schema.json`.
 *
 * A file says only what differs from the defaults; {@link FuseboxConfig} is what comes out of `resolveConfig`, with every
 * value present. The `error` of each leaf says what is allowed there: the fault list quotes it.
 */
import * as z from 'zod';

const whole = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};

const fraction = (min: number, max: number) => {
  const error = `a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
};

/** `"a", "b" or "c"` */
const alternatives = (values: readonly string[]): string =>
  values
    .map((value) => JSON.stringify(value))
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1');

/** The error of a union told apart by `type`. */
const kinds = (...values: string[]) => ({
  error: (issue: { code: string }) => (issue.code === 'invalid_type' ? 'an object' : alternatives(values)),
});

const oneOf = <const T extends readonly [string, ...string[]]>(...values: T) =>
  z.enum(values, { error: alternatives(values) });

const flag = () => z.boolean({ error: 'true or false' });

const text = (pattern: RegExp, error: string) => z.string({ error }).regex(pattern, { error });

const listOf = <T extends z.ZodType>(item: T, error: string) => z.array(item, { error });

/** Refuses unknown keys; its error then is the list of known ones, from which the fault suggests the nearest. */
const strict = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : 'an object'),
  });

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerName = text(HEADER_NAME, 'the name of an HTTP header');
const headerValue = text(/^[\t\x20-\x7e\x80-\xff]*$/, 'a header value: text of one line');

/** A name in Secrets Manager. Never the secret itself. */
const secretName = text(
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
  min: whole(0, 100).describe('Sessions kept open even when idle.'),
  max: whole(1, 100).describe('Sessions open at once, in one process.'),
  acquireTimeoutMs: whole(1, 60_000).describe('How long a call waits for a free session, milliseconds.'),
  idleMs: whole(0, 3_600_000).describe('A session idle for longer is closed, milliseconds.'),
});

const fallbackSchema = z.union(
  [strict({ server: z.string(), tool: z.string() }), strict({ result: z.record(z.string(), z.unknown()) }), z.null()],
  { error: 'null, { "server", "tool" } or { "result" }' },
);

const toolOverrideSchema = strict({
  idempotent: flag()
    .optional()
    .describe('May a call be repeated without doing a thing twice? Beats the hints of the server.'),
  timeoutMs: whole(1, 900_000).optional().describe('Timeout of one attempt, milliseconds.'),
  fallback: fallbackSchema.optional().describe('What answers when the server cannot.'),
});

const toolPattern = z
  .string({ error: 'a tool name; * stands for any text' })
  .min(1, { error: 'a tool name; * stands for any text' });

const toolsSchema = strict({
  allow: listOf(toolPattern, 'a list of tool names').describe('Tools that may be called; * stands for any text.'),
  deny: listOf(toolPattern, 'a list of tool names').describe('Tools that may not, whatever `allow` says.'),
  overrides: z.record(z.string(), toolOverrideSchema, { error: 'an object' }).describe('By tool name.'),
});

const retrySchema = strict({
  maxRetries: whole(0, 10).describe('Retries after the first attempt.'),
  baseDelayMs: whole(1, 60_000).describe('Delay before the first retry at most, milliseconds.'),
  multiplier: fraction(1, 10).describe('Growth of the delay with each retry.'),
  jitter: oneOf('full', 'none').describe('full: a random delay between 0 and the computed one.'),
  maxDelayMs: whole(1, 60_000).describe('Longest delay, milliseconds.'),
  budgetRatio: fraction(0, 1).describe('Retries allowed for each successful call.'),
});

const circuitBreakerSchema = strict({
  scope: oneOf('server', 'tool').describe('One circuit for the server, or one for each tool.'),
  failureRatio: fraction(0.01, 1).describe('Share of failed calls at which the circuit opens.'),
  minimumThroughput: whole(1, 100_000).describe('Calls in the window below which the ratio says nothing.'),
  samplingDurationMs: whole(1_000, 600_000).describe('The window, milliseconds.'),
  consecutiveFailures: whole(1, 1_000).describe(
    'Failures in a row at which the circuit opens while there are few calls.',
  ),
  slowAfterMs: whole(1, 900_000)
    .nullable()
    .describe('A call older than this counts as slow, milliseconds. null: a quarter of the timeout.'),
  openDurationMs: whole(100, 3_600_000).describe('How long the circuit stays open, milliseconds.'),
  maxOpenDurationMs: whole(100, 3_600_000).describe('Longest opening when it opens again and again, milliseconds.'),
  halfOpenPermits: whole(1, 100).describe('Probes at once in the whole fleet while half-open.'),
  successesToClose: whole(1, 100).describe('Successful probes that close the circuit.'),
  rampDurationMs: whole(0, 600_000).describe('Time over which traffic returns, milliseconds.'),
});

const cacheSchema = strict({
  ttlMs: whole(0, 2_592_000_000).describe('How long an answer is fresh, milliseconds. 0: no cache.'),
  staleIfErrorMs: whole(0, 2_592_000_000).describe(
    'How long after that it may still stand in for a failing server, milliseconds.',
  ),
  scope: oneOf('private', 'shared').describe('private: an answer is kept for its caller alone.'),
});

const healthCheckSchema = strict({
  enabled: flag(),
  intervalSeconds: whole(60, 3_600).describe('Seconds between two checks.'),
  probe: oneOf('protocol').describe('protocol: a ping of the protocol.'),
});

/** What `defaults` may hold: policy, which is the same for many servers. Trust, addresses and credentials are each server's own. */
const policyShape = {
  protocol: oneOf('auto', 'modern', 'legacy').optional().describe('Era of the MCP protocol; auto finds out.'),
  timeoutMs: whole(1, 900_000).optional().describe('Timeout of one attempt, milliseconds.'),
  maxConcurrency: whole(1, 1_000).optional().describe('Calls at once, in one process.'),
  isolated: flag().optional().describe('A Lambda function of its own.'),
  toolPinning: oneOf('off', 'warn', 'enforce').optional().describe('What to do when a tool definition has changed.'),
  pool: poolSchema.partial().optional(),
  tools: toolsSchema.partial().optional(),
  retry: retrySchema.partial().optional(),
  circuitBreaker: circuitBreakerSchema.partial().optional(),
  cache: cacheSchema.partial().optional(),
  healthCheck: healthCheckSchema.partial().optional(),
};

const everyServerShape = {
  ...policyShape,
  disabled: flag().optional().describe('Kept in the file, not served.'),
  trusted: flag().optional().describe('May its tool annotations be believed?'),
};

/** An unresolved `${env:NAME}` is left to the substitution, which reports it where it matters. */
const isHttpUrl = (value: string): boolean =>
  value.includes('${') || (URL.canParse(value) && /^https?:\/\//i.test(value));

const urlError = 'a URL that begins with https:// (or http:// on one machine)';

const remoteShape = {
  ...everyServerShape,
  url: z.string({ error: urlError }).refine(isHttpUrl, { error: urlError }),
  headers: z.record(headerName, headerValue, { error: 'an object of header names and values' }).optional(),
  auth: authSchema.optional(),
  allowPrivateNetwork: flag().optional().describe('May its address be a private one?'),
};

const stdioShape = {
  ...everyServerShape,
  command: z.string({ error: 'a command' }).min(1, { error: 'a command' }),
  args: listOf(z.string({ error: 'text' }), 'a list of text').optional(),
  env: z.record(z.string(), z.string({ error: 'text' }), { error: 'an object of names and text' }).optional(),
  cwd: z.string({ error: 'a folder' }).optional(),
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
const serverName = text(SERVER_NAME, 'a name of 1 to 64 letters, digits, . _ - that begins with a letter or a digit');

const principalError = '"role:NAME", "user:NAME", "claim:NAME=VALUE" or "*"; * stands for any text';
const principal = text(/^(role:.+|user:.+|claim:[^=]+=.+|\*)$/, principalError);
const allowEntry = text(/^[^:]+:.+$/, '"server:tool"; * stands for any text');

const accessRuleSchema = strict({
  principal,
  allow: listOf(allowEntry, 'a list of "server:tool"'),
});

const limitsSchema = strict({
  maxRequestBytes: whole(1_024, 6_000_000).describe('Largest request body, bytes.'),
  maxResultBytes: whole(1_024, 6_000_000).describe('Largest result taken from a server, bytes.'),
  deadlineMs: whole(100, 29_000).describe('A call is answered within this, milliseconds.'),
});

const auditSchema = strict({
  arguments: oneOf('hash', 'none', 'full').describe('What an audit record says of the arguments.'),
});

/** The periods that CloudWatch Logs knows. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const issuerError = 'a URL that begins with https://';
const jwtSchema = strict({
  issuer: z
    .string({ error: issuerError })
    .refine((value) => URL.canParse(value) && value.startsWith('https://'), { error: issuerError }),
  audience: listOf(z.string({ error: 'text' }), 'a list of one or more texts').min(1, {
    error: 'a list of one or more texts',
  }),
});

const deploySchema = strict({
  stage: text(/^[A-Za-z][A-Za-z0-9-]{0,31}$/, '1 to 32 letters, digits and -, beginning with a letter').describe(
    'Part of the stack name.',
  ),
  region: text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region such as "eu-west-1", or null')
    .nullable()
    .describe('null: the region of the CLI.'),
  memoryMb: whole(128, 10_240).describe('Memory of a function, MB.'),
  logLevel: oneOf('DEBUG', 'INFO', 'WARN', 'ERROR'),
  retentionDays: z
    .literal(RETENTION_DAYS, { error: `one of ${RETENTION_DAYS.join(', ')}` })
    .describe('How long logs are kept, days.'),
  alarmEmail: text(/^[^@\s]+@[^@\s]+$/, 'an e-mail address, or null')
    .nullable()
    .describe('Where alarms go.'),
  auth: oneOf('iam', 'jwt').describe('Who may call /v1.'),
  jwt: jwtSchema.nullable().describe('The token issuer, where auth is "jwt".'),
  vpc: z.null({ error: 'null: this version deploys no VPC' }),
  removal: oneOf('retain', 'destroy').describe('What becomes of the tables when the stack is deleted.'),
  tags: z.record(z.string(), z.string({ error: 'text' }), { error: 'an object of names and text' }),
});

export const configFileSchema = strict({
  $schema: z.string({ error: 'text' }).optional(),
  mcpServers: z.record(serverName, serverSchema, { error: 'an object of servers' }),
  defaults: strict(policyShape).optional().describe('Policy of every server that does not say otherwise.'),
  access: listOf(accessRuleSchema, 'a list of { "principal", "allow" }')
    .optional()
    .describe('Who may call what. Absent: every caller, every tool.'),
  operators: listOf(principal, `a list of ${principalError}`).optional(),
  limits: limitsSchema.partial().optional(),
  metricsEnabled: flag().optional(),
  audit: auditSchema.partial().optional(),
  deploy: deploySchema.partial().optional(),
});

/** The file as validated: only what it says, server types spelled out. */
export type ConfigFile = z.infer<typeof configFileSchema>;
export type ConfigFileServer = z.infer<typeof serverSchema>;

export type AuthConfig = z.infer<typeof authSchema>;
export type PoolConfig = z.infer<typeof poolSchema>;
export type ToolOverride = z.infer<typeof toolOverrideSchema>;
export type ToolsConfig = z.infer<typeof toolsSchema>;
export type RetryConfig = z.infer<typeof retrySchema>;
export type CircuitBreakerConfig = z.infer<typeof circuitBreakerSchema>;
export type CacheConfig = z.infer<typeof cacheSchema>;
export type HealthCheckConfig = z.infer<typeof healthCheckSchema>;
export type AccessRule = z.infer<typeof accessRuleSchema>;
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
export interface StdioServerConfig extends ServerPolicy {
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
