import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on this machine's loopback, where the programs of the run find it and nobody else does. */
export interface LoopbackServer {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Names by which a browser may rightly reach this machine: any other is a foreign page whose name was rebound to it. */
const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/** A page whose name was rebound to this machine may send every header, but for this one. A client that names no host is no browser. */
export const namesThisMachine = ({ headers: { host } }: IncomingMessage): boolean =>
  host === undefined || LOCAL_HOST.test(host);

/** Listens on a free port of the loopback. @throws whatever keeps it from that */
export async function listenOnLoopback(server: Server): Promise<LoopbackServer> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
