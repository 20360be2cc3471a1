import { MemoryPeerStore } from '../../lib/adapters/memory/peer-store.ts';
import { compose } from '../helpers/composed.ts';
import { answerJson, ordinaryResult, resultOf, startRelay, startScripted } from '../helpers/scripted-server.ts';
import { type SdkServer, startV1Stateful, startV1Stateless, startV2 } from '../helpers/sdk-servers.ts';
import { until } from '../helpers/until.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function started<T extends { close(): Promise<unknown> }>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  closers.push(() => server.close());
  return server;
}

/** One environment after another, on one store. Nothing is retried without a reason of its own. */
function environments(server: { readonly url: string }, config: object = {}) {
  const world = { store: new MemoryPeerStore(Date.now) };
  return () => {
    const product = compose({ s: { url: server.url, trusted: false, ...config } }, { world });
    closers.push(() => product.connections.disconnectAll());
    return product;
  };
}

const HANDSHAKE = ['initialize', 'notifications/initialized'];
const PROBE_AND_HANDSHAKE = ['tools/list', ...HANDSHAKE, 'tools/list'];

describe('what reaches a server', () => {
  const kinds: [string, () => Promise<SdkServer>, string, string[], string[]][] = [
    ['SDK 1, sessions, streams', () => startV1Stateful(), 'legacy', PROBE_AND_HANDSHAKE, []],
    ['SDK 1, sessions, documents', () => startV1Stateful({ json: true }), 'legacy', PROBE_AND_HANDSHAKE, []],
    ['SDK 1, sessions, resumable', () => startV1Stateful({ resumableAfterMs: 1 }), 'legacy', PROBE_AND_HANDSHAKE, []],
    ['SDK 1, no sessions, streams', () => startV1Stateless(), 'legacy', PROBE_AND_HANDSHAKE, HANDSHAKE],
    ['SDK 1, no sessions, documents', () => startV1Stateless({ json: true }), 'legacy', PROBE_AND_HANDSHAKE, HANDSHAKE],
    [
      'SDK 1, no sessions, blind to versions',
      () => startV1Stateless({ anyVersion: true }),
      'legacy',
      PROBE_AND_HANDSHAKE,
      HANDSHAKE,
    ],
    ['SDK 2', () => startV2(), 'modern', ['tools/list'], []],
    ['SDK 2, modern only', () => startV2({ legacy: 'reject' }), 'modern', ['tools/list'], []],
    ['SDK 2, both eras', () => startV2({ legacy: 'stateless' }), 'modern', ['tools/list'], []],
  ];

  it.each(kinds)('%s', async (_, start, era, firstEver, inAnotherEnvironment) => {
    const server = await started(start());
    const environment = environments(server);
    const append = async (product: ReturnType<typeof environment>, item: number) => {
      server.seen.splice(0);
      const { result, meta } = await product.call('s', 'append', { item });
      expect([result.content, meta.protocol, meta.attempts]).toEqual([
        [{ type: 'text', text: `appended ${item}` }],
        era,
        1,
      ]);
      return [...server.seen];
    };
    const first = environment();
    expect(await append(first, 1)).toEqual([...firstEver, 'tools/call']);
    expect(await append(first, 2)).toEqual(['tools/call']);
    await first.connections.disconnectAll();
    expect(await append(environment(), 3)).toEqual([...inAnotherEnvironment, 'tools/call']);
    expect(server.appended).toEqual([1, 2, 3]);
  });
});

