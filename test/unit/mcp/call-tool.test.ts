import * as fc from 'fast-check';
import { MemoryCircuitStore } from '../../../lib/adapters/memory/circuit-store.ts';
import { MemoryPeerStore } from '../../../lib/adapters/memory/peer-store.ts';
import type { RemoteServerConfig } from '../../../lib/config/schema.ts';
import type { AttemptFailure } from '../../../lib/mcp/attempt-failure.ts';
import { callTool } from '../../../lib/mcp/call-tool.ts';
import { FuseboxError } from '../../../lib/mcp/errors.ts';
import { Journal } from '../../../lib/mcp/journal.ts';
import { listTools } from '../../../lib/mcp/list-tools.ts';
import { ServerResilience } from '../../../lib/mcp/server-resilience.ts';
import { SessionPool } from '../../../lib/mcp/session-pool.ts';
import { ToolCatalog } from '../../../lib/mcp/tool-catalog.ts';
import type { JsonObject, ToolDefinition } from '../../../lib/mcp/types.ts';
import { sleep as sleepBy } from '../../../lib/resilience/clock.ts';
import type { ResilienceEvent } from '../../../lib/resilience/telemetry.ts';
import { FakeClient, failed, serverConfig, TARGET } from '../../helpers/fake-mcp.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

const FIND: ToolDefinition = { name: 'find', inputSchema: { type: 'object', properties: { q: { type: 'string' } } } };
const READ_ONLY: ToolDefinition = { ...FIND, name: 'read', annotations: { readOnlyHint: true } };

const http = (status: number, retryAfterMs?: number) =>
  failed({
    kind: 'http',
    status,
    reason: `HTTP ${status}`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(status === 401 && { credentialVersion: REFUSED_VERSION }),
  });
const BROKEN = failed({ kind: 'broken', reason: 'ECONNRESET' });
const REFUSED = failed({ kind: 'not-sent', reason: 'ECONNREFUSED' });
const LOST = failed({ kind: 'session-lost' });
const INTERNAL = failed({ kind: 'rpc', code: -32603, message: 'oops' });
const OTHER_VERSION = failed({ kind: 'rpc', code: -32022, message: 'unsupported protocol version' });

/** Of the credential that a 401 was for. */
const REFUSED_VERSION = 7;

interface Refresh {
  failure?: Error;
  count: number;
}

function setUp(changes: Partial<RemoteServerConfig> = {}, draw = 0.5) {
  const client = new FakeClient();
  client.tools = [FIND, READ_ONLY];
  const time = new VirtualTime();
  const { now, timer } = time;
  const sleep = (ms: number, signal: AbortSignal) => sleepBy(timer, ms, signal);
  const config = serverConfig({ trusted: true, ...changes });
  const store = new MemoryPeerStore(now);
  const refresh: Refresh = { count: 0 };
  const dependencies = {
    catalog: new ToolCatalog(store, now),
    journal: new Journal(),
    credentials: {
      credentialFor: async () => {
        refresh.count++;
        if (refresh.failure !== undefined) throw refresh.failure;
        return { version: REFUSED_VERSION + 1, headers: {} };
      },
    },
    now,
    timer,
  };
  const events: ResilienceEvent[] = [];
  const circuits = new MemoryCircuitStore();
  const resilience = new ServerResilience('search', config, {
    ...{ store: circuits, now, timer, owner: 'here' },
    random: () => draw,
    telemetry: (event) => void events.push(event),
  });
  const ready = earnRetries(resilience);
  const served = {
    config,
    target: TARGET,
    pool: new SessionPool({ target: TARGET, client, pool: config.pool, now, sleep }),
    resilience,
  };
  return {
    client,
    time,
    refresh,
    served,
    dependencies,
    ready,
    circuits,
    events,
    /** Delays before retries. */
    delays: () => events.flatMap((event) => (event.type === 'retry' ? [event.delayMs] : [])),
    call: async (
      tool = 'read',
      args: JsonObject = { q: 'x' },
      limits: { timeoutMs?: number; deadlineMs?: number } = {},
    ) => {
      await ready;
      const what = {
        server: 'search',
        tool,
        arguments: args,
        ...(limits.timeoutMs && { timeoutMs: limits.timeoutMs }),
      };
      const context = { requestId: 'r-1', deadlineAtMs: time.nowMs + (limits.deadlineMs ?? 28_000) };
      return time.during(callTool(served, what, context, dependencies));
    },
    list: async () => {
      await ready;
      return time.during(listTools(served, { requestId: 'r-1', deadlineAtMs: time.nowMs + 28_000 }, dependencies));
    },
  };
}

