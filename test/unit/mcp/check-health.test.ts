import { createHandler } from '../../../functions/health-check/create-handler.ts';
import { MemoryCircuitStore } from '../../../lib/adapters/memory/circuit-store.ts';
import { MemoryHealthStore } from '../../../lib/adapters/memory/health-store.ts';
import { MemoryPeerStore } from '../../../lib/adapters/memory/peer-store.ts';
import { composeHealthChecker } from '../../../lib/compose-health.ts';
import type { World } from '../../../lib/compose-parts.ts';
import type { ToolClient } from '../../../lib/mcp/ports.ts';
import type { ToolDefinition } from '../../../lib/mcp/types.ts';
import { FakeClient, failed } from '../../helpers/fake-mcp.ts';
import { captureOutput } from '../../helpers/http-border.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

const TIMEOUT_MS = 2_000;
const DAY_MS = 86_400_000;

/** A JSON Web Token that ends then; nobody verifies it. */
const jwt = (endsAtMs: number) =>
  `e30.${Buffer.from(JSON.stringify({ exp: Math.floor(endsAtMs / 1000) })).toString('base64url')}.sig`;

function setUp(servers: Record<string, object> = { search: {} }, rest: object = {}, more: Partial<World> = {}) {
  const time = new VirtualTime();
  time.nowMs = Date.parse('2026-05-01T00:00:00Z');
  const clients = new Map(Object.keys(servers).map((name) => [name, new FakeClient()]));
  const hanging = new Set<string>();
  const client: ToolClient = {
    connect: async ({ name }, { signal }) =>
      hanging.has(name)
        ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        : (clients.get(name) ?? new FakeClient()).connect(),
  };
  const token = { value: 'opaque' };
  const world = {
    now: time.now,
    timer: time.timer,
    client,
    store: new MemoryPeerStore(time.now),
    circuits: new MemoryCircuitStore(),
    health: new MemoryHealthStore(),
    credentials: { credentialFor: async () => ({ version: 1, headers: { authorization: `Bearer ${token.value}` } }) },
    ...more,
  };
  const mcpServers = Object.fromEntries(
    Object.entries(servers).map(([name, server]) => [
      name,
      { url: `http://127.0.0.1:9/${name}`, timeoutMs: TIMEOUT_MS, ...server },
    ]),
  );
  const env = { FUSEBOX_LOCAL: '1', MCP_CONFIG_JSON: JSON.stringify({ mcpServers, ...rest }) };
  const checker = composeHealthChecker(env, world);
  const handler = createHandler(() => checker, { now: time.now, sleep: time.sleep });
  /** One run; what it wrote. */
  const run = async (event = {}) => {
    const { lines } = await captureOutput(() =>
      time.during(handler(event, { getRemainingTimeInMillis: () => 75_000 })),
    );
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const check = (server = 'search') => time.during(checker.checkHealth(server, time.nowMs + 60_000));
  const clientOf = (name: string) => clients.get(name) as FakeClient;
  return { time, hanging, clientOf, world, token, run, check };
}

it('20 servers of which 5 hang take as long as one timeout', async () => {
  const names = Array.from({ length: 20 }, (_, i) => `s${i}`);
  const { time, hanging, run } = setUp(Object.fromEntries(names.map((name) => [name, {}])));
  for (const name of ['s0', 's4', 's8', 's12', 's16']) hanging.add(name);
  const startedAtMs = time.nowMs;
  const lines = await run();
  expect(time.nowMs - startedAtMs).toBe(TIMEOUT_MS);
  const failures = lines.filter(({ level }) => level === 'ERROR');
  expect(failures.map(({ server }) => server)).toEqual(['s0', 's4', 's8', 's12', 's16']);
  for (const line of failures)
    expect(line).toMatchObject({ code: 'deadline_exceeded', HealthCheckFailures: 1, HealthLatency: TIMEOUT_MS });
  expect(lines.filter(({ message }) => message === 'healthy')).toHaveLength(15);
  expect(lines.at(-1)).toMatchObject({ server: '-', HealthRuns: 1 });
  expect(lines).toHaveLength(21);
});

it('no server is given more than ten seconds, however patient its callers are', async () => {
  const { time, hanging, check } = setUp({ search: { timeoutMs: 25_000 } });
  hanging.add('search');
  const startedAtMs = time.nowMs;
  expect(await check()).toMatchObject({ ok: false, latencyMs: 10_000 });
  expect(time.nowMs - startedAtMs).toBe(10_000);
});

it('checks a server more often than once a minute within one run', async () => {
  const { time, run } = setUp({ often: { healthCheck: { intervalSeconds: 20 } }, minute: {} });
  const startedAtMs = time.nowMs;
  const lines = (await run()).filter(({ message }) => message === 'healthy');
  expect(lines.map(({ server }) => server)).toEqual(['often', 'minute', 'often', 'often']);
  expect(time.nowMs - startedAtMs).toBe(40_000);
});

it('remembers failures in a row, and the last five of all', async () => {
  const { clientOf, check, world, time } = setUp({ search: { retry: { maxRetries: 0 } } });
  for (let i = 1; i <= 7; i++) {
    clientOf('search').connectFailures.push(failed({ kind: 'not-sent', reason: 'ECONNREFUSED' }));
    await time.advance(60_000);
    expect(await check()).toMatchObject({ ok: false, failuresInARow: i });
  }
  const record = await world.health.read('search');
  expect(record?.lastErrors).toHaveLength(5);
  expect(record?.lastErrors[0]).toEqual({
    atMs: time.nowMs,
    code: 'upstream_error',
    detail: '"search" could not be reached (ECONNREFUSED)',
  });
  expect(await check()).toMatchObject({ ok: true, failuresInARow: 0, lastErrors: record?.lastErrors });
});

it('an error of the protocol is a sign of life, a refused credential is none', async () => {
  const { clientOf, check } = setUp();
  clientOf('search').pingFailures.push(failed({ kind: 'rpc', code: -32601, message: 'no such method' }));
  expect(await check()).toMatchObject({ ok: true });
  const refused = failed({ kind: 'http', status: 403, reason: 'HTTP 403' });
  clientOf('search').pingFailures.push(refused);
  expect(await check()).toMatchObject({ ok: false, lastErrors: [{ code: 'upstream_auth_failed' }] });
});

describe('a tool as the probe', () => {
  const probe = { healthCheck: { probe: { tool: 'find', arguments: { q: 'x' } } } };

  it('is called with its arguments', async () => {
    const { clientOf, check } = setUp({ search: probe });
    expect(await check()).toMatchObject({ ok: true });
    expect(clientOf('search').connections[0]?.calls).toEqual([{ tool: 'find', args: { q: 'x' } }]);
  });

  it.each([
    ['says that it failed', { isError: true }, 'upstream_error'],
    ['fails', failed({ kind: 'http', status: 503, reason: 'HTTP 503' }), 'upstream_error'],
  ])('that %s is a failed check', async (_, step, code) => {
    const { clientOf, check } = setUp({ search: { ...probe, retry: { maxRetries: 0 } } });
    clientOf('search').script.push(step);
    expect(await check()).toMatchObject({ ok: false, lastErrors: [{ code }] });
  });

  it('that the server does not have is a failed check', async () => {
    const { clientOf, check } = setUp({ search: probe });
    clientOf('search').tools = [];
    expect(await check()).toMatchObject({ ok: false, lastErrors: [{ code: 'unknown_tool' }] });
  });
});

describe('warnings', () => {
  const tool = (name: string, description = ''): ToolDefinition => ({
    name,
    description,
    inputSchema: { type: 'object' },
  });

  it('name the tools that changed, once; the catalogue is renewed before callers would have to', async () => {
    const { clientOf, check, time } = setUp();
    clientOf('search').tools = [tool('find'), tool('gone'), tool('same')];
    expect((await check()).warnings).toEqual([]);
    clientOf('search').tools = [tool('find', 'now with an order in it'), tool('new'), tool('same')];
    await time.advance(60_000);
    expect((await check()).warnings).toEqual([]);
    await time.advance(200_000);
    expect((await check()).warnings).toEqual(['tools changed: find', 'tools added: new', 'tools removed: gone']);
    expect((await check()).warnings).toEqual([]);
  });

  it('name the tools that are not as somebody approved them, each time', async () => {
    const approvedTools = { find: `sha256-${'A'.repeat(43)}` };
    const { run } = setUp({ search: { toolPinning: 'warn', approvedTools } });
    for (let i = 0; i < 2; i++) {
      const [line] = await run({ now: true });
      expect(line).toMatchObject({ level: 'WARN', warnings: ['tools not as approved: find'], HealthWarnings: 1 });
    }
  });

  it.each([
    [22, []],
    [20, ['the credential ends in 20 days (2026-05-21)']],
    [-1, ['the credential has ended (2026-04-30)']],
  ])('of a token that ends in %i days: %j', async (days, warnings) => {
    const { check, token, time } = setUp({ search: { auth: { type: 'bearer', secret: 's' } } });
    token.value = jwt(time.nowMs + days * DAY_MS + 1_000);
    expect((await check()).warnings).toEqual(warnings);
  });

  it('are none of a token that is fetched for an hour anyway', async () => {
    const auth = { type: 'oauth-client-credentials', clientId: 'c', secret: 's', tokenUrl: 'https://i.example.com/t' };
    const { check, token, time } = setUp({ search: { auth } });
    token.value = jwt(time.nowMs + 3_600_000);
    expect((await check()).warnings).toEqual([]);
  });
});

it('with metrics off nothing is counted, and the checks go on', async () => {
  const { run, world } = setUp({ search: {} }, { metricsEnabled: false });
  const lines = await run();
  expect(lines).toMatchObject([{ message: 'healthy', server: 'search' }]);
  expect(JSON.stringify(lines)).not.toMatch(/_aws|Health/);
  expect(await world.health.read('search')).toMatchObject({ ok: true });
});

it('a run that is asked for checks every server once, due or not', async () => {
  const { run } = setUp({ often: { healthCheck: { intervalSeconds: 10 } }, off: { healthCheck: { enabled: false } } });
  for (let i = 0; i < 2; i++) {
    const lines = await run({ now: true });
    expect(lines.map(({ server }) => server)).toEqual(['often', '-']);
  }
});

describe('the TLS certificate of a server', () => {
  const ENDS_AT_MS = Date.parse('2126-11-02T10:06:20Z');
  const setUpAt = (daysBefore: number) => {
    const looks: string[] = [];
    const certificates = {
      certificateEndsAtMs: async ({ name }: { name: string }) => {
        looks.push(name);
        return ENDS_AT_MS;
      },
    };
    const parts = setUp({ search: { url: 'https://search.example.com/mcp' } }, {}, { certificates });
    parts.time.nowMs = ENDS_AT_MS - daysBefore * DAY_MS;
    return { ...parts, looks };
  };

  it.each([
    [22, []],
    [21, ['the TLS certificate ends in 21 days (2126-11-02)']],
    [0, ['the TLS certificate has ended (2126-11-02)']],
  ])('%i days before its end: %j', async (days, warnings) => {
    const { check } = setUpAt(days);
    expect((await check()).warnings).toEqual(warnings);
  });

  it('is looked at once an hour', async () => {
    const { check, looks, time } = setUpAt(5);
    for (let minute = 0; minute < 61; minute++) {
      expect((await check()).warnings).toHaveLength(1);
      await time.advance(60_000);
    }
    expect(looks).toHaveLength(2);
  });
});
