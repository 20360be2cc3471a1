import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BesideName } from '../../config/built-in.ts';
import type { StdioBridge } from '../../config/local.ts';
import { binOf } from './commands.ts';
import type { ServerSpec } from './server-process.ts';

type Environment = Readonly<NodeJS.ProcessEnv>;

const FLAKY = fileURLToPath(new URL(`./flaky/main${extname(import.meta.url)}`, import.meta.url));

/** All of them serve this path. */
export const urlOf = (port: number): string => `http://127.0.0.1:${port}/mcp`;

/** @param scratchDir what `filesystem` may read and write, with its links resolved */
export function besideSpec(name: BesideName, port: number, scratchDir: string, env: Environment): ServerSpec {
  const cwd = process.cwd();
  if (name === 'flaky') return { name, args: [FLAKY, '--port', String(port)], cwd, env };
  if (name === 'everything') {
    const args = [binOf('@modelcontextprotocol/server-everything'), 'streamableHttp'];
    return { name, args, cwd, env: { ...env, PORT: String(port) } };
  }
  const args = [binOf('@modelcontextprotocol/server-filesystem'), scratchDir];
  return bridgeSpec({ name, command: process.execPath, args, env: {}, cwd: scratchDir }, port, env);
}

/** A stdio server behind mcp-proxy, which keeps one process of it for all clients and speaks both eras. */
export function bridgeSpec(bridge: Omit<StdioBridge, 'variable'>, port: number, env: Environment): ServerSpec {
  const options = ['--host', '127.0.0.1', '--port', String(port), '--server', 'stream'];
  return {
    name: bridge.name,
    args: [binOf('mcp-proxy'), ...options, '--', bridge.command, ...bridge.args],
    cwd: bridge.cwd ?? process.cwd(),
    env: { ...env, ...bridge.env },
  };
}
