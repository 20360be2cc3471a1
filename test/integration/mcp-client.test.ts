import { inspect } from 'node:util';
import { MemoryPeerStore } from '../../lib/adapters/memory/peer-store.ts';
import { compose, type Product } from '../helpers/composed.ts';
import { headersOnly, secretsOf } from '../helpers/credentials.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';
import { type Relay, startRelay, startScripted } from '../helpers/scripted-server.ts';
import { until } from '../helpers/until.ts';

const KINDS = ['modern', 'legacy', 'sse'] as const;
type Kind = (typeof KINDS)[number];

let flaky: Flaky;

beforeAll(async () => {
  flaky = await startFlaky({ port: 0 });
});
afterAll(() => flaky.close());
beforeEach(() => flaky.resetLedger());
afterEach(() => flaky.resetControl());

const urlOf = (kind: Kind | 'auto') =>
  ({ auto: flaky.url, modern: flaky.modernUrl, legacy: flaky.legacyUrl, sse: flaky.sseUrl })[kind];
const serverOf = (kind: Kind | 'auto', more: object = {}) => ({
  type: kind === 'sse' ? 'sse' : 'http',
  url: urlOf(kind),
  ...more,
});
const countOf = (tool: string) => flaky.ledger().executions[tool]?.count ?? 0;

describe.each(KINDS)('a server of kind %s', (kind) => {
  let product: Product;
  beforeAll(async () => {
    product = compose({ s: serverOf(kind), hasty: serverOf(kind, { timeoutMs: 400 }) });
    for (const server of ['s', 'hasty']) await product.call(server, 'echo', { text: 'warm' });
  });

  it('answers, and says which era it speaks', async () => {
    const { result, meta } = await product.call('s', 'echo', { text: 'grüezi ☃' });
    expect(result).toMatchObject({
      content: [{ type: 'text', text: 'grüezi ☃' }],
      structuredContent: { text: 'grüezi ☃' },
    });
    expect([meta.protocol, meta.attempts]).toEqual([kind === 'modern' ? 'modern' : 'legacy', 1]);
  });

  it("passes a tool's own failure on as an answer", async () => {
    expect((await product.call('s', 'fail')).result).toMatchObject({ isError: true });
  });

  it('lists its tools', async () => {
    const tools = await product.listTools('s', { requestId: 'r', deadlineAtMs: Date.now() + 5_000 });
    expect(tools.filter(({ name }) => ['echo', 'append'].includes(name))).toMatchObject([
      { name: 'echo', idempotent: true },
      { name: 'append', idempotent: false },
    ]);
  });

  /** Struck once: what a read-only call ends with, and what another one does. */
  const faults: readonly (readonly [string, string, string])[] = [
    ['hang', 'answered by attempt 2', 'deadline_exceeded, outcome unknown'],
    ['503', 'answered by attempt 2', 'upstream_error, outcome unknown'],
    ['500', 'answered by attempt 2', 'upstream_error, outcome unknown'],
    ['429', 'answered by attempt 2', 'answered by attempt 2'],
    ['401', 'answered by attempt 2', 'answered by attempt 2'],
    // The SSE transport takes any 2xx to a POST for "accepted", and waits for the answer on its stream.
    [
      'html',
      'answered by attempt 2',
      `${kind === 'sse' ? 'deadline_exceeded' : 'upstream_protocol_error'}, outcome unknown`,
    ],
    ['cut', 'answered by attempt 2', 'upstream_protocol_error, outcome unknown'],
    ['reset', 'answered by attempt 2', 'upstream_protocol_error, outcome unknown'],
    ['bad-json', 'answered by attempt 2', 'upstream_protocol_error, outcome unknown'],
    ['empty-sse', 'answered by attempt 2', 'upstream_protocol_error, outcome unknown'],
  ];

  it.each(faults)('with fault %s: a read-only call is %s, another one %s', async (mode, readOnly, other) => {
    const endOf = (tool: string, args: object) => {
      flaky.control({ mode: mode as 'hang', count: 1 });
      return product.call(other.startsWith('deadline') ? 'hasty' : 's', tool, { ...args }).then(
        ({ meta }) => `answered by attempt ${meta.attempts}`,
        ({ code, details }) => `${code}${details.outcome ? `, outcome ${details.outcome}` : ''}`,
      );
    };
    expect(await endOf('echo', { text: mode })).toBe(readOnly);
    expect(await endOf('append', { item: mode })).toBe(other);
    expect([countOf('echo'), countOf('append')]).toEqual([1, other.startsWith('answered') ? 1 : 0]);
  });

  it('never runs a tool twice that has run and whose answer was lost', async () => {
    const careful = compose({ s: serverOf(kind, { tools: { overrides: { slow: { idempotent: false } } } }) });
    const lost = careful.no('s', 'slow', { ms: 60_000 });
    await until(() => countOf('slow') === 1);
    flaky.dropConnections();
    expect(await lost).toMatchObject({ code: 'upstream_protocol_error', details: { attempts: 1, outcome: 'unknown' } });
    expect(countOf('slow')).toBe(1);
  });

  it('leaves nothing open when it hangs', async () => {
    const patient = compose({ s: serverOf(kind) });
    await patient.call('s', 'echo', { text: 'warm' });
    const { open } = flaky.ledger().connections;
    flaky.control({ mode: 'hang' });
    const error = await patient.no('s', 'append', { item: 1 }, 400);
    expect(error).toMatchObject({ code: 'deadline_exceeded', details: { attempts: 1, outcome: 'unknown' } });
    await until(() => flaky.ledger().inFlight === 0 && flaky.ledger().connections.open < open);
  });

  it('that answers too much is cut off, and asked once', async () => {
    const small = compose({ s: serverOf(kind) }, { limits: { maxResultBytes: 20_000 } });
    await small.call('s', 'big', { bytes: 2_000 });
    expect(await small.no('s', 'big', { bytes: 5_000_000 })).toMatchObject({
      code: 'upstream_result_too_large',
      message: 'the answer of "s" is larger than 20000 bytes',
      details: { attempts: 1 },
    });
    expect((await small.call('s', 'big', { bytes: 2_000 })).meta.attempts).toBe(1);
  });

  it('names a Retry-After that does not fit', async () => {
    flaky.control({ mode: '429', retryAfterSeconds: 60 });
    // Its environment pauses.
    expect(await compose({ s: serverOf(kind) }).no('s', 'echo', { text: '' })).toMatchObject({
      code: 'rate_limited',
      details: { attempts: 1, retryAfterMs: 60_000 },
    });
  });

  it('piles up no listeners in a hundred calls', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    for (let i = 0; i < 100; i++) await product.call('s', 'echo', { text: `${i}` });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
    if (kind !== 'sse') expect(flaky.ledger().connections.opened).toBeLessThanOrEqual(1);
    await until(() => flaky.ledger().inFlight === 0);
  });
});