describe('a router before a legacy server that answers the probe', () => {
  const answering = (status: number, count: number) => {
    let left = count;
    return startV1Stateful({
      gate: (_, response) => {
        if (left-- <= 0) return false;
        response.writeHead(status, { 'retry-after': '0' }).end('router');
        return true;
      },
    });
  };

  it.each([400, 404, 405, 406, 415])('with %d is asked for the other era', async (status) => {
    const server = await started(answering(status, 1));
    const { meta } = await environments(server)().call('s', 'append', { item: 1 });
    expect([meta.protocol, meta.attempts]).toEqual(['legacy', 1]);
    expect(server.seen).toEqual([...PROBE_AND_HANDSHAKE, 'tools/call']);
  });

  it.each([
    [401, 'upstream_auth_failed', 2],
    [403, 'upstream_auth_failed', 1],
    [408, 'upstream_error', 2],
    [425, 'rate_limited', 2],
    [429, 'rate_limited', 2],
    [500, 'upstream_error', 2],
    [503, 'upstream_error', 2],
  ])('with %d has said nothing of eras', async (status, code, attempts) => {
    const server = await started(answering(status, attempts));
    const product = environments(server)();
    expect(await product.no('s', 'append', { item: 1 })).toMatchObject({ code, details: { attempts } });
    expect(server.seen).toEqual(Array.from({ length: attempts }, () => 'tools/list'));
    expect((await product.call('s', 'append', { item: 2 })).meta.protocol).toBe('legacy');
  });
});

describe('a stream that ends before its answer', () => {
  it('is resumed where it broke off, and the tool runs once', async () => {
    const server = await started(
      startV1Stateful({
        resumableAfterMs: 1,
        meanwhile: async (endStream) => {
          for (let times = 1; times <= 2; times++) {
            endStream();
            await until(() => server.seen.filter((method) => method === 'GET').length === times);
          }
        },
      }),
    );
    const { result, meta } = await environments(server)().call('s', 'append', { item: 1 });
    expect([result.content?.[0]?.['text'], meta.attempts, server.appended]).toEqual(['appended 1', 1, [1]]);
    expect(server.seen.filter((method) => !PROBE_AND_HANDSHAKE.includes(method))).toEqual(['tools/call', 'GET', 'GET']);
  });

  it('is resumed also where it was torn', async () => {
    const server = await started(
      startV1Stateful({
        resumableAfterMs: 1,
        meanwhile: async (_, response) => {
          await until(() => response?.headersSent === true);
          response?.socket?.resetAndDestroy();
        },
      }),
    );
    const { meta } = await environments(server)().call('s', 'append', { item: 1 });
    expect([meta.attempts, server.appended]).toEqual([1, [1]]);
  });

  it.each([404, 405, 409, 500])('is given up when resuming is answered %d', async (status) => {
    const server = await started(
      startV1Stateful({
        resumableAfterMs: 1,
        meanwhile: async (endStream) => endStream(),
        gate: (_, response, method) => method === 'GET' && response.writeHead(status).end() !== undefined,
      }),
    );
    const product = environments(server)();
    expect(await product.no('s', 'append', { item: 1 })).toMatchObject({
      code: 'upstream_protocol_error',
      message: '"s" gave no usable answer: the stream ended without an answer',
      details: { attempts: 1, outcome: 'unknown' },
    });
    expect(server.appended).toEqual([1]);
  });

  it('is not resumed after the deadline', async () => {
    const server = await started(
      startV1Stateful({ resumableAfterMs: 500, meanwhile: async (endStream) => endStream() }),
    );
    const product = environments(server)();
    expect(await product.no('s', 'append', { item: 1 }, 300)).toMatchObject({ code: 'deadline_exceeded' });
    await until(() => server.unfinished() === 0);
    expect(server.seen).not.toContain('GET');
  });
});

