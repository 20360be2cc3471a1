import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** Gives each item a free port of loopback. */
export async function withFreePorts<T>(items: readonly T[]): Promise<(readonly [T, number])[]> {
  const held = await Promise.all(items.map(async (item) => [item, await hold()] as const));
  // All were held until the last was known, so no two are alike.
  return await Promise.all(held.map(async ([item, server]) => [item, await release(server)] as const));
}

async function hold(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function release(server: Server): Promise<number> {
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
