import { createHandler } from '../../../functions/catalog/create-handler.ts';
import { FuseboxError } from '../../../lib/mcp/errors.ts';
import type { Catalog } from '../../../lib/mcp/fusebox.ts';
import { CIRCUIT, configOf, fakeFusebox, getEvent, invoke, REQUEST_ID, TOOLS } from '../../helpers/http-border.ts';

const LIST = 'GET /v1/servers';
const ONE = 'GET /v1/servers/{server}';
const ITS_TOOLS = 'GET /v1/servers/{server}/tools';
const ONLY_SUM = configOf({ access: [{ principal: 'role:agents-*', allow: ['everything:get-sum'] }] });

function get(routeKey: string, parts: Parameters<typeof getEvent>[1] = {}, fusebox: Partial<Catalog> = {}) {
  return invoke(
    createHandler(() => fakeFusebox(fusebox)),
    getEvent(routeKey, parts),
  );
}

describe('the servers', () => {
  it('are listed without secrets, headers and disabled ones', async () => {
    const { answer, body } = await get(LIST);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(body).toEqual({
      servers: ['everything', 'search'].map((name) => ({
        name,
        type: 'http',
        url: `https://${name}.example.com/mcp`,
        protocol: 'auto',
        trusted: false,
        timeoutMs: 10_000,
        maxConcurrency: 10,
        tools: { allow: ['*'], deny: [] },
        retry: { maxRetries: 2 },
        circuit: CIRCUIT,
        health: {
          // The check was long ago.
          status: 'unknown',
          lastCheck: '2023-11-14T22:13:20.000Z',
          latencyMs: 12,
          failuresInARow: 0,
          warnings: [],
          lastErrors: [],
        },
      })),
    });
    expect(answer.body).not.toMatch(/canary|pass|X-Key/);
  });

  it('are only those that the caller may call', async () => {
    const { body } = await get(LIST, {}, { config: ONLY_SUM });
    expect(body).toMatchObject({ servers: [{ name: 'everything' }] });
    expect(body['servers']).toHaveLength(1);
  });

  it('are shown one by one', async () => {
    expect((await get(ONE, { server: 'search' })).body).toMatchObject({
      name: 'search',
      url: 'https://search.example.com/mcp',
    });
  });

  it.each([
    ['unknown', 'nobody', configOf(), 'unknown_server'],
    ['disabled', 'asleep', configOf(), 'unknown_server'],
    ['not for the caller', 'search', ONLY_SUM, 'forbidden'],
    ['not for the caller and not there', 'nobody', ONLY_SUM, 'forbidden'],
  ])('are not shown where %s', async (_, server, config, code) => {
    expect((await get(ONE, { server }, { config })).body).toMatchObject({ code });
    expect((await get(ITS_TOOLS, { server }, { config })).body).toMatchObject({ code });
  });
});