describe('a session that is lost', () => {
  it.each([404, 400] as const)('is opened anew, unseen but for `attempts` (%d)', async (lostSessionStatus) => {
    const product = compose({ s: serverOf('legacy') });
    await product.call('s', 'append', { item: 0 });
    flaky.control({ mode: 'lose-sessions', lostSessionStatus, forMs: 60_000, methods: ['ping'] });
    flaky.resetLedger();
    expect((await product.call('s', 'append', { item: 1 })).meta.attempts).toBe(2);
    expect(flaky.ledger().requests.legacy).toMatchObject({ initialize: 1, 'tools/call': 2 });
    expect(countOf('append')).toBe(1);
  });

  it('is opened anew for tools/list too', async () => {
    let nowMs = Date.now();
    const product = compose({ s: serverOf('legacy') }, { world: { now: () => nowMs } });
    const list = () => product.listTools('s', { requestId: 'r', deadlineAtMs: nowMs + 5_000 });
    await list();
    flaky.control({ mode: 'lose-sessions' });
    // So late that the list is old, and so early that the session is still in the pool.
    nowMs += 5 * 60_000;
    const product2 = await list();
    expect(product2.length).toBeGreaterThan(5);
  });

  it('that is lost again and again ends in a clear no', async () => {
    const product = compose({ s: serverOf('legacy') });
    flaky.control({ mode: 'lose-sessions', forMs: 60_000 });
    expect(await product.no('s', 'echo', { text: '' })).toMatchObject({
      code: 'upstream_error',
      details: { attempts: 2 },
    });
  });
});