/** So many successes that the budget is full. */
async function earnRetries(resilience: ServerResilience): Promise<void> {
  const success = { kind: 'success' as const };
  const call = { run: async () => {}, outcomeOf: () => success, limitMs: 1, deadlineAtMs: Number.POSITIVE_INFINITY };
  for (let index = 0; index < 100; index++) await resilience.pipeline().call({ ...call, verdictOf: () => 'stop' });
}

/** The error of a call, as far as its caller sees it. */
async function errorOf(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FuseboxError)) throw new Error(`not an error of ours: ${String(error)}`);
  const { code, message, details } = error;
  return { code, message, attempts: details.attempts, outcome: details.outcome, retryAfterMs: details.retryAfterMs };
}

describe('an answer', () => {
  it('is the server’s own, with what the call was like', async () => {
    const { call, client, time } = setUp();
    client.script.push(async () => {
      time.nowMs += 42;
      return { content: [{ type: 'text', text: 'found' }], isError: true };
    });
    expect(await call()).toEqual({
      result: { content: [{ type: 'text', text: 'found' }], isError: true },
      meta: { requestId: 'r-1', attempts: 1, durationMs: 42, cache: 'off', circuit: 'closed', protocol: 'modern' },
    });
    expect(client.connections[0]?.calls).toEqual([{ tool: 'read', args: { q: 'x' } }]);
  });

  it('comes from the same connection, and the catalogue is asked once', async () => {
    const { call, client } = setUp();
    client.era = 'legacy';
    await call();
    expect((await call()).meta.protocol).toBe('legacy');
    expect(client.connections.map(({ events, calls }) => [events, calls.length])).toEqual([[['list'], 2]]);
  });
});

describe('a call that is not allowed', () => {
  it('is refused before anything is sent', async () => {
    const { call, client } = setUp({ tools: { allow: ['*'], deny: ['f*'], overrides: {} } });
    expect(await errorOf(call('find'))).toMatchObject({ code: 'forbidden' });
    expect(client.connections).toEqual([]);
    await call('read');
  });
});

describe('arguments that do not fit', () => {
  it('are refused, and once the tool is known nothing is sent', async () => {
    const { call, client } = setUp();
    expect(await errorOf(call('find', { q: 1 }))).toMatchObject({ code: 'invalid_arguments', attempts: 1 });
    expect(await errorOf(call('find', { q: 2 }))).toMatchObject({ code: 'invalid_arguments', attempts: 0 });
    expect([client.calls, client.connections.length]).toEqual([0, 1]);
  });
});

describe('an unknown tool', () => {
  it('is looked for again once in 30 s, and found when it is new', async () => {
    const { call, client, time } = setUp();
    const unknown = { code: 'unknown_tool', message: '"search" has no such tool' };
    await call();
    for (let i = 0; i < 5; i++) expect(await errorOf(call('new'))).toMatchObject(unknown);
    expect(client.connections[0]?.events).toEqual(['list']);
    time.nowMs += 30_001;
    for (let i = 0; i < 5; i++) expect(await errorOf(call('new'))).toMatchObject(unknown);
    expect(client.connections[0]?.events).toEqual(['list', 'list']);
    client.tools = [FIND, READ_ONLY, { ...READ_ONLY, name: 'new' }];
    time.nowMs += 30_001;
    await call('new');
    expect(client.connections[0]?.events).toEqual(['list', 'list', 'list']);
  });

  it.each(['__proto__', 'constructor', 'toString'])('may have the name %s', async (name) => {
    expect(await errorOf(setUp().call(name))).toMatchObject({ code: 'unknown_tool' });
  });
});

