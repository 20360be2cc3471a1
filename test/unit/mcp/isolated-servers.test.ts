import { FuseboxError } from '../../../lib/mcp/errors.ts';
import { IsolatedServers } from '../../../lib/mcp/isolated-servers.ts';
import type { FunctionInvoker, Invocation } from '../../../lib/mcp/ports.ts';
import { systemTimer } from '../../../lib/mcp/system-timer.ts';

const NOW_MS = 1_000_000;
const CONTEXT = { requestId: 'r-1', deadlineAtMs: NOW_MS + 10_000, authorizer: { iam: { userArn: 'arn' } } };
const CALL = { server: 'slow', tool: 'find/all', arguments: { q: 'x' }, timeoutMs: 700 };

interface Invoked {
  readonly name: string;
  readonly event: ReturnType<typeof JSON.parse>;
}

/** One isolated server, whose function ends as told; what it was asked is kept. */
function isolatedServers(invocation: Invocation | (() => Promise<Invocation>), functions = { slow: 'fn-slow' }) {
  const invoked: Invoked[] = [];
  const invoker: FunctionInvoker = {
    invoke: async (name, payload) => {
      invoked.push({ name, event: JSON.parse(payload) });
      return typeof invocation === 'function' ? invocation() : invocation;
    },
  };
  const servers = new Set(['slow']);
  const isolated = new IsolatedServers({
    servers,
    functions: new Map(Object.entries(functions)),
    invoker,
    now: () => NOW_MS,
    timer: systemTimer,
  });
  return { isolated, invoked };
}

const answered = (statusCode: number, body: unknown): Invocation => ({
  kind: 'answered',
  payload: JSON.stringify({ statusCode, headers: {}, body: JSON.stringify(body) }),
});

async function refusalOf(work: Promise<unknown>): Promise<FuseboxError> {
  const error = await work.catch((reason: unknown) => reason);
  if (error instanceof FuseboxError) return error;
  throw new Error('an answer', { cause: error });
}

it('knows which servers are isolated', () => {
  const { isolated } = isolatedServers({ kind: 'throttled' });
  expect([isolated.has('slow'), isolated.has('quick')]).toEqual([true, false]);
});

it('asks the function as API Gateway would, for the same caller, until shortly before the deadline', async () => {
  const answer = { result: { content: [] }, meta: { attempts: 1 } };
  const { isolated, invoked } = isolatedServers(answered(200, answer));

  expect(await isolated.callTool(CALL, CONTEXT)).toEqual(answer);

  expect(invoked).toEqual([
    {
      name: 'fn-slow',
      event: {
        version: '2.0',
        routeKey: 'POST /v1/servers/{server}/tools/{tool}',
        rawPath: '/v1/servers/{server}/tools/{tool}',
        headers: { 'content-type': 'application/json' },
        pathParameters: { server: 'slow', tool: 'find%2Fall' },
        body: '{"arguments":{"q":"x"},"timeoutMs":700}',
        isBase64Encoded: false,
        requestContext: {
          requestId: 'r-1',
          authorizer: CONTEXT.authorizer,
          http: { method: 'POST', path: '/v1/servers/{server}/tools/{tool}' },
        },
        deadlineAtMs: NOW_MS + 9_950,
      },
    },
  ]);
});

it('lists tools', async () => {
  const tools = [{ name: 'find', inputSchema: { type: 'object' }, idempotent: false }];
  const { isolated, invoked } = isolatedServers(answered(200, { server: 'slow', tools }));

  expect(await isolated.listTools('slow', CONTEXT)).toEqual(tools);

  expect(invoked[0]?.event).toMatchObject({
    routeKey: 'GET /v1/servers/{server}/tools',
    headers: {},
    pathParameters: { server: 'slow' },
  });
  expect(invoked[0]?.event).not.toHaveProperty('body');
});