describe('the circuits', () => {
  const PER_TOOL = {
    defaults: {
      circuitBreaker: { scope: 'tool' },
      tools: {
        allow: ['get-*', 'echo'],
        deny: ['get-env'],
        overrides: { 'get-sum': {}, 'get-env': {}, 'get-all': {} },
      },
    },
  };
  const showCircuit: Catalog['showCircuit'] = async ({ server, tool = '-' }) => ({
    ...CIRCUIT,
    history: [{ at: '2026-10-01T12:00:00.000Z', change: 'isolated', by: 'role:x', reason: `${server} ${tool}` }],
  });
  const reasons = (shown: unknown): unknown => JSON.stringify(shown).match(/(?<="reason":")[^"]*/g);

  it('are each shown beside its server, in the list and alone', async () => {
    expect(reasons((await get(LIST, {}, { showCircuit })).body)).toEqual(['everything -', 'search -']);
    expect((await get(ONE, { server: 'search' }, { showCircuit })).body).toMatchObject({
      circuit: { state: 'closed', history: [{ by: 'role:x', reason: 'search -' }] },
    });
  });

  it('that are unknown hide no server', async () => {
    const { answer, body } = await get(LIST, {}, { showCircuit: async () => ({ state: 'unknown' }) });
    expect(answer.statusCode).toBe(200);
    expect(body).toMatchObject({
      servers: [
        { name: 'everything', circuit: { state: 'unknown' } },
        { name: 'search', circuit: { state: 'unknown' } },
      ],
    });
  });

  it('are those of the tools that the configuration names, where each tool has its own', async () => {
    const { body } = await get(ONE, {}, { config: configOf(PER_TOOL), showCircuit });
    expect(body).not.toHaveProperty('circuit');
    expect(Object.keys(Object(body['toolCircuits']))).toEqual(['echo', 'get-all', 'get-sum']);
    expect(reasons(body)).toEqual(['everything echo', 'everything get-all', 'everything get-sum']);
  });

  it('of tools are only those that the caller may call, unless it operates', async () => {
    const access = [{ principal: 'role:agents-*', allow: ['everything:get-sum'] }];
    const toolsOf = async (config: object) => {
      const { body } = await get(ONE, {}, { config: configOf({ ...PER_TOOL, access, ...config }), showCircuit });
      return Object.keys(Object(body['toolCircuits']));
    };
    expect(await toolsOf({})).toEqual(['get-sum']);
    expect(await toolsOf({ operators: ['role:agents-*'] })).toEqual(['echo', 'get-all', 'get-sum']);
  });

  it('are read all at once', async () => {
    const { promise: all, resolve } = Promise.withResolvers<void>();
    let asked = 0;
    const waiting: Catalog['showCircuit'] = async () => {
      asked += 1;
      if (asked === 2) resolve();
      await all;
      return CIRCUIT;
    };
    expect((await get(LIST, {}, { showCircuit: waiting })).answer.statusCode).toBe(200);
  });
});

it('operators see every server, and call none for that', async () => {
  const config = configOf({ access: [], operators: ['role:agents-*'] });
  expect((await get(LIST, {}, { config })).body).toMatchObject({
    servers: [{ name: 'everything' }, { name: 'search' }],
  });
  expect((await get(ONE, {}, { config })).body).toMatchObject({ name: 'everything' });
  expect((await get(ITS_TOOLS, {}, { config })).body).toMatchObject({ code: 'forbidden' });
});

describe('the tools of a server', () => {
  it('are what the server describes', async () => {
    expect((await get(ITS_TOOLS)).body).toEqual({ server: 'everything', tools: TOOLS });
  });

  it('are only those that the caller may call', async () => {
    expect((await get(ITS_TOOLS, {}, { config: ONLY_SUM })).body).toEqual({ server: 'everything', tools: [TOOLS[0]] });
  });

  it('are a problem detail where the server fails', async () => {
    const error = new FuseboxError('upstream_error', 'Refused.', { server: 'everything', attempts: 3 });
    expect((await get(ITS_TOOLS, {}, { listTools: async () => Promise.reject(error) })).body).toMatchObject({
      status: 502,
      code: 'upstream_error',
      attempts: 3,
    });
  });
});

describe('what no route matches', () => {
  it.each(['PUT', 'HEAD', 'OPTIONS', 'DELETE'])(
    '%s of a known path is a 405 that names the methods',
    async (method) => {
      const { answer, body } = await get('$default', { method, path: '/v1/servers' });
      expect(answer).toMatchObject({ statusCode: 405, headers: { allow: 'GET' } });
      expect(body).toMatchObject({ code: 'method_not_allowed', requestId: REQUEST_ID });
    },
  );

  it('GET of a tool is a 405', async () => {
    const { answer } = await get('$default', { path: '/v1/servers/everything/tools/get-sum' });
    expect(answer).toMatchObject({ statusCode: 405, headers: { allow: 'POST' } });
  });

  it('another path is a 404', async () => {
    expect((await get('$default', { path: '/favicon.ico' })).body).toMatchObject({
      status: 404,
      code: 'unknown_route',
    });
  });

  it('tells nothing to whom nobody knows', async () => {
    expect((await get('$default', { path: '/favicon.ico', authorizer: undefined })).body).toMatchObject({
      code: 'unauthenticated',
    });
  });
});

it('answers JSON only', async () => {
  expect((await get(LIST, { headers: { accept: 'text/html' } })).body).toMatchObject({
    status: 406,
    code: 'not_acceptable',
  });
});
