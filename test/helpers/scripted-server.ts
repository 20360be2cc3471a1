import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A JSON-RPC request as it came. */
export interface Received {
  readonly method: string;
  readonly id?: string | number;
  readonly params: Record<string, unknown>;
  /** The whole of it. */
  readonly message: Readonly<Record<string, unknown>>;
  readonly http: IncomingMessage;
}

export interface Scripted {
  readonly url: string;
  readonly origin: string;
  /** What came so far: JSON-RPC methods, else HTTP methods. */
  readonly seen: string[];
  openSockets(): Promise<number>;
  /** Answers that are not over. */
  unfinished(): number;
  close(): Promise<void>;
}

/** A server that answers as the test says, however wrong. */
export async function startScripted(
  answer: (request: Received, response: ServerResponse) => void | Promise<void>,
): Promise<Scripted> {
  const seen: string[] = [];
  return listen(seen, async (http, response) => {
    const message = parse(await text(http));
    const { method = http.method ?? 'GET', id, params = {} } = message;
    seen.push(method);
    await answer({ method, params, message: { ...message }, http, ...(id !== undefined && { id }) }, response);
  });
}

export interface Relay extends Scripted {
  /** Where requests go from now on. */
  target: string;
}

/** Another server under an address that stays: what a replacement looks like from outside. */
export async function startRelay(target: string): Promise<Relay> {
  const seen: string[] = [];
  const server = await listen(seen, async (http, response) => {
    const { method = 'GET', headers } = http;
    const onward = httpRequest(relay.target, { method, headers: { ...headers, host: new URL(relay.target).host } });
    onward.once('response', (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, incoming.headers);
      incoming.pipe(response);
    });
    http.pipe(onward);
  });
  const relay = { ...server, target };
  return relay;
}

/** What a well-behaved server answers to `tools/list` and `initialize`; undefined: something else was asked. */
export function ordinaryResult({ method }: Received, tools: readonly unknown[]): object | undefined {
  const modern = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
  if (method === 'tools/list') return { tools, ...modern };
  if (method === 'initialize')
    return {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'scripted', version: '1' },
    };
  return undefined;
}

export function answerJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export const resultOf = (id: Received['id'], result: object) => ({ jsonrpc: '2.0', id, result });

function parse(body: string): { method?: string; id?: string | number; params?: Record<string, unknown> } {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}

async function listen(
  seen: string[],
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Scripted> {
  let unfinished = 0;
  const server = createServer((request, response) => {
    unfinished++;
    response.once('close', () => unfinished--);
    void handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${origin}/mcp`,
    origin,
    seen,
    unfinished: () => unfinished,
    openSockets: () => new Promise((resolve) => server.getConnections((_, count) => resolve(count))),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
