import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { compose, type Product } from '../helpers/composed.ts';
import {
  answerJson,
  ordinaryResult,
  type Received,
  resultOf,
  type Scripted,
  startScripted,
} from '../helpers/scripted-server.ts';
import { until } from '../helpers/until.ts';

const TOOLS = [{ name: 'find', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }];

let server: Scripted;
let product: Product;
/** Nothing that a server does may end as one of these. */
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

beforeAll(() => void process.on('unhandledRejection', note).on('uncaughtException', note).on('warning', note));
afterAll(() => void process.off('unhandledRejection', note).off('uncaughtException', note).off('warning', note));
afterEach(async () => {
  await product.connections.disconnectAll();
  await server.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled.splice(0)).toEqual([]);
});

type Answer = (request: Received, response: ServerResponse) => void;

/** Starts a modern server that is ordinary but for what `answer` says of `tools/call`, or of `method`; `*`: of all. */
async function serve(
  answer: Answer,
  { method = 'tools/call', ...config }: { method?: string; [key: string]: unknown } = {},
) {
  server = await startScripted((request, response) => {
    const result = [request.method, '*'].includes(method) ? undefined : ordinaryResult(request, TOOLS);
    if (result !== undefined) answerJson(response, resultOf(request.id, result));
    else answer(request, response);
  });
  product = compose({ s: { url: server.url, retry: { maxRetries: 0 }, timeoutMs: 5_000, ...config } });
}

const callIt = (deadlineMs?: number) => product.no('s', 'find', {}, deadlineMs);
const answered = { resultType: 'complete', content: [{ type: 'text', text: 'found' }] };
const event = (body: unknown) => `event: message\ndata: ${JSON.stringify(body)}\n\n`;
const stream = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' });

describe('an answer that is none', () => {
  it.each<[string, Answer, string]>([
    ['of another request', (_, r) => answerJson(r, resultOf('other', answered)), 'upstream_protocol_error'],
    [
      'with the id of all clients that count from zero',
      (_, r) => answerJson(r, resultOf(0, answered)),
      'upstream_protocol_error',
    ],
    ['empty list', (_, r) => answerJson(r, []), 'upstream_protocol_error'],
    ['null', (_, r) => answerJson(r, null), 'upstream_protocol_error'],
    ['accepted, and no more', (_, r) => void r.writeHead(202).end(), 'upstream_protocol_error'],
    ['no content', (_, r) => void r.writeHead(204).end(), 'upstream_protocol_error'],
    ['no result and no error', ({ id }, r) => answerJson(r, { jsonrpc: '2.0', id }), 'upstream_protocol_error'],
    [
      'a result of the wrong shape',
      ({ id }, r) => answerJson(r, resultOf(id, { ...answered, content: 'x' })),
      'upstream_protocol_error',
    ],
    [
      'a stream of another request, that ends',
      (_, r) => void stream(r).end(event(resultOf('other', answered))),
      'upstream_protocol_error',
    ],
    [
      'a stream that is not text',
      (_, r) => void stream(r).end(Buffer.from([0xff, 0xfe, 0, 1, 10, 10])),
      'upstream_protocol_error',
    ],
    [
      'compressed, unasked',
      (_, r) =>
        void r.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('\u001f\u008b'),
      'upstream_protocol_error',
    ],
    ['a status that is none', (_, r) => void r.writeHead(999).end('x'), 'upstream_error'],
    [
      'a status without body that has one',
      (_, r) => void r.writeHead(205, { 'content-length': 9 }).end('x'),
      'upstream_protocol_error',
    ],
    [
      'headers of 100 kB',
      (_, r) => void r.writeHead(200, { 'x-long': 'x'.repeat(100_000) }).end(),
      'upstream_protocol_error',
    ],
    ['not HTTP', (_, r) => void r.socket?.end('hello\r\n\r\n'), 'upstream_protocol_error'],
    [
      'another protocol',
      (_, r) => void r.writeHead(101, { upgrade: 'x', connection: 'upgrade' }).end(),
      'upstream_protocol_error',
    ],
  ])('%s', async (_, answer, code) => {
    await serve(answer);
    expect(await callIt()).toMatchObject({ code, details: { attempts: 1 } });
    expect(server.seen).toEqual(['tools/list', 'tools/call']);
  });
});

