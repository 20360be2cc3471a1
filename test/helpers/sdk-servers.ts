/** Servers as people write them with either SDK. Each has a tool `append` that does something, and counts how often. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { type EventStore, StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler, fromJsonSchema, type JsonSchemaType, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { answerJson, type Scripted, startScripted } from './scripted-server.ts';

export interface SdkServer extends Scripted {
  /** Items appended so far. */
  readonly appended: number[];
}

type Serve = (request: IncomingMessage, response: ServerResponse, body: unknown) => unknown;

/** Whether a request ends before the server. */
type Gate = (request: IncomingMessage, response: ServerResponse, method: string) => boolean;

async function start(appended: number[], serve: Serve, gate: Gate = () => false): Promise<SdkServer> {
  const server = await startScripted(async ({ http, message: _whole, ...message }, response) => {
    if (gate(http, response, message.method)) return;
    await serve(http, response, http.method === 'POST' ? { jsonrpc: '2.0', ...message } : undefined);
  });
  return { ...server, appended };
}

interface V1Options {
  /** One JSON document an answer, no stream. */
  readonly json?: boolean;
  /** Numbers its events, so that a broken stream can be resumed, after so many milliseconds. */
  readonly resumableAfterMs?: number;
  /** What `append` does before it answers. */
  readonly meanwhile?: (endStream: () => void, response: ServerResponse | undefined) => Promise<void>;
  readonly gate?: Gate;
}

/** SDK 1.x with sessions. */
export function startV1Stateful({
  json = false,
  resumableAfterMs,
  meanwhile,
  gate,
}: V1Options = {}): Promise<SdkServer> {
  const appended: number[] = [];
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  let latest: ServerResponse | undefined;
  const serve: Serve = async (request, response, body) => {
    latest = response;
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? sessions.get(id) : undefined;
    if (known !== undefined) return known.handleRequest(request, response, body);
    if (id !== undefined) return refuse(response, 404, -32001, 'Session not found');
    if (!isInitializeRequest(body)) return refuse(response, 400, -32000, 'Bad Request: No valid session ID provided');
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      enableJsonResponse: json,
      onsessioninitialized: (session) => void sessions.set(session, transport),
      ...(resumableAfterMs !== undefined && { eventStore: new Events(), retryInterval: resumableAfterMs }),
    });
    await v1(appended, async (endStream) => meanwhile?.(endStream, latest)).connect(transport);
    return transport.handleRequest(request, response, body);
  };
  return start(appended, serve, gate);
}

/**
 * SDK 1.x without sessions: each request has a server of its own.
 *
 * @param anyVersion it is behind something that takes the header away by which it would refuse an unknown protocol version, as
 *   supergateway does
 */
export function startV1Stateless({ json = false, anyVersion = false } = {}): Promise<SdkServer> {
  const appended: number[] = [];
  return start(appended, async (request, response, body) => {
    if (anyVersion) {
      const at = request.rawHeaders.findIndex((name) => name.toLowerCase() === 'mcp-protocol-version');
      if (at >= 0) request.rawHeaders.splice(at, 2);
    }
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: json });
    await v1(appended, async () => {}).connect(transport);
    response.once('close', () => void transport.close());
    await transport.handleRequest(request, response, body);
  });
}

function v1(appended: number[], meanwhile: (endStream: () => void) => Promise<void>): McpServerV1 {
  const server = new McpServerV1({ name: 'v1', version: '1.0.0' });
  server.registerTool('append', { inputSchema: { item: z.number() } }, async ({ item }, { closeSSEStream }) => {
    appended.push(item);
    await meanwhile(() => closeSSEStream?.());
    return { content: [{ type: 'text', text: `appended ${item}` }] };
  });
  return server;
}

/** SDK 2.x; its tool's schema can be changed while it runs. */
export async function startV2({
  legacy,
  inputSchema = () => ({ type: 'object', properties: { item: { type: 'number' } } }),
  gate,
}: {
  readonly legacy?: 'reject' | 'stateless';
  readonly inputSchema?: () => JsonSchemaType;
  readonly gate?: Gate;
} = {}): Promise<SdkServer> {
  const appended: number[] = [];
  const create = () => {
    const server = new McpServer({ name: 'v2', version: '1.0.0' });
    server.registerTool('append', { inputSchema: fromJsonSchema(inputSchema()) }, (args) => {
      const { item = 0 } = args as { item?: number };
      appended.push(item);
      return { content: [{ type: 'text', text: `appended ${item}` }] };
    });
    return server;
  };
  const handler = createMcpHandler(create, { ...(legacy && { legacy }) });
  const serve = toNodeHandler(handler);
  const server = await start(appended, (request, response, body) => serve(likeNode(request), response, body), gate);
  return { ...server, close: async () => void (await Promise.all([handler.close(), server.close()])) };
}

/** The SDK's adapter wants properties that are there or not, Node's type has them undefined. The body is read already. */
function likeNode({ method = 'GET', url = '/', headers }: IncomingMessage): NodeIncomingMessageLike {
  return { method, url, headers, async *[Symbol.asyncIterator]() {} };
}

function refuse(response: ServerResponse, status: number, code: number, message: string): void {
  answerJson(response, { jsonrpc: '2.0', id: null, error: { code, message } }, status);
}

/** Keeps every event; ids tell stream and place. */
class Events implements EventStore {
  readonly #streams = new Map<string, Parameters<EventStore['storeEvent']>[1][]>();

  async storeEvent(stream: string, message: Parameters<EventStore['storeEvent']>[1]): Promise<string> {
    const events = this.#streams.get(stream) ?? [];
    this.#streams.set(stream, events);
    return `${stream}/${events.push(message)}`;
  }

  async replayEventsAfter(
    lastEventId: string,
    { send }: Parameters<EventStore['replayEventsAfter']>[1],
  ): Promise<string> {
    const [stream = '', seen] = lastEventId.split('/');
    const events = this.#streams.get(stream) ?? [];
    for (let at = Number(seen); at < events.length; at++) {
      const event = events[at];
      if (event !== undefined) await send(`${stream}/${at + 1}`, event);
    }
    return stream;
  }
}
