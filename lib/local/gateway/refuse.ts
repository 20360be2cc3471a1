import { type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { gatewayMessage } from './response.ts';

/** Of Node's parser. Anything else is a 400. */
const STATUSES: ReadonlyMap<string | undefined, number> = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

/** What never becomes a request, since it is not HTTP, or is a CONNECT, is answered in the gateway's own form too; Node would say nothing. */
export function refuseNonRequests(server: Server): void {
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => refuse(socket, STATUSES.get(code) ?? 400));
  server.on('connect', (_request, socket) => refuse(socket, 400));
}

function refuse(socket: Duplex, statusCode: number): void {
  socket.on('error', () => undefined);
  if (!socket.writable) return void socket.destroy();
  const reason = STATUS_CODES[statusCode] ?? '';
  const { headers, body } = gatewayMessage(statusCode, reason);
  const lines = Object.entries({ ...headers, 'content-length': body.length, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.end(`HTTP/1.1 ${statusCode} ${reason}\r\n${lines.join('')}\r\n${body.toString()}`);
}
