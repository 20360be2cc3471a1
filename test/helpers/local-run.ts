import { rmSync } from 'node:fs';
import { type LocalRun, type LocalRunOptions, startLocal } from '../../lib/local/dev.ts';
import { runFolder } from './folders.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface Run {
  readonly local: LocalRun;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  call(server: string, tool: string, args?: Record<string, unknown>): Promise<Answer>;
  close(): Promise<void>;
}

/** The local run on a configuration, in a folder of its own. The assembly comes from the repository's cache. */
export async function startRun(
  mcpServers: Record<string, object>,
  options: Partial<LocalRunOptions> = {},
  rest: object = {},
): Promise<Run> {
  // Ports change from run to run; named by variables, they leave the assembly as it is.
  const env: Record<string, string> = { PATH: process.env['PATH'] ?? '' };
  const servers = Object.entries(mcpServers).map(([name, server]) => {
    if (!('url' in server)) return [name, server];
    env[`URL_${name.toUpperCase()}`] = String(server.url);
    return [name, { ...server, url: `\${env:URL_${name.toUpperCase()}}` }];
  });
  const cwd = runFolder({ mcpServers: Object.fromEntries(servers), ...rest });
  const local = await startLocal({ port: 0, cwd, env, log: () => {}, ...options });
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> => {
    const response = await fetch(local.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return {
    local,
    post,
    call: (server, tool, args = {}) => post(`/v1/servers/${server}/tools/${tool}`, { arguments: args }),
    close: async () => {
      await local.close();
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}