describe('a retry', () => {
  it.each<[string, Error, string, number]>([
    ['never sent', REFUSED, 'find', 2],
    ['429', http(429), 'find', 2],
    ['425', http(425), 'find', 2],
    ['lost session', LOST, 'find', 2],
    ['other protocol version', OTHER_VERSION, 'find', 2],
    ['401', http(401), 'find', 2],
    ['503, read-only', http(503), 'read', 2],
    ['500, read-only', http(500), 'read', 2],
    ['408, read-only', http(408), 'read', 2],
    ['reset, read-only', BROKEN, 'read', 2],
    ['timeout, read-only', failed({ kind: 'timeout' }), 'read', 2],
    ['-32603, read-only', INTERNAL, 'read', 2],
  ])('follows after: %s', async (_, failure, tool, attempts) => {
    const { call, client } = setUp();
    client.script.push(failure);
    expect((await call(tool)).meta.attempts).toBe(attempts);
  });

  it.each<[string, Error, string, string, 'unknown' | undefined]>([
    ['503', http(503), 'find', 'upstream_error', 'unknown'],
    ['500', http(500), 'find', 'upstream_error', 'unknown'],
    ['reset', BROKEN, 'find', 'upstream_protocol_error', 'unknown'],
    ['timeout', failed({ kind: 'timeout' }), 'find', 'deadline_exceeded', 'unknown'],
    ['-32603', INTERNAL, 'find', 'upstream_error', 'unknown'],
    ['aborted, read-only', failed({ kind: 'aborted' }), 'read', 'deadline_exceeded', 'unknown'],
    [
      'too large, read-only',
      failed({ kind: 'too-large', limitBytes: 1 }),
      'read',
      'upstream_result_too_large',
      'unknown',
    ],
    ['403, read-only', http(403), 'read', 'upstream_auth_failed', undefined],
    ['404, read-only', http(404), 'read', 'upstream_error', undefined],
    ['-32602, read-only', failed({ kind: 'rpc', code: -32602, message: '' }), 'read', 'invalid_arguments', undefined],
    [
      'no credential, read-only',
      failed({ kind: 'no-credential', reason: '' }),
      'read',
      'upstream_auth_failed',
      undefined,
    ],
  ])('does not follow after: %s', async (_, failure, tool, code, outcome) => {
    const { call, client } = setUp();
    client.script.push(failure);
    expect(await errorOf(call(tool))).toMatchObject({ code, outcome, attempts: 1 });
    expect(client.calls).toBe(1);
  });

  it('does not believe the hints of a server that is not trusted', async () => {
    const { call, client } = setUp({ trusted: false });
    client.script.push(BROKEN);
    expect(await errorOf(call('read'))).toMatchObject({ code: 'upstream_protocol_error', attempts: 1 });
  });

  it('follows where nothing was sent, whatever the tool', async () => {
    const { call, client } = setUp();
    client.connectFailures.push(BROKEN);
    client.listFailures.push(http(503));
    expect((await call('find')).meta.attempts).toBe(3);
    expect(client.calls).toBe(1);
  });

  it('follows where an attempt was refused and the next could not even connect', async () => {
    const { call, client } = setUp();
    client.script.push(LOST);
    await call('read');
    client.script.push(LOST);
    client.connectFailures.push(failed({ kind: 'timeout' }));
    expect((await call('find')).meta.attempts).toBe(3);
  });

  it('ends after maxRetries', async () => {
    const { call, client, delays } = setUp({ retry: { ...serverConfig().retry, maxRetries: 3 } });
    client.script.push(BROKEN, BROKEN, BROKEN, BROKEN, BROKEN);
    expect(await errorOf(call())).toMatchObject({ attempts: 4, outcome: 'unknown' });
    // Full jitter, random 0.5: half of 100, 200, 400.
    expect(delays()).toEqual([50, 100, 200]);
  });

  it('is not made at all with maxRetries 0', async () => {
    const { call, client } = setUp({ retry: { ...serverConfig().retry, maxRetries: 0 } });
    client.script.push(REFUSED);
    expect(await errorOf(call())).toMatchObject({ attempts: 1 });
  });

  it('remembers that an earlier attempt may have run', async () => {
    const { call, client } = setUp();
    await call();
    client.script.push(BROKEN, REFUSED, REFUSED);
    expect(await errorOf(call())).toMatchObject({ code: 'upstream_error', attempts: 3, outcome: 'unknown' });
    client.script.push(http(429), REFUSED, REFUSED);
    expect(await errorOf(call())).toMatchObject({ code: 'upstream_error', attempts: 3, outcome: undefined });
  });
});

