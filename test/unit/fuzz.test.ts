/**
 * Whatever arrives, and whatever the fusebox says: only documented codes, never a crash, every answer well-formed.
 * 2,000 events by default, 50,000 with FUSEBOX_LONG=1.
 */
import * as fc from 'fast-check';
import { createHandler as createCallTool } from '../../functions/call-tool/create-handler.ts';
import { createHandler as createCatalog } from '../../functions/catalog/create-handler.ts';
import { createHandler as createOperate } from '../../functions/operate/create-handler.ts';
import { type ErrorCode, FuseboxError, type FuseboxErrorDetails } from '../../lib/mcp/errors.ts';
import type { Catalog, Operator, ToolCaller } from '../../lib/mcp/fusebox.ts';
import type { CircuitOrder } from '../../lib/mcp/operate-circuit.ts';
import type { JsonObject, ToolCall } from '../../lib/mcp/types.ts';
import {
  ANSWER,
  CIRCUIT,
  callEvent,
  configOf,
  fakeFusebox,
  type Handler,
  IAM_ROLE,
  type Invocation,
  invoke,
  STATUS_OF,
} from '../helpers/http-border.ts';

const RUNS = process.env['FUSEBOX_LONG'] === '1' ? 50_000 : 2_000;

const nasty = fc.constantFrom(
  '',
  '/',
  '..',
  '../../etc/passwd',
  '..%2f',
  '%00',
  '\u0000',
  '%',
  '%zz',
  '%E0%A4',
  '\uD800',
  '\u202E',
  '\r\nset-cookie: a=b',
  '__proto__',
  'constructor',
  'toString',
  'asleep',
  '*',
  'everything:get-sum',
  'n'.repeat(10_240),
  '"',
  '\\',
  '${jndi:ldap://x}',
  "'; DROP TABLE",
);
const text = fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 40 }));

/** Nine times in ten one, else the other: an event that is wrong in every part is refused for its first. */
const mostly = (usual: fc.Arbitrary<unknown>, unusual: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: unusual });

const json = fc.oneof(
  fc.json(),
  fc.constant('{"arguments":{"a":2,"b":40}}'),
  fc.dictionary(text, fc.jsonValue()).map((args) => JSON.stringify({ arguments: args })),
  fc
    .record({ arguments: fc.jsonValue(), timeoutMs: fc.oneof(fc.integer(), fc.double(), text), cache: text })
    .map((it) => JSON.stringify(it)),
  fc.nat(12_000).map((depth) => `{"arguments":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`),
  fc.nat(400_000).map((length) => JSON.stringify({ arguments: { a: 'x'.repeat(length) } })),
);
/** A JSON text that broke on its way. */
const brokenJson = fc
  .tuple(json, fc.nat(), text)
  .map(([whole, at, junk]) => whole.slice(0, at % (whole.length + 1)) + junk);
const body = fc.oneof(
  fc.record({ body: json, isBase64Encoded: mostly(fc.constant(false), fc.anything()) }),
  fc.record({
    body: json.map((it) => Buffer.from(it).toString('base64')),
    isBase64Encoded: mostly(fc.constant(true), fc.anything()),
  }),
  fc.record({ body: fc.oneof(brokenJson, text, fc.anything()), isBase64Encoded: fc.boolean() }),
);

const mediaType = mostly(
  fc.constantFrom('application/json', 'application/json; charset=utf-8'),
  fc.oneof(text, fc.constantFrom('*/*', 'text/html', 'application/json;q=0', 'application/x+json; charset=utf-16')),
);
const headers = mostly(
  fc.record({ 'content-type': mediaType, accept: mediaType, traceparent: text }, { requiredKeys: ['content-type'] }),
  fc.oneof(fc.dictionary(text, fc.anything()), fc.anything()),
);

