import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { StdioBridge } from '../../lib/config/local.ts';
import { type RunningServers, startServers } from '../../lib/local/servers/start-servers.ts';
import { startEverything } from '../helpers/mcp-servers.ts';
import { until } from '../helpers/until.ts';

const EVERYTHING = 'FUSEBOX_LOCAL_EVERYTHING_URL';
const FILESYSTEM = 'FUSEBOX_LOCAL_FILESYSTEM_URL';
const FLAKY = 'FUSEBOX_LOCAL_FLAKY_URL';

const bridge = (name: string, command: string, args: string[]): StdioBridge => ({
  name,
  command,
  args,
  env: { GREETING: 'hello' },
  cwd: null,
  variable: `URL_OF_${name.toUpperCase()}`,
});

/** A stdio server that dies at once. */
const DIES = [
  '-e',
  'console.error("no", process.env.GREETING, ...process.argv.slice(1)); process.exit(3)',
  '8',
  '--flag',
];

describe('the servers beside the local run', () => {
  let scratchDir: string;
  let servers: RunningServers;
  const logged: string[] = [];

  beforeAll(async () => {
    scratchDir = await mkdtemp(join(tmpdir(), 'fusebox-scratch-'));
    await writeFile(join(scratchDir, 'README.md'), 'mine');
    servers = await startServers({
      names: ['everything', 'filesystem', 'flaky'],
      bridges: [bridge('missing', 'no-such-command', []), bridge('dies', process.execPath, DIES)],
      scratchDir,
      env: process.env,
      log: (message) => logged.push(message),
    });
  });
  afterAll(async () => {
    const groups = servers.pids();
    await servers.close();
    // What a killed server had started is gone a moment after it.
    await until(() => !groups.some(isAlive));
    await rm(scratchDir, { recursive: true });
  });

  it('all listen once they are started', async () => {
    for (const variable of [EVERYTHING, FILESYSTEM, FLAKY]) {
      expect((await fetch(servers.environment[variable] ?? '')).status).toBeLessThan(500);
    }
  });

  it('cannot be reached from another machine', async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const others = addresses.filter(({ address }) => address !== '127.0.0.1' && !address.startsWith('fe80'));
    for (const { address, family } of others) {
      for (const variable of [EVERYTHING, FILESYSTEM, FLAKY]) {
        const url = new URL(servers.environment[variable] ?? '');
        url.hostname = family === 'IPv6' ? `[${address}]` : address;
        await expect(fetch(url)).rejects.toThrow('fetch failed');
      }
    }
  });

  it.each([
    [EVERYTHING, '2025-11-25', 'get-sum', { a: 2, b: 40 }, 'The sum of 2 and 40 is 42.'],
    [FILESYSTEM, '2026-07-28', 'read_text_file', { path: 'welcome.txt' }, 'Hello from the scratch folder'],
    [FLAKY, '2026-07-28', 'echo', { text: 'hi' }, 'hi'],
  ])('%s speaks %s', async (variable, version, name, args, text) => {
    const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new StreamableHTTPClientTransport(new URL(servers.environment[variable] ?? '')));
    try {
      expect(client.getNegotiatedProtocolVersion()).toBe(version);
      const answer = await client.callTool({ name, arguments: args });
      expect(answer.content).toEqual([{ type: 'text', text: expect.stringContaining(text) }]);
    } finally {
      await client.close();
    }
  });

  it('leaves what is in the scratch folder', async () => {
    expect(await readFile(join(scratchDir, 'README.md'), 'utf8')).toBe('mine');
  });

  it('names a command that is not there', () => {
    expect(logged).toContain('server "missing" is not started: its command "no-such-command" was not found');
    expect(servers.environment['URL_OF_MISSING']).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/);
  });

  it('names a server that dies, with its last words', () => {
    const obituary = logged.find((message) => message.includes('"dies"'));
    expect(obituary).toMatch(
      /^server "dies" died \(exit status 1\); it is started again in 100 ms; its last words:\nno hello 8 --flag\n/,
    );
  });

  it('starts a killed server again, at the same place', async () => {
    const [pid = 0] = servers.pids();
    process.kill(pid, 'SIGKILL');
    await until(() => logged.some((message) => message.startsWith('server "everything" died (SIGKILL)')));
    await until(async () => (await fetch(servers.environment[EVERYTHING] ?? '').catch(() => undefined)) !== undefined);
    expect(servers.pids()).not.toContain(pid);
  });
});

it('a start that is given up does not wait for a server that never listens', async () => {
  const servers = await startServers({
    names: [],
    bridges: [bridge('silent', process.execPath, ['-e', 'setInterval(() => {}, 1000)'])],
    scratchDir: '',
    env: process.env,
    log: console.error,
    signal: AbortSignal.abort(),
  });
  await servers.close();
}, 5_000);

it('a parent that is killed takes them all along', async () => {
  const scratchDir = await mkdtemp(join(tmpdir(), 'fusebox-scratch-'));
  const module = new URL('../../lib/local/servers/start-servers.ts', import.meta.url).href;
  const script = join(scratchDir, 'parent.mjs');
  await writeFile(
    script,
    `import { startServers } from ${JSON.stringify(module)};
    const names = ['everything', 'filesystem', 'flaky'];
    const servers = await startServers({ names, bridges: [], scratchDir: ${JSON.stringify(scratchDir)}, env: process.env, log: console.error });
    process.send(servers.pids());`,
  );
  const parent = fork(script, { execArgv: ['--disable-warning=ExperimentalWarning'] });
  const [groups] = (await once(parent, 'message')) as [number[]];
  expect(groups).toHaveLength(3);
  expect(groups.every(isAlive)).toBe(true);
  parent.kill('SIGKILL');
  await until(() => !groups.some(isAlive));
  await rm(scratchDir, { recursive: true });
});

it('everything can be killed and comes back on its port', async () => {
  const everything = await startEverything();
  await everything.kill();
  await expect(fetch(everything.url)).rejects.toThrow('fetch failed');
  await everything.restart();
  expect((await fetch(everything.url)).status).toBe(400);
  await everything.close();
});

/** Is anything left of the process group? */
function isAlive(leader: number): boolean {
  try {
    return process.kill(-leader, 0);
  } catch {
    return false;
  }
}
