import { unknownRoute } from '../../../lib/middleware/unknown-route.ts';

it.each([
  ['POST', '/v1/servers', ['GET']],
  ['HEAD', '/v1/servers/search', ['GET']],
  ['OPTIONS', '/v1/servers/search/tools', ['GET']],
  ['DELETE', '/v1/servers/search/tools/find', ['POST']],
  ['GET', '/v1/servers/search/circuit', ['PUT']],
])('%s %s is known under %j', (method, path, allow) => {
  expect(unknownRoute(method, path)).toMatchObject({ code: 'method_not_allowed', details: { allow } });
});

it.each([
  '',
  '/',
  '/v1',
  '/v1/servers/',
  '/v1/servers//tools',
  '/v1/servers/a/b',
  '/V1/servers',
  '/v1/servers/a/tools/b/c',
  '//',
  '\u0000',
])('GET %j is unknown', (path) => {
  expect(unknownRoute('GET', path)).toMatchObject({ code: 'unknown_route' });
});

it('does not repeat a path of any length', () => {
  expect(unknownRoute('GET'.repeat(5_000), '/x'.repeat(5_000)).message.length).toBeLessThan(200);
});
