import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { isInitializeRequest, type Server } from '@modelcontextprotocol/server';
import type { Ledger } from './ledger.ts';

/** Where the messages of the HTTP+SSE transport are posted. */
export const SSE_MESSAGES_PATH = '/messages';

interface SseSession {
  readonly transport: SSEServerTransport;
  readonly events: ServerResponse;
}

/** The sessions of legacy clients, of both transports. */
export class Sessions {
  readonly #createServer: () => Server;
  readonly #ledger: Ledger;
  readonly #streamable = new Map<string, NodeStreamableHTTPServerTransport>();
  readonly #sse = new Map<string, SseSession>();

  constructor(createServer: () => Server, ledger: Ledger) {
    this.#createServer = createServer;
    this.#ledger = ledger;
  }

  /**
   * Serves streamable HTTP of 2025-03-26 to 2025-11-25, with sessions.
   *
   * @param lostSessionStatus how an unknown session is answered: the specification (2025-11-25, "Session Management") says 404
   */
  async serve(
    request: IncomingMessage,
    response: ServerResponse,
    body: unknown,
    lostSessionStatus: 404 | 400,
  ): Promise<void> {
    const id = sessionIdOf(request);
    const known = id === undefined ? undefined : this.#streamable.get(id);
    if (known !== undefined) await known.handleRequest(request, response, body);
    else if (id !== undefined && lostSessionStatus === 404) refuse(response, 404, -32001, 'Session not found');
    else if (id === undefined && isInitializeRequest(body)) await this.#open(request, response, body);
    else refuse(response, 400, -32000, 'Bad Request: No valid session ID provided');
  }

  /** Opens the stream of an HTTP+SSE session. */
  async openSse(response: ServerResponse): Promise<void> {
    const transport = new SSEServerTransport(SSE_MESSAGES_PATH, response);
    const { sessionId } = transport;
    this.#sse.set(sessionId, { transport, events: response });
    this.#ledger.sessionOpened(sessionId);
    response.once('close', () => this.#forget(sessionId));
    await this.#createServer().connect(transport);
  }

  sseSession(id: string | undefined): SseSession | undefined {
    return id === undefined ? undefined : this.#sse.get(id);
  }

  forget(id: string | undefined): void {
    if (id !== undefined) this.#forget(id);
  }

  forgetAll(): void {
    for (const id of [...this.#streamable.keys(), ...this.#sse.keys()]) this.#forget(id);
  }

  async #open(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => {
        this.#streamable.set(id, transport);
        this.#ledger.sessionOpened(id);
      },
      onsessionclosed: (id) => this.#forget(id),
    });
    await this.#createServer().connect(transport);
    await transport.handleRequest(request, response, body);
  }

  #forget(id: string): void {
    const streamable = this.#streamable.get(id);
    const sse = this.#sse.get(id);
    this.#streamable.delete(id);
    this.#sse.delete(id);
    if (streamable === undefined && sse === undefined) return;
    this.#ledger.sessionClosed(id);
    void streamable?.close();
    sse?.events.end();
  }
}

export function sessionIdOf(request: IncomingMessage): string | undefined {
  const header = request.headers['mcp-session-id'];
  return typeof header === 'string' ? header : undefined;
}

/** Refuses a request as legacy servers do: a JSON-RPC error of no id in an HTTP error. */
export function refuse(response: ServerResponse, status: number, code: number, message: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null }));
}