describe('requests that reach the server', () => {
  const methods = () => {
    const { modern, legacy, sse } = flaky.ledger().requests;
    flaky.resetLedger();
    return { ...modern, ...legacy, ...sse };
  };

  it('modern: cold 2, cold with what another environment learned 1, warm 1', async () => {
    const world = { store: new MemoryPeerStore(Date.now) };
    const servers = { s: serverOf('auto') };
    const first = compose(servers, { world });
    await first.call('s', 'echo', { text: '' });
    expect(methods()).toEqual({ 'tools/list': 1, 'tools/call': 1 });
    await first.call('s', 'echo', { text: '' });
    expect(methods()).toEqual({ 'tools/call': 1 });
    await compose(servers, { world }).call('s', 'echo', { text: '' });
    expect(methods()).toEqual({ 'tools/call': 1 });
  });

  it('legacy: cold with a session that another environment gave back 1, warm 1', async () => {
    const world = { store: new MemoryPeerStore(Date.now) };
    const servers = { s: serverOf('legacy') };
    const first = compose(servers, { world });
    await first.call('s', 'echo', { text: '' });
    await first.connections.disconnectAll();
    flaky.resetLedger();
    const second = compose(servers, { world });
    await second.call('s', 'echo', { text: '' });
    expect(methods()).toEqual({ 'tools/call': 1 });
    await second.call('s', 'echo', { text: '' });
    expect(methods()).toEqual({ 'tools/call': 1 });
    // The first one has no session now, and the store has none that is free.
    await first.call('s', 'echo', { text: '' });
    expect(methods()).toEqual({ initialize: 1, 'notifications/initialized': 1, 'tools/call': 1 });
  });

  it('of an unknown tool: no more than one tools/list in 30 s', async () => {
    const product = compose({ s: serverOf('auto') });
    for (let i = 0; i < 5; i++) expect(await product.no('s', 'missing')).toMatchObject({ code: 'unknown_tool' });
    expect(methods()).toEqual({ 'tools/list': 1 });
  });
});

describe('the era', () => {
  let relay: Relay;
  beforeAll(async () => {
    relay = await startRelay(flaky.modernUrl);
  });
  afterAll(() => relay.close());

  it.each([
    ['modern', 'legacy'],
    ['legacy', 'modern'],
  ] as const)('is found anew when a %s server is replaced by a %s one', async (before, after) => {
    const world = { store: new MemoryPeerStore(Date.now) };
    relay.target = urlOf(before);
    const servers = { s: { url: relay.url } };
    const warm = compose(servers, { world });
    expect((await warm.call('s', 'append', { item: 0 })).meta.protocol).toBe(before);
    relay.target = urlOf(after);
    const { meta } = await compose(servers, { world }).call('s', 'append', { item: 1 });
    expect(meta.protocol).toBe(after);
    const again = await warm.call('s', 'append', { item: 2 });
    expect([again.meta.protocol, again.meta.attempts]).toEqual([after, 2]);
    expect(countOf('append')).toBe(3);
  });

  it.each(['429', '503', '401', 'reset', 'html'] as const)('is never learned from %s', async (mode) => {
    const product = compose({ s: serverOf('auto') });
    flaky.control({ mode, count: 1, methods: ['tools/list'] });
    const { meta } = await product.call('s', 'append', { item: 0 });
    expect([meta.protocol, meta.attempts]).toEqual(['modern', 2]);
    expect(flaky.ledger().requests.legacy).toEqual({});
  });

  it('that was legacy is asked for again after an hour, though the server was in use', async () => {
    let nowMs = Date.now();
    const world = { now: () => nowMs, store: new MemoryPeerStore(() => nowMs) };
    relay.target = flaky.legacyUrl;
    const servers = { s: { url: relay.url } };
    const eraNow = async () => (await compose(servers, { world }).call('s', 'echo', { text: '' })).meta.protocol;
    expect(await eraNow()).toBe('legacy');
    // Upgraded: it speaks both, so nothing ever fails.
    relay.target = flaky.url;
    const eras: string[] = [];
    for (let minutes = 10; minutes <= 70; minutes += 10) {
      nowMs += 10 * 60_000;
      eras.push(await eraNow());
    }
    expect(eras).toEqual(['legacy', 'legacy', 'legacy', 'legacy', 'legacy', 'modern', 'modern']);
  });

  it('is the configured one, whatever was learned before', async () => {
    const world = { store: new MemoryPeerStore(Date.now) };
    relay.target = flaky.legacyUrl;
    await compose({ s: { url: relay.url } }, { world }).call('s', 'echo', { text: '' });
    relay.target = flaky.url;
    const modern = compose({ s: { url: relay.url, protocol: 'modern' } }, { world });
    expect((await modern.call('s', 'echo', { text: '' })).meta.protocol).toBe('modern');
    const legacy = compose({ s: { url: relay.url, protocol: 'legacy' } }, { world });
    expect((await legacy.call('s', 'echo', { text: '' })).meta.protocol).toBe('legacy');
  });
});

