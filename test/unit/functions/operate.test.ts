import { createHandler } from '../../../functions/operate/create-handler.ts';
import { MemoryCircuitStore } from '../../../lib/adapters/memory/circuit-store.ts';
import { composeOperator } from '../../../lib/compose.ts';
import type { CircuitStore } from '../../../lib/resilience/circuit-breaker/circuit-store.ts';
import { callEvent, type EventParts, IAM_ROLE, invoke, REQUEST_ID } from '../../helpers/http-border.ts';

const NOW = Date.UTC(2026, 9, 1, 12);
const ROUTE = 'PUT /v1/servers/{server}/circuit';
const OPERATORS = { operators: ['role:agents-*'] };
const LOCAL = { iam: { accountId: '000000000000', userArn: 'arn:aws:iam::000000000000:user/local' } };
const token = (groups: string) => ({ jwt: { claims: { sub: 'u-1', groups } } });

function configJson(extra: object): string {
  const mcpServers = {
    everything: { type: 'http', url: 'https://everything.example.com/mcp' },
    search: { type: 'http', url: 'https://search.example.com/mcp', circuitBreaker: { scope: 'tool' } },
    asleep: { type: 'http', url: 'https://asleep.example.com/mcp', disabled: true },
  };
  return JSON.stringify({ mcpServers, ...OPERATORS, ...extra });
}

interface Setting {
  readonly config?: object;
  readonly store?: CircuitStore;
}

/** `PUT …/circuit` by a role that is an operator, unless told otherwise; with the real parts behind, on a store in memory. */
function put(body: unknown, parts: EventParts = {}, { config = {}, store = new MemoryCircuitStore() }: Setting = {}) {
  const world = { circuits: store, now: () => NOW };
  const handler = createHandler(() => composeOperator({ MCP_CONFIG_JSON: configJson(config) }, world));
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return invoke(handler, callEvent({ method: 'PUT', routeKey: ROUTE, body: text, ...parts }));
}

const overrideOf = async (store: CircuitStore, key: string) =>
  (await store.read(key, { signal: new AbortController().signal, consistent: true }))?.control.override;

describe('an order of an operator', () => {
  it('is carried out and answered with the circuit', async () => {
    const store = new MemoryCircuitStore();
    const { answer, body } = await put({ state: 'isolated', forSeconds: 60, reason: 'vendor down' }, {}, { store });
    expect(answer).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-request-id': REQUEST_ID },
    });
    const override = { until: '2026-10-01T12:01:00.000Z', by: 'role:agents-search', reason: 'vendor down' };
    expect(body).toEqual({
      server: 'everything',
      circuit: {
        state: 'isolated',
        epoch: 1,
        since: '2026-10-01T12:00:00.000Z',
        override: { state: 'isolated', ...override },
        history: [{ at: '2026-10-01T12:00:00.000Z', change: 'isolated', ...override }],
      },
    });
    expect(await overrideOf(store, 'everything')).toEqual({ state: 'isolated', untilMs: Date.UTC(2026, 9, 1, 12, 1) });
  });

  it('lasts ten minutes where it does not say how long', async () => {
    const { body } = await put({ state: 'closed', reason: 'false alarm' });
    expect(body).toMatchObject({
      circuit: { state: 'forced-closed', override: { until: '2026-10-01T12:10:00.000Z' } },
    });
  });

  it('takes an override back', async () => {
    const store = new MemoryCircuitStore();
    await put({ state: 'isolated', reason: 'vendor down' }, {}, { store });
    const { body } = await put({ state: 'auto', reason: 'vendor is back' }, { authorizer: LOCAL }, { store });
    expect(body).toMatchObject({
      circuit: {
        state: 'closed',
        history: [{ change: 'automatic', by: 'local:local', reason: 'vendor is back' }, { change: 'isolated' }],
      },
    });
    expect(await overrideOf(store, 'everything')).toBeNull();
  });

  it('is of one tool where each has its circuit', async () => {
    const store = new MemoryCircuitStore();
    const order = { state: 'isolated', tool: 'ns:find', reason: 'slow' };
    const { body } = await put(order, { server: 'search' }, { store });
    expect(body).toMatchObject({ server: 'search', tool: 'ns:find', circuit: { state: 'isolated' } });
    expect(await overrideOf(store, 'search:ns:find')).toMatchObject({ state: 'isolated' });
    expect(await overrideOf(store, 'search')).toBeUndefined();
  });

  it('is logged with its operator', async () => {
    const { lines } = await put({ state: 'isolated', reason: 'vendor down' });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        operation: 'operate_circuit',
        server: 'everything',
        principal: 'role:agents-search',
        status: 200,
      }),
    ]);
  });

  it.each([
    ['a thousand characters', 'u'.repeat(1_000)],
    ['control characters in it', 'a\u001b[2Jb'],
  ])('has a name that can be shown, also with %s', async (_name, sub) => {
    const authorizer = { jwt: { claims: { sub, groups: '[platform]' } } };
    const config = { operators: ['claim:groups=platform'] };
    const { body } = await put({ state: 'isolated', reason: 'x' }, { authorizer }, { config });
    const { by } = Object(body['circuit']).override as { by: string };
    expect(by).toMatch(/^jwt:[^\p{Cc}]+$/u);
    expect(by.length).toBeLessThanOrEqual(128);
  });
});