const segment = fc.oneof(fc.constantFrom('v1', 'servers', 'everything', 'tools'), text);
const path = fc.array(segment, { maxLength: 6 }).map((segments) => `/${segments.join('/')}`);
const routeKey = fc.constantFrom(
  'GET /v1/servers',
  'GET /v1/servers/{server}',
  'GET /v1/servers/{server}/tools',
  '$default',
);
const pathParameters = fc.record({
  server: mostly(fc.constant('everything'), text),
  tool: mostly(fc.constant('get-sum'), text),
});
const requestContext = fc.record({
  requestId: fc.oneof(text, fc.anything()),
  authorizer: mostly(fc.constant(IAM_ROLE), fc.anything()),
  http: fc.oneof(fc.record({ method: text }), fc.anything()),
});
const httpEvent = fc
  .record({
    routeKey: mostly(routeKey, fc.anything()),
    rawPath: mostly(path, fc.oneof(text, fc.anything())),
    headers,
    pathParameters: mostly(pathParameters, fc.anything()),
    requestContext: mostly(requestContext, fc.anything()),
    content: body,
  })
  .map(({ content, ...rest }) => ({ ...rest, ...content }));
const event = mostly(httpEvent, fc.anything());

const state = mostly(fc.constantFrom('isolated', 'closed', 'auto'), fc.jsonValue());
const reason = mostly(fc.constant('maintenance'), fc.oneof(text, fc.jsonValue()));
const forSeconds = mostly(fc.integer({ min: 1, max: 86_400 }), fc.oneof(fc.integer(), fc.double(), text));
const order = mostly(
  fc.record({ state, reason, forSeconds }, { requiredKeys: ['state', 'reason'] }),
  fc.record({ state, reason, forSeconds, tool: text }, { requiredKeys: [] }),
);
const orderEvent = fc
  .tuple(
    event,
    mostly(
      order.map((it) => JSON.stringify(it)),
      json,
    ),
  )
  .map(([it, given]) => ({ ...Object(it), body: given, isBase64Encoded: false }));

const errorDetails: fc.Arbitrary<FuseboxErrorDetails> = fc.record(
  {
    server: text,
    tool: text,
    attempts: fc.nat(10),
    retryAfterMs: fc.nat(),
    outcome: fc.constant('unknown' as const),
    errors: fc.array(fc.record({ pointer: text, detail: text })),
    allow: fc.constant(['GET']),
  },
  { requiredKeys: [] },
);
const codes = Object.keys(STATUS_OF) as ErrorCode[];
/** What the fusebox does: answer (with a result), or throw. */
const behaviour = fc.oneof(
  fc.dictionary(text, fc.jsonValue()).map((result) => ({ result: result as JsonObject })),
  fc
    .tuple(fc.constantFrom(...codes), text, errorDetails)
    .map(([code, message, details]) => ({ thrown: new FuseboxError(code, message, details) })),
  fc.anything().map((thrown) => ({ thrown })),
);
const CONFIG = configOf({
  access: [{ principal: 'role:agents-search', allow: ['everything:*'] }],
  operators: ['role:agents-search'],
});

type Behaviour = { readonly result: JsonObject } | { readonly thrown: unknown };

function fuseboxThat(
  does: Behaviour,
  calls: ToolCall[] = [],
  orders: CircuitOrder[] = [],
): Catalog & ToolCaller & Operator {
  const act = async <T>(answer: (result: JsonObject) => T): Promise<T> => {
    if ('thrown' in does) throw does.thrown;
    return answer(does.result);
  };
  return fakeFusebox({
    config: CONFIG,
    callTool: (call) => {
      calls.push(call);
      return act((result) => ({ ...ANSWER, result }));
    },
    showCircuit: () => act(() => CIRCUIT),
    operateCircuit: (_target, given) => {
      orders.push(given);
      return act(() => CIRCUIT);
    },
    listTools: () => act((result) => [{ name: 'get-sum', inputSchema: result, idempotent: false, digest: '' }]),
  });
}

