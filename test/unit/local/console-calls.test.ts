import { readCallLine } from '../../../lib/local/console/call-line.ts';
import { CallModel } from '../../../lib/local/console/call-model.ts';

const AT = '2026-03-05T09:08:07.500Z';
const AT_MS = Date.UTC(2026, 2, 5, 9, 8, 7, 500);

const line = (overrides: object = {}): string =>
  JSON.stringify({
    level: 'INFO',
    message: 'ok',
    timestamp: AT,
    service: 'mcp-fusebox',
    status: 200,
    durationMs: 12,
    operation: 'call_tool',
    server: 'search',
    tool: 'find',
    attempts: 1,
    requestId: 'request-1',
    principal: 'local:local',
    ...overrides,
  });

const entry = (overrides: object) => readCallLine(line(overrides))?.entry;

describe('readCallLine', () => {
  it('reads what the line of a call says', () => {
    expect(readCallLine(line({ traceId: 'a'.repeat(32), coldStart: true, Calls: 1 }))).toEqual({
      entry: {
        atMs: AT_MS,
        level: 'INFO',
        message: 'ok',
        status: 200,
        durationMs: 12,
        operation: 'call_tool',
        server: 'search',
        tool: 'find',
        attempts: 1,
        requestId: 'request-1',
        principal: 'local:local',
      },
      traceId: 'a'.repeat(32),
    });
  });

  it.each([
    [{ CacheHits: 1 }, { cache: 'hit' }],
    [{ CacheMisses: 1 }, { cache: 'miss' }],
    [{ CacheMisses: 1, CacheStale: 1 }, { cache: 'stale' }],
    [{ CacheHits: 0 }, {}],
    [{ CacheHits: 'many' }, {}],
    [
      { SessionsReused: 1, Connections: 2 },
      { sessionReused: true, connections: 2 },
    ],
    [{ SessionsReused: 0, Connections: 0 }, {}],
  ])('of the metrics %j it shows %j', (metrics, shown) => {
    const { cache, sessionReused, connections } = entry(metrics) ?? {};
    expect(JSON.parse(JSON.stringify({ cache, sessionReused, connections }))).toEqual(shown);
  });

  it('has each attempt, where the line has', () => {
    const attemptLog = [
      { n: 1, ms: 30, outcome: 'failure', delayMs: 0 },
      { n: 2, ms: 4 },
    ];
    expect(entry({ attemptLog })?.attemptLog).toEqual([
      { n: 1, ms: 30, outcome: 'failure', delayMs: 0 },
      { n: 2, ms: 4, outcome: 'unknown', delayMs: 0 },
    ]);
    expect(entry({ attemptLog: 'none' })).not.toHaveProperty('attemptLog');
    expect(entry({ attemptLog: Array.from({ length: 50 }, (_, n) => ({ n })) })?.attemptLog).toHaveLength(20);
  });

  it.each([
    '',
    'START RequestId: 1',
    '{',
    '[]',
    '{"a":1}',
    'null',
    line({ status: 'fine' }),
    line({ status: 7 }),
    line({ durationMs: -1 }),
    line({ timestamp: 'yesterday' }),
    line({ operation: 5 }),
  ])('takes %s for no line of a call', (text) => {
    expect(readCallLine(text)).toBeUndefined();
  });

  it('leaves out a field of the wrong type, and keeps the rest', () => {
    expect(entry({ server: 5, tool: {}, attempts: 1.5, code: null, message: [] })).toEqual({
      atMs: AT_MS,
      level: 'INFO',
      message: '',
      status: 200,
      durationMs: 12,
      operation: 'call_tool',
      requestId: 'request-1',
      principal: 'local:local',
    });
  });

  it('shortens what is long and shows what would hide', () => {
    expect(entry({ message: 'x'.repeat(600) })?.message).toHaveLength(500);
    expect(entry({ tool: 'a\u202eb' })?.tool).toBe('a\ufffdb');
  });

  it('knows that a dash is no server', () => {
    expect(entry({ server: '-' })).not.toHaveProperty('server');
  });
});

describe('CallModel', () => {
  const OURS = 'c'.repeat(32);
  const create = () => new CallModel((traceId) => traceId === OURS);

  it('numbers calls, and gives those that somebody has not got', () => {
    const model = create();
    for (const tool of ['a', 'b', 'c']) model.add(line({ tool }), AT_MS);
    expect(model.after(1).map(({ id, tool }) => [id, tool])).toEqual([
      [2, 'b'],
      [3, 'c'],
    ]);
    expect(model.lastId).toBe(3);
  });

  it('keeps the last 200', () => {
    const model = create();
    for (let n = 0; n < 250; n += 1) model.add(line(), AT_MS);
    expect(model.after(0).map(({ id }) => id)).toEqual(Array.from({ length: 200 }, (_, n) => n + 51));
  });

  it('leaves out what is no call, and what the console itself has asked', () => {
    const model = create();
    expect(model.add('Error: out of memory', AT_MS)).toBeUndefined();
    expect(model.add(line({ operation: 'list_servers', traceId: OURS }), AT_MS)).toBeUndefined();
    expect(model.add(line({ operation: 'list_servers', traceId: 'd'.repeat(32) }), AT_MS)?.id).toBe(1);
  });

  it('sums up calls of tools, and no other operations', () => {
    const model = create();
    model.add(line({ operation: 'list_tools' }), AT_MS);
    model.add(line({ durationMs: 10 }), AT_MS);
    model.add(line({ durationMs: 30, status: 502, CacheMisses: 1, Connections: 1 }), AT_MS + 4_000);
    model.add(line({ durationMs: 20, SessionsReused: 1 }), AT_MS + 4_000);
    // Refused before it reached the server: no latency of the server's.
    model.add(line({ durationMs: 0, status: 503, attempts: 0 }), AT_MS + 4_000);
    expect(model.sums('search', AT_MS + 5_000)).toMatchObject({
      calls: 4,
      errors: 2,
      callsPerSecond: 0.4,
      p50Ms: 20,
      p99Ms: 30,
      cacheMisses: 1,
      sessionsReused: 1,
      connections: 1,
    });
    expect(model.sums('other', AT_MS)).toMatchObject({ calls: 0, errors: 0, callsPerSecond: 0 });
    expect(model.sums('other', AT_MS)).not.toHaveProperty('p50Ms');
  });

  it('forgets after five minutes', () => {
    const model = create();
    model.add(line(), AT_MS);
    expect(model.sums('search', AT_MS + 299_000).calls).toBe(1);
    expect(model.sums('search', AT_MS + 301_000).calls).toBe(0);
  });

  it('draws five minutes in points of five seconds, now at the end', () => {
    const model = create();
    const startMs = Date.UTC(2026, 2, 5, 9, 0, 0);
    model.add(line({ durationMs: 7 }), startMs);
    model.add(line({ status: 500, durationMs: 9 }), startMs + 4_900);
    model.add(line(), startMs + 5_000);
    const { points } = model.sums('search', startMs + 5_000);
    expect(points).toHaveLength(60);
    expect(points.slice(-3)).toEqual([
      { calls: 0, errors: 0, slowestMs: 0 },
      { calls: 2, errors: 1, slowestMs: 9 },
      { calls: 1, errors: 0, slowestMs: 12 },
    ]);
  });

  it('bears a clock that is set back', () => {
    const model = create();
    model.add(line(), AT_MS);
    model.add(line(), AT_MS - 60_000);
    expect(model.sums('search', AT_MS).calls).toBe(2);
  });
});
