/** A script with known numbers, through the gateway and the bundles: what is counted is what was done. */
import { CountedLines } from '../helpers/emf.ts';
import { type Run, startRun } from '../helpers/local-run.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';

let flaky: Flaky;
let run: Run;
const counted = new CountedLines();
const lines: string[] = [];

const GENEROUS = { maxRetries: 2, baseDelayMs: 1, maxDelayMs: 1, budgetRatio: 1 };
/** Of the circuit breaker's own openings there is another test. */
const NEVER_OPENS = { consecutiveFailures: 100, minimumThroughput: 1_000 };

beforeAll(async () => {
  flaky = await startFlaky({ port: 0 });
  run = await startRun(
    {
      calm: { url: flaky.modernUrl },
      shaky: { url: flaky.legacyUrl, trusted: true, retry: GENEROUS, circuitBreaker: NEVER_OPENS, timeoutMs: 500 },
      kept: { url: flaky.modernUrl, trusted: true, cache: { ttlMs: 600_000, staleIfErrorMs: 600_000 } },
      shut: { url: flaky.modernUrl },
      gone: { url: 'http://127.0.0.1:9/mcp', retry: { maxRetries: 0 }, circuitBreaker: NEVER_OPENS },
    },
    {
      onOutput: (line) => {
        lines.push(line);
        counted.take(line);
      },
    },
    { defaults: { healthCheck: { enabled: false } } },
  );
  await script();
}, 60_000);
afterAll(async () => {
  await run?.close();
  await flaky?.close();
});

const times = async (count: number, act: () => Promise<{ status: number }>): Promise<number[]> => {
  const statuses: number[] = [];
  for (let i = 0; i < count; i++) statuses.push((await act()).status);
  return [...new Set(statuses)];
};

async function script(): Promise<void> {
  // First of all: what an environment knows already, it believes for some seconds.
  await fetch(`${run.local.url}/v1/servers/shut/circuit`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ state: 'isolated', reason: 'script' }),
  });
  const echo = (server: string) => run.call(server, 'echo', { text: 'x' });
  expect(await times(12, () => echo('calm'))).toEqual([200]);
  expect(await times(3, () => run.call('calm', 'no-such-tool'))).toEqual([404]);
  expect(await times(2, () => run.call('calm', 'echo', { text: 7 }))).toEqual([422]);
  expect(await times(4, () => run.post('/v1/servers/calm/tools/echo', '{'))).toEqual([400]);

  expect(await times(5, () => echo('shaky'))).toEqual([200]);
  // Two failures and then an answer, twice; three failures; one that must not be repeated.
  for (let i = 0; i < 2; i++) {
    flaky.control({ mode: '503', count: 2 });
    expect(await times(1, () => echo('shaky'))).toEqual([200]);
  }
  flaky.control({ mode: '503', count: 3 });
  expect(await times(1, () => echo('shaky'))).toEqual([502]);
  flaky.control({ mode: 'hang', count: 1 });
  expect(await times(1, () => run.call('shaky', 'append', { item: 'x' }))).toEqual([504]);
  flaky.resetControl();
  expect(await times(6, () => echo('shut'))).toEqual([503]);

  // Each text is asked for once, and then is there.
  for (const text of ['a', 'b', 'c']) {
    for (let i = 0; i < 4; i++) {
      const { status, body } = await run.call('kept', 'echo', { text });
      expect([status, body.meta.cache, body.result.content[0].text]).toEqual([200, i === 0 ? 'miss' : 'hit', text]);
    }
  }
  expect(
    (await run.post('/v1/servers/kept/tools/echo', { arguments: { text: 'a' }, cache: 'bypass' })).body.meta,
  ).toMatchObject({ cache: 'off' });
  // What changes something is never kept.
  for (let i = 0; i < 2; i++) expect((await run.call('kept', 'append', { item: 'x' })).body.meta.cache).toBe('off');
  const cleared = await fetch(`${run.local.url}/v1/servers/kept/cache/echo`, { method: 'DELETE' });
  expect([cleared.status, await cleared.json()]).toEqual([200, { server: 'kept', tool: 'echo', cleared: true }]);
  expect((await run.call('kept', 'echo', { text: 'a' })).body.meta.cache).toBe('miss');

  expect(await times(3, () => echo('gone'))).toEqual([502]);
  expect(await times(1, () => echo('nobody'))).toEqual([404]);
}

