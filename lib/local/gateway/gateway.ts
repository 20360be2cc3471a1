import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RouteModel } from '../assembly/model.ts';
import { LocalRunError } from '../errors.ts';
import type { InvokeResult } from '../lambda/environment.ts';
import { namesThisMachine } from '../loopback.ts';
import { type HttpRequest, toEvent } from './event.ts';
import { refuseNonRequests } from './refuse.ts';
import { gatewayMessage, type HttpResponse, toResponse } from './response.ts';
import { createRouteTable } from './route-table.ts';

const HOST = '127.0.0.1';

/** HTTP API quotas: payload, and the time that an integration has. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const INTEGRATION_TIMEOUT_MS = 30_000;

/** Room for a path of 10 kB with every byte encoded, so that the function, not Node, says what it thinks of it. */
const MAX_HEADER_BYTES = 64 * 1024;

/** What the routes lead to. */
interface Backend {
  readonly routes: readonly RouteModel[];
  invoke(functionArn: string, payload: string, signal: AbortSignal): Promise<InvokeResult>;
  /** Is asked first, and takes the requests that are not the product's. @returns whether it has taken it */
  readonly beside?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface Gateway {
  readonly url: string;
  /** Until then every request is answered 503. */
  serve(backend: Backend): void;
  close(): Promise<void>;
}

/**
 * API Gateway's HTTP API on this machine's loopback: HTTP in, payload format 2.0 events out. It listens at once, so that a taken port is
 * known before anything else starts.
 *
 * @param port 0: any free one
 * @throws LocalRunError when the port is taken or not allowed
 */
export async function listen(port: number, integrationTimeoutMs = INTEGRATION_TIMEOUT_MS): Promise<Gateway> {
  let handle: ((request: HttpRequest, requestId: string) => Promise<HttpResponse>) | undefined;
  let beside: Backend['beside'];
  const take = (request: IncomingMessage, response: ServerResponse) => {
    if (beside?.(request, response) === true) return;
    void exchange(request, response, async (http, requestId) => {
      return handle === undefined ? gatewayMessage(503, 'Service Unavailable') : handle(http, requestId);
    });
  };
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, requireHostHeader: false }, take);
  // Node would answer an expectation that it does not know with an empty 417.
  server.on('checkExpectation', take);
  refuseNonRequests(server);
  await bind(server, port);
  const { port: actualPort } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${actualPort}`,
    serve: (backend) => {
      handle = toHandle(backend, integrationTimeoutMs);
      ({ beside } = backend);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function bind(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === 'EADDRINUSE' ? 'is taken; set PORT to another one, or to 0 for any free one' : cause.message;
      reject(new LocalRunError(`port ${port} ${why}`, { cause }));
    });
    server.listen(port, HOST, resolve);
  });
}

function toHandle(backend: Backend, integrationTimeoutMs: number) {
  const match = createRouteTable(backend.routes);
  return async (request: HttpRequest, requestId: string): Promise<HttpResponse> => {
    const matched = match(request.method, request.path);
    if (matched === undefined) return gatewayMessage(404, 'Not Found');
    const payload = JSON.stringify(toEvent(request, matched, requestId, Date.now()));
    const signal = AbortSignal.timeout(integrationTimeoutMs);
    const timedOut = new Promise<InvokeResult>((resolve) => {
      signal.addEventListener('abort', () => resolve({ statusCode: 429, payload: '' }), { once: true });
    });
    return toResponse(await Promise.race([backend.invoke(matched.route.functionArn, payload, signal), timedOut]));
  };
}

/** One request and its response. A client that goes away ends neither the function nor this process. */
async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  handle: (request: HttpRequest, requestId: string) => Promise<HttpResponse>,
): Promise<void> {
  const requestId = randomBytes(11).toString('base64url');
  response.on('error', () => undefined);
  const body = await readBody(request).catch(() => undefined);
  if (body === undefined) return void response.destroy();
  if (body === 'too large') return write(response, gatewayMessage(413, 'Request Entity Too Large'), requestId);
  const [path = '', ...query] = (request.url ?? '').split('?');
  if (!path.startsWith('/')) return write(response, gatewayMessage(400, 'Bad Request'), requestId);
  if (!namesThisMachine(request)) return write(response, gatewayMessage(403, 'Forbidden'), requestId);
  const http = {
    method: request.method ?? 'GET',
    path,
    rawQueryString: query.join('?'),
    httpVersion: request.httpVersion,
    headers: request.headersDistinct,
    body,
    sourceIp: request.socket.remoteAddress ?? HOST,
  };
  const answer = await handle(http, requestId).catch((error: Error) => {
    if (error instanceof LocalRunError) return gatewayMessage(400, error.message);
    process.emitWarning(`the local gateway: ${error.stack}`);
    return gatewayMessage(500, 'Internal Server Error');
  });
  write(response, answer, requestId);
}

/** Reads to the end also what is too large: a client that still sends would not see an answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | 'too large'> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? 'too large' : Buffer.concat(chunks);
}

function write(response: ServerResponse, answer: HttpResponse, requestId: string): void {
  const { statusCode, headers, cookies, body } = answer;
  try {
    response.writeHead(statusCode, {
      ...headers,
      ...(cookies === undefined ? {} : { 'set-cookie': [...cookies] }),
      'apigw-requestid': requestId,
      'content-length': body.length,
    });
    response.end(body);
  } catch {
    // A header that HTTP does not allow.
    write(response, gatewayMessage(500, 'Internal Server Error'), requestId);
  }
}