describe('nothing stays open behind', () => {
  it('a page without end', async () => {
    await serve(
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).write('<!doctype html>'),
    );
    expect(await callIt(100)).toMatchObject({ code: 'deadline_exceeded' });
    await until(async () => (await server.openSockets()) === 0);
  });

  it('an error without end', async () => {
    await serve((_, response) => void response.writeHead(500).write('x'));
    await callIt(100);
    await until(async () => (await server.openSockets()) === 0);
  });

  it('an answer whose stream goes on', async () => {
    await serve(({ id }, response) => {
      stream(response).write(event(resultOf(id, answered)));
      const chatter = setInterval(() => response.write(': still here\n\n'), 1);
      response.once('close', () => clearInterval(chatter));
    });
    expect((await product.call('s', 'find')).result).toMatchObject({ content: answered.content });
    await until(async () => (await server.openSockets()) === 0);
    await product.call('s', 'find');
  });

  it('an answer whose stream ends: its socket serves again', async () => {
    const sockets = new Set<unknown>();
    await serve(({ id, http }, response) => {
      sockets.add(http.socket);
      stream(response).write(event(resultOf(id, answered)));
      setTimeout(() => response.end(), 2);
    });
    for (let i = 0; i < 5; i++) await product.call('s', 'find');
    // One, where the machine keeps pace.
    expect(sockets.size).toBeLessThan(5);
    await until(async () => (await server.openSockets()) === 1);
  });

  it('a flood', async () => {
    const chunk = Buffer.alloc(65_536, 'x');
    await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const flood = () => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', flood);
      };
      flood();
    });
    expect(await callIt()).toMatchObject({ code: 'upstream_result_too_large' });
    await until(async () => (await server.openSockets()) === 0);
  });
});

describe('an event source (the transport of 2024-11-05)', () => {
  /** It comes back after a millisecond, where it is left to itself. */
  const begun = (response: ServerResponse) => stream(response).write('retry: 1\n\n');

  it.each<[string, Answer]>([
    ['does not answer', () => {}],
    ['never names its endpoint', (_, response) => void begun(response)],
    ['ends at once', (_, response) => void (begun(response), response.end())],
    ['breaks', (_, response) => void (begun(response), response.destroy())],
    [
      'names an endpoint elsewhere',
      (_, response) => void (begun(response), response.write('event: endpoint\ndata: http://127.0.0.2/\n\n')),
    ],
    [
      'is a page',
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'),
    ],
    ['is not there', (_, response) => void response.writeHead(404).end()],
    ['sends us elsewhere', (_, response) => void response.writeHead(307, { location: 'http://127.0.0.2/' }).end()],
  ])('that %s is not tried again and again', async (_, answer) => {
    await serve(answer, { method: 'GET', type: 'sse' });
    for (let i = 0; i < 3; i++)
      expect(['deadline_exceeded', 'upstream_error', 'upstream_protocol_error']).toContain((await callIt(50)).code);
    await until(() => server.unfinished() === 0);
    expect(server.seen).toEqual(['GET', 'GET', 'GET']);
  });
});

describe('a list of tools', () => {
  const listing =
    (tools: unknown, more: object = {}): Answer =>
    ({ id }, response) =>
      answerJson(
        response,
        resultOf(id, { ...ordinaryResult({ method: 'tools/list' } as Received, []), tools, ...more }),
      );

  it.each<[string, unknown]>([
    ['is none', 'find'],
    ['holds null', [null]],
    ['has a tool without a schema', [{ name: 'find' }]],
    ['has a schema that is none', [{ name: 'find', inputSchema: 'object' }]],
    ['has a tool whose name is a number', [{ name: 7, inputSchema: { type: 'object' } }]],
    ['has a tool without a name', [{ inputSchema: { type: 'object' } }]],
  ])('that %s is not an answer', async (_, tools) => {
    await serve(listing(tools), { method: 'tools/list', protocol: 'modern' });
    expect(await callIt()).toMatchObject({ code: 'upstream_protocol_error', details: { attempts: 1 } });
  });

  it('may hold names of Object.prototype', async () => {
    const names = ['__proto__', 'constructor', 'hasOwnProperty', ''];
    await serve(
      (request, response) => {
        if (request.method === 'tools/list')
          listing(names.map((name) => ({ name, inputSchema: { type: 'object' } })))(request, response);
        else answerJson(response, resultOf(request.id, answered));
      },
      { method: 'tools/list' },
    );
    const listed = await product.listTools('s', { requestId: 'r', deadlineAtMs: Date.now() + 5_000 });
    expect(listed.map(({ name }) => name)).toEqual(names);
    for (const name of names) await product.call('s', name);
    expect(await product.no('s', 'toString')).toMatchObject({ code: 'unknown_tool' });
  });

  it('may hold 50,000 tools', async () => {
    const tools = Array.from({ length: 50_000 }, (_, i) => ({ name: `t${i}`, inputSchema: { type: 'object' } }));
    await serve(listing(tools), { method: 'tools/list', protocol: 'modern' });
    expect(await product.no('s', 'missing')).toMatchObject({ code: 'unknown_tool' });
    expect(await product.listTools('s', { requestId: 'r', deadlineAtMs: Date.now() + 5_000 })).toHaveLength(50_000);
  });

  it('may have no end', async () => {
    await serve(listing([], { nextCursor: 'again' }), { method: 'tools/list', protocol: 'modern' });
    expect(await callIt()).toMatchObject({
      code: 'upstream_protocol_error',
      message: '"s" gave no usable answer: tools/list has more than 64 pages',
    });
  });

  it('is bounded over all its pages', async () => {
    const page = Array.from({ length: 10 }, () => ({ name: 'x'.repeat(50_000), inputSchema: { type: 'object' } }));
    await serve(listing(page, { nextCursor: 'again' }), { method: 'tools/list', protocol: 'modern' });
    expect(await callIt()).toMatchObject({ code: 'upstream_result_too_large' });
    expect(server.seen.length).toBeLessThan(10);
  });
});

