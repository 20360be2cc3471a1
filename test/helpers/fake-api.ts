import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** An HTTP server on loopback that stands in for the API and keeps what it was asked. */
export async function startFakeApi(answer: (request: ApiRequest) => ApiAnswer) {
  const requests: ApiRequest[] = [];
  const respond = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(message);
    const request = { method: message.method ?? '', path: message.url ?? '', headers: message.headers, body };
    requests.push(request);
    const { status, body: answered } = answer(request);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof answered === 'string' ? answered : JSON.stringify(answered));
  };
  const server = createServer((message, response) => void respond(message, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
