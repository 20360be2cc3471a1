import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { FetchLike } from '@modelcontextprotocol/client';
import type { Exchange } from './exchange.ts';
import type { Sockets } from './sockets.ts';

type RequestInitOf = NonNullable<Parameters<FetchLike>[1]>;

/**
 * A `fetch` for the SDK, on node:http, because the built-in one hides what matters here: whether a request was ever sent,
 * which socket it used, and how to retire sockets after a freeze. It follows no redirect (the SDK does, within the origin),
 * asks for no compression (so no bomb can unfold) and bounds the answer. Every request belongs to an exchange, and ends with it.
 *
 * @param stream true for the SSE transport of 2024-11-05; otherwise a GET may only resume the stream of a request, and is else
 *   answered 405 on the spot, since we never listen for what a server sends unasked, and a request saved is a request saved
 */
export function createFetch(sockets: Sockets, current: () => Exchange, stream: boolean): FetchLike {
  return async (input, init = {}) => {
    const method = init.method ?? 'GET';
    const exchange = current();
    const resuming = method === 'GET' && !stream;
    if (resuming && exchange.lastEventId === undefined) return new Response(null, { status: 405 });
    // Lets a FIN that came while we were frozen reach its socket before a socket is chosen.
    await new Promise((resolve) => setImmediate(resolve));
    exchange.signal.throwIfAborted();
    init.signal?.throwIfAborted();
    const headers = new Headers(init.headers);
    if (resuming) headers.set('last-event-id', exchange.lastEventId ?? '');
    const message = await send(sockets, new URL(String(input)), method, { ...init, headers }, exchange);
    // Why an answer cannot be fetched later says nothing of the request.
    if (!resuming) note(message, exchange);
    return toResponse(message, current);
  };
}

function send(
  sockets: Sockets,
  url: URL,
  method: string,
  init: RequestInitOf,
  exchange: Exchange,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const body = typeof init.body === 'string' ? Buffer.from(init.body) : undefined;
    const headers = {
      ...Object.fromEntries(new Headers(init.headers)),
      'accept-encoding': 'identity',
      ...(body && { 'content-length': body.length }),
    };
    const agent = sockets.agentFor(url.protocol);
    const request = (url.protocol === 'http:' ? httpRequest : httpsRequest)(url, { method, headers, agent });
    const abort = () => request.destroy(exchange.signal.reason);
    // Listeners are taken off again: on the signal of a long-lived transport they would pile up.
    for (const signal of [exchange.signal, init.signal]) {
      signal?.addEventListener('abort', abort, { once: true });
      request.once('close', () => signal?.removeEventListener('abort', abort));
    }
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (!exchange.connected && error.code !== undefined) exchange.notConnected = error.code;
      reject(error);
    });
    // A connection may close with neither an answer nor an error: after a 101 that nobody asked for.
    request.once('close', () => reject(new Error('closed without an answer')));
    exchange.over = new Promise((settle) => request.once('close', settle));
    noteConnected(request, url.protocol, exchange);
    request.once('response', (message) => {
      sockets.markUsed(request, String(message.headers['keep-alive'] ?? ''));
      message.once('end', () => sockets.markUsed(request, String(message.headers['keep-alive'] ?? '')));
      resolve(message);
    });
    request.end(body);
  });
}

function note({ statusCode = 0, headers }: IncomingMessage, exchange: Exchange): void {
  exchange.status = statusCode;
  exchange.streaming = /^\s*text\/event-stream\b/i.test(headers['content-type'] ?? '');
  if (headers['retry-after'] !== undefined) exchange.retryAfter = headers['retry-after'];
}

function noteConnected(request: ClientRequest, protocol: string, exchange: Exchange): void {
  exchange.connected = false;
  request.once('socket', (socket) => {
    if (request.reusedSocket) exchange.connected = true;
    else socket.once(protocol === 'http:' ? 'connect' : 'secureConnect', () => (exchange.connected = true));
  });
}

const BODILESS = new Set([204, 205, 304]);

function toResponse(message: IncomingMessage, current: () => Exchange): Response {
  const status = message.statusCode ?? 502;
  const headers = new Headers();
  for (let i = 0; i < message.rawHeaders.length; i += 2)
    headers.append(message.rawHeaders[i] ?? '', message.rawHeaders[i + 1] ?? '');
  if (BODILESS.has(status)) {
    message.resume();
    return new Response(null, { status, headers });
  }
  return new Response(boundedBody(message, current), { status, headers });
}

/** Bounded is what one exchange receives: the stream of the SSE transport spans several. */
function boundedBody(message: IncomingMessage, current: () => Exchange): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      message.on('data', (chunk: Buffer) => {
        const exchange = current();
        exchange.receivedBytes += chunk.length;
        if (exchange.receivedBytes > exchange.maxResponseBytes) {
          exchange.tooLarge = true;
          message.destroy(new Error(`the answer is larger than ${exchange.maxResponseBytes} bytes`));
        } else controller.enqueue(chunk);
      });
      message.once('end', () => controller.close());
      message.on('error', (error) => controller.error(error));
    },
    cancel: () => void message.destroy(),
  });
}
