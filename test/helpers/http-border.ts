import type { Context } from 'aws-lambda';
import { parseConfig } from '../../lib/config/runtime.ts';
import type { FuseboxConfig } from '../../lib/config/schema.ts';
import type { CircuitView } from '../../lib/mcp/circuit-view.ts';
import type { ErrorCode } from '../../lib/mcp/errors.ts';
import type { Catalog, HealthChecker, Operator, ToolCaller } from '../../lib/mcp/fusebox.ts';
import { Journal } from '../../lib/mcp/journal.ts';
import type { HealthRecord } from '../../lib/mcp/ports.ts';
import type { CatalogTool, ToolCallAnswer } from '../../lib/mcp/types.ts';
import type { HttpAnswer } from '../../lib/middleware/http-answer.ts';

export const REQUEST_ID = 'JKJaXmPLvHcESHA=';
export const LAMBDA_REQUEST_ID = '8f507cfc-xmpl-4697-b07a-ac58fc914c95';

/** DESIGN §2.2, docs/api.md. A code that is missing here is a compile error. */
export const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  unknown_server: 404,
  unknown_tool: 404,
  unknown_route: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  request_too_large: 413,
  unsupported_media_type: 415,
  invalid_arguments: 422,
  rate_limited: 429,
  internal_error: 500,
  upstream_error: 502,
  upstream_protocol_error: 502,
  upstream_auth_failed: 502,
  upstream_blocked: 502,
  tool_changed: 502,
  upstream_result_too_large: 502,
  circuit_open: 503,
  bulkhead_full: 503,
  store_unavailable: 503,
  deadline_exceeded: 504,
};

export const ANSWER: ToolCallAnswer = {
  result: { content: [{ type: 'text', text: '42' }] },
  meta: { requestId: REQUEST_ID, attempts: 1, durationMs: 12, cache: 'off', circuit: 'closed', protocol: 'modern' },
};

export const TOOLS: readonly CatalogTool[] = [
  { name: 'get-sum', inputSchema: { type: 'object' }, idempotent: true, digest: 'sha256-1' },
  { name: 'echo', inputSchema: { type: 'object' }, idempotent: false, digest: 'sha256-2' },
];

export const CIRCUIT: CircuitView = { state: 'closed', epoch: 1, history: [] };

export function configOf(extra: Record<string, unknown> = {}): FuseboxConfig {
  const mcpServers = {
    everything: { type: 'http', url: 'https://user:pass@everything.example.com/mcp?key=canary' },
    search: { type: 'http', url: 'https://search.example.com/mcp', headers: { 'X-Key': 'canary' } },
    asleep: { type: 'http', url: 'https://asleep.example.com/mcp', disabled: true },
  };
  return parseConfig({ mcpServers, ...extra }, {}, 'test');
}

type Fusebox = Catalog & ToolCaller & Operator & HealthChecker;

export const HEALTH: HealthRecord = {
  checkedAtMs: 1_700_000_000_000,
  ok: true,
  latencyMs: 12,
  failuresInARow: 0,
  lastErrors: [],
  warnings: [],
};

/** A fusebox that answers at once. */
export function fakeFusebox(overrides: Partial<Fusebox> = {}): Fusebox {
  return {
    config: configOf(),
    journal: new Journal(),
    callTool: async () => ANSWER,
    listTools: async () => TOOLS,
    checkConnectivity: async () => ({ ok: true, steps: [] }),
    showCircuit: async () => CIRCUIT,
    operateCircuit: async () => CIRCUIT,
    clearCache: async () => undefined,
    showMetrics: async (windowMinutes) => ({
      enabled: true,
      timestamp: '2026-01-01T00:00:00.000Z',
      windowMinutes,
      servers: {},
    }),
    lastHealth: async () => HEALTH,
    checkHealth: async () => HEALTH,
    deleteData: async () => ({ deleted: 0, complete: true }),
    warmUp: async () => undefined,
    ...overrides,
  };
}

/** What IAM's authoriser says of a role's session. */
export const IAM_ROLE = {
  iam: { accountId: '123456789012', userArn: 'arn:aws:sts::123456789012:assumed-role/agents-search/session-1' },
};

export interface EventParts {
  readonly routeKey?: string;
  readonly method?: string;
  readonly path?: string;
  readonly server?: string;
  readonly tool?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly authorizer?: unknown;
}

/** API Gateway's event (payload format 2.0) of a tool call; parts may be replaced. */
export function callEvent(parts: EventParts = {}) {
  const { server = 'everything', tool = 'get-sum', method = 'POST' } = parts;
  return {
    version: '2.0',
    routeKey: parts.routeKey ?? 'POST /v1/servers/{server}/tools/{tool}',
    rawPath: parts.path ?? `/v1/servers/${server}/tools/${tool}`,
    rawQueryString: '',
    headers: { 'content-type': 'application/json', ...parts.headers },
    pathParameters: { server, tool },
    body: parts.body ?? '{"arguments":{"a":2,"b":40}}',
    isBase64Encoded: parts.isBase64Encoded ?? false,
    requestContext: {
      requestId: REQUEST_ID,
      authorizer: 'authorizer' in parts ? parts.authorizer : IAM_ROLE,
      http: { method, path: parts.path ?? '/', sourceIp: '203.0.113.9' },
    },
  };
}

/** The event of a GET: no body, no content type. */
export function getEvent(routeKey: string, parts: EventParts = {}) {
  const { body: _, ...event } = callEvent({ method: 'GET', routeKey, ...parts });
  return { ...event, headers: parts.headers ?? {} };
}

export function lambdaContext(remainingMs = 29_000): Context {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'Fusebox-production-FuseboxFunctionscalltoolFunction12345678-abcdefghijkl',
    functionVersion: '$LATEST',
    invokedFunctionArn:
      'arn:aws:lambda:eu-central-1:123456789012:function:Fusebox-production-Fuseboxcalltool12345678-abcdefghijkl',
    memoryLimitInMB: '512',
    awsRequestId: LAMBDA_REQUEST_ID,
    logGroupName: 'group',
    logStreamName: 'stream',
    getRemainingTimeInMillis: () => remainingMs,
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}

export type Handler = (event: never, context: never) => Promise<HttpAnswer>;

export interface Invocation {
  readonly answer: HttpAnswer;
  /** The answer's body, parsed. */
  readonly body: Record<string, unknown>;
  /** What was written to stdout and stderr, a line each. */
  readonly lines: readonly string[];
}

/** Invokes a handler as Lambda does, and takes what it writes. */
export async function invoke(
  handler: Handler,
  event: unknown,
  context: Context = lambdaContext(),
): Promise<Invocation> {
  const { value: answer, lines } = await captureOutput(() => handler(event as never, context as never));
  return { answer, body: JSON.parse(answer.body) as Record<string, unknown>, lines };
}

export async function captureOutput<T>(run: () => Promise<T>): Promise<{ value: T; lines: readonly string[] }> {
  const streams = [process.stdout, process.stderr];
  let text = '';
  const take = (chunk: string | Uint8Array): boolean => {
    text += String(chunk);
    return true;
  };
  // Hides the method of the prototype; deleting it brings that back.
  for (const stream of streams) Object.defineProperty(stream, 'write', { value: take, configurable: true });
  try {
    return { value: await run(), lines: text.split('\n').filter((line) => line !== '') };
  } finally {
    for (const stream of streams) Reflect.deleteProperty(stream, 'write');
  }
}
