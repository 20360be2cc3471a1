/** Both handlers over a real MCP server: what reaches a caller when the server, or the caller, misbehaves. */
import { createHandler as createCallTool } from '../../functions/call-tool/create-handler.ts';
import { createHandler as createCatalog } from '../../functions/catalog/create-handler.ts';
import { composeFusebox } from '../../lib/compose.ts';
import {
  callEvent,
  type EventParts,
  getEvent,
  type Invocation,
  invoke,
  lambdaContext,
} from '../helpers/http-border.ts';
import { type Flaky, startFlaky } from '../helpers/mcp-servers.ts';

let flaky: Flaky;
/** A port that was free a moment ago: whoever connects is refused. */
let deadUrl: string;

beforeAll(async () => {
  flaky = await startFlaky({ port: 0 });
  const dead = await startFlaky({ port: 0 });
  deadUrl = dead.modernUrl;
  await dead.close();
});
afterEach(() => {
  flaky.resetControl();
  flaky.resetLedger();
});
afterAll(() => flaky.close());

function compose(extra: object = {}) {
  const local = { type: 'http', allowPrivateNetwork: true, retry: { maxRetries: 0 } };
  const mcpServers = {
    modern: { ...local, url: flaky.modernUrl, tools: { deny: ['append'] } },
    legacy: { ...local, url: flaky.legacyUrl },
    down: { ...local, url: deadUrl },
  };
  return composeFusebox({ FUSEBOX_LOCAL: '1', MCP_CONFIG_JSON: JSON.stringify({ mcpServers, ...extra }) });
}

async function call(tool: string, args: object, parts: EventParts = {}, extra: object = {}): Promise<Invocation> {
  const fusebox = compose(extra);
  const body = JSON.stringify({ arguments: args, timeoutMs: 20_000 });
  try {
    return await invoke(
      createCallTool(() => fusebox),
      callEvent({ server: 'modern', tool, body, ...parts }),
    );
  } finally {
    await fusebox.connections.disconnectAll();
  }
}

it.each(['modern', 'legacy'])('a call is answered by the server itself (%s)', async (server) => {
  const { answer, body, lines } = await call('echo', { text: 'größe 🙂' }, { server });
  expect(answer.statusCode).toBe(200);
  expect(body).toMatchObject({
    result: { content: [{ type: 'text', text: 'größe 🙂' }] },
    meta: { requestId: answer.headers['x-request-id'], attempts: 1, cache: 'off', circuit: 'closed', protocol: server },
  });
  expect(lines).toHaveLength(1);
});

it("a tool's own failure is an answer", async () => {
  const { answer, body } = await call('fail', {});
  expect(answer.statusCode).toBe(200);
  expect(body).toMatchObject({ result: { isError: true } });
});

describe('problem details', () => {
  it.each([
    ['unknown_tool', 404, 'no-such-tool', {}],
    ['unknown_tool', 404, '..%2F..%2Fetc%2Fpasswd', {}],
    ['forbidden', 403, 'append', { item: 1 }],
    ['invalid_arguments', 422, 'echo', { text: 1 }],
  ])('%s, %i: %s', async (code, status, tool, args) => {
    const { body } = await call(tool, args);
    expect(body).toMatchObject({ code, status, server: 'modern' });
    expect(flaky.ledger().executions).toEqual({});
  });

  it('point at each argument that breaks the schema', async () => {
    const { body } = await call('echo', { text: 1 });
    expect(body['errors']).toEqual([{ pointer: '/text', detail: expect.stringMatching(/string/) }]);
  });

  it('say that the server is down', async () => {
    const { body } = await call('echo', { text: 'x' }, { server: 'down' });
    expect(body).toMatchObject({ code: 'upstream_error', status: 502, server: 'down', attempts: 1 });
  });

  it.each([
    ['html', 502, 'upstream_protocol_error'],
    ['bad-json', 502, 'upstream_protocol_error'],
    ['503', 502, 'upstream_error'],
    ['500', 502, 'upstream_error'],
    ['reset', 502, 'upstream_protocol_error'],
    ['401', 502, 'upstream_auth_failed'],
    ['429', 429, 'rate_limited'],
  ] as const)('the server answers %s: %i', async (mode, status, code) => {
    flaky.control({ mode });
    const { answer, body } = await call('echo', { text: 'x' });
    expect(body).toMatchObject({ status, code, server: 'modern', tool: 'echo' });
    expect('retry-after' in answer.headers).toBe(status === 429);
  });

  it.each([
    ['larger than the limit of the configuration', {}],
    ['5 MB that escape to more than Lambda carries', { limits: { maxResultBytes: 6_000_000 } }],
  ])('the result is %s', async (_, extra) => {
    const { answer, body } = await call('big', { bytes: 2_500_000, escaped: true }, {}, extra);
    expect(body).toMatchObject({ status: 502, code: 'upstream_result_too_large', server: 'modern' });
    expect(answer.body.length).toBeLessThan(1_000);
  });
});

it.each([
  ['of the caller', 29_000, 700],
  ['that Lambda sets', 1_200, 20_000],
])('a server that hangs past the deadline %s is a 504, with nothing left open', async (_, remainingMs, timeoutMs) => {
  flaky.control({ mode: 'hang' });
  const fusebox = compose();
  const body = JSON.stringify({ arguments: { text: 'x' }, timeoutMs });
  const event = callEvent({ server: 'modern', tool: 'echo', body });
  const { body: problem } = await invoke(
    createCallTool(() => fusebox),
    event,
    lambdaContext(remainingMs),
  );
  expect(problem).toMatchObject({ status: 504, code: 'deadline_exceeded', outcome: 'unknown', attempts: 1 });
  await fusebox.connections.disconnectAll();
  // The server learns of it when the closed socket reaches it.
  while (flaky.ledger().inFlight > 0) await new Promise(setImmediate);
  expect(flaky.ledger()).toMatchObject({ abandoned: 1, executions: {} });
});

it('the catalogue lists what the server has and the configuration allows', async () => {
  const fusebox = compose();
  const catalog = createCatalog(() => fusebox);
  const { body } = await invoke(catalog, getEvent('GET /v1/servers/{server}/tools', { server: 'modern' }));
  const names = (body['tools'] as { name: string }[]).map(({ name }) => name);
  expect(names).toContain('echo');
  expect(names).not.toContain('append');
  const down = await invoke(catalog, getEvent('GET /v1/servers/{server}/tools', { server: 'down' }));
  expect(down.body).toMatchObject({ status: 502, code: 'upstream_error', server: 'down' });
  await fusebox.connections.disconnectAll();
});