describe('sessions', () => {
  /** Environments are told apart by a header that is not part of what they share. */
  const environment = (name: string, world: { now: () => number; store: MemoryPeerStore }) =>
    compose(
      { s: serverOf('legacy', { pool: { max: 3, acquireTimeoutMs: 10_000 } }) },
      { world: { ...world, credentials: headersOnly({ 'x-fusebox-environment': name }) } },
    );

  it('are never in two environments at once, and of each no more than the pool allows', async () => {
    const now = Date.now;
    const world = { now, store: new MemoryPeerStore(now) };
    const environments = ['a', 'b', 'c'].map((name) => environment(name, world));
    const calls = environments.flatMap((product, e) =>
      Array.from({ length: 12 }, async (_, i) => {
        const { result } = await product.call('s', 'slow', { ms: 5, text: `${e}-${i}` });
        return result.content?.[0]?.['text'];
      }),
    );
    const expected = environments.flatMap((_, e) => Array.from({ length: 12 }, (__, i) => `${e}-${i}`));
    expect(await Promise.all(calls)).toEqual(expected);
    expect(flaky.ledger().sessions).toMatchObject({ opened: 9, maxInFlight: 1, repeatedIds: 0, shared: 0 });
  });

  it('that another environment took after a long freeze are left to it', async () => {
    let nowMs = Date.now();
    const now = () => nowMs;
    const world = { now, store: new MemoryPeerStore(now) };
    const [a, b] = [environment('a', world), environment('b', world)];
    await a.call('s', 'echo', { text: '' });
    nowMs += 10 * 60_000;
    await b.call('s', 'echo', { text: '' });
    expect(flaky.ledger().sessions).toMatchObject({ opened: 1, shared: 1 });
    await Promise.all([a.call('s', 'slow', { ms: 20 }), b.call('s', 'slow', { ms: 20 })]);
    expect(flaky.ledger().sessions).toMatchObject({ opened: 2, maxInFlight: 1, repeatedIds: 0 });
  });

  it('are not used twice in one environment either, when it thaws', async () => {
    let nowMs = Date.now();
    const now = () => nowMs;
    /** One in which the renewal of one connection is overtaken by the lease of another. */
    class SlowStore extends MemoryPeerStore {
      override async renewLease(...args: Parameters<MemoryPeerStore['renewLease']>): Promise<boolean> {
        await new Promise((resolve) => setImmediate(resolve));
        return super.renewLease(...args);
      }
    }
    const a = environment('a', { now, store: new SlowStore(now) });
    await a.call('s', 'echo', { text: '' });
    nowMs += 29_000;
    await a.call('s', 'echo', { text: '' });
    // The lease is over, the connection not yet idle for too long.
    nowMs += 59_000;
    await Promise.all([1, 2, 3].map(() => a.call('s', 'slow', { ms: 20 })));
    expect(flaky.ledger().sessions.maxInFlight).toBe(1);
  });

  it('are opened, closed and given back on demand', async () => {
    const now = Date.now;
    const store = new MemoryPeerStore(now);
    const product = compose(
      { s: serverOf('legacy', { pool: { min: 2 } }), m: serverOf('modern'), e: serverOf('sse') },
      { world: { store } },
    );
    expect(await product.connections.connectAll({ signal: AbortSignal.timeout(5_000) })).toEqual(new Map());
    expect(flaky.ledger().sessions.opened).toBe(3);
    flaky.resetLedger();
    await Promise.all([1, 2].map(() => product.call('s', 'slow', { ms: 5 })));
    expect(flaky.ledger().sessions.opened).toBe(0);
    await product.connections.disconnectAll();
    await Promise.all([1, 2].map(() => product.call('s', 'slow', { ms: 5 })));
    expect(flaky.ledger().sessions).toMatchObject({ opened: 0, repeatedIds: 0 });
  });

  it('are opened by the warm-up where the configuration asks for it', async () => {
    const product = compose({
      s: serverOf('legacy', { pool: { min: 1 } }),
      none: serverOf('legacy'),
      down: { url: 'http://127.0.0.1:1/mcp', pool: { min: 1 } },
    });
    await product.warmUp();
    expect(flaky.ledger().sessions.opened).toBe(1);
  });
});