it('in the embedded metrics', () => {
  expect([...counted.namespaces]).toEqual(['McpFusebox']);
  const { sums } = counted;
  const timed = Object.keys(sums).filter((key) => /^(Latency|OwnTime)/.test(key));
  const counts = Object.fromEntries(Object.entries(sums).filter(([key]) => !timed.includes(key)));
  expect(counts).toEqual({
    'Calls{server=calm}': 21,
    'Errors{server=calm}': 9,
    'Errors{code=unknown_tool,server=calm}': 3,
    'Errors{code=invalid_arguments,server=calm}': 2,
    'Errors{code=invalid_request,server=calm}': 4,
    // An unknown tool is looked for on a connection.
    'Attempts{server=calm}': 12 + 3,
    'Connections{server=calm}': 1,
    'SessionsReused{server=calm}': 14,

    'Calls{server=shaky}': 9,
    'Attempts{server=shaky}': 5 + 3 + 3 + 3 + 1,
    'Retries{server=shaky}': 2 + 2 + 2,
    'Errors{server=shaky}': 2,
    'Faults{server=shaky}': 2,
    'Errors{code=upstream_error,server=shaky}': 1,
    'Errors{code=deadline_exceeded,server=shaky}': 1,
    'Connections{server=shaky}': 1,
    'SessionsReused{server=shaky}': 14,

    'Calls{server=kept}': 12 + 1 + 2 + 1,
    'Attempts{server=kept}': 3 + 1 + 2 + 1,
    'CacheHits{server=kept}': 9,
    'CacheMisses{server=kept}': 4,
    'Connections{server=kept}': 1,
    'SessionsReused{server=kept}': 6,

    'Calls{server=shut}': 6,
    'Errors{server=shut}': 6,
    'Faults{server=shut}': 6,
    'Rejected{server=shut}': 6,
    'Errors{code=circuit_open,server=shut}': 6,

    'Calls{server=gone}': 3,
    'Attempts{server=gone}': 3,
    'Errors{server=gone}': 3,
    'Faults{server=gone}': 3,
    'Errors{code=upstream_error,server=gone}': 3,
    'Connections{server=gone}': 3,
    'ConnectionFailures{server=gone}': 3,

    'Calls{server=-}': 1,
    'Errors{server=-}': 1,
    'Errors{code=unknown_server,server=-}': 1,
  });
  expect(counted.samples['Latency{server=shaky}']).toBe(9);
  expect(counted.samples['Latency{server=gone}']).toBe(3);
});

