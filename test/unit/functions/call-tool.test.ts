import { createHandler } from '../../../functions/call-tool/create-handler.ts';
import { FuseboxError } from '../../../lib/mcp/errors.ts';
import type { ToolCaller } from '../../../lib/mcp/fusebox.ts';
import type { CallContext, ToolCall } from '../../../lib/mcp/types.ts';
import {
  ANSWER,
  callEvent,
  configOf,
  type EventParts,
  fakeFusebox,
  invoke,
  lambdaContext,
  REQUEST_ID,
} from '../../helpers/http-border.ts';

const POLICY = { access: [{ principal: 'role:agents-*', allow: ['everything:get-*', 'gone:*'] }] };

function call(parts: EventParts = {}, fusebox: Partial<ToolCaller> = {}) {
  return invoke(
    createHandler(() => fakeFusebox(fusebox)),
    callEvent(parts),
  );
}

/** What reached the fusebox. */
async function received(parts: EventParts, remainingMs?: number): Promise<[ToolCall, CallContext]> {
  const calls: [ToolCall, CallContext][] = [];
  const callTool: ToolCaller['callTool'] = async (...args) => {
    calls.push(args);
    return ANSWER;
  };
  const { answer } = await invoke(
    createHandler(() => fakeFusebox({ callTool })),
    callEvent(parts),
    lambdaContext(remainingMs),
  );
  expect(answer.statusCode).toBe(200);
  expect(calls).toHaveLength(1);
  return calls[0] as [ToolCall, CallContext];
}

describe('a call that is in order', () => {
  it("answers the tool's own result", async () => {
    const { answer, body } = await call();
    expect(answer).toMatchObject({
      statusCode: 200,
      headers: {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-request-id': REQUEST_ID,
      },
    });
    expect(body).toEqual(ANSWER);
  });

  it('passes on what it was asked', async () => {
    const [toolCall, { requestId }] = await received({
      server: 'search',
      tool: 'find%2Fall',
      body: '{"arguments":{"q":"x"},"timeoutMs":500,"cache":"bypass"}',
    });
    const expected = { server: 'search', tool: 'find/all', arguments: { q: 'x' }, timeoutMs: 500, cache: 'bypass' };
    expect(toolCall).toEqual(expected);
    expect(requestId).toBe(REQUEST_ID);
  });

  it.each([
    ['without arguments', { body: '{}' }, {}],
    [
      'in base64',
      { body: Buffer.from('{"arguments":{"ä":"🙂"}}').toString('base64'), isBase64Encoded: true },
      { ä: '🙂' },
    ],
    ['as some other JSON', { headers: { 'content-type': 'application/vnd.acme+json;charset=UTF-8' } }, { a: 2, b: 40 }],
    ['64 levels deep', { body: `{"arguments":{"a":${'['.repeat(62)}${']'.repeat(62)}}}` }, { a: expect.any(Array) }],
  ])('takes a body %s', async (_, parts, expected) => {
    const [toolCall] = await received(parts);
    expect(toolCall.arguments).toEqual(expected);
  });

  it.each([
    ["the caller's limit", '{"timeoutMs":700}', 29_000, 700],
    ['limits.deadlineMs', '{}', 40_000, 28_000],
    ['what Lambda leaves, less half a second', '{"timeoutMs":29000}', 5_000, 4_500],
  ])('has to end within %s', async (_, body, remainingMs, expectedMs) => {
    const before = Date.now();
    const [, { deadlineAtMs }] = await received({ body }, remainingMs);
    expect(deadlineAtMs).toBeGreaterThanOrEqual(before + expectedMs);
    expect(deadlineAtMs).toBeLessThanOrEqual(Date.now() + expectedMs);
  });
});

