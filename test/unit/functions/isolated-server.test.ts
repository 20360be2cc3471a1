import { createHandler as createCallTool } from '../../../functions/call-tool/create-handler.ts';
import { createHandler as createCatalog } from '../../../functions/catalog/create-handler.ts';
import { createHandler } from '../../../functions/isolated-server/create-handler.ts';
import { composeFusebox } from '../../../lib/compose.ts';
import { FuseboxError } from '../../../lib/mcp/errors.ts';
import type { Catalog, ToolCaller } from '../../../lib/mcp/fusebox.ts';
import type { FunctionInvoker } from '../../../lib/mcp/ports.ts';
import type { CallContext, ToolCall } from '../../../lib/mcp/types.ts';
import {
  ANSWER,
  callEvent,
  configOf,
  fakeFusebox,
  getEvent,
  invoke,
  lambdaContext,
  REQUEST_ID,
  TOOLS,
} from '../../helpers/http-border.ts';

const NOW_MS = 1_000_000;
const { everything: server } = configOf().mcpServers;
/** The function knows its own server alone. */
const OWN = { ...configOf(), mcpServers: { everything: server } } as ToolCaller['config'];

/** The function of `everything`, and what reached its fusebox. */
function isolatedFunction(overrides: Partial<Catalog & ToolCaller> = {}) {
  const calls: [ToolCall, CallContext][] = [];
  const callTool: ToolCaller['callTool'] = async (...args) => {
    calls.push(args);
    return ANSWER;
  };
  const fusebox = fakeFusebox({ config: OWN, callTool, ...overrides });
  const handler = createHandler(
    () => fusebox,
    'everything',
    () => NOW_MS,
  );
  return { handler, calls };
}

/** As API Gateway has it: the route spells the server out, so that it is no parameter. */
function gatewayEvent(tool: string) {
  const routeKey = 'POST /v1/servers/everything/tools/{tool}';
  return { ...callEvent({ routeKey, tool }), pathParameters: { tool } };
}

it("serves the gateway's route, which does not say the server", async () => {
  const { handler, calls } = isolatedFunction();
  const { answer, body } = await invoke(handler, gatewayEvent('get-sum'));
  expect([answer.statusCode, body]).toEqual([200, ANSWER]);
  expect(calls[0]?.[0]).toMatchObject({ server: 'everything', tool: 'get-sum', arguments: { a: 2, b: 40 } });
});

it('serves no other server, whoever asks', async () => {
  const { handler, calls } = isolatedFunction();
  const { body } = await invoke(handler, callEvent({ server: 'search' }));
  expect([body['code'], calls]).toEqual(['unknown_server', []]);
});

it('composes once for both of its operations', async () => {
  let composed = 0;
  createHandler(() => {
    composed += 1;
    return fakeFusebox({ config: OWN });
  }, 'everything');
  expect(composed).toBe(1);
});

it.each([
  ['less than Lambda grants', NOW_MS + 700, 29_000, 700],
  ['more than Lambda grants', NOW_MS + 20_000, 5_000, 4_500],
])('has the time that its door has: %s', async (_, deadlineAtMs, remainingMs, expectedMs) => {
  const { handler, calls } = isolatedFunction();
  const before = Date.now();
  await invoke(handler, { ...callEvent(), deadlineAtMs }, lambdaContext(remainingMs));
  const leftMs = (calls[0]?.[1].deadlineAtMs ?? 0) - before;
  expect(leftMs).toBeGreaterThanOrEqual(expectedMs);
  expect(leftMs).toBeLessThanOrEqual(expectedMs + Date.now() - before);
});

describe('asked by another door', () => {
  /** What composes a door that is not the server's own function, in front of that function. */
  function door(overrides: Partial<Catalog & ToolCaller> = {}) {
    const { handler, calls } = isolatedFunction(overrides);
    const invoker: FunctionInvoker = {
      invoke: async (name, payload) => {
        expect(name).toBe('fn');
        const answer = await handler({ ...JSON.parse(payload), deadlineAtMs: NOW_MS + 5_000 }, lambdaContext());
        return { kind: 'answered', payload: JSON.stringify(answer) };
      },
    };
    const everything = { url: 'https://everything.example.com/mcp', isolated: true };
    const env = {
      MCP_CONFIG_JSON: JSON.stringify({ mcpServers: { everything } }),
      FUSEBOX_ISOLATED_FUNCTIONS: '{"everything":"fn"}',
    };
    return { fusebox: composeFusebox(env, { invoker }), calls };
  }

  const LIST = getEvent('GET /v1/servers/{server}/tools');

  it('lists its tools', async () => {
    const { fusebox } = door();
    const { body, lines } = await invoke(
      createCatalog(() => fusebox),
      LIST,
    );
    expect(body).toEqual({ server: 'everything', tools: TOOLS });
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      operation: 'list_tools',
      server: 'everything',
      requestId: REQUEST_ID,
      principal: 'role:agents-search',
    });
  });

  it('calls its tools', async () => {
    const { fusebox, calls } = door();
    const { body } = await invoke(
      createCallTool(() => fusebox),
      callEvent({ tool: 'a%2Fb%20☃' }),
    );
    expect(body).toEqual(ANSWER);
    expect(calls[0]?.[0].tool).toBe('a/b ☃');
  });

  it('answers a "no" that reaches the caller as it is', async () => {
    const error = new FuseboxError('rate_limited', 'Slowly.', {
      server: 'everything',
      attempts: 3,
      retryAfterMs: 2_100,
    });
    const { fusebox } = door({ listTools: async () => Promise.reject(error) });
    const { answer, body } = await invoke(
      createCatalog(() => fusebox),
      LIST,
    );
    expect(answer).toMatchObject({ statusCode: 429, headers: { 'retry-after': '3' } });
    expect(body).toMatchObject({
      title: 'Too many requests',
      detail: 'Slowly.',
      attempts: 3,
      retryAfterMs: 2_100,
      requestId: REQUEST_ID,
    });
  });
});

describe('composed without an invoker, an isolated server', () => {
  const everything = { url: 'http://127.0.0.1:1/mcp', isolated: true, pool: { min: 1 } };
  const quick = { url: 'http://127.0.0.1:1/mcp' };
  const env = { MCP_CONFIG_JSON: JSON.stringify({ mcpServers: { everything, quick } }) };

  it('is refused clearly, and never connected to', async () => {
    const fusebox = composeFusebox(env, {
      credentials: { credentialFor: () => Promise.reject(new Error('must not be asked')) },
    });
    await fusebox.warmUp();
    const { answer, body } = await invoke(
      createCallTool(() => fusebox),
      callEvent(),
    );
    expect(answer.statusCode).toBe(404);
    expect(body).toMatchObject({ code: 'unknown_route', server: 'everything' });
    expect(body['detail']).toContain('write its name plainly in the path');
  });

  it('is the only one that its own function knows', () => {
    const own = composeFusebox({ ...env, FUSEBOX_ONLY_SERVER: 'everything' });
    expect(Object.keys(own.config.mcpServers)).toEqual(['everything']);
  });
});
