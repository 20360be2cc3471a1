/** `GET /v1/health`, `GET /v1/metrics`, `DELETE …/cache`. */
import { createHandler } from '../../../functions/operate/create-handler.ts';
import type { Operator } from '../../../lib/mcp/fusebox.ts';
import { callEvent, configOf, fakeFusebox, getEvent, HEALTH, IAM_ROLE, invoke } from '../../helpers/http-border.ts';

const HEALTH_ROUTE = 'GET /v1/health';
const METRICS = 'GET /v1/metrics';
const NOW_MS = HEALTH.checkedAtMs + 30_000;
const ONLY_SEARCH = configOf({ access: [{ principal: 'role:agents-*', allow: ['search:*'] }] });
const OPERATORS = configOf({ operators: ['role:agents-*'] });

const get = async (routeKey: string, overrides: Partial<Operator> = {}, query?: object) => {
  const handler = createHandler(
    () => fakeFusebox(overrides),
    () => NOW_MS,
  );
  const { answer, body } = await invoke(handler, { ...getEvent(routeKey), queryStringParameters: query });
  return { status: answer.statusCode, body };
};

describe('health', () => {
  it('is what the last check of each server found', async () => {
    const view = {
      status: 'healthy',
      lastCheck: '2023-11-14T22:13:20.000Z',
      latencyMs: 12,
      failuresInARow: 0,
      warnings: [],
      lastErrors: [],
    };
    const expected = { status: 'ok', servers: { everything: view, search: view } };
    expect(await get(HEALTH_ROUTE)).toEqual({ status: 200, body: expected });
  });

  it.each<[string, Partial<Operator>, string]>([
    [
      'degraded where one is not well',
      { lastHealth: async (server) => ({ ...HEALTH, ok: server !== 'search' }) },
      'degraded',
    ],
    ['unknown where one was never checked', { lastHealth: async () => undefined }, 'unknown'],
    [
      'unknown where the last check is more than three intervals old',
      { lastHealth: async () => ({ ...HEALTH, checkedAtMs: NOW_MS - 180_001 }) },
      'unknown',
    ],
    [
      'ok where it is three intervals old',
      { lastHealth: async () => ({ ...HEALTH, checkedAtMs: NOW_MS - 180_000 }) },
      'ok',
    ],
    ['ok where nothing is checked', { config: configOf({ defaults: { healthCheck: { enabled: false } } }) }, 'ok'],
  ])('is %s', async (_, overrides, status) => {
    expect((await get(HEALTH_ROUTE, overrides)).body).toMatchObject({ status });
  });

  it('is that of the servers that the caller may call', async () => {
    const { body } = await get(HEALTH_ROUTE, { config: ONLY_SEARCH });
    expect(Object.keys(Object(body['servers']))).toEqual(['search']);
  });
});

describe('metrics', () => {
  const summary = { connections: {} } as never;
  const showMetrics: Operator['showMetrics'] = async (windowMinutes) => ({
    enabled: true,
    timestamp: 'now',
    windowMinutes,
    servers: { everything: summary, search: summary },
  });

  it.each([
    ['1', 5],
    ['10', 15],
    ['60', 60],
    ['61', 180],
    ['1440', 1_440],
  ])('of %s minutes are those of %i: callers cannot have each length read apart', async (minutes, windowMinutes) => {
    expect((await get(METRICS, { showMetrics }, { minutes })).body).toMatchObject({ windowMinutes });
  });

  it('are of an hour, or as long as asked for', async () => {
    expect((await get(METRICS, { showMetrics })).body).toMatchObject({ enabled: true, windowMinutes: 60 });
    expect((await get(METRICS, { showMetrics }, { minutes: '5' })).body).toMatchObject({ windowMinutes: 5 });
  });

  it('are those of the servers that the caller may call', async () => {
    const { body } = await get(METRICS, { showMetrics, config: ONLY_SEARCH });
    expect(Object.keys(Object(body['servers']))).toEqual(['search']);
  });

  it('are for those who are somebody', async () => {
    const handler = createHandler(() => fakeFusebox({ showMetrics }));
    const { body } = await invoke(handler, getEvent(METRICS, { authorizer: undefined }));
    expect(body).toMatchObject({ code: 'unauthenticated' });
  });
});

describe('stored answers', () => {
  const clear = async (parts: object, overrides: Partial<Operator> = {}) => {
    const cleared: unknown[] = [];
    const clearCache: Operator['clearCache'] = async (...what) => void cleared.push(what);
    const handler = createHandler(() => fakeFusebox({ clearCache, config: OPERATORS, ...overrides }));
    const event = { ...callEvent({ method: 'DELETE', authorizer: IAM_ROLE }), body: undefined, ...parts };
    return { ...(await invoke(handler, event)), cleared };
  };
  const ALL = { routeKey: 'DELETE /v1/servers/{server}/cache', pathParameters: { server: 'search' } };
  const ONE = {
    routeKey: 'DELETE /v1/servers/{server}/cache/{tool}',
    pathParameters: { server: 'search', tool: 'find%2Fall' },
  };

  it('are thrown away by operators', async () => {
    expect(await clear(ALL)).toMatchObject({
      body: { server: 'search', cleared: true },
      cleared: [['search', undefined]],
    });
    expect(await clear(ONE)).toMatchObject({ body: { tool: 'find/all' }, cleared: [['search', 'find/all']] });
  });

  it('and by nobody else, nor of a server that there is not', async () => {
    expect(await clear(ALL, { config: configOf() })).toMatchObject({ body: { code: 'forbidden' }, cleared: [] });
    const nobody = { ...ALL, pathParameters: { server: 'nobody' } };
    expect(await clear(nobody)).toMatchObject({ body: { code: 'unknown_server' }, cleared: [] });
  });
});
