import { cacheWords, circuitOf, healthWords, outlook } from '../../../lib/local/console/page/circuit-words.ts';
import { consoleRoute, isForeign, isJson, isSameOrigin } from '../../../lib/local/console/requests.ts';

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('consoleRoute', () => {
  it.each([
    ['GET', '/', BROWSER, { kind: 'file', name: 'index.html' }],
    ['HEAD', '/?x=1', BROWSER, { kind: 'file', name: 'index.html' }],
    ['GET', '/', {}, undefined],
    ['GET', '/', { accept: '*/*' }, undefined],
    ['GET', '/', { accept: 'application/json' }, undefined],
    ['POST', '/', BROWSER, undefined],
    ['GET', '/v1/servers', BROWSER, undefined],
    ['GET', '/console', BROWSER, undefined],
    ['GET', '/console/main.ts', {}, { kind: 'file', name: 'main.ts' }],
    ['GET', '/console/../../x', {}, { kind: 'file', name: '../../x' }],
    ['GET', '/console/events', {}, { kind: 'events' }],
    ['POST', '/console/events', {}, { kind: 'none' }],
    ['POST', '/console/flaky', {}, { kind: 'flaky' }],
    ['GET', '/console/flaky', {}, { kind: 'none' }],
  ])('%s %s %j → %j', (method, url, headers, route) => {
    expect(consoleRoute(method, url, headers)).toEqual(route);
  });
});

describe('isSameOrigin', () => {
  const host = '127.0.0.1:3000';
  it.each([
    [{ host, origin: 'http://127.0.0.1:3000' }, true],
    [{ host, origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-origin' }, true],
    [{ host, 'sec-fetch-site': 'same-origin' }, true],
    [{ host, origin: 'http://localhost:3000' }, false],
    [{ host, origin: 'http://127.0.0.1:3001' }, false],
    [{ host, origin: 'https://127.0.0.1:3000' }, false],
    [{ host, origin: 'null' }, false],
    [{ host, origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'cross-site' }, false],
    [{ host, 'sec-fetch-site': 'same-site' }, false],
    [{ host, 'sec-fetch-site': 'none' }, false],
    [{ host }, false],
  ])('%j: %p', (headers, expected) => {
    expect(isSameOrigin(headers)).toBe(expected);
  });
});

it.each([
  [{ 'content-type': 'application/json; charset=utf-8' }, true],
  [{ 'content-type': 'text/plain' }, false],
  [{}, false],
])('isJson(%j) is %p', (headers, expected) => {
  expect(isJson(headers)).toBe(expected);
});

it.each([
  [{}, false],
  [{ 'sec-fetch-site': 'same-origin' }, false],
  [{ 'sec-fetch-site': 'none' }, false],
  [{ 'sec-fetch-site': 'same-site' }, true],
  [{ 'sec-fetch-site': 'cross-site' }, true],
])('isForeign(%j) is %p', (headers, expected) => {
  expect(isForeign(headers)).toBe(expected);
});

describe('the words for a circuit', () => {
  const NOW_MS = Date.UTC(2026, 2, 5, 9, 8, 7);
  const at = (seconds: number) => new Date(NOW_MS + seconds * 1_000).toISOString();
  const known = { epoch: 1, history: [] };

  it.each([
    [{ ...known, state: 'closed' } as const, 'closed since the start'],
    [{ ...known, state: 'closed', since: at(-90) } as const, 'closed for 1 min'],
    [{ ...known, state: 'open', openUntil: at(2) } as const, 'open, probes in 2 s'],
    [{ ...known, state: 'open', openUntil: at(-1) } as const, 'open, next call probes'],
    [{ ...known, state: 'isolated', override: { state: 'isolated', until: at(30) } } as const, 'for another 30 s'],
    [{ state: 'unknown' } as const, 'the store does not say'],
  ])('%j: %s', (circuit, words) => {
    expect(outlook(circuit, NOW_MS)).toBe(words);
  });

  it('of many circuits the worst stands for the server', () => {
    const server = {
      name: 'search',
      type: 'http',
      protocol: 'auto',
      trusted: false,
      timeoutMs: 1,
      maxConcurrency: 1,
      retry: { maxRetries: 0 },
      sums: {
        callsPerSecond: 0,
        calls: 0,
        errors: 0,
        cacheHits: 0,
        cacheMisses: 0,
        cacheStale: 0,
        sessionsReused: 0,
        connections: 0,
        points: [],
      },
    };
    const closed = { ...known, state: 'closed' } as const;
    const open = { ...known, state: 'open' } as const;
    expect(circuitOf({ ...server, toolCircuits: { a: closed, b: open, c: { state: 'unknown' } } })).toBe(open);
    expect(circuitOf({ ...server, circuit: closed })).toBe(closed);
  });
});

it.each([
  [undefined, ''],
  [{ status: 'healthy', warnings: [], lastErrors: [{ detail: 'before' }] }, ''],
  [{ status: 'healthy', warnings: ['tools changed: find'] }, 'health check warns: tools changed: find'],
  [{ status: 'unhealthy', lastErrors: [{ detail: 'HTTP 503' }] }, 'health check fails: HTTP 503'],
])('says of health %j: %s', (health, words) => {
  expect(healthWords(health === undefined ? {} : { health })).toBe(words);
});

it.each([
  [0, 0, 0, ''],
  [9, 4, 0, 'cache: 9 of 13 hit'],
  [1, 1, 2, 'cache: 1 of 4 hit, 2 stale'],
])('says of %i hits, %i misses and %i stale answers: %s', (cacheHits, cacheMisses, cacheStale, words) => {
  expect(cacheWords({ cacheHits, cacheMisses, cacheStale })).toBe(words);
});