it('and in the summary', async () => {
  const answer = await fetch(`${run.local.url}/v1/metrics`);
  const body = (await answer.json()) as { servers: Record<string, object> };
  expect(body).toMatchObject({ enabled: true, windowMinutes: 60, timestamp: expect.stringMatching(/Z$/) });
  expect(Object.keys(body.servers)).toEqual(['calm', 'shaky', 'kept', 'shut', 'gone']);
  expect(body.servers['calm']).toMatchObject({
    operations: { total: 21, successful: 12, failed: 9, successRate: 0.571, retries: 0, rejected: 0 },
    topErrors: [
      { code: 'invalid_request', count: 4 },
      { code: 'unknown_tool', count: 3 },
      { code: 'invalid_arguments', count: 2 },
    ],
  });
  expect(body.servers['shaky']).toMatchObject({
    connections: { attempts: 1, successful: 1, failed: 0, active: expect.any(Number), successRate: 1 },
    operations: { total: 9, successful: 7, failed: 2, successRate: 0.778, retries: 6, rejected: 0 },
    performance: { count: 9, average: expect.any(Number), p99: expect.any(Number) },
    topErrors: [
      { code: 'upstream_error', count: 1 },
      { code: 'deadline_exceeded', count: 1 },
    ],
    health: { failures: 0 },
    lastErrors: [],
  });
  expect(body.servers['kept']).toMatchObject({
    operations: { total: 16, successful: 16, failed: 0, successRate: 1 },
    cache: { hits: 9, misses: 4, stale: 0 },
    // An answer that was stored says nothing of how quick the server is.
    performance: { count: 7 },
  });
  expect(body.servers['shut']).toMatchObject({
    operations: { total: 6, successful: 0, failed: 6, successRate: 0, rejected: 6 },
    performance: { count: 0, average: null, p50: null, p90: null, p99: null },
    topErrors: [{ code: 'circuit_open', count: 6 }],
  });
  expect(body.servers['gone']).toMatchObject({
    connections: { attempts: 3, successful: 0, failed: 3, successRate: 0 },
    operations: { total: 3, successful: 0, failed: 3, successRate: 0 },
  });
});

it('a call that is answered early has its metrics too, in its one line', () => {
  const early = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ code, cache }) => code === 'invalid_request' || code === 'circuit_open' || cache === 'hit');
  expect(early).toHaveLength(4 + 6 + 9);
  for (const line of early) {
    expect(line).toMatchObject({
      Calls: 1,
      ...(line['cache'] === 'hit' ? { CacheHits: 1 } : { Errors: 1 }),
      audit: { v: 1 },
    });
  }
});

it('of a call that failed the way to it is told, of others not', () => {
  const all = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const failed = all.find(({ server, code }) => server === 'shaky' && code === 'upstream_error');
  const story = all.filter(({ level, requestId }) => level === 'DEBUG' && requestId === failed?.['requestId']);
  expect(story.map(({ message, attempt, outcome }) => [message, attempt, outcome])).toEqual([
    ['attempt', 1, 'http 503'],
    ['retry', 2, undefined],
    ['attempt', 2, 'http 503'],
    ['retry', 3, undefined],
    ['attempt', 3, 'http 503'],
  ]);
  const succeeded = new Set(all.filter(({ status }) => status === 200).map(({ requestId }) => requestId));
  expect(all.filter(({ level, requestId }) => level === 'DEBUG' && succeeded.has(requestId))).toEqual([]);
});

it.each(['0', '1441', 'x', '1.5', ''])('minutes=%s is no window', async (minutes) => {
  const answer = await fetch(`${run.local.url}/v1/metrics?minutes=${minutes}`);
  expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'invalid_request' }]);
});

it('with metrics and health checks off, everything works and nothing is emitted', async () => {
  const written: string[] = [];
  const off = { metricsEnabled: false, defaults: { healthCheck: { enabled: false } } };
  const quiet = await startRun({ calm: { url: flaky.modernUrl } }, { onOutput: (line) => written.push(line) }, off);
  try {
    const get = async (path: string) => (await fetch(quiet.local.url + path)).json();
    expect((await quiet.call('calm', 'echo', { text: 'x' })).status).toBe(200);
    expect((await quiet.call('calm', 'echo', { text: 7 })).status).toBe(422);
    expect(await get('/v1/metrics')).toEqual({
      enabled: false,
      timestamp: expect.any(String),
      windowMinutes: 60,
      servers: {},
    });
    expect(await get('/v1/health')).toEqual({ status: 'ok', servers: { calm: { status: 'off' } } });
    expect([...quiet.local.pools.keys()].filter((arn) => arn.includes('health'))).toEqual([]);
  } finally {
    await quiet.close();
  }
  expect(written.length).toBeGreaterThanOrEqual(4);
  expect(written.join('\n')).not.toMatch(/_aws|CloudWatchMetrics|"Calls"/);
  // The record of who did what is no metric.
  expect(written.filter((line) => line.includes('"audit"'))).toHaveLength(2);
}, 30_000);
