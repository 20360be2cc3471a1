import { setTimeout as sleep } from 'node:timers/promises';
import type { BesideName } from '../../config/built-in.ts';
import { localUrlVariable, type StdioBridge } from '../../config/local.ts';
import { whyNotRunnable } from './commands.ts';
import { withFreePorts } from './free-ports.ts';
import { makeScratchFolder } from './scratch-folder.ts';
import { ServerProcess } from './server-process.ts';
import { besideSpec, bridgeSpec, urlOf } from './server-specs.ts';

/** A stdio server may fetch itself from a registry first. We wait so long for it, milliseconds, then go on without. */
const START_LIMIT_MS = 10_000;

export interface StartServersOptions {
  readonly names: readonly BesideName[];
  /** The user's own stdio servers. */
  readonly bridges: readonly StdioBridge[];
  /** What `filesystem` may read and write; made where it is not there. */
  readonly scratchDir: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Told of servers that cannot be started or die. */
  readonly log: (message: string) => void;
  /** Ends the wait for servers that do not listen yet. */
  readonly signal?: AbortSignal;
}

export interface RunningServers {
  /** Each server's URL, by the name of the variable that the configuration uses for it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The server processes of this moment, each the leader of a group with what it has started. */
  pids(): number[];
  /** Ends all of them, and all that they have started. */
  close(): Promise<void>;
}

/**
 * Starts MCP servers on loopback, side by side, and waits until they listen. One that fails is told of and holds up no other; its
 * URL is in the environment all the same, so that calls of it fail like those of any server that is down.
 */
export async function startServers(options: StartServersOptions): Promise<RunningServers> {
  const { names, bridges, env, log } = options;
  const scratchDir = names.includes('filesystem') ? await makeScratchFolder(options.scratchDir) : '';
  const wanted = await withFreePorts([
    ...names.map((name) => ({
      variable: localUrlVariable(name),
      specAt: (port: number) => besideSpec(name, port, scratchDir, env),
    })),
    ...bridges.map((bridge) => ({
      variable: bridge.variable,
      specAt: (port: number) => (isRunnable(bridge, env, log) ? bridgeSpec(bridge, port, env) : undefined),
    })),
  ]);
  const servers = wanted.flatMap(([{ specAt }, port]) => {
    const spec = specAt(port);
    return spec === undefined ? [] : [new ServerProcess(spec, log)];
  });
  await settle(servers, options);
  return {
    environment: Object.fromEntries(wanted.map(([{ variable }, port]) => [variable, urlOf(port)])),
    pids: () => servers.flatMap(({ pid }) => pid ?? []),
    close: async () => void (await Promise.all(servers.map((server) => server.close()))),
  };
}

async function settle(servers: readonly ServerProcess[], { signal, log }: StartServersOptions): Promise<void> {
  const waiting = new Set(servers);
  const settled = Promise.all(servers.map((server) => server.settled.then(() => waiting.delete(server))));
  const options = { ref: false, ...(signal === undefined ? {} : { signal }) };
  await Promise.race([settled, sleep(START_LIMIT_MS, undefined, options).catch(() => undefined)]);
  if (signal?.aborted === true) return;
  for (const { name } of waiting) log(`server "${name}" does not listen yet; until it does, calls of it fail`);
}

function isRunnable(bridge: StdioBridge, env: Readonly<NodeJS.ProcessEnv>, log: (message: string) => void): boolean {
  const path = bridge.env['PATH'] ?? env['PATH'] ?? '';
  const reason = whyNotRunnable(bridge.command, bridge.cwd ?? process.cwd(), path);
  if (reason !== undefined) log(`server "${bridge.name}" is not started: ${reason}`);
  return reason === undefined;
}