describe('who may', () => {
  const ORDER = { state: 'isolated', reason: 'vendor down' };

  it.each<[string, object, unknown, number]>([
    ['a role that is named', OPERATORS, IAM_ROLE, 200],
    ['a role that is not', { operators: ['role:platform-*'] }, IAM_ROLE, 403],
    ['a role, where nobody is named', { operators: [] }, IAM_ROLE, 403],
    ['a role that may call everything', { operators: [], access: [{ principal: '*', allow: ['*:*'] }] }, IAM_ROLE, 403],
    ['an operator that may call nothing', { access: [] }, IAM_ROLE, 200],
    ['the local operator, where nobody is named', { operators: [] }, LOCAL, 200],
    ['a token with the claim', { operators: ['claim:groups=platform'] }, token('[platform]'), 200],
    ['a token without', { operators: ['claim:groups=platform'] }, token('[dev]'), 403],
    ['nobody', OPERATORS, undefined, 401],
  ])('%s', async (_name, config, authorizer, status) => {
    const store = new MemoryCircuitStore();
    const { answer } = await put(ORDER, { authorizer }, { config, store });
    expect(answer.statusCode).toBe(status);
    expect((await overrideOf(store, 'everything'))?.state).toBe(status === 200 ? 'isolated' : undefined);
  });

  it('others learn nothing of servers, nor of faults in what they sent', async () => {
    const config = { operators: [] };
    const answers = await Promise.all([
      put(ORDER, { server: 'nobody' }, { config }),
      put('{', {}, { config }),
      put({ state: 'open' }, {}, { config }),
    ]);
    expect(answers.map(({ body }) => body['code'])).toEqual(['forbidden', 'forbidden', 'forbidden']);
  });
});

describe('a request that is not in order', () => {
  it.each<[string, EventParts, number, string]>([
    ['an unknown server', { server: 'nobody' }, 404, 'unknown_server'],
    ['a disabled server', { server: 'asleep' }, 404, 'unknown_server'],
    ['a percent sign alone', { server: '%' }, 400, 'invalid_request'],
    ['a form', { headers: { 'content-type': 'text/plain' } }, 415, 'unsupported_media_type'],
    ['XML wanted', { headers: { accept: 'application/xml' } }, 406, 'not_acceptable'],
    ['no JSON', { body: '{' }, 400, 'invalid_request'],
    ['too large', { body: JSON.stringify({ reason: 'x'.repeat(300_000) }) }, 413, 'request_too_large'],
  ])('%s', async (_name, parts, status, code) => {
    expect((await put({ state: 'isolated', reason: 'x' }, parts)).body).toMatchObject({ status, code });
  });

  const seconds = 'a whole number of seconds from 1 to 86400';
  const reason = 'is required: why, in 1 to 500 printable characters';

  it.each<[object, string, string]>([
    [{}, '/state', 'has to be "isolated", "closed" or "auto"'],
    [{ state: 'open' }, '/state', 'has to be "isolated", "closed" or "auto"'],
    [{ state: 'isolated', forSeconds: 0 }, '/forSeconds', seconds],
    [{ state: 'isolated', forSeconds: 86_401 }, '/forSeconds', seconds],
    [{ state: 'isolated', forSeconds: 1.5 }, '/forSeconds', seconds],
    [{ state: 'isolated', forSeconds: '60' }, '/forSeconds', seconds],
    [{ state: 'auto', forSeconds: 60 }, '/forSeconds', 'means nothing with "auto", which lasts; leave it out'],
    [{ state: 'isolated', reason: undefined }, '/reason', reason],
    [{ state: 'isolated', reason: '' }, '/reason', reason],
    [{ state: 'isolated', reason: '  ' }, '/reason', reason],
    [{ state: 'isolated', reason: 'a\nb' }, '/reason', reason],
    [{ state: 'isolated', reason: 'a\u202eb' }, '/reason', reason],
    [{ state: 'isolated', reason: 'x'.repeat(501) }, '/reason', reason],
    [{ state: 'isolated', reason: 5 }, '/reason', reason],
    [{ state: 'isolated', until: 5 }, '/until', 'not known here; known are "state", "forSeconds", "tool" and "reason"'],
    [{ state: 'isolated', tool: 5 }, '/tool', 'has to be the name of a tool'],
    [
      { state: 'isolated', tool: 'get-sum' },
      '/tool',
      'has to be left out: this server has one circuit for all its tools',
    ],
  ])('%j', async (order, pointer, detail) => {
    const store = new MemoryCircuitStore();
    const { body } = await put({ reason: 'x', ...order }, {}, { store });
    expect(body).toMatchObject({ status: 400, code: 'invalid_request', errors: [{ pointer, detail }] });
    expect(await overrideOf(store, 'everything')).toBeUndefined();
  });

  it('names no tool where each has its circuit', async () => {
    expect((await put({ state: 'isolated', reason: 'x' }, { server: 'search' })).body).toMatchObject({
      code: 'invalid_request',
      server: 'search',
      errors: [{ pointer: '/tool', detail: 'is required: this server has a circuit for each tool' }],
    });
  });

  it('takes the longest order there is', async () => {
    const order = { state: 'closed', forSeconds: 86_400, reason: '🙂'.repeat(500) };
    expect((await put(order)).body).toMatchObject({ circuit: { override: { until: '2026-10-02T12:00:00.000Z' } } });
  });
});

it('is a clear no where the store is out', async () => {
  const fails = async () => Promise.reject(new Error('canary'));
  const store: CircuitStore = { read: fails, report: fails, update: fails };
  const { answer, body } = await put({ state: 'isolated', reason: 'x' }, {}, { store });
  expect(answer.headers).toMatchObject({ 'retry-after': '1' });
  expect(body).toMatchObject({ status: 503, code: 'store_unavailable', server: 'everything', retryAfterMs: 1_000 });
  expect(answer.body).not.toContain('canary');
});