function expectWellFormed({ answer, lines }: Invocation): void {
  expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThanOrEqual(6_291_556);
  for (const value of Object.values(answer.headers)) expect(value).toMatch(/^[\x20-\x7e]+$/);
  expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    status: answer.statusCode,
    requestId: answer.headers['x-request-id'],
  });
}

function expectProblem({ answer, body: problem }: Invocation): void {
  const code = problem['code'] as ErrorCode;
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.statusCode).toBe(STATUS_OF[code]);
  expect(problem).toMatchObject({ status: answer.statusCode, requestId: answer.headers['x-request-id'] });
  for (const key of ['type', 'title', 'detail']) expect(typeof problem[key]).toBe('string');
  expect('retry-after' in answer.headers).toBe('retryAfterMs' in problem);
  if (code === 'unauthenticated') expect(answer.headers).toHaveProperty('www-authenticate');
}

/** Fusebox's own words pass; without them there is no fault of ours. */
function expectFaultOnlyOf(does: Behaviour, { answer }: Invocation): void {
  if (answer.statusCode === 500) expect(does).toHaveProperty('thrown');
}

async function check(handler: Handler, anyEvent: unknown, does: Behaviour): Promise<void> {
  const invocation = await invoke(handler, anyEvent);
  expectWellFormed(invocation);
  if (invocation.answer.statusCode === 200) expect(invocation.answer.headers['content-type']).toBe('application/json');
  else expectProblem(invocation);
  expectFaultOnlyOf(does, invocation);
}

it(
  'call-tool answers whatever arrives',
  async () => {
    let reached = 0;
    await fc.assert(
      fc.asyncProperty(event, behaviour, async (anyEvent, does) => {
        const calls: ToolCall[] = [];
        await check(
          createCallTool(() => fuseboxThat(does, calls)),
          anyEvent,
          does,
        );
        reached += calls.length;
        for (const call of calls) {
          expect(call).toMatchObject({
            server: 'everything',
            tool: expect.stringMatching(/^[^\p{Cc}]{1,256}$/u),
            arguments: expect.any(Object),
          });
          expect(JSON.stringify(call.arguments)).not.toMatch(/"__proto__":/);
        }
      }),
      { numRuns: RUNS },
    );
    // The fuzz is worth something only if many events come through.
    expect(reached).toBeGreaterThan(RUNS / 10);
  },
  RUNS * 30,
);

it(
  'catalog answers whatever arrives',
  async () => {
    await fc.assert(
      fc.asyncProperty(event, behaviour, async (anyEvent, does) =>
        check(
          createCatalog(() => fuseboxThat(does)),
          anyEvent,
          does,
        ),
      ),
      { numRuns: RUNS },
    );
  },
  RUNS * 30,
);

it(
  'operate answers whatever arrives',
  async () => {
    let reached = 0;
    await fc.assert(
      fc.asyncProperty(orderEvent, behaviour, async (anyEvent, does) => {
        const orders: CircuitOrder[] = [];
        await check(
          createOperate(() => fuseboxThat(does, [], orders)),
          anyEvent,
          does,
        );
        reached += orders.length;
        for (const given of orders) {
          expect(given).toMatchObject({
            state: expect.stringMatching(/^(isolated|closed|auto)$/),
            by: expect.stringMatching(/^(role|user|jwt|local):[^\p{Cc}]+$/u),
            reason: expect.stringMatching(/^[^\p{Cc}]{1,500}$/u),
          });
          expect(given.forSeconds).toBeGreaterThanOrEqual(1);
          expect(given.forSeconds).toBeLessThanOrEqual(86_400);
        }
      }),
      { numRuns: RUNS },
    );
    expect(reached).toBeGreaterThan(RUNS / 20);
  },
  RUNS * 30,
);

it('takes a well-formed call', async () => {
  const { answer } = await invoke(
    createCallTool(() => fuseboxThat({ result: {} })),
    callEvent(),
  );
  expect(answer.statusCode).toBe(200);
});
