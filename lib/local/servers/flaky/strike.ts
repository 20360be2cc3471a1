import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Control } from './faults.ts';

/** Faults that spoil an answer. Losing a session is no fault of the answer: the server's own "no" follows. */
export type AnswerFault = Exclude<Control['mode'], 'ok' | 'lose-sessions'>;

/** Fails one request as `mode` says. */
export function strike(mode: AnswerFault, control: Control, request: IncomingMessage, response: ServerResponse): void {
  const retryAfter =
    control.retryAfterSeconds === undefined ? {} : { 'retry-after': String(control.retryAfterSeconds) };
  const stream = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };
  switch (mode) {
    case 'hang':
      return;
    case 'reset':
      request.socket.resetAndDestroy();
      return;
    case '500':
    case '503':
    case '429':
      response.writeHead(Number(mode), { 'content-type': 'text/plain', ...retryAfter }).end(`flaky: ${mode}\n`);
      return;
    case '401':
      response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end();
      return;
    case 'redirect':
      response.writeHead(307, { location: '/redirected' }).end();
      return;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>\n');
      return;
    case 'bad-json':
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","id":1,"resu');
      return;
    case 'cut':
      response.writeHead(200, stream).end(': here it comes\n\n');
      return;
    case 'empty-sse':
      response.writeHead(200, stream).end();
  }
}

/**
 * The same on the HTTP+SSE transport, where the answer comes on the stream and the request itself is only accepted (202).
 *
 * @param events the session's stream
 */
export function strikeSse(
  mode: AnswerFault,
  control: Control,
  request: IncomingMessage,
  response: ServerResponse,
  events: ServerResponse,
): void {
  switch (mode) {
    case 'hang':
      response.writeHead(202).end();
      return;
    case 'bad-json':
      response.writeHead(202).end();
      events.write('event: message\ndata: {"jsonrpc":"2.0","id":1,"resu\n\n');
      return;
    case 'cut':
    case 'empty-sse':
      response.writeHead(202).end();
      events.end();
      return;
    default:
      strike(mode, control, request, response);
  }
}