describe('a request that is not in order', () => {
  const deep = `{"arguments":{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`;

  it.each<[string, EventParts, number, string]>([
    ['no identity', { authorizer: undefined }, 401, 'unauthenticated'],
    ['an unknown server', { server: 'nobody' }, 404, 'unknown_server'],
    ['a disabled server', { server: 'asleep' }, 404, 'unknown_server'],
    ['a server of every object', { server: 'constructor' }, 404, 'unknown_server'],
    ['../ for a server', { server: '..%2F..%2Fetc%2Fpasswd' }, 404, 'unknown_server'],
    ['%00 in a server', { server: 'everything%00' }, 404, 'unknown_server'],
    ['a server of 10 kB', { server: 's'.repeat(10_240) }, 404, 'unknown_server'],
    ['%00 in a tool', { tool: 'get-sum%00' }, 404, 'unknown_tool'],
    ['a tool of 10 kB', { tool: 't'.repeat(10_240) }, 404, 'unknown_tool'],
    ['a percent sign alone', { tool: '%' }, 400, 'invalid_request'],
    ['XML wanted', { headers: { accept: 'application/xml' } }, 406, 'not_acceptable'],
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'unsupported_media_type'],
    ['1 MB', { body: JSON.stringify({ arguments: { a: 'x'.repeat(1_048_576) } }) }, 413, 'request_too_large'],
    ['262,145 bytes in fewer characters', { body: `"${'京'.repeat(87_381)}"` }, 413, 'request_too_large'],
    ['no body', { body: '' }, 400, 'invalid_request'],
    ['no JSON', { body: '{' }, 400, 'invalid_request'],
    [
      'no UTF-8',
      { body: Buffer.from([0x22, 0xff, 0x22]).toString('base64'), isBase64Encoded: true },
      400,
      'invalid_request',
    ],
    ['JSON 10,000 deep', { body: deep }, 400, 'invalid_request'],
    ['JSON 65 deep', { body: `{"arguments":{"a":${'['.repeat(63)}${']'.repeat(63)}}}` }, 400, 'invalid_request'],
    ['a list', { body: '[]' }, 400, 'invalid_request'],
    ['null', { body: 'null' }, 400, 'invalid_request'],
  ])('%s', async (_, parts, status, code) => {
    const { answer, body } = await call(parts, {
      callTool: async () => Promise.reject(new Error('must not be called')),
    });
    expect({ status: answer.statusCode, type: answer.headers['content-type'] }).toEqual({
      status,
      type: 'application/problem+json',
    });
    expect(body).toMatchObject({ status, code, requestId: REQUEST_ID });
    expect(answer.body.length).toBeLessThan(1_000);
  });

  it('names the server and the tool once they are known to be for the caller', async () => {
    expect((await call({ body: '{' })).body).toMatchObject({ server: 'everything', tool: 'get-sum' });
    const { body } = await call({ server: 'nobody' });
    expect(body).not.toHaveProperty('server');
    expect(body).not.toHaveProperty('tool');
  });

  it('lists every fault of the body with its pointer', async () => {
    const { body } = await call({ body: '{"arguments":[],"timeoutMs":0,"cache":"no","a/b":1,"c":2}' });
    const pointers = (body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(new Set(pointers)).toEqual(new Set(['/a~1b', '/arguments', '/c', '/cache', '/timeoutMs']));
  });

  it.each([0.5, -1, 0, 29_001, '5', null])('refuses a timeoutMs of %j', async (timeoutMs) => {
    const { body } = await call({ body: JSON.stringify({ timeoutMs }) });
    expect(body).toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/timeoutMs', detail: 'a whole number of milliseconds from 1 to 29000' }],
    });
  });

  it('refuses keys that reach for a prototype', async () => {
    const { body } = await call({ body: '{"arguments":{"list":[{"__proto__":{"admin":true}}]}}' });
    expect(body).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/arguments/list/0/__proto__' }] });
  });
});

describe('the access policy', () => {
  const config = configOf(POLICY);

  it('lets pass what it allows', async () => {
    expect((await call({}, { config })).answer.statusCode).toBe(200);
  });

  it.each<[string, EventParts]>([
    ['a tool that is not allowed', { tool: 'echo' }],
    ['a server that is not allowed', { server: 'search' }],
    ['a server that is not there and not allowed, by the same answer', { server: 'nobody' }],
  ])('refuses %s', async (_, parts) => {
    const { answer, body } = await call(parts, { config });
    expect(answer.statusCode).toBe(403);
    expect(body).toMatchObject({ code: 'forbidden' });
  });

  it('tells of a missing server only who may call it', async () => {
    expect((await call({ server: 'gone' }, { config })).body).toMatchObject({ code: 'unknown_server' });
  });
});

describe('what the fusebox says', () => {
  it('is answered as a problem detail', async () => {
    const error = new FuseboxError('upstream_error', 'The server answered 503.', {
      server: 'everything',
      tool: 'get-sum',
      attempts: 3,
      retryAfterMs: 2_100,
    });
    const { answer, body } = await call({}, { callTool: async () => Promise.reject(error) });
    expect(answer).toMatchObject({ statusCode: 502, headers: { 'retry-after': '3' } });
    expect(body).toMatchObject({
      code: 'upstream_error',
      server: 'everything',
      tool: 'get-sum',
      attempts: 3,
      retryAfterMs: 2_100,
    });
  });

  it('is a 500 without its words where it is a fault of ours', async () => {
    const { answer, body } = await call({}, { callTool: async () => Promise.reject(new TypeError('canary')) });
    expect(body).toMatchObject({ status: 500, code: 'internal_error' });
    expect(answer.body).not.toContain('canary');
  });

  it('is too large where Lambda could not carry it: 5 MB of quotes are more than 10 MB in an answer', async () => {
    const result = { content: [{ type: 'text', text: '"'.repeat(1_600_000) }] };
    const { body } = await call({}, { callTool: async () => ({ ...ANSWER, result }) });
    expect(body).toMatchObject({
      status: 502,
      code: 'upstream_result_too_large',
      server: 'everything',
      tool: 'get-sum',
      attempts: 1,
      outcome: 'unknown',
    });
  });

  it('is waited for until 100 ms before Lambda ends the environment', async () => {
    const handler = createHandler(() => fakeFusebox({ callTool: () => new Promise(() => undefined) }));
    const { body } = await invoke(handler, callEvent(), lambdaContext(100));
    expect(body).toMatchObject({ status: 504, code: 'deadline_exceeded', outcome: 'unknown' });
  });
});