describe('what is mended once', () => {
  it.each<[string, Error, string[]]>([
    ['a lost session', LOST, ['discard session', 'discard session']],
    ['a wrong verdict on the era', OTHER_VERSION, ['discard server', 'discard server']],
    ['an old credential', http(401), ['close', 'close']],
  ])('%s', async (_, failure, ends) => {
    const { call, client, delays } = setUp();
    client.script.push(failure, failure, failure);
    expect(await errorOf(call())).toMatchObject({ attempts: 2, outcome: undefined });
    expect(client.connections.map(({ events }) => events.at(-1))).toEqual(ends);
    expect(delays()).toEqual([0]);
  });

  it('leaves the retries as they were', async () => {
    const { call, client } = setUp();
    client.script.push(LOST, http(401), OTHER_VERSION, BROKEN, BROKEN);
    expect((await call()).meta.attempts).toBe(6);
  });

  it('refreshes the credential for a 401, and only then', async () => {
    const { call, client, refresh } = setUp();
    client.script.push(BROKEN, http(401));
    await call();
    expect(refresh.count).toBe(1);
  });

  it("leaves the server's 401 standing where the credential cannot be refreshed", async () => {
    const { call, client, refresh } = setUp();
    client.script.push(http(401));
    refresh.failure = new Error('Secrets Manager is down');
    expect(await errorOf(call())).toMatchObject({
      code: 'upstream_auth_failed',
      message: '"search" answered HTTP 401',
      attempts: 1,
    });
  });
});

describe('Retry-After', () => {
  it('is waited for where the deadline allows', async () => {
    const { call, client, delays } = setUp();
    client.script.push(http(429, 3_000), http(503, 2_000));
    expect((await call()).meta.attempts).toBe(3);
    expect(delays()).toEqual([3_000, 2_000]);
  });

  it('is never cut short: where the deadline does not allow it, its caller is told', async () => {
    const { call, client, delays } = setUp();
    client.script.push(http(429, 28_000));
    expect(await errorOf(call())).toMatchObject({ code: 'rate_limited', attempts: 1, retryAfterMs: 28_000 });
    expect(delays()).toEqual([]);
  });

  it('does not shorten our own delay', async () => {
    const { call, client, delays } = setUp();
    client.script.push(http(429, 1));
    await call();
    expect(delays()).toEqual([50]);
  });
});

describe('the deadline', () => {
  it('is the smallest of all', async () => {
    const { call, client, delays } = setUp({ retry: { ...serverConfig().retry, jitter: 'none', baseDelayMs: 1_000 } });
    client.script.push(BROKEN, BROKEN);
    expect(await errorOf(call('read', {}, { timeoutMs: 1_000 }))).toMatchObject({ attempts: 1 });
    expect(await errorOf(call('read', {}, { deadlineMs: 1_000, timeoutMs: 60_000 }))).toMatchObject({ attempts: 1 });
    expect(delays()).toEqual([]);
  });

  it('that has passed lets nothing be sent', async () => {
    const { call, client } = setUp();
    expect(await errorOf(call('read', {}, { deadlineMs: 0 }))).toMatchObject({
      code: 'deadline_exceeded',
      outcome: undefined,
    });
    expect(client.connections).toEqual([]);
  });

  it('ends the attempt by its signal, and says which limit it was', async () => {
    const { call, client, served } = setUp({ timeoutMs: 5, retry: { ...serverConfig().retry, maxRetries: 0 } });
    const hang = ({ signal }: { signal: AbortSignal }) =>
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    client.script.push(hang, hang);
    expect(await errorOf(call())).toMatchObject({ message: '"search" did not answer within its time limit' });
    expect(await errorOf(call('read', {}, { deadlineMs: 2 }))).toMatchObject({
      code: 'deadline_exceeded',
      message: 'the deadline passed before "search" answered',
    });
    expect(served.pool.size).toBe(1);
  });
});