describe('a modern server', () => {
  const declaring = (header: string) => ({
    type: 'object' as const,
    properties: {
      item: { type: 'number' as const },
      region: { type: 'string' as const, 'x-mcp-header': header },
    },
  });

  it.each(['eu', 'Zürich ☃', ' padded ', 'a\nb'])('gets the argument %j in its header, too', async (region) => {
    let header: unknown;
    const server = await started(
      startV2({
        inputSchema: () => declaring('Region'),
        gate: (request) => {
          header = request.headers['mcp-param-region'];
          return false;
        },
      }),
    );
    await environments(server)().call('s', 'append', { item: 1, region });
    // The SDK's server has compared it with the argument.
    expect(header).toEqual(expect.any(String));
    expect(server.appended).toEqual([1]);
  });

  it('that moved an argument to a new header is asked for its tools again', async () => {
    let inputSchema = declaring('Region');
    const server = await started(startV2({ inputSchema: () => inputSchema }));
    const product = environments(server)();
    await product.call('s', 'append', { item: 1, region: 'eu' });
    inputSchema = declaring('Area');
    server.seen.splice(0);
    expect((await product.call('s', 'append', { item: 2, region: 'eu' })).meta.attempts).toBe(2);
    expect(server.seen).toEqual(['tools/call', 'tools/list', 'tools/call']);
    expect(server.appended).toEqual([1, 2]);
  });

  it('of a version to come is a clear no', async () => {
    const error = { code: -32022, message: 'Unsupported protocol version', data: { supported: ['2027-01-01'] } };
    const server = await started(
      startScripted(({ id }, response) => answerJson(response, { jsonrpc: '2.0', id, error }, 400)),
    );
    expect(await environments(server)().no('s', 'append')).toMatchObject({
      code: 'upstream_protocol_error',
      message: '"s" refused with -32022: Unsupported protocol version',
      details: { attempts: 2 },
    });
    expect(server.seen).not.toContain('tools/call');
  });

  it.each([
    [false, 'refused once'],
    [true, 'retried'],
  ])('that was replaced by a legacy one without sessions (idempotent: %s) is %s', async (idempotent) => {
    const [modern, legacy] = [await started(startV2()), await started(startV1Stateless({ anyVersion: true }))];
    const relay = await started(startRelay(modern.url));
    const product = environments(relay, { tools: { overrides: { append: { idempotent } } } })();
    await product.call('s', 'append', { item: 1 });
    relay.target = legacy.url;
    if (idempotent) {
      expect((await product.call('s', 'append', { item: 2 })).meta).toMatchObject({ protocol: 'legacy', attempts: 2 });
    } else {
      expect(await product.no('s', 'append', { item: 2 })).toMatchObject({
        code: 'upstream_protocol_error',
        details: { attempts: 1, outcome: 'unknown' },
      });
      expect(legacy.appended).toEqual([2]);
    }
    expect((await product.call('s', 'append', { item: 3 })).meta).toMatchObject({ protocol: 'legacy', attempts: 1 });
  });
});

describe('an answer that could not be passed on', () => {
  it.each(['modern', 'legacy'])('because it nests too deep is refused (%s)', async (protocol) => {
    const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    const server = await started(
      startScripted((request, response) => {
        if (request.method.startsWith('notifications/')) return void response.writeHead(202).end();
        const tools = [{ name: 'append', inputSchema: { type: 'object' } }];
        const result = ordinaryResult(request, tools) ?? { resultType: 'complete', content: [], structuredContent: 0 };
        const body = JSON.stringify(resultOf(request.id, result)).replace(
          '"structuredContent":0',
          `"structuredContent":${deep}`,
        );
        response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      }),
    );
    expect(await environments(server, { protocol })().no('s', 'append')).toMatchObject({
      code: 'upstream_protocol_error',
      message: '"s" gave no usable answer: nested deeper than 1000 levels',
      details: { attempts: 1, outcome: 'unknown' },
    });
  });
});

describe('an event source (the transport of 2024-11-05)', () => {
  it.each([
    ['that nobody serves', 'http://127.0.0.1:1/sse', 'ECONNREFUSED'],
    ['whose name is none', 'https://nowhere.invalid/sse', 'ENOTFOUND'],
  ])('%s was never reached', async (_, url, reason) => {
    expect(await environments({ url }, { type: 'sse' })().no('s', 'append')).toMatchObject({
      code: 'upstream_error',
      message: `"s" could not be reached (${reason})`,
      details: { attempts: 2 },
    });
  });

  it('that moved to another origin is not followed', async () => {
    const server = await started(
      startScripted((_, response) => void response.writeHead(302, { location: 'http://127.0.0.2/' }).end()),
    );
    expect(await environments(server, { type: 'sse' })().no('s', 'append')).toMatchObject({
      code: 'upstream_error',
      message: '"s" answered HTTP 302',
      details: { attempts: 1 },
    });
    expect(server.seen).toEqual(['GET']);
  });
});
