import { Client, SSEClientTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as SseTransportV1 } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as HttpTransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { ControlInput } from '../../lib/local/servers/flaky/faults.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';
import { until } from '../helpers/until.ts';

const INFO = { name: 'test', version: '1.0.0' };
const TOOL_COUNT = 12;

let flaky: Flaky;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  flaky = await startFlaky({ port: 0, pageSize: 5 });
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  flaky.control({ mode: 'lose-sessions' });
  flaky.resetControl();
  flaky.resetLedger();
});
afterAll(() => flaky.close());

async function connect(url: string): Promise<Client> {
  const client = new Client(INFO, { versionNegotiation: { mode: 'auto' } });
  closers.push(() => client.close());
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    redirect: 'manual',
    signal: AbortSignal.timeout(20_000),
  });
}

/** A modern call of a tool, as raw as can be. */
function callRaw(name: string, args: object = {}, url = flaky.url): Promise<Response> {
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': INFO,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args, _meta: envelope } };
  return post(url, body, { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name });
}

const controlUrl = () => new URL('/control', flaky.url);

/** Opens a legacy session by hand, and gives the headers to use it. */
async function openSession(): Promise<Record<string, string>> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: INFO };
  const answer = await post(flaky.url, { jsonrpc: '2.0', id: 'init', method: 'initialize', params });
  await answer.text();
  const session = answer.headers.get('mcp-session-id') ?? '';
  return { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' };
}

const echo = (id: number, text: string) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'echo', arguments: { text } },
});

describe('clients', () => {
  it.each([
    ['url', '2026-07-28'],
    ['modernUrl', '2026-07-28'],
    ['legacyUrl', '2025-11-25'],
  ] as const)('SDK v2 in auto mode at %s speaks %s', async (url, version) => {
    const client = await connect(flaky[url]);
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
    expect(await client.callTool({ name: 'echo', arguments: { text: 'hi' } })).toMatchObject({
      content: [{ type: 'text', text: 'hi' }],
      structuredContent: { text: 'hi' },
    });
  });

  it('SDK v1 gets a session on /mcp', async () => {
    const client = new ClientV1(INFO);
    closers.push(() => client.close());
    const transport = new HttpTransportV1(new URL(flaky.url));
    await client.connect(transport);
    expect(transport.sessionId).toEqual(expect.any(String));
    expect(await client.callTool({ name: 'echo', arguments: { text: 'v1' } })).toMatchObject({
      structuredContent: { text: 'v1' },
    });
    expect(flaky.ledger().sessions).toMatchObject({ opened: 1, live: 1, maxLive: 1 });
    await transport.terminateSession();
    expect(flaky.ledger().sessions.live).toBe(0);
  });

  it('SDK v1 is refused where only the modern era is spoken', async () => {
    const client = new ClientV1(INFO);
    await expect(client.connect(new HttpTransportV1(new URL(flaky.modernUrl)))).rejects.toThrow('2026-07-28');
  });

  it.each(['v1', 'v2'])('SDK %s works over HTTP+SSE', async (version) => {
    const url = new URL(flaky.sseUrl);
    const clientV1 = new ClientV1(INFO);
    const clientV2 = new Client(INFO);
    if (version === 'v1') await clientV1.connect(new SseTransportV1(url));
    else await clientV2.connect(new SSEClientTransport(url));
    const client = version === 'v1' ? clientV1 : clientV2;
    closers.push(() => client.close());
    const answer = await client.callTool({ name: 'echo', arguments: { text: version } });
    expect(answer).toMatchObject({ structuredContent: { text: version } });
    expect(flaky.ledger().requests.sse).toEqual({
      GET: 1,
      initialize: 1,
      'notifications/initialized': 1,
      'tools/call': 1,
    });
  });

  it('a true legacy server answers a modern probe with 400 and -32000', async () => {
    const answer = await post(
      flaky.legacyUrl,
      { jsonrpc: '2.0', id: 1, method: 'server/discover', params: {} },
      { 'mcp-protocol-version': '2026-07-28' },
    );
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: -32000 } });
  });
});