describe('whatever goes wrong', () => {
  const failure: fc.Arbitrary<AttemptFailure> = fc.oneof(
    fc.constantFrom<AttemptFailure>(
      { kind: 'not-sent', reason: 'x' },
      { kind: 'broken', reason: 'x' },
      { kind: 'timeout' },
      { kind: 'aborted' },
      { kind: 'session-lost' },
      { kind: 'too-large', limitBytes: 1 },
      { kind: 'no-credential', reason: 'x' },
    ),
    fc.record({
      kind: fc.constant('http' as const),
      status: fc.integer({ min: 200, max: 599 }),
      reason: fc.constant('x'),
      retryAfterMs: fc.nat(40_000),
    }),
    fc.record({
      kind: fc.constant('rpc' as const),
      code: fc.integer({ min: -32_800, max: -31_900 }),
      message: fc.string(),
    }),
  );
  const script = fc.record({
    failures: fc.array(failure, { maxLength: 8 }),
    tool: fc.constantFrom('find', 'read'),
    maxRetries: fc.nat(4),
    maxDelayMs: fc.integer({ min: 1, max: 5_000 }),
  });

  it('the call ends before its deadline, within its attempts, with every connection given back', async () => {
    await fc.assert(
      fc.asyncProperty(script, async ({ failures, tool, maxRetries, maxDelayMs }) => {
        const { call, client, time, served } = setUp({ retry: { ...serverConfig().retry, maxRetries, maxDelayMs } });
        const startedAtMs = time.nowMs;
        client.script.push(...failures.map(failed));
        const ended = await call(tool).then(
          ({ meta }) => meta.attempts,
          (error: FuseboxError) => error.details.attempts ?? Number.NaN,
        );
        expect(time.nowMs - startedAtMs).toBeLessThan(28_000);
        // Three things can be mended, each once.
        expect(ended).toBeLessThanOrEqual(1 + maxRetries + 3);
        expect(client.calls).toBe(Math.min(ended, failures.length + 1));
        await served.pool.disconnect();
        expect(served.pool.size).toBe(0);
      }),
    );
  });

  it('a tool that may not be repeated is never run twice', async () => {
    await fc.assert(
      fc.asyncProperty(script, async ({ failures }) => {
        const { call, client } = setUp();
        let mayHaveRun = 0;
        for (const one of failures) {
          const ran =
            ['broken', 'timeout', 'aborted', 'too-large'].includes(one.kind) ||
            (one.kind === 'http' && (one.status === 408 || one.status >= 500)) ||
            (one.kind === 'rpc' && one.code === -32603);
          client.script.push(async () => {
            if (ran) mayHaveRun++;
            throw failed(one);
          });
        }
        client.script.push(async () => {
          mayHaveRun++;
          return {};
        });
        await call('find').catch(() => {});
        expect(mayHaveRun).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('listing tools', () => {
  it('shows what the configuration allows, with our own word on idempotency', async () => {
    const { list } = setUp({ tools: { allow: ['*'], deny: ['find'], overrides: {} } });
    expect(await list()).toEqual([{ ...READ_ONLY, idempotent: true, digest: expect.stringMatching(/^sha256-/) }]);
  });

  it('is repeated as a read-only call is', async () => {
    const { list, client } = setUp();
    client.listFailures.push(LOST, http(503), BROKEN);
    expect(await list()).toHaveLength(2);
    expect(client.connections.map(({ events }) => events)).toEqual([
      ['list', 'discard session'],
      ['list', 'list', 'list'],
    ]);
  });

  it('ends in a typed no', async () => {
    const { list, client } = setUp();
    client.listFailures.push(http(403));
    expect(await errorOf(list())).toMatchObject({ code: 'upstream_auth_failed', attempts: 1, outcome: undefined });
  });
});

it('backs off within its bounds', async () => {
  const retry = { ...serverConfig().retry, maxRetries: 10, maxDelayMs: 1_500 };
  const { call, client, delays } = setUp(
    { retry, circuitBreaker: { ...serverConfig().circuitBreaker, consecutiveFailures: 1_000 } },
    0.999,
  );
  client.script.push(...Array.from({ length: 20 }, () => BROKEN));
  expect(await errorOf(call('read', {}, { deadlineMs: 60_000 }))).toMatchObject({ attempts: 11 });
  expect(delays().map(Math.round)).toEqual([100, 200, 400, 799, 1_499, 1_499, 1_499, 1_499, 1_499, 1_499]);
});
