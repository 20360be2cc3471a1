import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { FetchLike } from '@modelcontextprotocol/client';
import type { AttemptFailure } from '../../mcp/attempt-failure.ts';
import type { Credential, ServerTarget } from '../../mcp/ports.ts';
import { BlockedAddressError } from '../../security/guarded-lookup.ts';
import { checkUrl, describeBlock } from '../../security/url-guard.ts';
import type { Exchange } from './exchange.ts';
import type { Sockets } from './sockets.ts';

/** Who a request is for, and what it goes with. */
export interface Destination {
  readonly target: ServerTarget;
  readonly sockets: Sockets;
  /** Asked for each request, so that a connection outlives its token. */
  readonly credential: (signal: AbortSignal) => Promise<Credential>;
}

interface Outgoing {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal | null | undefined;
  readonly certificate: string | undefined;
}

/** No header can carry these: the platform would refuse them too, with an error that quotes the value. */
const UNSENDABLE = /[^\t -~\u0080-\u00ff]/;

/**
 * A `fetch` for the SDK, on node:http, because the built-in one hides what matters here: whether a request was ever sent,
 * which socket it used, and how to retire sockets after a freeze. It follows no redirect (the SDK does, within the origin),
 * asks for no compression (so no bomb can unfold) and bounds the answer. Every request belongs to an exchange, and ends with it. None
 * goes to another origin than the server's, whoever names it: a redirect, or the event stream of 2024-11-05; so no credential does.
 *
 * @param stream true for the SSE transport of 2024-11-05; otherwise a GET may only resume the stream of a request, and is else
 *   answered 405 on the spot, since we never listen for what a server sends unasked, and a request saved is a request saved
 */
export function createFetch(destination: Destination, current: () => Exchange, stream: boolean): FetchLike {
  return async (input, init = {}) => {
    const method = init.method ?? 'GET';
    const exchange = current();
    const resuming = method === 'GET' && !stream;
    if (resuming && exchange.lastEventId === undefined) return new Response(null, { status: 405 });
    // Lets a FIN that came while we were frozen reach its socket before a socket is chosen.
    await new Promise((resolve) => setImmediate(resolve));
    exchange.signal.throwIfAborted();
    init.signal?.throwIfAborted();
    const headers = Object.fromEntries(new Headers(init.headers));
    if (resuming) headers['last-event-id'] = exchange.lastEventId ?? '';
    if (exchange.traceparent !== undefined) headers['traceparent'] = exchange.traceparent;
    const body = typeof init.body === 'string' ? init.body : undefined;
    const request = { url: new URL(String(input)), method, headers, body, signal: init.signal };
    checkDestination(request.url, destination.target, exchange);
    const message = await send(destination, await authorize(request, destination, exchange), exchange);
    // Why an answer cannot be fetched later says nothing of the request.
    if (!resuming) note(message, exchange);
    return toResponse(message, current);
  };
}

/** @throws Error, having noted why on the exchange */
function checkDestination(url: URL, target: ServerTarget, exchange: Exchange): void {
  const block = checkUrl(url, target.addresses);
  if (block !== undefined) throw refuse(exchange, { kind: 'blocked', reason: describeBlock(block) });
  if (url.origin !== new URL(target.url).origin)
    throw refuse(exchange, { kind: 'blocked', reason: 'it sends us to another origin than its own' });
}

/** The request with what proves who we are. @throws Error, having noted why on the exchange */
async function authorize(
  request: Omit<Outgoing, 'certificate'>,
  { credential: ask }: Destination,
  exchange: Exchange,
): Promise<Outgoing> {
  try {
    const credential = await ask(exchange.signal);
    exchange.credentialVersion = credential.version;
    const headers = { ...request.headers, ...credential.headers };
    const signed = await credential.sign?.({ ...request, headers, body: request.body ?? '' });
    if (Object.values(credential.headers).some((value) => UNSENDABLE.test(value)))
      throw new Error('it holds characters that no header can carry');
    return { ...request, headers: { ...headers, ...signed }, certificate: credential.certificate };
  } catch (error) {
    exchange.signal.throwIfAborted();
    throw refuse(
      exchange,
      { kind: 'no-credential', reason: error instanceof Error ? error.message : 'unknown' },
      error,
    );
  }
}

/** On the exchange, because the SDK's event source keeps to itself what it failed of. */
function refuse(exchange: Exchange, failure: AttemptFailure, cause?: unknown): Error {
  exchange.refusal = failure;
  return new Error(`not sent: ${failure.kind}`, { cause });
}

function send(
  { sockets, target }: Destination,
  { url, method, headers: given, body: text, signal: ofRequest, certificate }: Outgoing,
  exchange: Exchange,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const body = text === undefined ? undefined : Buffer.from(text);
    const headers = { ...given, 'accept-encoding': 'identity', ...(body && { 'content-length': body.length }) };
    const agent = sockets.agentFor(target, url.protocol, certificate);
    const request = (url.protocol === 'http:' ? httpRequest : httpsRequest)(url, { method, headers, agent });
    const abort = () => request.destroy(exchange.signal.reason);
    // Listeners are taken off again: on the signal of a long-lived transport they would pile up.
    for (const signal of [exchange.signal, ofRequest]) {
      signal?.addEventListener('abort', abort, { once: true });
      request.once('close', () => signal?.removeEventListener('abort', abort));
    }
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (!exchange.connected && error.code !== undefined) exchange.notConnected = error.code;
      if (error instanceof BlockedAddressError)
        exchange.refusal = { kind: 'blocked', reason: describeBlock(error.block) };
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