describe('tools', () => {
  it('come in pages of five', async () => {
    const client = await connect(flaky.url);
    const names: string[][] = [];
    let cursor: string | undefined;
    do {
      const page: { tools: { name: string }[]; nextCursor?: string | undefined } = await client.request({
        method: 'tools/list',
        params: cursor === undefined ? {} : { cursor },
      });
      names.push(page.tools.map((tool) => tool.name));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(names.map((page) => page.length)).toEqual([5, 5, 2]);
    expect(new Set(names.flat()).size).toBe(TOOL_COUNT);
    await expect(client.request({ method: 'tools/list', params: { cursor: '3' } })).rejects.toThrow(
      'Unknown cursor: 3',
    );
  });

  it('fail in each of the ways a tool can', async () => {
    const client = await connect(flaky.url);
    expect(await client.callTool({ name: 'fail' })).toMatchObject({ isError: true });
    await expect(client.callTool({ name: 'throws' })).rejects.toMatchObject({ code: -32603 });
    await expect(client.callTool({ name: 'nope' })).rejects.toMatchObject({ code: -32602 });
    expect(await client.callTool({ name: 'echo', arguments: { text: 1 } })).toMatchObject({ isError: true });
    // Refused arguments run nothing.
    expect(Object.keys(flaky.ledger().executions).toSorted()).toEqual(['fail', 'throws']);
  });

  it('a thrown error is -32603 in HTTP 200', async () => {
    const answer = await callRaw('throws');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ error: { code: -32603 } });
  });

  it.each([
    [false, 1_000],
    [true, 2_000],
  ])('big, escaped: %s, takes 1,000 bytes of text and %d of JSON', async (escaped, encoded) => {
    const answer = await callRaw('big', { bytes: 1_000, escaped });
    const wire = await answer.text();
    const { content } = (JSON.parse(wire) as { result: { content: { text: string }[] } }).result;
    expect(content[0]?.text).toHaveLength(1_000);
    expect(wire.length - encoded).toBeLessThan(300);
  });

  it('are remembered across eras', async () => {
    const [modern, legacy] = [await connect(flaky.modernUrl), await connect(flaky.legacyUrl)];
    await modern.callTool({ name: 'set_value', arguments: { key: 'k', value: 42 } });
    const answer = await legacy.callTool({ name: 'get_value', arguments: { key: 'k' } });
    expect(answer).toMatchObject({ content: [{ text: '42' }] });
  });
});

describe('faults, as HTTP sees them', () => {
  it.each([
    ['503', 503, ''],
    ['429', 429, ''],
    ['500', 500, ''],
    ['401', 401, ''],
    ['redirect', 307, ''],
    ['html', 200, '<!doctype html>'],
    ['bad-json', 200, '{"jsonrpc"'],
    ['cut', 200, ': here it comes'],
    ['empty-sse', 200, ''],
  ] as const)('%s', async (mode, status, start) => {
    flaky.control({ mode, retryAfterSeconds: 7 });
    const answer = await callRaw('echo', { text: 'hi' });
    const body = await answer.text();
    expect(answer.status).toBe(status);
    expect(body.startsWith(start)).toBe(true);
    expect(body).not.toContain('"result"');
    expect(answer.headers.get('retry-after')).toBe(mode === '503' || mode === '429' || mode === '500' ? '7' : null);
    expect(answer.headers.get('location')).toBe(mode === 'redirect' ? '/redirected' : null);
    expect(flaky.ledger()).toMatchObject({ requests: { modern: { 'tools/call': 1 } }, executions: {}, inFlight: 0 });
  });

  it('reset', async () => {
    flaky.control({ mode: 'reset' });
    await expect(callRaw('echo')).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
  });

  it('hang, until the client goes away', async () => {
    flaky.control({ mode: 'hang' });
    const client = await connect(flaky.url);
    const abort = new AbortController();
    const call = client.callTool({ name: 'echo', arguments: { text: 'hi' } }, { signal: abort.signal });
    call.catch(() => undefined);
    await until(() => flaky.ledger().inFlight === 1);
    abort.abort();
    await expect(call).rejects.toThrow();
    await until(() => flaky.ledger().inFlight === 0);
    expect(flaky.ledger()).toMatchObject({ abandoned: 1, executions: {} });
  });

  it('a redirect that is followed is seen', async () => {
    flaky.control({ mode: 'redirect' });
    await fetch(new URL((await callRaw('echo')).headers.get('location') ?? '', flaky.url));
    expect(flaky.ledger().redirectsFollowed).toBe(1);
  });

  it.each(['cut', 'bad-json'] as const)('%s on the stream of an HTTP+SSE session', async (mode) => {
    const client = new ClientV1(INFO);
    closers.push(() => client.close());
    const errors: Error[] = [];
    Object.assign(client, { onerror: (error: Error) => errors.push(error) });
    await client.connect(new SseTransportV1(new URL(flaky.sseUrl)));
    flaky.control({ mode });
    client.callTool({ name: 'echo', arguments: { text: 'hi' } }).catch(() => undefined);
    await until(() => errors.length > 0);
    expect(flaky.ledger().executions).toEqual({});
  });

  it('strikes other methods when told to', async () => {
    flaky.control({ mode: '503', methods: ['initialize'] });
    expect((await openSession())['mcp-session-id']).toBe('');
    expect((await callRaw('echo', { text: 'hi' })).status).toBe(200);
  });

  it.each([
    [404, -32001],
    [400, -32000],
  ] as const)('lost sessions are answered %d and %d', async (lostSessionStatus, code) => {
    const headers = await openSession();
    expect((await post(flaky.url, echo(1, 'a'), headers)).status).toBe(200);
    flaky.control({ mode: 'lose-sessions', lostSessionStatus });
    const answer = await post(flaky.url, echo(2, 'b'), headers);
    expect(answer.status).toBe(lostSessionStatus);
    expect(await answer.json()).toMatchObject({ error: { code } });
    expect((await post(flaky.url, echo(3, 'c'), await openSession())).status).toBe(200);
    expect(flaky.ledger().executions['echo']).toEqual({ count: 2, arguments: [{ text: 'a' }, { text: 'c' }] });
  });

  it('goes on losing the sessions of a share of the calls', async () => {
    flaky.control({ mode: 'lose-sessions', count: 1 });
    const [one, two] = [await openSession(), await openSession()];
    expect((await post(flaky.url, echo(1, 'a'), one)).status).toBe(404);
    expect((await post(flaky.url, echo(1, 'a'), two)).status).toBe(200);
  });

  it('dropped connections break what is in flight', async () => {
    const call = callRaw('slow', { ms: 600_000 });
    call.catch(() => undefined);
    await until(() => flaky.ledger().executions['slow'] !== undefined);
    flaky.dropConnections();
    await expect(call).rejects.toThrow('fetch failed');
  });
});

