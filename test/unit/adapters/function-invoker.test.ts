/** The adapter against Lambda's Invoke as the local run has it, and against what only Lambda itself would answer. */
import { LambdaInvoker } from '../../../lib/adapters/lambda/function-invoker.ts';
import type { InvokeResult } from '../../../lib/local/lambda/environment.ts';
import { openInvokeEndpoint } from '../../../lib/local/lambda/invoke-endpoint.ts';
import type { LoopbackServer } from '../../../lib/local/loopback.ts';
import { answerJson, type Scripted, startScripted } from '../../helpers/scripted-server.ts';

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:isolated';
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
const SIGNAL = new AbortController().signal;

const invokerAt = (endpoint: string) =>
  new LambdaInvoker({ endpoint, region: 'us-east-1', credentials: CREDENTIALS, maxAttempts: 3 });

describe("on the local run's endpoint", () => {
  let endpoint: LoopbackServer;
  let invoker: LambdaInvoker;
  /** What the function does next. */
  let run: (payload: string, signal: AbortSignal) => Promise<InvokeResult>;
  const asked: string[] = [];

  beforeAll(async () => {
    endpoint = await openInvokeEndpoint((name) => {
      asked.push(name);
      return name === 'isolated' || name === ARN ? { invoke: (...args) => run(...args) } : undefined;
    });
    invoker = invokerAt(endpoint.endpoint);
  });
  afterAll(() => endpoint.close());

  const failed = (errorType: string, errorMessage: string): InvokeResult => ({
    statusCode: 200,
    functionError: 'Unhandled',
    payload: JSON.stringify({ errorType, errorMessage }),
  });

  it.each(['isolated', ARN])('invokes %s and gives its answer', async (name) => {
    run = async (payload) => ({ statusCode: 200, payload: JSON.stringify({ got: JSON.parse(payload) }) });
    expect(await invoker.invoke(name, '{"text":"grüezi ☃"}', SIGNAL)).toEqual({
      kind: 'answered',
      payload: '{"got":{"text":"grüezi ☃"}}',
    });
    expect(asked.at(-1)).toBe(name);
  });

  it.each<[string, InvokeResult, object]>([
    ['no environment is free', { statusCode: 429, payload: '' }, { kind: 'throttled' }],
    ['the event is too large', { statusCode: 413, payload: '' }, { kind: 'too-large' }],
    ['it ran out of time', failed('Sandbox.Timedout', 'Task timed out after 29.00 seconds'), { kind: 'timed-out' }],
    [
      'an older runtime ran out of time',
      failed('undefined', '2026-11-25T00:00:00Z 8f5 Task timed out after 3.00 seconds'),
      { kind: 'timed-out' },
    ],
    [
      'it crashed',
      failed('Runtime.ExitError', 'RequestId: 1 Error: canary'),
      { kind: 'broken', reason: 'Runtime.ExitError' },
    ],
  ])('says that %s', async (_, result, expected) => {
    run = async () => result;
    expect(await invoker.invoke('isolated', '{}', SIGNAL)).toEqual(expected);
  });

  it('says that there is no such function', async () => {
    expect(await invoker.invoke('gone', '{}', SIGNAL)).toEqual({
      kind: 'refused',
      reason: expect.stringMatching(/^ResourceNotFoundException: Function not found/),
    });
  });

  it('gives up with its caller, and takes the request back where it still waits', async () => {
    const caller = new AbortController();
    const reason = new Error('enough');
    const { promise: takenBack, resolve } = Promise.withResolvers<void>();
    run = (_, signal) => {
      signal.addEventListener('abort', () => resolve());
      caller.abort(reason);
      return new Promise(() => undefined);
    };
    await expect(invoker.invoke('isolated', '{}', caller.signal)).rejects.toBe(reason);
    await takenBack;
  });
});

describe('on a Lambda that', () => {
  let server: Scripted;
  let answer: { readonly status: number; readonly error: string; readonly headers?: Record<string, string> };
  let requests: number;

  beforeEach(async () => {
    requests = 0;
    server = await startScripted((_, response) => {
      requests += 1;
      response.setHeader('x-amzn-errortype', answer.error);
      for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
      answerJson(response, { message: 'no' }, answer.status);
    });
  });
  afterEach(() => server.close());

  it.each([
    [
      'says when to come again',
      { status: 429, error: 'TooManyRequestsException', headers: { 'retry-after': '3' } },
      { kind: 'throttled', retryAfterMs: 3_000 },
    ],
    [
      'forbids it',
      { status: 403, error: 'AccessDeniedException' },
      { kind: 'refused', reason: expect.stringContaining('AccessDenied') },
    ],
    [
      'fails',
      { status: 500, error: 'ServiceException' },
      { kind: 'broken', reason: expect.stringContaining('ServiceException') },
    ],
  ])('%s is asked once', async (_, given, expected) => {
    answer = given;
    expect(await invokerAt(server.origin).invoke('isolated', '{}', SIGNAL)).toEqual(expected);
    expect(requests).toBe(1);
  });

  it('cannot be reached: nobody knows', async () => {
    const { origin } = server;
    await server.close();
    server = await startScripted(() => undefined);
    expect(await invokerAt(origin).invoke('isolated', '{}', SIGNAL)).toMatchObject({ kind: 'broken' });
  });
});

describe('the endpoint refuses', () => {
  let endpoint: LoopbackServer;
  beforeAll(async () => {
    endpoint = await openInvokeEndpoint(() => ({ invoke: async () => ({ statusCode: 200, payload: '1' }) }));
  });
  afterAll(() => endpoint.close());

  const path = '/2015-03-31/functions/isolated/invocations';
  const authorization = 'AWS4-HMAC-SHA256 Credential=local';

  it.each([
    ['a page of a browser, which cannot sign', path, {}, 403],
    ['what is not Invoke', '/2015-03-31/functions/isolated', { authorization }, 404],
    ['an invocation that nobody waits for', path, { authorization, 'x-amz-invocation-type': 'Event' }, 400],
  ])('%s', async (_, at, headers, status) => {
    const response = await fetch(`${endpoint.endpoint}${at}`, { method: 'POST', headers, body: '{}' });
    expect(response.status).toBe(status);
  });
});