describe('a server that', () => {
  it('asks us in the middle of its answer is not asked twice', async () => {
    await serve(({ id, method }, response) => {
      if (method === 'response' || method === 'POST') return void response.writeHead(202).end();
      const ask = (what: string) => event({ jsonrpc: '2.0', id: `s-${what}`, method: what, params: {} });
      stream(response).end(
        ask('ping') +
          ask('sampling/createMessage') +
          ask('roots/list') +
          event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x' } }) +
          event(resultOf(id, answered)),
      );
    });
    expect((await product.call('s', 'find')).result).toMatchObject({ content: answered.content });
    expect(server.seen.filter((method) => method === 'tools/call')).toHaveLength(1);
  });

  it('sends us elsewhere learns nothing of us', async () => {
    const elsewhere = await startScripted((_, response) => void response.writeHead(200).end());
    await serve((_, response) => void response.writeHead(307, { location: elsewhere.url }).end(), {
      headers: { 'x-api-key': 'canary' },
    });
    expect(await callIt()).toMatchObject({ code: 'upstream_error', message: '"s" answered HTTP 307' });
    expect(elsewhere.seen).toEqual([]);
    await elsewhere.close();
  });

  it('opens a session only to lose it is asked twice, and no more', async () => {
    await serve(
      (request, response) => {
        const { id, method } = request;
        if (method === 'initialize') {
          response.setHeader('mcp-session-id', 'the-same-for-all');
          answerJson(response, resultOf(id, ordinaryResult(request, TOOLS) ?? {}));
        } else if (method.startsWith('notifications/')) response.writeHead(202).end();
        else
          answerJson(
            response,
            { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'Session not found' } },
            404,
          );
      },
      { method: 'initialize', protocol: 'legacy', tools: { allow: ['*'] } },
    );
    // The list is known, the call is not served.
    expect(await callIt()).toMatchObject({ code: 'upstream_error', details: { attempts: 2 } });
    expect(server.seen.filter((method) => method === 'initialize')).toHaveLength(2);
  });

  it.each([
    ['Bad Request: Missing session ID', -32600],
    ['Bad Request: Server not initialized', -32000],
    ['Bad Request: Unsupported protocol version: 2026-07-28', -32600],
    ['Bad Request: Unsupported protocol version', -32000],
  ])('was modern and now answers 400 "%s" (%d) is asked for its era again', async (message, code) => {
    let upgraded = true;
    await serve(
      (request, response) => {
        const { id, method, http } = request;
        const isModern = http.headers['mcp-protocol-version'] === '2026-07-28';
        const result = method === 'tools/call' ? answered : (ordinaryResult(request, TOOLS) ?? {});
        if (isModern && !upgraded) answerJson(response, { jsonrpc: '2.0', id, error: { code, message } }, 400);
        else if (method.startsWith('notifications/')) response.writeHead(202).end();
        else answerJson(response, resultOf(id, result));
      },
      { method: '*' },
    );
    expect((await product.call('s', 'find')).meta.protocol).toBe('modern');
    upgraded = false;
    const { meta } = await product.call('s', 'find');
    expect([meta.protocol, meta.attempts]).toEqual(['legacy', 2]);
  });

  it('talks of a session of its own in a tool’s error is not asked twice', async () => {
    await serve(({ id }, response) =>
      answerJson(response, { jsonrpc: '2.0', id, error: { code: -32000, message: 'browser session closed' } }),
    );
    expect(await callIt()).toMatchObject({
      code: 'upstream_error',
      message: '"s" refused with -32000: browser session closed',
      details: { attempts: 1 },
    });
  });
});

it('an answer that would unfold to a hundred times its size is not unfolded', async () => {
  const bomb = gzipSync(
    JSON.stringify(resultOf(1, { ...answered, content: [{ type: 'text', text: ' '.repeat(50_000_000) }] })),
  );
  expect(bomb.length).toBeLessThan(100_000);
  await serve(
    (_, response) =>
      void response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb),
  );
  expect((await callIt()).code).toBe('upstream_protocol_error');
});

it.each(['find\r\nx-evil: 1', 'find\u0000', 'find\u007f', 'fïnd ☃'])(
  'a tool called %j, and its arguments, put no header of their own into a request',
  async (name) => {
    const heads: Record<string, unknown>[] = [];
    const schema = { type: 'object', properties: { q: { type: 'string', 'x-mcp-header': 'Q' } } };
    server = await startScripted((request, response) => {
      heads.push(request.http.headers);
      const result =
        request.method === 'tools/call' ? answered : ordinaryResult(request, [{ name, inputSchema: schema }]);
      answerJson(response, resultOf(request.id, result ?? {}));
    });
    product = compose({ s: { url: server.url } });
    await product.call('s', name, { q: 'x\r\nx-evil: 2' });
    expect(heads).toHaveLength(2);
    for (const head of heads) {
      expect(head).not.toHaveProperty('x-evil');
      expect(Object.values(head).join()).not.toContain(name);
    }
  },
);