it('passes a "no" of the function on as it is', async () => {
  const problem = {
    type: 'urn:mcp-fusebox:problem:rate_limited',
    title: 'Too many requests',
    status: 429,
    detail: 'the server says so',
    code: 'rate_limited',
    requestId: 'r-1',
    server: 'slow',
    tool: 'find/all',
    attempts: 3,
    retryAfterMs: 2_000,
    outcome: 'unknown',
    errors: [{ pointer: '/q', detail: 'wrong' }],
  };
  const { isolated } = isolatedServers(answered(429, problem));

  const { code, message, details } = await refusalOf(isolated.callTool(CALL, CONTEXT));

  expect({ code, message, details }).toEqual({
    code: 'rate_limited',
    message: 'the server says so',
    details: {
      server: 'slow',
      tool: 'find/all',
      attempts: 3,
      retryAfterMs: 2_000,
      outcome: 'unknown',
      errors: problem.errors,
    },
  });
});

describe('a call that gets no answer', () => {
  it.each<[string, Invocation, string, object]>([
    ['at the limit', { kind: 'throttled' }, 'bulkhead_full', { retryAfterMs: 1_000 }],
    ['with a time', { kind: 'throttled', retryAfterMs: 7_000 }, 'bulkhead_full', { retryAfterMs: 7_000 }],
    ['too large', { kind: 'too-large' }, 'request_too_large', {}],
    ['ended by Lambda', { kind: 'timed-out' }, 'deadline_exceeded', { outcome: 'unknown' }],
    ['crashed', { kind: 'broken', reason: 'canary' }, 'upstream_error', { outcome: 'unknown' }],
    ['not allowed', { kind: 'refused', reason: 'canary' }, 'internal_error', {}],
    [
      'of a version that knows more',
      answered(418, { code: 'teapot', detail: 'short and stout' }),
      'internal_error',
      {},
    ],
    ['that is no JSON', { kind: 'answered', payload: 'null' }, 'internal_error', {}],
    ['of another form', answered(500, null), 'internal_error', {}],
  ])('%s', async (_, invocation, code, expected) => {
    const { isolated } = isolatedServers(invocation);
    const error = await refusalOf(isolated.callTool(CALL, CONTEXT));
    const { cause: _cause, tool: _tool, ...details } = error.details;
    expect([error.code, details]).toEqual([code, { server: 'slow', ...expected }]);
    expect(error.message).not.toContain('canary');
  });

  it.each<Invocation>([{ kind: 'timed-out' }, { kind: 'broken', reason: 'gone' }])(
    'may have run, but not where tools were listed (%j)',
    async (invocation) => {
      const { isolated } = isolatedServers(invocation);
      expect((await refusalOf(isolated.listTools('slow', CONTEXT))).details).not.toHaveProperty('outcome');
    },
  );

  it('ends at the deadline, and the invocation with it', async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<unknown>();
    const invoker: FunctionInvoker = {
      invoke: (_name, _payload, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            resolve(signal.reason);
            reject(signal.reason);
          });
        }),
    };
    const isolated = new IsolatedServers({
      servers: new Set(['slow']),
      functions: new Map([['slow', 'fn-slow']]),
      invoker,
      now: () => NOW_MS,
      timer: systemTimer,
    });

    const error = await refusalOf(isolated.callTool(CALL, { ...CONTEXT, deadlineAtMs: NOW_MS + 1 }));

    expect([error.code, error.details.outcome]).toEqual(['deadline_exceeded', 'unknown']);
    expect(await aborted).toMatchObject({ code: 'deadline_exceeded' });
  });

  it('is not begun after the deadline, and so has not run', async () => {
    const { isolated, invoked } = isolatedServers({ kind: 'throttled' });
    const error = await refusalOf(isolated.callTool(CALL, { ...CONTEXT, deadlineAtMs: NOW_MS }));
    expect([error.code, error.details.outcome, invoked]).toEqual(['deadline_exceeded', undefined, []]);
  });

  it('lets what nobody expected through', async () => {
    const { isolated } = isolatedServers(() => Promise.reject(new TypeError('odd')));
    await expect(isolated.callTool(CALL, CONTEXT)).rejects.toThrow(TypeError);
  });

  it.each([
    [
      'without an invoker',
      new IsolatedServers({
        servers: new Set(['slow']),
        functions: new Map(),
        now: () => NOW_MS,
        timer: systemTimer,
      }),
    ],
    ['without a name of the function', isolatedServers({ kind: 'throttled' }, { slow: undefined } as never).isolated],
  ])('is refused %s', async (_, isolated) => {
    expect((await refusalOf(isolated.callTool(CALL, CONTEXT))).code).toBe('unknown_route');
  });
});