describe('a socket', () => {
  it('that was idle for too long by the clock is not used again, frozen or not', async () => {
    let nowMs = Date.now();
    const product = compose({ s: serverOf('modern') }, { world: { now: () => nowMs } });
    const opened = async () => {
      await product.call('s', 'append', { item: 1 });
      return flaky.ledger().connections.opened;
    };
    expect(await opened()).toBe(1);
    // The server says that it closes after 5 s.
    nowMs += 3_999;
    expect(await opened()).toBe(1);
    nowMs += 4_000;
    expect(await opened()).toBe(2);
  });
});

describe('a server that is not there', () => {
  it('is tried again, whatever the tool, for nothing was sent', async () => {
    const product = compose({ s: { url: 'http://127.0.0.1:1/mcp' } });
    const error = await product.no('s', 'append', { item: 1 });
    expect(error).toMatchObject({
      code: 'upstream_error',
      message: '"s" could not be reached (ECONNREFUSED)',
      details: { attempts: 2 },
    });
    expect(error.details.outcome).toBeUndefined();
  });
});

describe('Retry-After', () => {
  it.each([
    ['3', 3_000],
    ['Sat, 21 Nov 2026 12:00:07 GMT', 7_000],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
    ['9'.repeat(400), 3_600_000],
    ['soon', 1_000],
  ])('%s: %d ms', async (value, retryAfterMs) => {
    const server = await startScripted((_, response) => void response.writeHead(429, { 'retry-after': value }).end());
    const product = compose(
      { s: { url: server.url, retry: { maxRetries: 0 } } },
      { world: { now: () => Date.UTC(2026, 10, 21, 12) } },
    );
    expect((await product.no('s', 'echo')).details.retryAfterMs).toBe(retryAfterMs);
    await server.close();
  });
});

describe('secrets', () => {
  it('are in no error, however deep one looks', async () => {
    const product = compose(
      Object.fromEntries(
        [...KINDS, 'down' as const].map((name) => [
          name,
          {
            ...(name === 'down' ? { url: 'http://127.0.0.1:1/mcp' } : serverOf(name)),
            timeoutMs: 200,
            headers: { 'x-api-key': 'canary-header' },
            auth: { type: 'bearer', secret: 'token' },
          },
        ]),
      ),
      {
        world: { secrets: secretsOf({ token: 'canary-token' }) },
      },
    );
    for (const kind of KINDS) await product.call(kind, 'echo', { text: '' });
    const modes = ['hang', '503', '429', '401', 'html', 'cut', 'reset', 'bad-json', 'empty-sse', 'redirect'] as const;
    const errors = [await product.no('down', 'append')];
    for (const mode of modes) {
      flaky.control({ mode });
      for (const kind of KINDS)
        if (!(mode === 'redirect' && kind === 'legacy')) errors.push(await product.no(kind, 'append', { item: 1 }));
    }
    expect(errors).toHaveLength(30);
    const told = errors.map((error) =>
      inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: Number.POSITIVE_INFINITY }),
    );
    expect(told.filter((text) => text.includes('canary'))).toEqual([]);
  });

  it('that no header can carry are told by name only', async () => {
    const product = compose(
      { s: serverOf('modern', { auth: { type: 'bearer', secret: 'token' } }) },
      { world: { secrets: secretsOf({ token: 'canary\ntoken' }) } },
    );
    const error = await product.no('s', 'echo', { text: '' });
    expect([error.code, error.message]).toEqual([
      'upstream_auth_failed',
      'no credential for "s": it holds characters that no header can carry',
    ]);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('canary');
  });

  it('that are missing are told by their name', async () => {
    const product = compose(
      { s: serverOf('modern', { auth: { type: 'bearer', secret: 'token' } }) },
      { world: { secrets: secretsOf({}) } },
    );
    expect(await product.no('s', 'echo', { text: '' })).toMatchObject({
      code: 'upstream_auth_failed',
      message: 'no credential for "s": there is no secret "token"',
    });
  });
});
