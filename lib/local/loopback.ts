import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on this machine's loopback, for the programs of the run alone. */
export interface LoopbackServer {
  /** Whoever has it may ask: it holds a secret. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Names by which a browser may rightly reach this machine: any other is a foreign page whose name was rebound to it. */
const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/** A page whose name was rebound to this machine may send every header, but for this one. A client that names no host is no browser. */
export const namesThisMachine = ({ headers: { host } }: IncomingMessage): boolean =>
  host === undefined || LOCAL_HOST.test(host);

/**
 * Listens on a free port of the loopback, which other users of the machine reach, too. So a part of the address is a secret: it goes to
 * this server and to no other, as a header of the AWS SDK's might not.
 *
 * @throws whatever keeps it from listening
 */
export async function listenOnLoopback(server: Server): Promise<LoopbackServer> {
  const secret = `/${randomBytes(24).toString('hex')}`;
  admitOnly(secret, server);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}${secret}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Those who listen for requests so far get the ones below the secret path, as if that were the root. */
function admitOnly(secret: string, server: Server): void {
  const listeners = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response) => {
    const { url = '' } = request;
    const below = url.slice(secret.length);
    if (!namesThisMachine(request) || !url.startsWith(secret) || !/^($|[/?])/.test(below)) {
      request.resume();
      response.writeHead(403).end();
      return;
    }
    request.url = below.startsWith('/') ? below : `/${below}`;
    for (const listener of listeners) listener.call(server, request, response);
  });
}
