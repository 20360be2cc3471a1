import type { IncomingMessage, ServerResponse } from 'node:http';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { classifyInboundRequest, createMcpHandler } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Control, FaultPlan } from './faults.ts';
import type { Exchange, Ledger, Speech } from './ledger.ts';
import { createServer } from './protocol.ts';
import { readJson } from './read-json.ts';
import { refuse, Sessions, SSE_MESSAGES_PATH, sessionIdOf } from './sessions.ts';
import { strike, strikeSse } from './strike.ts';
import { TOOLS, ToolMemory } from './tools.ts';

/** As much of a message as the ledger looks at. */
const messageSchema = z.object({
  method: z.string().default('response'),
  id: z.union([z.string(), z.number()]).optional(),
});

const callSchema = z.object({
  method: z.literal('tools/call'),
  params: z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()).optional() }),
});

/** The MCP endpoints. Each request is first counted, then perhaps struck by a fault, then served by the SDK. */
export class McpEndpoints {
  readonly sessions: Sessions;
  readonly #ledger: Ledger;
  readonly #plan: FaultPlan;
  readonly #memory = new ToolMemory();
  readonly #modern;
  readonly #serveModern;

  constructor(ledger: Ledger, plan: FaultPlan, pageSize: number) {
    this.#ledger = ledger;
    this.#plan = plan;
    const create = () => createServer(this.#memory, ledger, pageSize);
    this.sessions = new Sessions(create, ledger);
    this.#modern = createMcpHandler(create, { legacy: 'reject' });
    this.#serveModern = toNodeHandler(this.#modern);
  }

  /** @returns whether the path is one of these */
  async serve(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    switch (path) {
      case '/mcp':
      case '/legacy/mcp':
      case '/modern/mcp':
        await this.#serveStreamable(path, request, response);
        return true;
      case '/sse':
        await this.#openSse(request, response);
        return true;
      case SSE_MESSAGES_PATH:
        await this.#serveSseMessage(request, response);
        return true;
      default:
        return false;
    }
  }

  async close(): Promise<void> {
    this.sessions.forgetAll();
    await this.#modern.close();
  }

  async #serveStreamable(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = request.method === 'POST' ? await readJson(request) : undefined;
    const speech = speechOf(request, body);
    const fault = this.#begin(speech, sessionIdOf(request), body, request, response);
    if (fault !== undefined && fault.mode !== 'lose-sessions' && fault.mode !== 'ok') {
      if (fault.runsFirst) await this.#run(body);
      strike(fault.mode, fault, request, response);
    } else if (request.method === 'POST' && body === undefined) {
      refuse(response, 400, -32700, 'Parse error');
    } else if (path === '/modern/mcp' || (path === '/mcp' && speech === 'modern')) {
      await this.#serveModern(nodeRequest(request), response, body);
    } else {
      await this.sessions.serve(request, response, body, this.#plan.state.lostSessionStatus);
    }
  }

  async #openSse(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET') {
      // What tells a client that tries streamable HTTP first to fall back to this transport.
      response.writeHead(405, { allow: 'GET' }).end();
      return;
    }
    this.#begin('sse', undefined, undefined, request, response);
    await this.sessions.openSse(response);
  }

  async #serveSseMessage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = new URL(request.url ?? '/', 'http://flaky').searchParams.get('sessionId') ?? undefined;
    const body = await readJson(request);
    const fault = this.#begin('sse', id, body, request, response);
    const session = this.sessions.sseSession(id);
    if (session === undefined) refuse(response, 404, -32001, 'Session not found');
    else if (fault !== undefined && fault.mode !== 'lose-sessions' && fault.mode !== 'ok') {
      if (fault.runsFirst) await this.#run(body);
      strikeSse(fault.mode, fault, request, response, session.events);
    } else await session.transport.handlePostMessage(request, response, body);
  }

  /** Runs the tool of a call whose answer nobody will get. */
  async #run(body: unknown): Promise<void> {
    const call = callSchema.safeParse(body);
    const tool = TOOLS.find(({ definition }) => definition.name === call.data?.params.name);
    const signal = AbortSignal.abort();
    await tool?.run(call.data?.params.arguments ?? {}, { memory: this.#memory, ledger: this.#ledger, signal });
  }

  /** Counts the request, and gives the fault that strikes it. */
  #begin(
    speech: Speech,
    session: string | undefined,
    body: unknown,
    request: IncomingMessage,
    response: ServerResponse,
  ): Control | undefined {
    const exchange = describe(speech, session, body, request);
    const end = this.#ledger.begin(exchange);
    response.once('close', () => end(response.writableFinished));
    const fault = this.#plan.next(exchange.method);
    if (fault?.mode === 'lose-sessions') this.sessions.forget(session);
    return fault;
  }
}

/** By the SDK's own rule, so that we never differ from it. What it rejects is a modern client's mistake. */
function speechOf(request: IncomingMessage, body: unknown): Speech {
  const header = (name: string) => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const protocolVersionHeader = header('mcp-protocol-version');
  const outcome = classifyInboundRequest({
    httpMethod: request.method ?? 'GET',
    ...(protocolVersionHeader !== undefined && { protocolVersionHeader }),
    body,
  });
  return outcome.kind === 'legacy' ? 'legacy' : 'modern';
}

function describe(speech: Speech, session: string | undefined, body: unknown, request: IncomingMessage): Exchange {
  const environment = request.headers['x-fusebox-environment'];
  const message = messageSchema.safeParse(Array.isArray(body) ? body[0] : body);
  const { method, id } = message.success ? message.data : { method: request.method ?? 'GET' };
  return {
    speech,
    method,
    ...(id !== undefined && method !== 'response' && { id }),
    ...(session !== undefined && { session }),
    ...(typeof environment === 'string' && { environment }),
  };
}

/** The SDK's adapter wants properties that are there or not, Node's type has them undefined. The body is read already. */
function nodeRequest(request: IncomingMessage): NodeIncomingMessageLike {
  const { method = 'GET', url = '/', headers } = request;
  return { method, url, headers, [Symbol.asyncIterator]: () => request[Symbol.asyncIterator]() };
}
