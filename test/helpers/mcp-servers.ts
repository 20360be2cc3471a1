/** Real MCP servers for integration tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withFreePorts } from '../../lib/local/servers/free-ports.ts';
import { makeScratchFolder } from '../../lib/local/servers/scratch-folder.ts';
import { ServerProcess } from '../../lib/local/servers/server-process.ts';
import { besideSpec, urlOf } from '../../lib/local/servers/server-specs.ts';

export { type Flaky, startFlaky } from '../../lib/local/servers/flaky/http.ts';

/** A server in a process of its own. */
export interface ServerChild {
  readonly url: string;
  /** Ends it; it stays down. */
  kill(): Promise<void>;
  /** Starts it on the same port, and waits until it listens. It remembers nothing. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The reference server: legacy era, with sessions.
 *
 * @param port default: any free one
 */
export function startEverything({ port }: { port?: number } = {}): Promise<ServerChild> {
  return startChild('everything', '', port);
}

/** The reference file server behind mcp-proxy: modern era. Its folder holds `welcome.txt`, and goes with it. */
export async function startFilesystem(): Promise<ServerChild & { readonly folder: string }> {
  const folder = await makeScratchFolder(await mkdtemp(join(tmpdir(), 'fusebox-scratch-')));
  const child = await startChild('filesystem', folder, undefined);
  const close = async () => {
    await child.close();
    await rm(folder, { recursive: true });
  };
  return { ...child, folder, close };
}

async function startChild(
  name: 'everything' | 'filesystem',
  scratchDir: string,
  wantedPort: number | undefined,
): Promise<ServerChild> {
  const port = wantedPort ?? (await withFreePorts([name]))[0]?.[1] ?? 0;
  const start = async () => {
    const server = new ServerProcess(besideSpec(name, port, scratchDir, process.env), console.error);
    await server.settled;
    return server;
  };
  let server = await start();
  return {
    url: urlOf(port),
    kill: () => server.close(),
    restart: async () => {
      await server.close();
      server = await start();
    },
    close: () => server.close(),
  };
}