describe('the routes beside MCP', () => {
  it('shows, sets and resets the control', async () => {
    const input: ControlInput = { mode: '503', share: 0.5 };
    expect(await (await post(String(controlUrl()), input)).json()).toMatchObject({
      mode: '503',
      share: 0.5,
      methods: ['tools/call'],
    });
    expect(await (await fetch(controlUrl())).json()).toMatchObject({ mode: '503', seen: 0, struck: 0 });
    await fetch(controlUrl(), { method: 'DELETE' });
    expect(await (await fetch(controlUrl())).json()).toMatchObject({ mode: 'ok' });
  });

  it.each([
    [{ mode: 'explode' }, 'mode'],
    [{ mode: 'hang', share: 2 }, 'share'],
    [{ mode: 'hang', forMs: -1 }, 'forMs'],
    [{ mode: 'hang', methods: ['tools/cal'] }, 'methods'],
    [{ mode: 'hang', extra: 1 }, 'extra'],
    ['not JSON', 'Invalid input'],
  ])('says what is wrong with %j', async (input, where) => {
    const answer = await post(String(controlUrl()), input);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { error: string }).error).toContain(where);
  });

  it('shows and clears the ledger', async () => {
    const url = new URL('/ledger', flaky.url);
    await (await callRaw('append', { item: 1 })).text();
    expect(await (await fetch(url)).json()).toMatchObject({
      executions: { append: { count: 1, arguments: [{ item: 1 }] } },
    });
    expect(await (await fetch(url, { method: 'DELETE' })).json()).toMatchObject({
      requests: { total: 0 },
      executions: {},
    });
  });

  it('keeps out a page of another origin', async () => {
    const answer = await fetch(controlUrl(), { headers: { origin: 'https://example.com' } });
    expect(answer.status).toBe(403);
  });
});

describe('the ledger', () => {
  it('counts what a modern client sends, exactly', async () => {
    const client = await connect(flaky.url);
    await Promise.all(
      Array.from({ length: 20 }, (_, id) => client.callTool({ name: 'append', arguments: { item: id } })),
    );
    const { requests, executions, connections, sessions } = flaky.ledger();
    expect(requests).toEqual({ total: 21, modern: { 'server/discover': 1, 'tools/call': 20 }, legacy: {}, sse: {} });
    expect(executions['append']?.count).toBe(20);
    expect(connections.opened).toBeGreaterThan(0);
    expect(sessions).toEqual({ opened: 0, live: 0, maxLive: 0, maxInFlight: 0, repeatedIds: 0, shared: 0 });
  });

  it('notices two clients on one session', async () => {
    const headers = await openSession();
    const slow = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'slow', arguments: { ms: 600_000 } } };
    const abort = new AbortController();
    const first = fetch(flaky.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      body: JSON.stringify(slow),
      signal: abort.signal,
    });
    await until(() => flaky.ledger().executions['slow'] !== undefined);
    await (await post(flaky.url, echo(2, 'x'), { ...headers, 'x-fusebox-environment': 'two' })).text();
    expect(flaky.ledger().sessions).toMatchObject({ maxInFlight: 2, repeatedIds: 0 });
    abort.abort();
    await first.then((answer) => answer.text()).catch(() => undefined);
    await (await post(flaky.url, echo(2, 'x'), { ...headers, 'x-fusebox-environment': 'one' })).text();
    expect(flaky.ledger().sessions).toMatchObject({ maxInFlight: 2, repeatedIds: 1, shared: 1 });
  });
});
