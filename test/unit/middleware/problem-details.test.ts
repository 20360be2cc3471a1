import { readFileSync } from 'node:fs';
import middyCore from '@middy/core';
import { type ErrorCode, FuseboxError, type FuseboxErrorDetails } from '../../../lib/mcp/errors.ts';
import type { HttpAnswer } from '../../../lib/middleware/http-answer.ts';
import { problemDetails } from '../../../lib/middleware/problem-details.ts';
import {
  AttemptTimeoutError,
  BulkheadFullError,
  CircuitOpenError,
  DeadlineExceededError,
  PausedError,
} from '../../../lib/resilience/errors.ts';
import { LAMBDA_REQUEST_ID, lambdaContext, STATUS_OF } from '../../helpers/http-border.ts';

const EVENT = { requestContext: { requestId: 'abc=' } };

async function answerTo(error: unknown, event: unknown = EVENT): Promise<HttpAnswer> {
  const handler = middyCore<unknown, HttpAnswer>()
    .use(problemDetails())
    .handler(async () => {
      throw error;
    });
  return handler(event, lambdaContext());
}

async function bodyOf(code: ErrorCode, details: FuseboxErrorDetails, message = 'Why.') {
  return JSON.parse((await answerTo(new FuseboxError(code, message, details))).body);
}

it.each(Object.entries(STATUS_OF))('%s is a %i', async (code, status) => {
  const answer = await answerTo(new FuseboxError(code as ErrorCode, 'Why.'));
  expect(answer.statusCode).toBe(status);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': 'abc=',
  });
  expect(JSON.parse(answer.body)).toEqual({
    type: `urn:mcp-fusebox:problem:${code}`,
    title: expect.stringMatching(/\S/),
    status,
    detail: 'Why.',
    code,
    requestId: 'abc=',
  });
});

it('every code is documented under its status', () => {
  const document = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
  const rows = [...document.matchAll(/^\| (\d{3}) \| `(\w+)` \|/gm)].map(([, status, code]) => [code, Number(status)]);
  expect(Object.fromEntries(rows)).toEqual(STATUS_OF);
});

it('tells what applies, and never the cause', async () => {
  const details = {
    server: 's',
    tool: 't',
    attempts: 2,
    retryAfterMs: 1_500,
    outcome: 'unknown',
    errors: [{ pointer: '/a', detail: 'no' }],
  } as const;
  const body = await bodyOf('upstream_error', { ...details, cause: new Error('canary') });
  expect(body).toMatchObject(details);
  expect(JSON.stringify(body)).not.toContain('canary');
});

it.each([
  [0, '0'],
  [1, '1'],
  [1_000, '1'],
  [1_001, '2'],
  [59_999.5, '60'],
])('rounds a wait of %d ms up to %s s', async (retryAfterMs, seconds) => {
  const { headers } = await answerTo(new FuseboxError('bulkhead_full', 'Why.', { retryAfterMs }));
  expect(headers['retry-after']).toBe(seconds);
});

it('names the methods of a 405 and the schemes of a 401', async () => {
  const wrongMethod = await answerTo(new FuseboxError('method_not_allowed', 'Why.', { allow: ['GET', 'POST'] }));
  expect(wrongMethod.headers['allow']).toBe('GET, POST');
  const unauthenticated = await answerTo(new FuseboxError('unauthenticated', 'Why.'));
  expect(unauthenticated.headers['www-authenticate']).toBe('Bearer, AWS4-HMAC-SHA256');
});

it.each([
  [
    new CircuitOpenError('the circuit of "weather" is open', 1_500),
    503,
    'circuit_open',
    'The circuit of "weather" is open.',
  ],
  [
    new BulkheadFullError('10 calls are running and 3 waiting', 1_500),
    503,
    'bulkhead_full',
    '10 calls are running and 3 waiting.',
  ],
  [new PausedError('"weather" asked for fewer calls', 1_500), 429, 'rate_limited', '"weather" asked for fewer calls.'],
])('answers a call that was not let through, and when to come back: %s', async (error, status, code, detail) => {
  const answer = await answerTo(error);
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['retry-after']).toBe('2');
  expect(JSON.parse(answer.body)).toMatchObject({ code, detail, retryAfterMs: 1_500 });
  expect(JSON.parse(answer.body)).not.toHaveProperty('outcome');
});

it.each([
  [new AttemptTimeoutError(2_000), 'No answer within 2000 ms.'],
  [new DeadlineExceededError(), 'The deadline has passed.'],
])('answers 504 to what took too long, and that it may yet have run: %s', async (error, detail) => {
  const answer = await answerTo(error);
  expect(answer.statusCode).toBe(504);
  expect(JSON.parse(answer.body)).toMatchObject({ code: 'deadline_exceeded', outcome: 'unknown', detail });
});

it.each([new TypeError('canary'), 'canary', null, { message: 'canary', statusCode: 418 }])(
  'answers 500 to what nobody expected (%p), and does not repeat it',
  async (error) => {
    const answer = await answerTo(error);
    expect(answer.statusCode).toBe(500);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'internal_error', requestId: 'abc=' });
    expect(answer.body).not.toContain('canary');
  },
);

it.each([null, 'x', {}, { requestContext: null }, { requestContext: { requestId: 'a\r\nset-cookie: b' } }])(
  "takes Lambda's request id where the event %j has none to trust",
  async (event) => {
    const answer = await answerTo(new FuseboxError('invalid_request', 'Why.'), event);
    expect(answer.headers['x-request-id']).toBe(LAMBDA_REQUEST_ID);
  },
);

it('bounds what it repeats', async () => {
  const errors = Array.from({ length: 5_000 }, () => ({ pointer: `/${'k'.repeat(5_000)}`, detail: 'd'.repeat(5_000) }));
  const body = await bodyOf('invalid_arguments', { server: 's'.repeat(5_000), tool: 't\n', errors }, 'm'.repeat(5_000));
  expect(body.errors).toHaveLength(100);
  expect(body.errors[0].pointer).toHaveLength(256);
  expect(body.server).toHaveLength(256);
  expect(body.tool).toBe('t�');
  expect(body.detail).toHaveLength(1_000);
});
