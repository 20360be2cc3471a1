import { assert, property, string } from 'fast-check';
import { createRouteTable } from '../../../lib/local/gateway/route-table.ts';

/** The example of AWS's documentation ("Routing API requests"), shuffled, and more. */
const ROUTE_KEYS = [
  '$default',
  'ANY /{proxy+}',
  'GET /pets/{proxy+}',
  'GET /pets/dog/{id}',
  'GET /pets/dog/1',
  'ANY /pets/dog/1',
  'POST /v1/servers/{server}/tools/{tool}',
  'GET /v1/servers/{server}',
  'GET /v1/servers',
];

const match = createRouteTable(ROUTE_KEYS.map((routeKey) => ({ routeKey })));

describe('createRouteTable', () => {
  it.each([
    ['GET', '/pets/dog/1', 'GET /pets/dog/1', {}],
    ['PUT', '/pets/dog/1', 'ANY /pets/dog/1', {}],
    ['GET', '/pets/dog/2', 'GET /pets/dog/{id}', { id: '2' }],
    ['GET', '/pets/cat/1', 'GET /pets/{proxy+}', { proxy: 'cat/1' }],
    ['POST', '/pets/cat/1', 'ANY /{proxy+}', { proxy: 'pets/cat/1' }],
    ['GET', '/', 'ANY /{proxy+}', { proxy: '' }],
    ['GET', '/v1/servers', 'GET /v1/servers', {}],
    ['GET', '/v1/servers/', 'ANY /{proxy+}', { proxy: 'v1/servers/' }],
    ['GET', '/v1/servers/a', 'GET /v1/servers/{server}', { server: 'a' }],
    ['POST', '/v1/servers/a/tools/b', 'POST /v1/servers/{server}/tools/{tool}', { server: 'a', tool: 'b' }],
    ['POST', '/v1/servers/a/tools/b/c', 'ANY /{proxy+}', { proxy: 'v1/servers/a/tools/b/c' }],
    ['POST', '/v1/servers//tools/b', 'ANY /{proxy+}', { proxy: 'v1/servers//tools/b' }],
    ['POST', '/v1/servers/../tools/b', 'POST /v1/servers/{server}/tools/{tool}', { server: '..', tool: 'b' }],
    ['POST', '/v1/servers/a/tools/%2e%2e%2fb', 'POST /v1/servers/{server}/tools/{tool}', { server: 'a', tool: '../b' }],
    ['POST', '/v1/servers/a/tools/%00', 'POST /v1/servers/{server}/tools/{tool}', { server: 'a', tool: '\0' }],
    ['POST', '/v1/servers/a/tools/%zz', 'POST /v1/servers/{server}/tools/{tool}', { server: 'a', tool: '%zz' }],
  ])('%s %s → %s', (method, path, routeKey, pathParameters) => {
    expect(match(method, path)).toEqual({ route: { routeKey }, pathParameters });
  });

  it('falls back on $default, else on nothing', () => {
    const routes = [{ routeKey: 'GET /a' }, { routeKey: '$default' }];

    expect(createRouteTable(routes)('POST', '/a')?.route.routeKey).toBe('$default');
    expect(createRouteTable([{ routeKey: 'GET /a' }])('POST', '/a')).toBeUndefined();
  });

  it('gives any path a route', () => {
    const path = string({ unit: 'binary' }).map((text) => `/${text}`);
    assert(property(string(), path, (method, text) => match(method, text) !== undefined));
  });

  it('gives a parameter the text that was encoded', () => {
    const text = string({ unit: 'binary', minLength: 1 });
    assert(
      property(text, (server) => {
        const matched = match('GET', `/v1/servers/${encodeURIComponent(server)}`);
        expect(matched?.pathParameters).toEqual({ server });
      }),
    );
  });
});
